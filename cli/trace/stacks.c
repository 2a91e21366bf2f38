// stacks: `trace info --by stack`: which calls obtained what lived at the peak, what lives at the
// end, and what was temporary.
#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/trace/shares.h"
#include "cli/trace/symbols/names.h"
#include "cli/trace/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const part_names[SHARES_COUNT] = {"all", "temporary", "end", "peak"};

// ---- as text

static bool print_calls(const struct shares *shares, struct names *names, uint32_t frame) {
    while (frame != 0) {
        const struct names_call *calls;
        size_t count = names_calls(names, frame, &calls);
        if (count == 0) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            printf("%26s%s", "", escape_shown(calls[i].function));
            if (calls[i].file[0] != 0) {
                printf("  %s:%" PRIu64, escape_shown(calls[i].file), calls[i].line);
            }
            putchar('\n');
        }
        frame = trace_stacks_frame(shares->stacks, frame).caller;
    }
    return true;
}

static bool print_part(struct shares *shares, struct names *names, enum shares_of of,
                       uint64_t top) {
    const struct summary_row *total = &shares->total.of[of];
    uint64_t left = 0;
    shares_sort(shares, of);
    printf("%s: %" PRIu64 " bytes in %" PRIu64 " objects\n", part_names[of], total->bytes,
           total->count);
    for (uint32_t i = 0; i < shares->order_count; i++) {
        const struct summary_row *row = &shares->rows[shares->order[i]].of[of];
        if (row->count == 0) {
            continue;
        }
        if (top != 0 && i >= top) {
            left++;
            continue;
        }
        printf("%14" PRIu64 " %10" PRIu64, row->bytes, row->count);
        if (total->bytes > 0) {
            printf(" %5.1f %%", 100 * (double)row->bytes / (double)total->bytes);
        }
        puts(shares->order[i] == 0 ? "  no stack" : "");
        if (!print_calls(shares, names, shares->order[i])) {
            return false;
        }
    }
    if (left > 0) {
        printf("... and %" PRIu64 " stacks more (--top 0 has all)\n", left);
    }
    return true;
}

static bool print_text(struct shares *shares, struct names *names, uint64_t top) {
    static const enum shares_of parts[] = {SHARES_PEAK, SHARES_END, SHARES_TEMPORARY};
    printf("process %" PRIu32 ", %" PRIu64 " events, %" PRIu32 " stacks; bytes, objects, share\n",
           shares->summary.header.process_id, shares->summary.counts.events, shares->order_count);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        putchar('\n');
        if (!print_part(shares, names, parts[i], top)) {
            return false;
        }
    }
    return true;
}

// ---- as JSON

static void print_json_text(const char *key, const char *text) {
    printf("\"%s\":", key);
    escape_print_json(text, strlen(text), stdout);
}

static bool print_json_calls(const struct shares *shares, struct names *names, uint32_t frame) {
    const char *between = "";
    while (frame != 0) {
        const struct names_call *calls;
        struct trace_frame place = trace_stacks_frame(shares->stacks, frame);
        size_t count = names_calls(names, frame, &calls);
        if (count == 0) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            printf("%s{", between);
            print_json_text("function", calls[i].function);
            putchar(',');
            print_json_text("file", calls[i].file);
            printf(",\"line\":%" PRIu64 ",", calls[i].line);
            print_json_text(
                "module",
                place.module == 0 ? "" : trace_stacks_module(shares->stacks, place.module)->name);
            printf(",\"offset\":%" PRIu64 "}", place.offset);
            between = ",";
        }
        frame = place.caller;
    }
    return true;
}

static void print_json_row(const struct share_row *row) {
    for (size_t i = 0; i < SHARES_COUNT; i++) {
        printf("\"%s\":{\"count\":%" PRIu64 ",\"bytes\":%" PRIu64 "}%s", part_names[i],
               row->of[i].count, row->of[i].bytes, i + 1 < SHARES_COUNT ? "," : "");
    }
}

static bool print_json(struct shares *shares, struct names *names, uint64_t top) {
    uint64_t shown = top == 0 || top > shares->order_count ? shares->order_count : top;
    shares_sort(shares, SHARES_PEAK);
    printf("{\"events\":%" PRIu64 ",\"by\":\"stack\",", shares->summary.counts.events);
    print_json_row(&shares->total);
    fputs(",\"rows\":[", stdout);
    for (uint64_t i = 0; i < shown; i++) {
        fputs(i == 0 ? "{" : ",{", stdout);
        print_json_row(&shares->rows[shares->order[i]]);
        fputs(",\"calls\":[", stdout);
        if (!print_json_calls(shares, names, shares->order[i])) {
            return false;
        }
        fputs("]}", stdout);
    }
    printf("],\"left_out\":%" PRIu64 "}\n", shares->order_count - shown);
    return true;
}

// ----

int trace_stacks_print(const char *path, const char *folders, uint64_t top, bool is_json) {
    static struct shares shares;
    int status = shares_read(&shares, path);
    struct names *names = status == CLI_CLEAN ? names_open(shares.stacks, folders) : NULL;
    bool has_memory = names != NULL &&
                      (is_json ? print_json(&shares, names, top) : print_text(&shares, names, top));
    if (status == CLI_CLEAN && !has_memory) {
        cli_message("out of memory");
        status = CLI_ENVIRONMENT;
    }
    if (status == CLI_CLEAN) {
        names_tell_missing(names);
        status = shares.summary.counts.violations == 0 ? CLI_CLEAN : CLI_FINDING;
    }
    names_close(names);
    (void)shares_end(&shares);
    return cli_finish(status);
}
