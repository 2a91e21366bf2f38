// info: `dump info`: a dump on one screen, or as one JSON object.

#include "cli/io/cli.h"
#include "cli/dump/dump.h"
#include "cli/dump/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump info FILE [--json] [--lenient]\n"
    "A heap dump in numbers: parameters, records, memory statistics, the largest\n"
    "sizes, goroutines, profile sites. --json prints one object; addresses are\n"
    "numbers. Of a dump that is cut it gives what came before the error.\n";

static void print_json_number(void *context, const char *name, uint64_t value) {
    bool *is_first = context;
    printf("%s\"%s\":%" PRIu64, *is_first ? "" : ",", name, value);
    *is_first = false;
}

static void print_json_memstats(const struct dump_summary *summary) {
    if (!summary->has_memstats) {
        fputs("null", stdout);
        return;
    }
    bool is_first = true;
    putchar('{');
    dump_memstats_each(&summary->memstats, print_json_number, &is_first);
    fputs(",\"PauseNs\":[", stdout);
    for (size_t i = 0; i < DUMP_PAUSE_COUNT; i++) {
        printf("%s%" PRIu64, i == 0 ? "" : ",", summary->memstats.PauseNs[i]);
    }
    fputs("]}", stdout);
}

static void print_json_counts(const char *const *names, const uint64_t *counts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        printf("%s\"%s\":%" PRIu64, i == 0 ? "{" : ",", names[i], counts[i]);
    }
    putchar('}');
}

// All rows of a list of the screen, as objects; a size is a number.
static void print_json_rows(const char *name, const char *key, const struct tally *tally,
                            bool has_bytes) {
    bool is_number = strcmp(key, "size") == 0;
    printf(",\"%s\":[", name);
    for (size_t i = 0; i < tally->row_count; i++) {
        const struct tally_row *row = &tally->rows[i];
        printf("%s{\"%s\":", i == 0 ? "" : ",", key);
        if (is_number) {
            fputs(row->label, stdout);
        } else {
            dump_print_json_string(row->label, strlen(row->label));
        }
        printf(",\"count\":%" PRIu64, row->count);
        if (has_bytes) {
            printf(",\"bytes\":%" PRIu64, row->bytes);
        }
        putchar('}');
    }
    putchar(']');
}

static void print_json(const struct dump_summary *summary, bool is_lenient) {
    const struct dump_record_Params *params = &summary->params;
    printf("{\"header\":\"%.*s\"", DUMP_HEADER_BYTES - 1, DUMP_HEADER);
    printf(",\"big_endian\":%s", params->big_endian ? "true" : "false");
    printf(",\"pointer_size\":%" PRIu64, params->pointer_size);
    printf(",\"arena_start\":%" PRIu64, params->arena_start);
    printf(",\"arena_end\":%" PRIu64, params->arena_end);
    fputs(",\"arch\":", stdout);
    dump_print_json_string(summary->arch, strlen(summary->arch));
    fputs(",\"version\":", stdout);
    dump_print_json_string(summary->version, strlen(summary->version));
    printf(",\"cpus\":%" PRIu64 ",\"bytes\":%" PRIu64, params->cpus, summary->bytes);
    fputs(",\"records\":", stdout);
    print_json_counts(dump_tag_names, summary->records, DUMP_TAG_COUNT);
    printf(",\"object_bytes\":%" PRIu64 ",\"memstats\":", summary->object_bytes);
    print_json_memstats(summary);
    print_json_rows("sizes", "size", &summary->sizes, true);
    print_json_rows("goroutines", "state", &summary->goroutines, false);
    print_json_rows("sites", "leaf", &summary->sites, true);
    if (is_lenient) {
        fputs(",\"forgiven\":", stdout);
        print_json_counts(dump_forgiven_names, summary->forgiven, DUMP_FORGIVEN_COUNT);
    }
    printf(",\"complete\":%s}\n", summary->records[DUMP_TAG_EOF] > 0 ? "true" : "false");
}

