// path: `dump path`: how roots lead to an address, the shortest way first.

#include "cli/dump/dump.h"
#include "cli/dump/graph/holding.h"
#include "cli/dump/graph/what.h"
#include "cli/io/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATHS_MAX 1000000

static const char usage[] =
    "usage: countercheck dump path FILE ADDRESS... [--binary PROGRAM] [--all N]\n"
    "                              [--json] [--lenient] [--memory-limit BYTES]\n"
    "How roots lead to what each address lies in: the shortest way, or with --all the\n"
    "N shortest, none through an object twice. An address inside an object will do.\n"
    "--json prints an object a line.\n" HOLDING_BINARY_HELP;

// What an address is, and the ways to it as they are printed.
struct question {
    const struct dump_graph *graph;
    uint64_t address;
    uint32_t node;
    uint64_t limit, count;
    bool is_json;
};

// ---- one way

static struct dump_edge edge_of(const struct dump_graph *graph, const struct dump_path *path,
                                uint32_t step) {
    if (step == 0) {
        const struct dump_root *root = dump_graph_root(graph, path->root);
        return (struct dump_edge){root->node, root->field_offset, root->offset};
    }
    return dump_graph_edge(graph, path->node[step - 1], path->edge[step]);
}

static bool has_offset(const struct dump_graph *graph, const struct dump_path *path) {
    const struct dump_root *root = dump_graph_root(graph, path->root);
    uint32_t kind = dump_graph_holder(graph, root->holder)->kind;
    return kind == DUMP_ROOT_DATA || kind == DUMP_ROOT_BSS || kind == DUMP_ROOT_FRAME;
}

static void print_json_path(const struct dump_graph *graph, const struct dump_path *path) {
    struct json json = {.depth = 0};
    fputs("{\"root\":", stdout);
    holding_print_json_root(&json, NULL, graph, dump_graph_root(graph, path->root));
    fputs(",\"steps\":[", stdout);
    for (uint32_t i = 0; i < path->step_count; i++) {
        const struct dump_node *node = dump_graph_node(graph, path->node[i]);
        struct dump_edge edge = edge_of(graph, path, i);
        fputs(i == 0 ? "{\"field\":" : ",{\"field\":", stdout);
        if (i > 0 || has_offset(graph, path)) {
            printf("%" PRIu64, edge.field_offset);
        } else {
            fputs("null", stdout);
        }
        printf(",\"object\":\"0x%" PRIx64 "\",\"size\":%" PRIu64 ",\"offset\":%" PRIu64 "}",
               node->address, node->size_bytes, edge.offset);
    }
    fputs("]}", stdout);
}

static void print_path(const struct dump_graph *graph, const struct dump_path *path) {
    fputs("  ", stdout);
    holding_print_root(graph, dump_graph_root(graph, path->root));
    putchar('\n');
    for (uint32_t i = 0; i < path->step_count; i++) {
        const struct dump_node *node = dump_graph_node(graph, path->node[i]);
        struct dump_edge edge = edge_of(graph, path, i);
        printf("  -> 0x%" PRIx64 " %" PRIu64 " B +%" PRIu64 "\n", node->address, node->size_bytes,
               edge.offset);
    }
}

static bool show(void *context, const struct dump_path *path) {
    struct question *question = context;
    if (question->is_json) {
        fputs(question->count > 0 ? "," : "", stdout);
        print_json_path(question->graph, path);
    } else {
        print_path(question->graph, path);
    }
    question->count++;
    return question->count < question->limit && cli_can_print();
}

// ---- what the address is

static void print_json_head(const struct question *question, const struct what *what,
                            uint32_t distance) {
    printf("{\"address\":\"0x%" PRIx64 "\",\"kind\":\"%s\"", question->address, what->kind);
    if (what->has_object) {
        printf(",\"object\":\"0x%" PRIx64 "\",\"size\":%" PRIu64, what->node.address,
               what->node.size_bytes);
    } else {
        fputs(",\"object\":null,\"size\":null", stdout);
    }
    if (strcmp(what->kind, "none") == 0) {
        fputs(",\"offset\":null", stdout);
    } else {
        printf(",\"offset\":%" PRIu64, question->address - what->begin);
    }
    fputs(",\"note\":", stdout);
    if (what->note == NULL) {
        fputs("null", stdout);
    } else {
        dump_print_json_string(what->note, strlen(what->note));
    }
    printf(",\"reachable\":%s,\"distance\":", what->is_reachable ? "true" : "false");
    if (what->is_reachable) {
        printf("%" PRIu32, distance);
    } else {
        fputs("null", stdout);
    }
}

static void print_head(const struct question *question, const struct what *what,
                       uint32_t distance) {
    printf("0x%" PRIx64, question->address);
    if (what->has_object) {
        printf(" = 0x%" PRIx64 " + %" PRIu64 " (%" PRIu64 " B)", what->node.address,
               question->address - what->begin, what->node.size_bytes);
    } else if (strcmp(what->kind, "none") == 0) {
        fputs(": in no object", stdout);
    } else {
        printf(" = %s+0x%" PRIx64, what->kind, question->address - what->begin);
    }
    if (what->is_reachable) {
        printf(", %" PRIu32 " step%s", distance, cli_s(distance));
    }
    printf("%s%s\n", what->note == NULL ? "" : ": ", what->note == NULL ? "" : what->note);
}

static bool answer(struct question *question, const struct dump_paths *paths) {
    struct what what = what_is(question->graph, question->address);
    question->node = what.index;
    uint32_t distance = what.is_reachable ? dump_paths_distance(paths, question->node) : 0;
    if (question->is_json) {
        print_json_head(question, &what, distance);
        fputs(",\"paths\":[", stdout);
    } else {
        print_head(question, &what, distance);
    }
    bool has_memory = !what.is_reachable || dump_paths_each(paths, question->node, show, question);
    fputs(question->is_json ? "]}\n" : "", stdout);
    return has_memory;
}

static int answer_all(const struct dump_graph *graph, const char *path, char **addresses,
                      size_t count, const struct question *asked) {
    struct dump_paths *paths = dump_paths_create(graph);
    bool has_memory = paths != NULL;
    for (size_t i = 0; has_memory && i < count; i++) {
        struct question question = *asked;
        question.graph = graph;
        if (!dump_address("path", addresses[i], &question.address)) {
            dump_paths_destroy(paths);
            return CLI_UNUSABLE;
        }
        has_memory = answer(&question, paths);
    }
    dump_paths_destroy(paths);
    if (!has_memory) {
        cli_message("%s: out of memory", path);
        return CLI_ENVIRONMENT;
    }
    return CLI_CLEAN;
}

int dump_path(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const char *all = NULL;
    const struct cli_option table[] = {HOLDING_OPTIONS(options)
                                           HOLDING_BINARY(options){.name = "--all", .value = &all},
                                       {.name = NULL}};
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 2, .operands_max = SIZE_MAX};
    char **operands;
    size_t count;
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    struct question question = {.limit = 1, .is_json = options.json};
    if (all != NULL && !cli_count("dump path", "--all", all, PATHS_MAX, &question.limit)) {
        return CLI_UNUSABLE;
    }
    for (size_t i = 1; i < count; i++) { // before work begins
        uint64_t address;
        if (!dump_address("path", operands[i], &address)) {
            return CLI_UNUSABLE;
        }
    }
    struct dump_graph *graph = holding_graph("path", operands[0], &options, &status);
    if (graph != NULL) {
        status = answer_all(graph, operands[0], operands + 1, count - 1, &question);
        dump_graph_destroy(graph);
        status = cli_finish(status);
    }
    return status;
}
