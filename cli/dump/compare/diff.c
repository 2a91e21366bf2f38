// diff: `dump diff`: two dumps compared in numbers: parameters, records, statistics, sizes,
// goroutines, profile sites; or what grew over several, by one key.

#include "cli/io/cli.h"
#include "cli/dump/compare/growth.h"
#include "cli/dump/dump.h"
#include "cli/dump/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump diff A B [--json] [--lenient]\n"
    "       countercheck dump diff A B [C...] --by KEY [--top N] [--same-process]\n"
    "                              [--json] [--lenient] [--memory-limit BYTES]\n"
    "What differs between two dumps, in numbers; contents are not compared. --by\n"
    "class, site, type, holder or goroutine-stack: what grew from the first to the\n"
    "last of up to 16, the most first; what has no key is named as such, and the\n"
    "rows add up to the objects of each dump. --same-process: objects of the same\n"
    "address and size in a dump and the one before it; what was freed and allocated\n"
    "again in between counts as kept. --top 10 rows; 0: all.\n"
    "Exit status: 0 nothing differs, 1 something.\n";

// A row of what grew, and by how much.
struct growth_rank {
    const struct growth_row *row;
    int64_t grown;
};

// A list of differences being printed.
struct report {
    bool is_json;
    uint64_t differences;
    const char *section;
    bool is_section_begun;
};

static void begin_section(struct report *report, const char *section) {
    report->section = section;
    report->is_section_begun = false;
}

// Prints "+N" or "-N" of unsigned numbers of any size.
static void print_change(uint64_t before, uint64_t after) {
    char text[24];
    snprintf(text, sizeof(text), "%c%" PRIu64, after >= before ? '+' : '-',
             after >= before ? after - before : before - after);
    printf("%16s", text);
}

static void begin_line(struct report *report) {
    if (report->is_json) {
        fputs(report->differences > 0 ? ",\n " : "\n ", stdout);
    } else if (!report->is_section_begun) {
        printf("%s\n", report->section);
    }
    report->is_section_begun = true;
    report->differences++;
}

static void compare(struct report *report, const char *name, uint64_t before, uint64_t after) {
    if (before == after) {
        return;
    }
    begin_line(report);
    if (report->is_json) {
        printf("{\"section\":\"%s\",\"name\":", report->section);
        dump_print_json_string(name, strlen(name));
        printf(",\"a\":%" PRIu64 ",\"b\":%" PRIu64 "}", before, after);
        return;
    }
    printf("  %16" PRIu64 " %16" PRIu64 " ", before, after);
    print_change(before, after);
    fputs("  ", stdout);
    dump_print_text(name, 64);
    putchar('\n');
}

static void compare_text(struct report *report, const char *name, const char *before,
                         const char *after) {
    if (strcmp(before, after) == 0) {
        return;
    }
    begin_line(report);
    if (report->is_json) {
        printf("{\"section\":\"%s\",\"name\":\"%s\",\"a\":", report->section, name);
        dump_print_json_string(before, strlen(before));
        fputs(",\"b\":", stdout);
        dump_print_json_string(after, strlen(after));
        putchar('}');
        return;
    }
    printf("  %s: ", name);
    dump_print_text(before, 40);
    fputs(" and ", stdout);
    dump_print_text(after, 40);
    putchar('\n');
}

static void compare_params(struct report *report, const struct dump_summary *a,
                           const struct dump_summary *b) {
    begin_section(report, "parameters");
    compare_text(report, "version", a->version, b->version);
    compare_text(report, "arch", a->arch, b->arch);
    compare(report, "big_endian", a->params.big_endian, b->params.big_endian);
    compare(report, "pointer_size", a->params.pointer_size, b->params.pointer_size);
    compare(report, "arena_start", a->params.arena_start, b->params.arena_start);
    compare(report, "arena_end", a->params.arena_end, b->params.arena_end);
    compare(report, "cpus", a->params.cpus, b->params.cpus);
    compare(report, "bytes", a->bytes, b->bytes);
}

