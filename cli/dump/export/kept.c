// kept: the dominator tree's largest, and how roots lead to each.

#include "cli/dump/export/kept.h"

#include "cli/io/largest.h"

#include <stdlib.h>
#include <string.h>

#define WALK_MAX 10000 // a longer way takes too long to follow, of thousands of objects

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

static bool take(struct kept *kept, const struct largest *ranks) {
    kept->nodes = calloc(ranks->count + 1, sizeof *kept->nodes);
    bool has_memory = kept->nodes != NULL;
    for (size_t i = 0; has_memory && i < ranks->count; i++) {
        const struct rank *row = (const struct rank *)ranks->rows + i;
        uint32_t parent = lookup_get(&kept->place_of, row->dominator);
        kept->nodes[kept->count++] =
            (struct kept_node){.node = row->node,
                               .parent = parent == LOOKUP_NONE ? KEPT_NONE : parent,
                               .retained_bytes = row->retained_bytes,
                               .retained_count = row->retained_count,
                               .root = DUMP_GRAPH_NONE};
        if (parent == LOOKUP_NONE) {
            kept->held[0] += row->retained_count;
            kept->held[1] += row->retained_bytes;
        }
        has_memory = lookup_put(&kept->place_of, row->node, (uint32_t)i);
    }
    return has_memory;
}

// ---- ways

// The last pointer of a shortest way to each node: the first that comes from a step nearer.
static bool list_steps(struct kept *kept, const struct dump_paths *paths) {
    const struct dump_graph *graph = kept->graph;
    uint32_t count = dump_graph_node_count(graph);
    kept->steps = malloc((count + (size_t)1) * sizeof *kept->steps);
    if (kept->steps == NULL) {
        return false;
    }
    memset(kept->steps, 0xff, (count + (size_t)1) * sizeof *kept->steps); // DUMP_GRAPH_NONE
    for (uint32_t i = 0; i < dump_graph_root_count(graph); i++) {
        struct kept_step *step = &kept->steps[dump_graph_root(graph, i)->node];
        step->edge = step->edge == DUMP_GRAPH_NONE ? i : step->edge;
    }
    for (uint32_t from = 0; from < count; from++) {
        uint32_t distance = dump_paths_distance(paths, from);
        uint32_t edges = distance == 0 ? 0 : dump_graph_node(graph, from)->edge_count;
        for (uint32_t n = 0; n < edges; n++) {
            uint32_t to = dump_graph_edge(graph, from, n).node;
            if (dump_paths_distance(paths, to) == distance + 1 &&
                kept->steps[to].edge == DUMP_GRAPH_NONE) {
                kept->steps[to] = (struct kept_step){from, n};
            }
        }
    }
    return true;
}

static int compare_distances(const void *left, const void *right) {
    const struct kept_node *const *a = left;
    const struct kept_node *const *b = right;
    if ((*a)->distance != (*b)->distance) {
        return (*a)->distance < (*b)->distance ? -1 : 1;
    }
    return (*a > *b) - (*a < *b);
}

// Follows the way back to an object of which the root is known, or to the root.
static uint32_t root_of(const struct kept *kept, uint32_t node) {
    for (uint32_t i = 0; i < WALK_MAX; i++) {
        struct kept_step step = kept->steps[node];
        uint32_t place = lookup_get(&kept->place_of, step.node);
        if (step.node == DUMP_GRAPH_NONE || place != LOOKUP_NONE) {
            return step.node == DUMP_GRAPH_NONE ? step.edge : kept->nodes[place].root;
        }
        node = step.node;
    }
    return DUMP_GRAPH_NONE;
}

static bool find_roots(struct kept *kept) {
    struct dump_paths *paths = dump_paths_create(kept->graph);
    struct kept_node **order = calloc(kept->count + 1, sizeof(struct kept_node *));
    bool has_memory = paths != NULL && order != NULL && list_steps(kept, paths);
    for (size_t i = 0; has_memory && i < kept->count; i++) {
        kept->nodes[i].distance = dump_paths_distance(paths, kept->nodes[i].node);
        order[i] = &kept->nodes[i];
    }
    if (has_memory && kept->count > 1) {
        qsort(order, kept->count, sizeof *order, compare_distances);
    }
    for (size_t i = 0; has_memory && i < kept->count; i++) { // the nearest first
        order[i]->root = root_of(kept, order[i]->node);
    }
    free(order);
    dump_paths_destroy(paths);
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
    bool has_memory = rank(&ranks, graph) && take(kept, &ranks) && find_roots(kept);
    largest_fini(&ranks);
    return has_memory;
}

void kept_fini(struct kept *kept) {
    free(kept->nodes);
    free(kept->steps);
    lookup_fini(&kept->place_of);
}
