// graph_laws: edges and roots lead where the index says; what is reachable, how far it is, and what
// each node retains is what a plain walk finds.
//
// The walks take nodes times edges, so that only graphs of few nodes are walked for what each node
// retains. Not covered: which records become nodes and roots, which tests/cli/graph_reference.py
// works out a second time from `dump json`.

#define REQUIRE_OF "graph"
#include "fuzz/targets/graph_laws.h"

#include "dump/graph.h"
#include "fuzz/targets/require.h"

#include <stdbool.h>
#include <stdlib.h>

#define WALKED_MAX 200 // nodes and edges
#define WAYS_MAX   4   // that are looked at, of a node

// ---- edges and roots

static void require_edges(const struct dump_graph *graph) {
    for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
        const struct dump_node *node = dump_graph_node(graph, i);
        const struct dump_node *next = node + (i + 1 < dump_graph_node_count(graph));
        REQUIRE(node->size_bytes > 0 && node->state < DUMP_NODE_STATE_COUNT);
        REQUIRE(node->address <= next->address);
        for (uint32_t n = 0; n < node->edge_count; n++) {
            struct dump_edge edge = dump_graph_edge(graph, i, n);
            REQUIRE(edge.node < dump_graph_node_count(graph));
            const struct dump_node *to = dump_graph_node(graph, edge.node);
            REQUIRE(edge.field_offset < node->size_bytes && edge.offset < to->size_bytes);
            REQUIRE(dump_graph_find(graph, to->address + edge.offset) == edge.node);
        }
    }
    for (uint32_t i = 0; i < dump_graph_root_count(graph); i++) {
        const struct dump_root *root = dump_graph_root(graph, i);
        REQUIRE(root->holder < dump_graph_holder_count(graph));
        REQUIRE(root->node < dump_graph_node_count(graph));
        const struct dump_node *to = dump_graph_node(graph, root->node);
        REQUIRE(dump_graph_find(graph, to->address + root->offset) == root->node);
        REQUIRE(dump_graph_holder(graph, root->holder)->kind < DUMP_ROOT_KIND_COUNT);
    }
}

static void require_frames(const struct dump_graph *graph) {
    for (uint32_t i = 0; i < dump_graph_goroutine_count(graph); i++) {
        const struct dump_goroutine *goroutine = dump_graph_goroutine(graph, i);
        for (uint32_t n = 0; n < goroutine->frame_count; n++) {
            REQUIRE(goroutine->frame_begin + n < dump_graph_holder_count(graph));
            const struct dump_holder *frame = dump_graph_holder(graph, goroutine->frame_begin + n);
            REQUIRE(frame->kind == DUMP_ROOT_FRAME && frame->goroutine == i);
        }
    }
}

// ---- a plain walk

// Distances from the roots, one more each round; 0: not reached. By malloc.
static uint32_t *walk(const struct dump_graph *graph) {
    uint32_t count = dump_graph_node_count(graph);
    uint32_t *distance = calloc(count + (size_t)1, sizeof *distance);
    bool has_more = true;
    REQUIRE(distance != NULL);
    for (uint32_t i = 0; i < dump_graph_root_count(graph); i++) {
        distance[dump_graph_root(graph, i)->node] = 1;
    }
    for (uint32_t round = 1; has_more; round++) {
        has_more = false;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t edges = distance[i] == round ? dump_graph_node(graph, i)->edge_count : 0;
            for (uint32_t n = 0; n < edges; n++) {
                uint32_t to = dump_graph_edge(graph, i, n).node;
                has_more = has_more || distance[to] == 0;
                distance[to] = distance[to] == 0 ? round + 1 : distance[to];
            }
        }
    }
    return distance;
}

struct way_check {
    const struct dump_graph *graph;
    uint32_t node, last_count, seen;
};

static bool require_way(void *context, const struct dump_path *path) {
    struct way_check *check = context;
    REQUIRE(path->step_count >= check->last_count && path->step_count > 0);
    REQUIRE(path->node[0] == dump_graph_root(check->graph, path->root)->node);
    REQUIRE(path->node[path->step_count - 1] == check->node);
    for (uint32_t i = 1; i < path->step_count; i++) {
        REQUIRE(dump_graph_edge(check->graph, path->node[i - 1], path->edge[i]).node ==
                path->node[i]);
        for (uint32_t n = 0; n < i; n++) {
            REQUIRE(path->node[n] != path->node[i]);
        }
    }
    REQUIRE(check->seen > 0 || path->step_count == check->last_count); // the first is the shortest
    check->last_count = path->step_count;
    return ++check->seen < WAYS_MAX;
}