static void print_params(const struct dump_summary *summary) {
    const struct dump_record_Params *params = &summary->params;
    dump_print_text(summary->version, 40);
    fputs(" on ", stdout);
    dump_print_text(summary->arch, 20);
    printf(", %" PRIu64 " CPU%s, %s-endian, %" PRIu64 "-byte pointers\n", params->cpus,
           cli_s(params->cpus), params->big_endian ? "big" : "little", params->pointer_size);
    printf("%" PRIu64 " bytes; arenas 0x%" PRIx64 " to 0x%" PRIx64 "; %" PRIu64
           " object%s of %" PRIu64 " byte%s\n",
           summary->bytes, params->arena_start, params->arena_end,
           summary->records[DUMP_TAG_Object], cli_s(summary->records[DUMP_TAG_Object]),
           summary->object_bytes, cli_s(summary->object_bytes));
}

// Names and numbers in columns, row by row.
struct grid {
    int column, columns;
};

static void print_cell(void *context, const char *name, uint64_t value) {
    struct grid *grid = context;
    printf("  %-16s%14" PRIu64, name, value);
    if (++grid->column == grid->columns) {
        putchar('\n');
        grid->column = 0;
    }
}

static void end_grid(const struct grid *grid) {
    if (grid->column != 0) {
        putchar('\n');
    }
}

static void print_records(const struct dump_summary *summary) {
    struct grid grid = {.columns = 3};
    fputs("\nrecords\n", stdout);
    for (size_t i = 0; i < DUMP_TAG_COUNT; i++) {
        print_cell(&grid, dump_tag_names[i], summary->records[i]);
    }
    end_grid(&grid);
}

static void print_memstats(const struct dump_summary *summary) {
    struct grid grid = {.columns = 3};
    fputs("\nmemory statistics\n", stdout);
    if (!summary->has_memstats) {
        fputs("  (missing)\n", stdout);
        return;
    }
    dump_memstats_each(&summary->memstats, print_cell, &grid);
    end_grid(&grid);
}

static void print_rows(const char *title, const struct tally *tally, size_t shown, bool has_bytes) {
    size_t rows = tally->row_count < shown ? tally->row_count : shown;
    if (rows == 0) {
        return;
    }
    printf("\n%s%s\n", title, tally->row_count > rows ? " (the largest)" : "");
    for (size_t i = 0; i < rows; i++) {
        const struct tally_row *row = &tally->rows[i];
        if (row->count == 0) {
            break;
        }
        if (has_bytes) {
            printf("  %14" PRIu64 " bytes", row->bytes);
        }
        printf("  %12" PRIu64 "  ", row->count);
        dump_print_text(row->label, 64);
        putchar('\n');
    }
}

static void print_forgiven(const struct dump_summary *summary) {
    for (size_t i = 0; i < DUMP_FORGIVEN_COUNT; i++) {
        if (summary->forgiven[i] != 0) {
            printf("forgiven: %" PRIu64 " %s\n", summary->forgiven[i], dump_forgiven_names[i]);
        }
    }
}

static void print_screen(const struct dump_summary *summary) {
    print_params(summary);
    print_forgiven(summary);
    print_records(summary);
    print_memstats(summary);
    print_rows("objects: bytes, count, size", &summary->sizes, 6, true);
    print_rows("goroutines: count, state", &summary->goroutines, 6, false);
    print_rows("profile sites: bytes and objects in use, leaf (as sampled)", &summary->sites, 6,
               true);
}

static void print(struct dump_summary *summary, const struct dump_options *options) {
    tally_sort(&summary->sizes);
    tally_sort(&summary->goroutines);
    tally_sort(&summary->sites);
    if (options->json) {
        print_json(summary, options->lenient);
    } else {
        print_screen(summary);
    }
}

int dump_info(int argc, char **argv) {
    struct dump_options options;
    int status = dump_options_parse(&options, argc, argv, 1, true, usage);
    if (status >= 0) {
        return status;
    }
    struct dump_summary summary;
    struct dump_input *input =
        dump_input_open(options.files[0], dump_options_mode(&options), &status);
    if (input == NULL) {
        return status;
    }
    dump_summary_take(&summary, input);
    if (summary.records[DUMP_TAG_Params] > 0) { // of a broken dump, what came before
        print(&summary, &options);
        (void)fflush(stdout); // the error comes behind it; cli_finish() tells of stdout's
    }
    status = dump_summary_status(&summary, input, options.files[0]);
    status = status == CLI_CLEAN ? cli_finish(status) : status;
    dump_input_close(input);
    dump_summary_fini(&summary);
    return status;
}
