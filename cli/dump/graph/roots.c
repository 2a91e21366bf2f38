// roots: `dump roots`: every root that leads to an object.

#include "cli/dump/graph/holding.h"
#include "cli/io/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump roots FILE [--binary PROGRAM] [--kind KIND]\n"
    "                               [--json] [--lenient] [--memory-limit BYTES]\n"
    "Every root that leads to an object, and where into it. --kind data, bss, frame,\n"
    "other, context, defer, panic, finalizer_function, queued_object or\n"
    "queued_function: these alone.\n" HOLDING_BINARY_HELP;

// False: told.
static bool read_kind(const char *text, uint32_t *kind) {
    *kind = DUMP_ROOT_KIND_COUNT;
    if (text == NULL) {
        return true;
    }
    for (uint32_t i = 0; i < DUMP_ROOT_KIND_COUNT; i++) {
        if (strcmp(dump_root_kind_names[i], text) == 0) {
            *kind = i;
            return true;
        }
    }
    cli_message("dump roots: --kind takes a kind of root as --help lists them, not '%s'", text);
    return false;
}

static void tell_root(const struct dump_graph *graph, const struct dump_root *root,
                      struct json *json) {
    const struct dump_node *node = dump_graph_node(graph, root->node);
    if (json == NULL) {
        fputs("  ", stdout);
        holding_print_root(graph, root);
        printf(" -> 0x%" PRIx64 " %" PRIu64 " B +%" PRIu64 "\n", node->address, node->size_bytes,
               root->offset);
        return;
    }
    json_open_line(json, NULL, '{');
    holding_print_json_root(json, "root", graph, root);
    json_address(json, "object", node->address);
    json_number(json, "size", node->size_bytes);
    json_number(json, "offset", root->offset);
    json_close(json);
}

static void tell_counts(const struct dump_graph *graph, struct json *json) {
    uint64_t counts[DUMP_ROOT_KIND_COUNT] = {0};
    for (uint32_t i = 0; i < dump_graph_root_count(graph); i++) {
        counts[dump_graph_holder(graph, dump_graph_root(graph, i)->holder)->kind]++;
    }
    if (json != NULL) {
        json_open(json, "by_kind", '{');
    }
    for (uint32_t i = 0; i < DUMP_ROOT_KIND_COUNT; i++) {
        if (json != NULL) {
            json_number(json, dump_root_kind_names[i], counts[i]);
        } else if (counts[i] > 0) {
            printf("%10" PRIu64 "  %s\n", counts[i], dump_root_kind_names[i]);
        }
    }
    if (json != NULL) {
        json_close(json);
    } else {
        putchar('\n');
    }
}

static void tell(const struct dump_graph *graph, uint32_t kind, bool is_json) {
    struct json whole = {.depth = 0};
    struct json *json = is_json ? &whole : NULL;
    if (is_json) {
        json_open(json, NULL, '{');
    }
    tell_counts(graph, json);
    if (is_json) {
        json_open(json, "roots", '[');
    }
    for (uint32_t i = 0; i < dump_graph_root_count(graph) && cli_can_print(); i++) {
        const struct dump_root *root = dump_graph_root(graph, i);
        if (kind == DUMP_ROOT_KIND_COUNT || dump_graph_holder(graph, root->holder)->kind == kind) {
            tell_root(graph, root, json);
        }
    }
    if (is_json) {
        json_close(json);
        json_close(json);
        putchar('\n');
    }
}

int dump_roots(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const char *kind_text = NULL;
    const struct cli_option table[] = {
        HOLDING_OPTIONS(options) HOLDING_BINARY(options){.name = "--kind", .value = &kind_text},
        {.name = NULL},
    };
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 1, .operands_max = 1};
    char **operands;
    size_t count;
    uint32_t kind;
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    if (!read_kind(kind_text, &kind)) {
        return CLI_UNUSABLE;
    }
    struct dump_graph *graph = holding_graph("roots", operands[0], &options, &status);
    if (graph != NULL) {
        tell(graph, kind, options.json);
        dump_graph_destroy(graph);
        status = cli_finish(CLI_CLEAN);
    }
    return status;
}
