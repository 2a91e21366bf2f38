// info: `trace info`: a trace on one screen, as one JSON object, as a picture.
#define _POSIX_C_SOURCE 200809L // open_memstream
#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/trace/family.h"
#include "cli/trace/summary.h"
#include "cli/trace/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck trace info FILE [--json] [--svg OUT]\n"
    "       countercheck trace info FILE --by stack [--top N] [--path FOLDERS]\n"
    "                               [--json]\n"
    "\n"
    "What is in a trace: events, what was live and when it was most, sizes,\n"
    "lifetimes, and the files of the children and programs that were recorded with\n"
    "it. An event is a call: an allocation, a free, a realloc, one that failed, or an\n"
    "unknown one, which frees or resizes what was there before the recorder. Bytes\n"
    "are those that were asked for. A violation is an address that was given out\n"
    "twice without a free between.\n"
    "  --json     one object; lifetimes are by below_us; null: it lives at the end\n"
    "  --svg OUT  draws live bytes and objects over time\n"
    "  --by stack  which calls obtained what lived at the peak, what lives at the\n"
    "             end, and what was temporary: freed as the next thing that its\n"
    "             thread did; of a trace that `record --with-stacks` wrote. Functions\n"
    "             and lines are those of the programs and libraries that are found\n"
    "             by name and build-id: in --path FOLDERS (separated by colons),\n"
    "             here, in PATH, and in the system's folders; --top 10 of each, 0 for\n"
    "             all\n"
    "Exit status: 0 clean, 1 there are violations, 2 unusable input or call, 3 the\n"
    "environment failed.\n";

static const char *const ends[] = {"unknown", "exit", "stopped"};

static const char *end_of(const struct trace_header *header) {
    return header->end < sizeof ends / sizeof ends[0] ? ends[header->end] : "unknown";
}

// ---- the files recorded with it

// NULL in `error.what`: the numbers hold.
struct relative {
    uint32_t process_id, parent_id, end;
    uint64_t events;
    bool is_readable;
};

static struct relative look_at(const char *path) {
    struct relative relative = {0};
    struct trace_error error;
    struct trace_record record;
    struct trace_reader *reader = trace_reader_open(path, &error);
    if (reader == NULL) {
        return relative;
    }
    const struct trace_header *header = trace_reader_header(reader);
    relative = (struct relative){header->process_id, header->parent_id, header->end, 0, true};
    while (trace_reader_next(reader, &record, &error)) {
        relative.events += record.kind != TRACE_REALLOC_FROM;
    }
    relative.is_readable = error.what == NULL;
    trace_reader_close(reader);
    return relative;
}

static void print_json_files(const struct family *family) {
    fputs(",\"files\":[", stdout);
    for (size_t i = 0; i < family->count; i++) {
        const char *path = family->paths[i];
        struct relative relative = look_at(path);
        fputs(i == 0 ? "{\"file\":" : ",{\"file\":", stdout);
        escape_print_json(path, strlen(path), stdout);
        printf(",\"process\":%" PRIu32 ",\"parent\":%" PRIu32 ",\"events\":", relative.process_id,
               relative.parent_id);
        if (relative.is_readable) {
            printf("%" PRIu64 "}", relative.events);
        } else {
            fputs("null}", stdout);
        }
    }
    putchar(']');
}

static void print_files(const struct family *family) {
    if (family->count < 2) {
        return;
    }
    printf("\nrecorded with it\n%12s %8s %8s\n", "events", "process", "parent");
    for (size_t i = 1; i < family->count; i++) {
        struct relative relative = look_at(family->paths[i]);
        if (relative.is_readable) {
            printf("%12" PRIu64, relative.events);
        } else {
            printf("%12s", "broken");
        }
        printf(" %8" PRIu32 " %8" PRIu32 "  %s\n", relative.process_id, relative.parent_id,
               escape_shown(family->paths[i]));
    }
}

// ---- as JSON

static void print_json_rows(const struct summary *summary) {
    const char *between = "";
    fputs(",\"sizes\":[", stdout);
    for (size_t i = 0; i < SUMMARY_SIZES; i++) {
        const struct summary_row *row = &summary->sizes[i];
        if (row->count != 0) {
            printf("%s{\"size\":%" PRIu64 ",\"count\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", between,
                   summary_size(i), row->count, row->bytes);
            between = ",";
        }
    }
    between = "";
    fputs("],\"lifetimes\":[", stdout);
    for (size_t i = 0; i <= SUMMARY_LIFETIMES; i++) {
        const struct summary_row *row = &summary->lifetimes[i];
        if (row->count != 0) {
            char below[32] = "null";
            if (i < SUMMARY_LIFETIMES) {
                (void)snprintf(below, sizeof below, "%" PRIu64, summary_lifetime(i));
            }
            printf("%s{\"below_us\":%s,\"count\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", between,
                   below, row->count, row->bytes);
            between = ",";
        }
    }
    putchar(']');
}

