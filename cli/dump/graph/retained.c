// retained: `dump retained`: what would no longer be reachable without an object, a root, a
// goroutine or all objects of a size.

#include "cli/dump/dump.h"
#include "cli/dump/graph/holding.h"
#include "cli/dump/graph/retained.h"
#include "cli/io/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump retained FILE [--by object|root|goroutine|class]\n"
    "                                  [--without ADDRESS|goroutine:ID|symbol:NAME]\n"
    "                                  [--binary PROGRAM] [--top N]\n"
    "                                  [--json] [--lenient] [--memory-limit BYTES]\n"
    "How much each object keeps alive: what no root would lead to without it. --by\n"
    "says what is taken away at a time; what several roots or goroutines hold\n"
    "together is \"shared\". Classes hold parts of each other, so that their rows do\n"
    "not add up. --top 10 rows; 0: all. --without tells what one object, goroutine or\n"
    "variable holds. --memory-limit 512M: says how much it needs when that is "
    "more.\n" HOLDING_BINARY_HELP;

// ---- printing

struct nearest {
    const struct dump_graph *graph;
    uint32_t root;
};

static bool take_root(void *context, const struct dump_path *path) {
    struct nearest *nearest = context;
    nearest->root = path->root;
    return false;
}

static void print_count(const char *name, const uint64_t values[2]) {
    printf("\"%s\":{\"count\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", name, values[0], values[1]);
}

static void print_json_row(const struct report *report, const struct retained_row *row) {
    const struct dump_graph *graph = report->graph;
    if (report->by == BY_OBJECT) {
        const struct dump_node *node = dump_graph_node(graph, row->index);
        printf("{\"address\":\"0x%" PRIx64 "\",\"size\":%" PRIu64, node->address, node->size_bytes);
    } else if (report->by == BY_ROOT) {
        struct json json = {.depth = 0};
        fputs("{\"root\":", stdout);
        holding_print_json_root(&json, NULL, graph, dump_graph_root(graph, row->index));
    } else if (report->by == BY_GOROUTINE) {
        const char *function = holding_function(graph, row->index);
        printf("{\"goroutine\":%" PRIu64 ",\"function\":", row->key[0]);
        dump_print_json_string(function, strlen(function));
    } else {
        printf("{\"size\":%" PRIu64 ",\"count\":%" PRIu64, row->key[0], row->key[1]);
    }
    printf(",\"retained\":%" PRIu64 ",\"objects\":%" PRIu64, row->retained_bytes, row->objects);
    if (report->by == BY_OBJECT) {
        uint32_t dominator = (uint32_t)row->key[1];
        if (dominator == DUMP_GRAPH_NONE) {
            fputs(",\"dominator\":null", stdout);
        } else {
            printf(",\"dominator\":\"0x%" PRIx64 "\"", dump_graph_node(graph, dominator)->address);
        }
    }
    putchar('}');
}

static void print_json_sums(const struct report *report) {
    uint64_t all[2] = {0, 0};
    uint64_t phantoms[2] = {dump_graph_phantom_count(report->graph),
                            dump_graph_phantom_bytes(report->graph)};
    for (size_t i = 0; i < DUMP_NODE_STATE_COUNT; i++) {
        all[0] += report->sums[i][0];
        all[1] += report->sums[i][1];
    }
    putchar('{');
    print_count("objects", all);
    putchar(',');
    print_count("reachable", report->sums[DUMP_NODE_REACHABLE]);
    putchar(',');
    print_count("finalizer_only", report->sums[DUMP_NODE_FINALIZER_ONLY]);
    putchar(',');
    print_count("unreachable", report->sums[DUMP_NODE_UNREACHABLE]);
    putchar(',');
    print_count("phantoms", phantoms);
    putchar(',');
    if (report->has_shared) {
        print_count("shared", report->shared);
    } else {
        fputs("\"shared\":null", stdout);
    }
}

