// dot: `dump dot`: the largest objects of the graph as a picture for Graphviz.
#include "cli/dump/export/dot.h"

#include "cli/dump/dump.h"
#include "cli/dump/export/kept.h"
#include "cli/dump/export/picture.h"
#include "cli/dump/graph/explain.h"
#include "cli/dump/graph/holding.h"
#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP_DEFAULT "50"
#define TOP_MAX     2000
#define NAME_BYTES  100 // of a function, a type, a root

static const char usage[] =
    "usage: countercheck dump dot FILE [-o OUT] [--top N] [--binary PROGRAM]\n"
    "                             [--lenient] [--memory-limit BYTES]\n"
    "A picture for Graphviz (`dot -Tsvg OUT`) of the N objects that retain most, 50\n"
    "of them, 2000 at most; its title says of how many. An arrow leads from whoever\n"
    "an object hangs on, dashed where other objects lie between; a grey one is any\n"
    "other pointer, and there are four of these for each object at most. Boxes are\n"
    "the roots of the shortest ways. -o OUT is made as by recode; else "
    "stdout.\n" HOLDING_BINARY_HELP;

struct drawing {
    const struct dump_graph *graph;
    const struct kept *kept;
    const struct explain *explain;
    struct text *text;
    uint64_t left_out; // references
};

// A part of a quoted text: what a terminal would obey is escaped, and what Graphviz would.
static void put_words(struct drawing *drawing, const char *words) {
    char escaped[NAME_BYTES + 1];
    (void)escape_text(escaped, sizeof escaped, words);
    for (const char *at = escaped; *at != 0; at++) {
        if (*at == '\\' || *at == '"') {
            text_bytes(drawing->text, "\\", 1);
        }
        if (*at == '&') { // begins an entity
            text_string(drawing->text, "&amp;");
        } else {
            text_bytes(drawing->text, at, 1);
        }
    }
}

static void put(struct drawing *drawing, const char *words) {
    text_string(drawing->text, words);
}

static void put_number(struct drawing *drawing, const char *before, uint64_t number,
                       const char *behind) {
    put(drawing, before);
    text_number(drawing->text, number);
    put(drawing, behind);
}

static void draw_title(struct drawing *drawing, const char *path) {
    const struct kept *kept = drawing->kept;
    put(drawing, "digraph dump {\n  rankdir=LR;\n  node [shape=ellipse, fontname=\"sans-serif\"];\n"
                 "  edge [fontname=\"sans-serif\"];\n  labelloc=t;\n  label=\"");
    put_words(drawing, path);
    put_number(drawing, ": the ", kept->count, " that retain most");
    put_number(drawing, " of ", kept->sums[DUMP_NODE_REACHABLE][0], " reachable objects:");
    put_number(drawing, " they hold ", kept->held[1], " of ");
    put_number(drawing, "", kept->sums[DUMP_NODE_REACHABLE][1], " bytes\";\n");
}

static void draw_node(struct drawing *drawing, size_t i) {
    const struct kept_node *kept = &drawing->kept->nodes[i];
    const struct dump_node *node = dump_graph_node(drawing->graph, kept->node);
    uint32_t site = drawing->explain->site[kept->node];
    uint32_t type = drawing->explain->type[kept->node];
    put_number(drawing, "  n", i, " [label=\"");
    text_address(drawing->text, node->address);
    put_number(drawing, "\\n", node->size_bytes, " B");
    if (type != EXPLAIN_NONE) {
        put(drawing, "\\n");
        put_words(drawing, drawing->explain->types[type].name);
    }
    if (site != EXPLAIN_NONE && drawing->explain->sites[site].function != NULL) {
        put(drawing, "\\nby ");
        put_words(drawing, drawing->explain->sites[site].function);
    }
    put_number(drawing, "\\nretains ", kept->retained_bytes, " B");
    put_number(drawing, " in ", kept->retained_count, "\"];\n");
}

// Whether a pointer of the node leads to the other.
static bool points_to(const struct dump_graph *graph, uint32_t from, uint32_t to) {
    for (uint32_t n = 0; n < dump_graph_node(graph, from)->edge_count; n++) {
        if (dump_graph_edge(graph, from, n).node == to) {
            return true;
        }
    }
    return false;
}