static void require_ways(const struct dump_graph *graph) {
    struct dump_paths *paths = dump_paths_create(graph);
    uint32_t *distance = walk(graph);
    REQUIRE(paths != NULL);
    for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
        struct way_check check = {.graph = graph, .node = i, .last_count = distance[i]};
        REQUIRE((distance[i] > 0) == (dump_graph_node(graph, i)->state == DUMP_NODE_REACHABLE));
        REQUIRE(dump_paths_distance(paths, i) == distance[i]);
        REQUIRE(dump_paths_each(paths, i, require_way, &check));
        REQUIRE((check.seen > 0) == (distance[i] > 0));
    }
    free(distance);
    dump_paths_destroy(paths);
}

// ---- who retains what

static bool is_it(void *context, uint32_t node) {
    return node == *(const uint32_t *)context;
}
static bool is_none(void *context, uint32_t root) {
    (void)context;
    return root == DUMP_GRAPH_NONE;
}

static void require_retained(const struct dump_graph *graph) {
    struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_OBJECT);
    REQUIRE(tree != NULL);
    for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
        struct dump_retained retained = dump_dominators_node(tree, i);
        struct dump_retained lost;
        REQUIRE(dump_graph_without(graph, is_it, is_none, &i, &lost));
        bool is_reachable = dump_graph_node(graph, i)->state == DUMP_NODE_REACHABLE;
        REQUIRE(retained.bytes == (is_reachable ? lost.bytes : 0));
        REQUIRE(retained.count == (is_reachable ? lost.count : 0));
        if (retained.dominator != DUMP_GRAPH_NONE) {
            REQUIRE(dump_dominators_node(tree, retained.dominator).bytes > retained.bytes);
        }
    }
    dump_dominators_destroy(tree);
}

struct group {
    const struct dump_graph *graph;
    enum dump_grouping grouping;
    uint32_t index;
};

static bool is_in_group(void *context, uint32_t root_index) {
    const struct group *group = context;
    const struct dump_root *root = dump_graph_root(group->graph, root_index);
    const struct dump_holder *holder = dump_graph_holder(group->graph, root->holder);
    switch (group->grouping) {
    case DUMP_BY_ROOT:
        return root_index == group->index;
    case DUMP_BY_HOLDER:
        return root->holder == group->index;
    case DUMP_BY_KIND:
        return holder->kind == group->index;
    case DUMP_BY_GOROUTINE:
        return holder->goroutine != DUMP_GRAPH_NONE &&
               dump_graph_goroutine(group->graph, holder->goroutine)->first == group->index;
    case DUMP_BY_OBJECT:
        break;
    }
    return false;
}

static void require_groups(const struct dump_graph *graph, enum dump_grouping grouping,
                           uint32_t count) {
    struct dump_dominators *tree = dump_dominators_create(graph, grouping);
    uint32_t owned = 0;
    REQUIRE(tree != NULL);
    for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
        owned += dump_dominators_owner(tree, i) != DUMP_GRAPH_NONE;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct group group = {graph, grouping, i};
        struct dump_retained retained = dump_dominators_group(tree, i);
        struct dump_retained lost;
        REQUIRE(dump_graph_without(graph, is_none, is_in_group, &group, &lost));
        REQUIRE(retained.bytes == lost.bytes && retained.count == lost.count);
        REQUIRE(retained.count <= owned);
        owned -= retained.count;
    }
    REQUIRE(owned == 0);
    dump_dominators_destroy(tree);
}

// ---- all of it

static void require_all(const struct dump_graph *graph) {
    uint64_t size = dump_graph_root_count(graph);
    require_edges(graph);
    require_frames(graph);
    for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
        size += 1 + (uint64_t)dump_graph_node(graph, i)->edge_count;
    }
    if (size + dump_graph_holder_count(graph) <= WALKED_MAX) {
        require_ways(graph);
        require_retained(graph);
        require_groups(graph, DUMP_BY_ROOT, dump_graph_root_count(graph));
        require_groups(graph, DUMP_BY_HOLDER, dump_graph_holder_count(graph));
        require_groups(graph, DUMP_BY_KIND, DUMP_ROOT_KIND_COUNT);
        require_groups(graph, DUMP_BY_GOROUTINE, dump_graph_goroutine_count(graph));
    }
}

void graph_laws(const uint8_t *data, size_t size_bytes) {
    struct dump_reader *first = dump_reader_create_memory(data, size_bytes, DUMP_LENIENT);
    struct dump_reader *second = dump_reader_create_memory(data, size_bytes, DUMP_LENIENT);
    struct dump_graph_size size;
    enum dump_graph_status status;
    REQUIRE(first != NULL && second != NULL);
    if (dump_graph_measure(first, &size) == DUMP_GRAPH_OK) {
        struct dump_graph *graph = dump_graph_create(second, &size, &status);
        REQUIRE(graph != NULL && status == DUMP_GRAPH_OK);
        require_all(graph);
        dump_graph_destroy(graph);
    }
    dump_reader_destroy(first);
    dump_reader_destroy(second);
}