static void print_json(const struct report *report) {
    const struct retained_row *rows = report->ranking.rows;
    print_json_sums(report);
    printf(",\"by\":\"%s\",\"rows\":[", retained_ways[report->by]);
    for (size_t i = 0; i < report->ranking.count; i++) {
        fputs(i > 0 ? ",\n " : "\n ", stdout);
        print_json_row(report, &rows[i]);
    }
    printf("],\"left_out\":%" PRIu64 "}\n", largest_left_out(&report->ranking));
}

static bool print_row(const struct report *report, const struct retained_row *row) {
    const struct dump_graph *graph = report->graph;
    printf("%10" PRIu64 " %6" PRIu64 "  ", row->retained_bytes, row->objects);
    if (report->by == BY_OBJECT) {
        const struct dump_node *node = dump_graph_node(graph, row->index);
        struct nearest nearest = {.graph = graph, .root = DUMP_GRAPH_NONE};
        if (!dump_paths_each(report->paths, row->index, take_root, &nearest)) {
            return false;
        }
        printf("0x%" PRIx64 "  %" PRIu64 " B  < ", node->address, node->size_bytes);
        holding_print_root(graph, dump_graph_root(graph, nearest.root));
    } else if (report->by == BY_ROOT) {
        holding_print_root(graph, dump_graph_root(graph, row->index));
    } else if (report->by == BY_GOROUTINE) {
        printf("goroutine %" PRIu64 " ", row->key[0]);
        dump_print_text(holding_function(graph, row->index), 100);
    } else {
        printf("%" PRIu64 " object%s of %" PRIu64 " B", row->key[1], cli_s(row->key[1]),
               row->key[0]);
    }
    putchar('\n');
    return true;
}

static void print_sum(const char *name, uint64_t count, uint64_t bytes) {
    printf("%14" PRIu64 " bytes %10" PRIu64 "  %s\n", bytes, count, name);
}

static bool print_screen(const struct report *report) {
    const struct retained_row *rows = report->ranking.rows;
    bool has_memory = true;
    print_sum("objects that roots lead to", report->sums[DUMP_NODE_REACHABLE][0],
              report->sums[DUMP_NODE_REACHABLE][1]);
    print_sum("kept by objects with a finalizer alone", report->sums[DUMP_NODE_FINALIZER_ONLY][0],
              report->sums[DUMP_NODE_FINALIZER_ONLY][1]);
    print_sum("that nothing leads to", report->sums[DUMP_NODE_UNREACHABLE][0],
              report->sums[DUMP_NODE_UNREACHABLE][1]);
    if (dump_graph_phantom_count(report->graph) > 0) {
        print_sum("phantoms, which are no objects", dump_graph_phantom_count(report->graph),
                  dump_graph_phantom_bytes(report->graph));
    }
    if (report->has_shared) {
        print_sum("shared: held by more than one, or by none of these", report->shared[0],
                  report->shared[1]);
    }
    printf("\n  retained objects  by %s%s\n", retained_ways[report->by],
           report->by == BY_CLASS ? " (classes hold parts of each other: no sum)" : "");
    for (size_t i = 0; has_memory && i < report->ranking.count; i++) {
        has_memory = print_row(report, &rows[i]);
    }
    uint64_t left_out = largest_left_out(&report->ranking);
    if (left_out > 0) {
        printf("  and %" PRIu64 " more\n", left_out);
    }
    return has_memory;
}

static int tell(struct report *report) {
    bool has_memory = true;
    if (report->is_json) {
        print_json(report);
    } else {
        if (report->by == BY_OBJECT) {
            report->paths = dump_paths_create(report->graph);
            has_memory = report->paths != NULL;
        }
        has_memory = has_memory && print_screen(report);
        dump_paths_destroy(report->paths);
    }
    if (!has_memory) {
        cli_message("%s: out of memory", report->path);
        return CLI_ENVIRONMENT;
    }
    return CLI_CLEAN;
}

static int run(struct report *report) {
    if (!retained_rank(report)) {
        cli_message("%s: out of memory", report->path);
        return CLI_ENVIRONMENT;
    }
    return tell(report);
}

// ---- --without

