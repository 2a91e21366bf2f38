// diff: `dump diff`: two dumps compared in numbers: parameters, records, statistics, sizes,
// goroutines, profile sites.

#include "cli/io/cli.h"
#include "cli/dump/dump.h"
#include "cli/dump/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump diff A B [--json] [--lenient]\n"
    "What differs between two dumps, in numbers; contents are not compared. Exit\n"
    "status: 0 nothing, 1 something.\n";

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

int dump_diff(int argc, char **argv) {
    struct dump_options options;
    int status = dump_options_parse(&options, argc, argv, 2, true, usage);
    if (status >= 0) {
        return status;
    }
    if (strcmp(options.files[0], "-") == 0 && strcmp(options.files[1], "-") == 0) {
        cli_message("dump diff: only one of the files can be stdin");
        return CLI_UNUSABLE;
    }
    struct dump_summary a;
    struct dump_summary b = {.bytes = 0};
    status = dump_summary_read(&a, options.files[0], dump_options_mode(&options));
    if (status == CLI_CLEAN) {
        status = dump_summary_read(&b, options.files[1], dump_options_mode(&options));
    }
    if (status == CLI_CLEAN) {
        status = print_differences(&a, &b, options.json);
    }
    dump_summary_fini(&a);
    dump_summary_fini(&b);
    return status;
}
