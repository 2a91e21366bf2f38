// kept: the dominator tree's largest, and how roots lead to each.

#include "cli/dump/export/kept.h"

#include "cli/io/largest.h"

#include <stdlib.h>

#define DISTANCE_MAX 10000 // a longer way takes too long to follow, of thousands of objects

// An object that may be among them; its dominator is a node's index too.
struct rank {
    uint64_t retained_bytes, retained_count;
    uint32_t node, dominator;
};

static int compare_ranks(const void *left, const void *right) {
    const struct rank *a = left;
    const struct rank *b = right;
    if (a->retained_bytes != b->retained_bytes) {
        return a->retained_bytes > b->retained_bytes ? -1 : 1;
    }
    return (a->node > b->node) - (a->node < b->node);
}

static bool rank(struct largest *ranks, const struct dump_graph *graph) {
    struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_OBJECT);
    bool has_memory = tree != NULL;
    for (uint32_t i = 0; has_memory && i < dump_graph_node_count(graph); i++) {
        if (dump_graph_node(graph, i)->state == DUMP_NODE_REACHABLE) {
            struct dump_retained retained = dump_dominators_node(tree, i);
            has_memory = largest_add(ranks, &(struct rank){.retained_bytes = retained.bytes,
                                                           .retained_count = retained.count,
                                                           .node = i,
                                                           .dominator = retained.dominator});
        }
    }
    dump_dominators_destroy(tree);
    largest_sort(ranks);
    return has_memory;
}

static bool take_root(void *context, const struct dump_path *path) {
    uint32_t *root = context;
    *root = path->root;
    return false;
}

static bool take(struct kept *kept, const struct largest *ranks) {
    kept->nodes = malloc((ranks->count + 1) * sizeof *kept->nodes);
    kept->paths = dump_paths_create(kept->graph);
    bool has_memory = kept->nodes != NULL && kept->paths != NULL;
    for (size_t i = 0; has_memory && i < ranks->count; i++) {
        const struct rank *row = (const struct rank *)ranks->rows + i;
        uint32_t parent = lookup_get(&kept->place_of, row->dominator);
        struct kept_node one = {.node = row->node,
                                .parent = parent == LOOKUP_NONE ? KEPT_NONE : parent,
                                .retained_bytes = row->retained_bytes,
                                .retained_count = row->retained_count,
                                .root = DUMP_GRAPH_NONE,
                                .distance = dump_paths_distance(kept->paths, row->node)};
        if (one.distance <= DISTANCE_MAX) {
            has_memory = dump_paths_each(kept->paths, row->node, take_root, &one.root);
        }
        if (one.parent == KEPT_NONE) {
            kept->held[0] += one.retained_count;
            kept->held[1] += one.retained_bytes;
        }
        kept->nodes[kept->count++] = one;
        has_memory = has_memory && lookup_put(&kept->place_of, row->node, (uint32_t)i);
    }
    return has_memory;
}

bool kept_choose(struct kept *kept, const struct dump_graph *graph, size_t limit) {
    struct largest ranks = {
        .row_bytes = sizeof(struct rank), .limit = limit, .compare = compare_ranks};
    kept->graph = graph;
    for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
        const struct dump_node *node = dump_graph_node(graph, i);
        kept->sums[node->state][0]++;
        kept->sums[node->state][1] += node->size_bytes;
    }
    bool has_memory = rank(&ranks, graph) && take(kept, &ranks);
    largest_fini(&ranks);
    return has_memory;
}

void kept_fini(struct kept *kept) {
    dump_paths_destroy(kept->paths);
    free(kept->nodes);
    lookup_fini(&kept->place_of);
}