static void print_json(const struct summary *summary, const struct family *family) {
    const struct trace_counts *counts = &summary->counts;
    printf("{\"events\":%" PRIu64 ",\"threads\":%" PRIu32 ",\"processes\":%zu", counts->events,
           summary->thread_count, family->count);
    printf(",\"allocs\":%" PRIu64 ",\"frees\":%" PRIu64 ",\"reallocs\":%" PRIu64
           ",\"unknown\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"violations\":%" PRIu64,
           counts->allocs, counts->frees, counts->reallocs, counts->unknown, counts->failed,
           counts->violations);
    printf(",\"live_bytes\":%" PRIu64 ",\"live_objects\":%" PRIu64 ",\"peak_bytes\":%" PRIu64
           ",\"peak_objects\":%" PRIu64 ",\"peak_event\":",
           counts->live_bytes, counts->live_objects, counts->peak_bytes, counts->peak_objects);
    if (counts->peak_bytes > 0) {
        printf("%" PRIu64, counts->peak_event);
    } else {
        fputs("null", stdout);
    }
    printf(",\"duration_us\":%" PRIu64, summary->duration_ns / 10000 * 10);
    print_json_rows(summary);
    printf(",\"cut\":%s,\"end\":\"%s\"", summary->is_cut ? "true" : "false",
           end_of(&summary->header));
    print_json_files(family);
    fputs("}\n", stdout);
}

// ---- as text

static void print_rows(const struct summary *summary) {
    printf("\nsizes up to       count          bytes\n");
    for (size_t i = 0; i < SUMMARY_SIZES; i++) {
        const struct summary_row *row = &summary->sizes[i];
        if (row->count != 0) {
            printf("%11" PRIu64 " %11" PRIu64 " %14" PRIu64 "\n", summary_size(i), row->count,
                   row->bytes);
        }
    }
    printf("\nlifetimes         count          bytes\n");
    for (size_t i = 0; i <= SUMMARY_LIFETIMES; i++) {
        const struct summary_row *row = &summary->lifetimes[i];
        if (row->count != 0 && i < SUMMARY_LIFETIMES) {
            printf("< %6g ms %11" PRIu64 " %14" PRIu64 "\n", (double)summary_lifetime(i) / 1000,
                   row->count, row->bytes);
        } else if (row->count != 0) {
            printf("to the end  %10" PRIu64 " %14" PRIu64 "\n", row->count, row->bytes);
        }
    }
}

static void print_text(const struct summary *summary, const struct family *family) {
    const struct trace_counts *counts = &summary->counts;
    printf("process %" PRIu32 " of %" PRIu32 ", %" PRIu32 " thread%s, %.2f s, ",
           summary->header.process_id, summary->header.parent_id, summary->thread_count,
           cli_s(summary->thread_count), (double)summary->duration_ns / 1e9);
    if (summary->is_cut) {
        printf("ends before its program: %s\n", summary->why_cut);
    } else {
        printf("%s\n", summary->header.end == TRACE_END_EXIT
                           ? "to its exit"
                           : "with no exit: it runs, was killed, or called _exit or exec");
    }
    printf("%12" PRIu64 " events\n%12" PRIu64 " allocations\n%12" PRIu64 " frees\n", counts->events,
           counts->allocs, counts->frees);
    printf("%12" PRIu64 " reallocs\n%12" PRIu64 " unknown: of what was there before\n",
           counts->reallocs, counts->unknown);
    printf("%12" PRIu64 " failed\n%12" PRIu64 " violations\n", counts->failed, counts->violations);
    printf("%12" PRIu64 " bytes in %" PRIu64 " objects live at the end\n", counts->live_bytes,
           counts->live_objects);
    if (counts->peak_bytes > 0) {
        printf("%12" PRIu64 " bytes in %" PRIu64 " objects at the peak, after event %" PRIu64 "\n",
               counts->peak_bytes, counts->peak_objects, counts->peak_event);
    }
    print_rows(summary);
    print_files(family);
}

// ----

static int write_picture(const struct summary *summary, const char *path) {
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *stream = open_memstream(&text, &size_bytes);
    if (stream != NULL) {
        timeline_draw(&summary->timeline, stream);
    }
    if (stream == NULL || fclose(stream) != 0) {
        free(text);
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    int status = output_write(path, text, size_bytes);
    free(text);
    return status;
}

int trace_info(int argc, char **argv) {
    static struct summary summary;
    bool is_json = false;
    const char *picture = NULL;
    const char *by = NULL;
    const char *folders = NULL;
    const char *top_text = "10";
    uint64_t top = 0;
    const struct cli_option options[] = {{"--json", &is_json, NULL}, {"--svg", NULL, &picture},
                                         {"--by", NULL, &by},        {"--top", NULL, &top_text},
                                         {"--path", NULL, &folders}, {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 1, 1};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (by != NULL && strcmp(by, "stack") != 0) {
        cli_message("info: --by takes stack, not '%s'", by);
        return CLI_UNUSABLE;
    }
    if (!cli_number("info", "--top", top_text, UINT32_MAX, &top)) {
        return CLI_UNUSABLE;
    }
    if (by != NULL && picture != NULL) {
        cli_message("info: --svg goes without --by");
        return CLI_UNUSABLE;
    }
    if (by != NULL) {
        return trace_stacks_print(operands[0], folders, top, is_json);
    }
    struct family family = {0};
    status = summary_read(&summary, operands[0]);
    if (status == CLI_CLEAN && picture != NULL) {
        status = write_picture(&summary, picture);
    }
    if (status == CLI_CLEAN) {
        status = family_find(&family, operands[0]);
    }
    if (status == CLI_CLEAN) {
        if (is_json) {
            print_json(&summary, &family);
        } else {
            print_text(&summary, &family);
        }
        status = cli_finish(summary.counts.violations == 0 ? CLI_CLEAN : CLI_FINDING);
    }
    family_free(&family);
    return status;
}