// "goroutine:7", "symbol:main.cache" or an address. False: told.
static bool read_removal(const char *text, struct removal *removal, uint64_t *address) {
    static const char goroutine[] = "goroutine:";
    static const char symbol[] = "symbol:";
    *removal = (struct removal){.node = DUMP_GRAPH_NONE};
    if (strncmp(text, symbol, sizeof symbol - 1) == 0) {
        removal->symbol = text + sizeof symbol - 1;
        return true;
    }
    if (strncmp(text, goroutine, sizeof goroutine - 1) == 0) {
        removal->has_goroutine = true;
        return cli_number("dump retained", "--without goroutine:", text + sizeof goroutine - 1,
                          UINT64_MAX, &removal->goroutine);
    }
    return dump_address("retained", text, address);
}

// `removal` as it was read from the text.
static int tell_removal(struct report *report, const char *text, struct removal removal,
                        uint64_t address) {
    struct dump_retained lost;
    removal.graph = report->graph;
    if (removal.symbol != NULL && !retained_has_symbol(&removal)) {
        cli_message("%s: no root is of the variable %s", report->path, removal.symbol);
        return CLI_UNUSABLE;
    }
    if (!removal.has_goroutine && removal.symbol == NULL) {
        removal.node = dump_graph_find(report->graph, address);
        if (removal.node == DUMP_GRAPH_NONE) {
            cli_message("%s: no object holds 0x%" PRIx64, report->path, address);
            return CLI_UNUSABLE;
        }
    }
    if (!retained_without(&removal, &lost)) {
        cli_message("%s: out of memory", report->path);
        return CLI_ENVIRONMENT;
    }
    if (report->is_json) {
        retained_sum_up(report);
        print_json_sums(report);
        fputs(",\"without\":", stdout);
        dump_print_json_string(text, strlen(text));
        printf(",\"retained\":%" PRIu64 ",\"objects_lost\":%" PRIu32 "}\n", lost.bytes, lost.count);
    } else {
        printf("without %s, nothing would lead to %" PRIu32 " object%s of %" PRIu64 " bytes\n",
               text, lost.count, cli_s(lost.count), lost.bytes);
    }
    return CLI_CLEAN;
}

// False: told.
static bool read_way(const char *text, enum retained_way *way) {
    for (*way = BY_OBJECT; *way < BY_COUNT; ++*way) {
        if (strcmp(retained_ways[*way], text) == 0) {
            return true;
        }
    }
    cli_message("dump retained: --by takes object, root, goroutine or class, not '%s'", text);
    return false;
}

int dump_retained(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const char *top = NULL;
    const char *by = "object";
    const char *without = NULL;
    const struct cli_option table[] = {
        HOLDING_OPTIONS(options) HOLDING_BINARY(options){.name = "--top", .value = &top},
        {.name = "--by", .value = &by},
        {.name = "--without", .value = &without},
        {.name = NULL},
    };
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 1, .operands_max = 1};
    char **operands;
    size_t count;
    size_t limit;
    uint64_t address = 0;
    struct removal removal = {.node = DUMP_GRAPH_NONE};
    enum retained_way way;
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    if (!read_way(by, &way) || !holding_top("dump retained", top, &limit) ||
        (without != NULL && !read_removal(without, &removal, &address))) {
        return CLI_UNUSABLE;
    }
    if (removal.symbol != NULL && options.binary == NULL) {
        cli_message("dump retained: --without symbol: takes --binary PROGRAM, which names it");
        return CLI_UNUSABLE;
    }
    struct dump_graph *graph = holding_graph("retained", operands[0], &options, &status);
    if (graph != NULL) {
        struct report report = {.graph = graph,
                                .path = operands[0],
                                .by = way,
                                .ranking = {.limit = limit},
                                .is_json = options.json};
        status = without == NULL ? run(&report) : tell_removal(&report, without, removal, address);
        largest_fini(&report.ranking);
        dump_graph_destroy(graph);
        status = status == CLI_CLEAN ? cli_finish(status) : status;
    }
    return status;
}
