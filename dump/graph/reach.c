// reach: what the roots lead to, and what only the fields of objects with a finalizer do.

#include "dump/graph/private.h"

#include <stdlib.h>

// A stack of nodes, each entered once.
struct graph_walk {
    uint32_t *stack;
    uint32_t count;
    uint8_t *seen;
};

static void enter(struct dump_graph *graph, struct graph_walk *walk, uint32_t node,
                  enum dump_node_state state) {
    if (graph->nodes[node].state == DUMP_NODE_UNREACHABLE) {
        graph->nodes[node].state = state;
        walk->stack[walk->count++] = node;
    }
}

static void enter_edges(struct dump_graph *graph, struct graph_walk *walk, uint32_t node,
                        enum dump_node_state state) {
    const struct dump_node *from = &graph->nodes[node];
    for (uint32_t n = 0; n < from->edge_count; n++) {
        enter(graph, walk, graph->edges[from->edge_begin + n].node, state);
    }
}

static void finish(struct dump_graph *graph, struct graph_walk *walk, enum dump_node_state state) {
    while (walk->count > 0) {
        enter_edges(graph, walk, walk->stack[--walk->count], state);
    }
}

bool graph_reach(struct dump_graph *graph) {
    struct graph_walk walk = {.stack = malloc((graph->node_count + 1u) * sizeof *walk.stack)};
    if (walk.stack == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < graph->root_count; i++) {
        enter(graph, &walk, graph->roots[i].node, DUMP_NODE_REACHABLE);
    }
    finish(graph, &walk, DUMP_NODE_REACHABLE);
    for (uint64_t i = 0; i < graph->finalized_count; i++) {
        uint32_t node = dump_graph_find(graph, graph->finalized[i]);
        if (node != DUMP_GRAPH_NONE) {
            enter_edges(graph, &walk, node, DUMP_NODE_FINALIZER_ONLY);
            finish(graph, &walk, DUMP_NODE_FINALIZER_ONLY);
        }
    }
    free(walk.stack);
    return true;
}

// ---- without some of them

static void see(struct graph_walk *walk, uint32_t node) {
    if (walk->seen[node] == 0) {
        walk->seen[node] = 1;
        walk->stack[walk->count++] = node;
    }
}

static void see_all(const struct dump_graph *graph, struct graph_walk *walk,
                    bool (*is_root_gone)(void *context, uint32_t root), void *context) {
    for (uint32_t i = 0; i < graph->root_count; i++) {
        if (!is_root_gone(context, i)) {
            see(walk, graph->roots[i].node);
        }
    }
    while (walk->count > 0) {
        const struct dump_node *from = &graph->nodes[walk->stack[--walk->count]];
        for (uint32_t n = 0; n < from->edge_count; n++) {
            see(walk, graph->edges[from->edge_begin + n].node);
        }
    }
}

bool dump_graph_without(const struct dump_graph *graph,
                        bool (*is_node_gone)(void *context, uint32_t node),
                        bool (*is_root_gone)(void *context, uint32_t root), void *context,
                        struct dump_retained *lost) {
    struct graph_walk walk = {.stack = malloc((graph->node_count + 1u) * sizeof *walk.stack),
                              .seen = calloc(graph->node_count + 1u, 1)};
    *lost = (struct dump_retained){.dominator = DUMP_GRAPH_NONE};
    bool has_memory = walk.stack != NULL && walk.seen != NULL;
    if (has_memory) {
        for (uint32_t i = 0; i < graph->node_count; i++) {
            walk.seen[i] = is_node_gone(context, i) ? 2 : 0; // never entered
        }
        see_all(graph, &walk, is_root_gone, context);
        for (uint32_t i = 0; i < graph->node_count; i++) {
            if (graph->nodes[i].state == DUMP_NODE_REACHABLE && walk.seen[i] != 1) {
                lost->bytes += graph->nodes[i].size_bytes;
                lost->count++;
            }
        }
    }
    free(walk.stack);
    free(walk.seen);
    return has_memory;
}
