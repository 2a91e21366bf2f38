// graph: built from two readings, then asked.

#include "dump/graph.h"

#include "dump/graph/private.h"

#include <stdlib.h>
#include <string.h>

const char *const dump_root_kind_names[DUMP_ROOT_KIND_COUNT] = {
    [DUMP_ROOT_DATA] = "data",
    [DUMP_ROOT_BSS] = "bss",
    [DUMP_ROOT_FRAME] = "frame",
    [DUMP_ROOT_OTHER] = "other",
    [DUMP_ROOT_CONTEXT] = "context",
    [DUMP_ROOT_DEFER] = "defer",
    [DUMP_ROOT_PANIC] = "panic",
    [DUMP_ROOT_FINALIZER_FUNCTION] = "finalizer_function",
    [DUMP_ROOT_QUEUED_OBJECT] = "queued_object",
    [DUMP_ROOT_QUEUED_FUNCTION] = "queued_function",
};

// Sorting takes as much again of the nodes, dominators and their searches more: see
// dominators.c, which has 60 bytes for each vertex and 4 for each edge; a root may be a vertex.
#define VERTEX_BYTES 72
#define ARC_BYTES    4

uint64_t dump_graph_need_bytes(const struct dump_graph_size *size) {
    uint64_t graph_bytes = size->object_count * (sizeof(struct dump_node) + 4 * sizeof(uint32_t)) +
                           size->field_count * sizeof(struct graph_edge) +
                           size->root_count * sizeof(struct dump_root) +
                           size->holder_count * sizeof(struct dump_holder) +
                           size->goroutine_count * sizeof(struct dump_goroutine) +
                           size->finalizer_count * sizeof(uint64_t) + size->text_bytes;
    uint64_t tree_bytes = (size->object_count + size->root_count) * VERTEX_BYTES +
                          (size->field_count + 2 * size->root_count) * ARC_BYTES;
    uint64_t build_bytes = size->split_bytes + size->object_count * sizeof(struct dump_node);
    return graph_bytes + (tree_bytes > build_bytes ? tree_bytes : build_bytes);
}

struct dump_graph *dump_graph_create(struct dump_reader *reader, const struct dump_graph_size *size,
                                     enum dump_graph_status *status) {
    struct dump_graph *graph = calloc(1, sizeof *graph);
    *status = DUMP_GRAPH_NO_MEMORY;
    if (graph != NULL) {
        *status = graph_collect(graph, reader, size);
    }
    if (*status == DUMP_GRAPH_OK) {
        graph->phantoms = graph->nodes + (size->object_count - graph->phantom_count);
        if (!graph_resolve(graph) || !graph_reach(graph)) {
            *status = DUMP_GRAPH_NO_MEMORY;
        }
    }
    if (*status != DUMP_GRAPH_OK) {
        dump_graph_destroy(graph);
        return NULL;
    }
    return graph;
}

void dump_graph_destroy(struct dump_graph *graph) {
    if (graph == NULL) {
        return;
    }
    free(graph->nodes);
    free(graph->edges);
    free(graph->wide.items);
    free(graph->roots);
    free(graph->holders);
    free(graph->goroutines);
    free(graph->finalized);
    free(graph->text);
    free(graph->text_table);
    free(graph->first);
    free(graph->longer);
    free(graph);
}

uint32_t dump_graph_node_count(const struct dump_graph *graph) {
    return graph->node_count;
}

uint32_t dump_graph_root_count(const struct dump_graph *graph) {
    return graph->root_count;
}

uint32_t dump_graph_goroutine_count(const struct dump_graph *graph) {
    return graph->goroutine_count;
}

uint32_t dump_graph_holder_count(const struct dump_graph *graph) {
    return graph->holder_count;
}

const struct dump_node *dump_graph_node(const struct dump_graph *graph, uint32_t node) {
    return &graph->nodes[node];
}

const struct dump_root *dump_graph_root(const struct dump_graph *graph, uint32_t root) {
    return &graph->roots[root];
}

const struct dump_holder *dump_graph_holder(const struct dump_graph *graph, uint32_t holder) {
    return &graph->holders[holder];
}

const struct dump_goroutine *dump_graph_goroutine(const struct dump_graph *graph,
                                                  uint32_t goroutine) {
    return &graph->goroutines[goroutine];
}

uint64_t dump_graph_phantom_count(const struct dump_graph *graph) {
    return graph->phantom_count;
}

uint64_t dump_graph_phantom_bytes(const struct dump_graph *graph) {
    return graph->phantom_bytes;
}