static void compare_records(struct report *report, const struct dump_summary *a,
                            const struct dump_summary *b) {
    begin_section(report, "records");
    for (size_t i = 0; i < DUMP_TAG_COUNT; i++) {
        compare(report, dump_tag_names[i], a->records[i], b->records[i]);
    }
    compare(report, "object_bytes", a->object_bytes, b->object_bytes);
}

static void compare_memstats(struct report *report, const struct dump_summary *a,
                             const struct dump_summary *b) {
    begin_section(report, "memstats");
    compare(report, "(there)", a->has_memstats, b->has_memstats);
#define U(name) compare(report, #name, a->memstats.name, b->memstats.name);
#define N(name)                                                                                    \
    for (size_t i = 0; i < DUMP_PAUSE_COUNT; i++) {                                                \
        char label[32];                                                                            \
        snprintf(label, sizeof(label), #name "[%zu]", i);                                          \
        compare(report, label, a->memstats.name[i], b->memstats.name[i]);                          \
    }
    DUMP_MEMSTATS_FIELDS
#undef U
#undef N
}

static void compare_row(struct report *report, const char *label, const struct tally_row *a,
                        const struct tally_row *b) {
    static const struct tally_row none = {.count = 0};
    char name[TALLY_LABEL_BYTES + 16];
    a = a != NULL ? a : &none;
    b = b != NULL ? b : &none;
    snprintf(name, sizeof(name), "%s (count)", label);
    compare(report, name, a->count, b->count);
    snprintf(name, sizeof(name), "%s (bytes)", label);
    compare(report, name, a->bytes, b->bytes);
}

// Rows of one and then those that only the other has.
static void compare_tallies(struct report *report, const char *section, const struct tally *a,
                            const struct tally *b) {
    begin_section(report, section);
    for (size_t i = 0; i < a->row_count; i++) {
        compare_row(report, a->rows[i].label, &a->rows[i], tally_find(b, a->rows[i].hash));
    }
    for (size_t i = 0; i < b->row_count; i++) {
        if (tally_find(a, b->rows[i].hash) == NULL) {
            compare_row(report, b->rows[i].label, NULL, &b->rows[i]);
        }
    }
    compare_row(report, "(others)", &a->others, &b->others);
}

static int print_differences(const struct dump_summary *a, const struct dump_summary *b,
                             bool is_json) {
    struct report report = {.is_json = is_json};
    fputs(is_json ? "{\"differences\":[" : "", stdout);
    compare_params(&report, a, b);
    compare_records(&report, a, b);
    compare_memstats(&report, a, b);
    compare_tallies(&report, "sizes", &a->sizes, &b->sizes);
    compare_tallies(&report, "goroutines", &a->goroutines, &b->goroutines);
    compare_tallies(&report, "sites", &a->sites, &b->sites);
    if (is_json) {
        printf("%s],\"equal\":%s}\n", report.differences > 0 ? "\n" : "",
               report.differences == 0 ? "true" : "false");
    } else if (report.differences == 0) {
        puts("no difference");
    }
    return cli_finish(report.differences == 0 ? CLI_CLEAN : CLI_FINDING);
}

static int compare_numbers(char **files, const struct holding_options *options) {
    enum dump_mode mode = options->lenient ? DUMP_LENIENT : DUMP_STRICT;
    struct dump_summary a;
    struct dump_summary b = {.bytes = 0};
    int status = dump_summary_read(&a, files[0], mode);
    if (status == CLI_CLEAN) {
        status = dump_summary_read(&b, files[1], mode);
    }
    if (status == CLI_CLEAN) {
        status = print_differences(&a, &b, options->json);
    }
    dump_summary_fini(&a);
    dump_summary_fini(&b);
    return status;
}

// ---- --by

// A row's growth, which may be less than none, and how rows are sorted.
static int compare_growth(const void *left, const void *right) {
    const struct growth_rank *a = left;
    const struct growth_rank *b = right;
    if (a->grown != b->grown) {
        return a->grown > b->grown ? -1 : 1;
    }
    return strcmp(a->row->label, b->row->label);
}

static void tell_growth_file(const struct growth *growth, size_t at, bool has_addresses,
                             struct json *json) {
    const struct growth_file *file = &growth->files[at];
    static const char *const names[] = {"kept", "gone", "new"};
    const uint64_t *const sums[] = {file->kept, file->gone, file->fresh};
    if (json == NULL) {
        printf("%14" PRIu64 " bytes %10" PRIu64 " objects  ", file->bytes, file->count);
        dump_print_text(file->path, 200);
        if (file->has_memstats && file->heap_alloc != file->bytes) {
            printf(", HeapAlloc %" PRIu64, file->heap_alloc);
        }
        putchar('\n');
    } else {
        json_open_line(json, NULL, '{');
        json_text(json, "path", file->path);
        json_number(json, "count", file->count);
        json_number(json, "bytes", file->bytes);
        json_number_or_null(json, "heap_alloc", file->has_memstats, file->heap_alloc);
    }
    for (size_t i = 0; has_addresses && i < 3; i++) {
        if (json == NULL && at > 0) {
            printf("%14" PRIu64 " bytes %10" PRIu64 " objects  %s\n", sums[i][1], sums[i][0],
                   names[i]);
        } else if (json != NULL) {
            json_open(json, names[i], '{');
            json_number(json, "count", sums[i][0]);
            json_number(json, "bytes", sums[i][1]);
            json_close(json);
        }
    }
    if (json != NULL) {
        json_close(json);
    }
}

static void tell_growth_row(const struct growth *growth, const struct growth_rank *rank,
                            struct json *json) {
    const struct growth_row *row = rank->row;
    bool has_bytes = growth->key != GROWTH_STACK;
    const uint64_t *values = has_bytes ? row->bytes : row->counts;
    if (json == NULL) {
        printf("  %+12" PRId64, rank->grown);
        for (size_t i = 0; i < growth->file_count; i++) {
            printf("  %12" PRIu64, values[i]);
        }
        fputs("  ", stdout);
        dump_print_text(row->label, 200);
        putchar('\n');
        return;
    }
    json_open_line(json, NULL, '{');
    json_text(json, "name", row->label);
    json_open(json, "counts", '[');
    for (size_t i = 0; i < growth->file_count; i++) {
        json_number(json, NULL, row->counts[i]);
    }
    json_close(json);
    json_open(json, "bytes", '[');
    for (size_t i = 0; has_bytes && i < growth->file_count; i++) {
        json_number(json, NULL, row->bytes[i]);
    }
    json_close(json);
    json_close(json);
}

static bool is_changed(const struct growth *growth, const struct growth_row *row) {
    for (size_t i = 1; i < growth->file_count; i++) {
        if (row->bytes[i] != row->bytes[0] || row->counts[i] != row->counts[0]) {
            return true;
        }
    }
    return false;
}

// Those that changed, the most grown first. NULL: out of memory.
static struct growth_rank *rank_of(const struct growth *growth, size_t *count) {
    struct growth_rank *ranks = malloc((growth->row_count + 1) * sizeof *ranks);
    size_t last = growth->file_count - 1;
    *count = 0;
    for (size_t i = 0; ranks != NULL && i < growth->row_count; i++) {
        const struct growth_row *row = &growth->rows[i];
        const uint64_t *values = growth->key == GROWTH_STACK ? row->counts : row->bytes;
        if (is_changed(growth, row)) {
            ranks[(*count)++] = (struct growth_rank){row, (int64_t)(values[last] - values[0])};
        }
    }
    if (*count > 1) {
        qsort(ranks, *count, sizeof *ranks, compare_growth);
    }
    return ranks;
}

static int tell_growth(const struct growth *growth, size_t limit, bool has_addresses,
                       bool is_json) {
    struct json whole = {.depth = 0};
    struct json *json = is_json ? &whole : NULL;
    size_t count;
    struct growth_rank *ranks = rank_of(growth, &count);
    size_t shown = limit == 0 || limit > count ? count : limit;
    if (ranks == NULL) {
        cli_message("dump diff: out of memory");
        return CLI_ENVIRONMENT;
    }
    if (is_json) {
        json_open(json, NULL, '{');
        json_text(json, "by", growth_keys[growth->key]);
        json_open(json, "files", '[');
    }
    for (size_t i = 0; i < growth->file_count; i++) {
        tell_growth_file(growth, i, has_addresses, json);
    }
    if (is_json) {
        json_close(json);
        json_open(json, "rows", '[');
    } else {
        puts(count == 0 ? "no difference" : "\n        growth  in each dump, and of what");
    }
    for (size_t i = 0; i < shown; i++) {
        tell_growth_row(growth, &ranks[i], json);
    }
    if (is_json) {
        json_close(json);
        json_number(json, "left_out", count - shown);
        json_bool(json, "equal", count == 0);
        json_close(json);
        putchar('\n');
    } else if (count > shown) {
        printf("  and %zu more\n", count - shown);
    }
    free(ranks);
    return cli_finish(count == 0 ? CLI_CLEAN : CLI_FINDING);
}

static int compare_growths(char **files, size_t count, enum growth_key key, size_t limit,
                           bool has_addresses, const struct holding_options *options) {
    static struct growth growth;
    int status = CLI_CLEAN;
    growth.key = key;
    for (size_t i = 0; status == CLI_CLEAN && i < count; i++) {
        status = growth_add(&growth, files[i], options);
    }
    if (status == CLI_CLEAN) {
        status = tell_growth(&growth, limit, has_addresses, options->json);
    }
    growth_fini(&growth);
    return status;
}

// False: told.
static bool read_key(const char *text, enum growth_key *key) {
    for (*key = GROWTH_CLASS; *key < GROWTH_COUNT; ++*key) {
        if (strcmp(growth_keys[*key], text) == 0) {
            return true;
        }
    }
    cli_message("dump diff: --by takes class, site, type, holder or goroutine-stack, not '%s'",
                text);
    return false;
}

// What cannot be done together. False: told.
static bool is_sound(char **files, size_t count, bool has_key, bool has_more) {
    size_t pipes = 0;
    for (size_t i = 0; i < count; i++) {
        pipes += strcmp(files[i], "-") == 0;
    }
    if (pipes > 1) {
        cli_message("dump diff: only one of the files can be stdin");
    } else if (!has_key && (count > 2 || has_more)) {
        cli_message("dump diff: more than two dumps, --top, --same-process and --memory-limit go "
                    "with --by");
    } else {
        return true;
    }
    return false;
}

int dump_diff(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const char *by = NULL;
    const char *top = NULL;
    bool is_same_process = false;
    const struct cli_option table[] = {
        HOLDING_OPTIONS(options){.name = "--by", .value = &by},
        {.name = "--top", .value = &top},
        {.name = "--same-process", .flag = &is_same_process},
        {.name = NULL},
    };
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 2, .operands_max = GROWTH_FILES_MAX};
    char **files;
    size_t count;
    size_t limit;
    enum growth_key key = GROWTH_COUNT;
    int status = cli_parse(&call, argc, argv, &files, &count);
    if (status >= 0) {
        return status;
    }
    bool has_more = top != NULL || is_same_process || options.memory_limit != NULL;
    if (!is_sound(files, count, by != NULL, has_more) || (by != NULL && !read_key(by, &key)) ||
        !holding_top("dump diff", top, &limit)) {
        return CLI_UNUSABLE;
    }
    return by == NULL ? compare_numbers(files, &options)
                      : compare_growths(files, count, key, limit, is_same_process, &options);
}