// What the node hangs on: an object, or the root of the shortest way.
static void draw_parent(struct drawing *drawing, size_t i) {
    const struct kept_node *kept = &drawing->kept->nodes[i];
    char words[HOLDING_WORDS_BYTES];
    if (kept->parent != KEPT_NONE) {
        bool is_direct =
            points_to(drawing->graph, drawing->kept->nodes[kept->parent].node, kept->node);
        put_number(drawing, "  n", kept->parent, " -> ");
        put_number(drawing, "n", i, is_direct ? ";\n" : " [style=dashed];\n");
    } else if (kept->root != DUMP_GRAPH_NONE) {
        const struct dump_root *root = dump_graph_root(drawing->graph, kept->root);
        holding_root_words(words, sizeof words, drawing->graph, root);
        put_number(drawing, "  r", kept->root, " [shape=box, label=\"");
        put_words(drawing, words);
        put_number(drawing, "\"];\n  r", kept->root, " -> ");
        put_number(drawing, "n", i, "");
        if (kept->distance > 1) {
            put_number(drawing, " [style=dashed, label=\"", kept->distance, " steps\"]");
        }
        put(drawing, ";\n");
    }
}

// References among the kept ones, once each, but for those to what hangs on the node.
static void draw_references(struct drawing *drawing, uint32_t *drawn_from) {
    const struct kept *kept = drawing->kept;
    uint64_t left = DOT_EDGES_PER_NODE * (uint64_t)kept->count;
    for (uint32_t i = 0; i < kept->count; i++) {
        uint32_t from = kept->nodes[i].node;
        for (uint32_t n = 0; n < dump_graph_node(drawing->graph, from)->edge_count; n++) {
            uint32_t to =
                lookup_get(&kept->place_of, dump_graph_edge(drawing->graph, from, n).node);
            if (to == LOOKUP_NONE || kept->nodes[to].parent == i || drawn_from[to] == i) {
                continue;
            }
            drawn_from[to] = i;
            if (left == 0) {
                drawing->left_out++;
                continue;
            }
            left--;
            put_number(drawing, "  n", i, " -> ");
            put_number(drawing, "n", to, " [color=gray, constraint=false];\n");
        }
    }
    if (drawing->left_out > 0) {
        put_number(drawing, "  note [shape=note, label=\"", drawing->left_out,
                   " more pointers among these\"];\n");
    }
}

bool dot_write(struct text *text, const char *path, const struct kept *kept,
               const struct explain *explain) {
    struct drawing drawing = {.graph = kept->graph, .kept = kept, .explain = explain, .text = text};
    uint32_t *drawn_from = malloc((kept->count + 1) * sizeof *drawn_from);
    if (drawn_from == NULL) {
        return false;
    }
    memset(drawn_from, 0xff, (kept->count + 1) * sizeof *drawn_from);
    draw_title(&drawing, path);
    for (size_t i = 0; i < kept->count; i++) {
        draw_node(&drawing, i);
    }
    for (size_t i = 0; i < kept->count; i++) {
        draw_parent(&drawing, i);
    }
    draw_references(&drawing, drawn_from);
    text_string(text, "}\n");
    free(drawn_from);
    return !text->is_out_of_memory;
}

int dump_dot(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const char *top = TOP_DEFAULT;
    const char *to = "-";
    const struct cli_option table[] = {{.name = "--lenient", .flag = &options.lenient},
                                       {.name = "--memory-limit", .value = &options.memory_limit},
                                       HOLDING_BINARY(options){.name = "--top", .value = &top},
                                       {.name = "-o", .value = &to},
                                       {.name = NULL}};
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 1, .operands_max = 1};
    char **operands;
    size_t count;
    uint64_t limit;
    struct holding holding;
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    if (!cli_count("dump dot", "--top", top, TOP_MAX, &limit)) {
        return CLI_UNUSABLE;
    }
    if (holding_open(&holding, "dot", operands[0], &options, &status)) {
        status = picture_write(&holding, (size_t)limit, to, dot_write);
        holding_close(&holding);
    }
    return status;
}
