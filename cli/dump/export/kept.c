// kept: the dominator tree's largest, and how roots lead to each.

#include "cli/dump/export/kept.h"

#include "cli/dump/graph/ranking.h"

#include <stdlib.h>

#define DISTANCE_MAX 10000 // a longer way takes too long to follow, of thousands of objects

// The largest; their dominators are node indices still.
static bool rank(struct ranking *ranking, const struct dump_graph *graph) {
    struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_OBJECT);
    bool has_memory = tree != NULL;
    for (uint32_t i = 0; has_memory && i < dump_graph_node_count(graph); i++) {
        if (dump_graph_node(graph, i)->state == DUMP_NODE_REACHABLE) {
            struct dump_retained retained = dump_dominators_node(tree, i);
            has_memory = ranking_add(ranking, &(struct ranking_row){
                                                  .retained_bytes = retained.bytes,
                                                  .objects = retained.count,
                                                  .key = {i, retained.dominator},
                                                  .index = i,
                                              });
        }
    }
    dump_dominators_destroy(tree);
    ranking_finish(ranking);
    return has_memory;
}

static bool take_root(void *context, const struct dump_path *path) {
    uint32_t *root = context;
    *root = path->root;
    return false;
}

static bool take(struct kept *kept, const struct ranking *ranking) {
    kept->nodes = malloc((ranking->count + 1) * sizeof *kept->nodes);
    kept->paths = dump_paths_create(kept->graph);
    bool has_memory = kept->nodes != NULL && kept->paths != NULL;
    for (size_t i = 0; has_memory && i < ranking->count; i++) {
        const struct ranking_row *row = &ranking->rows[i];
        uint32_t parent = lookup_get(&kept->place_of, row->key[1]);
        struct kept_node one = {.node = row->index,
                                .parent = parent == LOOKUP_NONE ? KEPT_NONE : parent,
                                .retained_bytes = row->retained_bytes,
                                .retained_count = row->objects,
                                .root = DUMP_GRAPH_NONE,
                                .distance = dump_paths_distance(kept->paths, row->index)};
        if (one.distance <= DISTANCE_MAX) {
            has_memory = dump_paths_each(kept->paths, row->index, take_root, &one.root);
        }
        if (one.parent == KEPT_NONE) {
            kept->held[0] += one.retained_count;
            kept->held[1] += one.retained_bytes;
        }
        kept->nodes[kept->count++] = one;
        has_memory = has_memory && lookup_put(&kept->place_of, row->index, (uint32_t)i);
    }
    return has_memory;
}

bool kept_choose(struct kept *kept, const struct dump_graph *graph, size_t limit) {
    struct ranking ranking = {.limit = limit};
    kept->graph = graph;
    for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
        const struct dump_node *node = dump_graph_node(graph, i);
        kept->sums[node->state][0]++;
        kept->sums[node->state][1] += node->size_bytes;
    }
    bool has_memory = rank(&ranking, graph) && take(kept, &ranking);
    ranking_fini(&ranking);
    return has_memory;
}

void kept_fini(struct kept *kept) {
    dump_paths_destroy(kept->paths);
    free(kept->nodes);
    lookup_fini(&kept->place_of);
}
