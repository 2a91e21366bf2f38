// paths: how a root leads to an object: the shortest ways first.
//
// Distances come from one breadth-first search, and the first way from them. Further ones are built
// from their ends: among all that are begun, the one that is the shortest when it is whole goes on.
// How long that is, a search that keeps off the nodes of the way's end tells exactly, so that no
// end is begun that leads nowhere: the time is ways times their lengths times edges, whatever the
// graph.

#include "dump/graph/private.h"

#include <stdlib.h>
#include <string.h>

// An edge seen from its end; `node` is DUMP_GRAPH_NONE when it is a root, and `edge` its index.
struct origin {
    uint32_t node, edge;
};

struct dump_paths {
    const struct dump_graph *graph;
    uint32_t *distance; // of a node; 0: not reachable
    uint64_t *begin;    // of a node, among the origins
    struct origin *origins;
};

#define OFF UINT32_MAX // a distance: the node is not to be passed

// The distances of all nodes that are 0 and not OFF. The queue has room for all nodes.
static void spread(const struct dump_graph *graph, uint32_t *distance, uint32_t *queue) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->root_count; i++) {
        uint32_t node = graph->roots[i].node;
        if (distance[node] == 0) {
            distance[node] = 1;
            queue[count++] = node;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct dump_node *from = &graph->nodes[queue[i]];
        for (uint32_t n = 0; n < from->edge_count; n++) {
            uint32_t node = graph->edges[from->edge_begin + n].node;
            if (distance[node] == 0) {
                distance[node] = distance[queue[i]] + 1;
                queue[count++] = node;
            }
        }
    }
}

static bool measure(struct dump_paths *paths) {
    uint32_t *queue = malloc((paths->graph->node_count + (size_t)1) * sizeof *queue);
    if (queue != NULL) {
        spread(paths->graph, paths->distance, queue);
    }
    free(queue);
    return queue != NULL;
}

// Calls for each root and each edge of a reachable node: counts them, or enters them.
static void each_origin(struct dump_paths *paths, uint64_t *begin, bool is_entering) {
    const struct dump_graph *graph = paths->graph;
    for (uint32_t i = 0; i < graph->root_count; i++) {
        uint64_t at = begin[graph->roots[i].node]++;
        if (is_entering) {
            paths->origins[at] = (struct origin){DUMP_GRAPH_NONE, i};
        }
    }
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct dump_node *from = &graph->nodes[i];
        for (uint32_t n = 0; paths->distance[i] != 0 && n < from->edge_count; n++) {
            uint64_t at = begin[graph->edges[from->edge_begin + n].node]++;
            if (is_entering) {
                paths->origins[at] = (struct origin){i, n};
            }
        }
    }
}

static bool list_origins(struct dump_paths *paths) {
    uint32_t node_count = paths->graph->node_count;
    paths->begin = calloc(node_count + (size_t)2, sizeof *paths->begin);
    if (paths->begin == NULL) {
        return false;
    }
    each_origin(paths, paths->begin + 2, false);
    for (uint32_t i = 2; i < node_count + (uint64_t)2; i++) {
        paths->begin[i] += paths->begin[i - 1];
    }
    paths->origins =
        malloc((size_t)(paths->begin[node_count + (size_t)1] + 1) * sizeof *paths->origins);
    if (paths->origins == NULL) {
        return false;
    }
    each_origin(paths, paths->begin + 1, true); // each beginning moves to its end
    return true;
}

struct dump_paths *dump_paths_create(const struct dump_graph *graph) {
    struct dump_paths *paths = calloc(1, sizeof *paths);
    if (paths != NULL) {
        paths->graph = graph;
        paths->distance = calloc(graph->node_count + (size_t)1, sizeof *paths->distance);
        if (paths->distance != NULL && measure(paths) && list_origins(paths)) {
            return paths;
        }
    }
    dump_paths_destroy(paths);
    return NULL;
}

void dump_paths_destroy(struct dump_paths *paths) {
    if (paths == NULL) {
        return;
    }
    free(paths->distance);
    free(paths->begin);
    free(paths->origins);
    free(paths);
}

uint32_t dump_paths_distance(const struct dump_paths *paths, uint32_t node) {
    return paths->distance[node];
}

// ---- ways

// The end of a way: from `node` on, `length` pointers are known.
struct tail {
    uint32_t after; // the tail without its first node; DUMP_GRAPH_NONE: the end
    uint32_t node;  // DUMP_GRAPH_NONE: a root, and the way is whole
    uint32_t edge;  // of the node, which leads to the next; of a root, its index
    uint32_t length;
    uint64_t whole; // what the shortest way with this tail has
};
// A way, as dump_path has it; room for all nodes.
struct way {
    uint32_t root, count;
    uint32_t *nodes, *edges;
};

struct ways {
    const struct dump_paths *paths;
    struct tail *tails;
    uint32_t *heap; // of tails: the shortest whole, then the longest tail
    uint64_t count, capacity, heap_count;
    struct way first, next;   // the first that was shown; the one that is whole
    uint32_t *around, *queue; // distances without the nodes of a tail
};

static bool comes_before(const struct ways *ways, uint32_t a, uint32_t b) {
    const struct tail *left = &ways->tails[a];
    const struct tail *right = &ways->tails[b];
    if (left->whole != right->whole) {
        return left->whole < right->whole;
    }
    return left->length != right->length ? left->length > right->length : a < b;
}

static bool reserve(struct ways *ways) {
    if (ways->count < ways->capacity) {
        return true;
    }
    uint64_t capacity = ways->capacity * 2 + 64;
    if (capacity >= DUMP_GRAPH_NONE) {
        return false;
    }
    void *tails = realloc(ways->tails, (size_t)capacity * sizeof *ways->tails);
    ways->tails = tails == NULL ? ways->tails : tails;
    void *heap = realloc(ways->heap, (size_t)capacity * sizeof *ways->heap);
    ways->heap = heap == NULL ? ways->heap : heap;
    if (tails == NULL || heap == NULL) {
        return false;
    }
    ways->capacity = capacity;
    return true;
}

static bool push(struct ways *ways, struct tail tail) {
    if (!reserve(ways)) {
        return false;
    }
    uint32_t added = (uint32_t)ways->count++;
    ways->tails[added] = tail;
    uint64_t at = ways->heap_count++;
    while (at > 0 && comes_before(ways, added, ways->heap[(at - 1) / 2])) {
        ways->heap[at] = ways->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    ways->heap[at] = added;
    return true;
}

static uint32_t pop(struct ways *ways) {
    uint32_t first = ways->heap[0];
    uint32_t last = ways->heap[--ways->heap_count];
    uint64_t at = 0;
    for (;;) {
        uint64_t below = at * 2 + 1;
        if (below + 1 < ways->heap_count &&
            comes_before(ways, ways->heap[below + 1], ways->heap[below])) {
            below++;
        }
        if (below >= ways->heap_count || !comes_before(ways, ways->heap[below], last)) {
            break;
        }
        ways->heap[at] = ways->heap[below];
        at = below;
    }
    ways->heap[at] = last;
    return first;
}

// The distances of all nodes when those of the tail are not to be passed.
static void spread_around(struct ways *ways, uint32_t tail) {
    const struct dump_graph *graph = ways->paths->graph;
    memset(ways->around, 0, (graph->node_count + (size_t)1) * sizeof *ways->around);
    for (uint32_t at = tail; at != DUMP_GRAPH_NONE; at = ways->tails[at].after) {
        ways->around[ways->tails[at].node] = OFF;
    }
    spread(graph, ways->around, ways->queue);
}

// Puts each pointer to the tail's node before it that is part of a way.
static bool extend(struct ways *ways, uint32_t after) {
    const struct dump_paths *paths = ways->paths;
    const struct tail tail = ways->tails[after];
    uint64_t begin = paths->begin[tail.node];
    uint64_t end = paths->begin[tail.node + 1];
    bool is_certain = end - begin == 1; // of the way that there is
    if (!is_certain) {
        spread_around(ways, after);
    }
    for (uint64_t at = begin; at < end; at++) {
        struct origin origin = paths->origins[at];
        bool is_root = origin.node == DUMP_GRAPH_NONE;
        if (!is_certain && !is_root &&
            (ways->around[origin.node] == OFF || ways->around[origin.node] == 0)) {
            continue;
        }
        struct tail longer = {.after = after,
                              .node = origin.node,
                              .edge = origin.edge,
                              .length = tail.length + 1,
                              .whole = tail.length + (uint64_t)1};
        if (is_certain) {
            longer.whole = tail.whole;
        } else if (!is_root) {
            longer.whole += ways->around[origin.node];
        }
        if (!push(ways, longer)) {
            return false;
        }
    }
    return true;
}

static bool show(const struct way *way, bool (*visit)(void *context, const struct dump_path *path),
                 void *context) {
    const struct dump_path path = {way->root, way->count, way->nodes, way->edges};
    return visit(context, &path);
}

// The way of a tail that has come to a root.
static void take_whole(struct ways *ways, uint32_t root) {
    struct way *way = &ways->next;
    uint32_t edge = 0; // the root's own is none
    way->root = ways->tails[root].edge;
    way->count = 0;
    for (uint32_t at = ways->tails[root].after; at != DUMP_GRAPH_NONE; at = ways->tails[at].after) {
        way->nodes[way->count] = ways->tails[at].node;
        way->edges[way->count++] = edge;
        edge = ways->tails[at].edge;
    }
}

// A shortest one, from its end: each pointer comes from a step nearer.
static void take_first(struct ways *ways, uint32_t node) {
    const struct dump_paths *paths = ways->paths;
    struct way *way = &ways->first;
    way->count = paths->distance[node];
    for (uint32_t left = way->count; left > 0; left--) {
        uint64_t at = paths->begin[node];
        way->nodes[left - 1] = node;
        while (left == 1 ? paths->origins[at].node != DUMP_GRAPH_NONE
                         : paths->origins[at].node == DUMP_GRAPH_NONE ||
                               paths->distance[paths->origins[at].node] != left - 1) {
            at++;
        }
        way->edges[left - 1] = left == 1 ? 0 : paths->origins[at].edge;
        way->root = paths->origins[at].edge; // of the last that is looked at
        node = paths->origins[at].node;
    }
}

static bool is_first(const struct ways *ways) {
    const struct way *a = &ways->first;
    const struct way *b = &ways->next;
    return a->root == b->root && a->count == b->count &&
           memcmp(a->nodes, b->nodes, a->count * sizeof *a->nodes) == 0 &&
           memcmp(a->edges, b->edges, a->count * sizeof *a->edges) == 0;
}

static bool reserve_ways(struct ways *ways) {
    size_t bytes = (ways->paths->graph->node_count + (size_t)1) * sizeof(uint32_t);
    ways->next.nodes = malloc(bytes);
    ways->next.edges = malloc(bytes);
    ways->around = malloc(bytes);
    ways->queue = malloc(bytes);
    return ways->next.nodes != NULL && ways->next.edges != NULL && ways->around != NULL &&
           ways->queue != NULL;
}

// All but the first.
static bool each_further(struct ways *ways, uint32_t node,
                         bool (*visit)(void *context, const struct dump_path *path),
                         void *context) {
    bool has_memory =
        reserve_ways(ways) &&
        push(ways,
             (struct tail){.after = DUMP_GRAPH_NONE, .node = node, .whole = ways->first.count});
    while (has_memory && ways->heap_count > 0) {
        uint32_t tail = pop(ways);
        if (ways->tails[tail].node != DUMP_GRAPH_NONE) {
            has_memory = extend(ways, tail);
            continue;
        }
        take_whole(ways, tail);
        if (!is_first(ways) && !show(&ways->next, visit, context)) {
            break;
        }
    }
    return has_memory;
}

bool dump_paths_each(const struct dump_paths *paths, uint32_t node,
                     bool (*visit)(void *context, const struct dump_path *path), void *context) {
    struct ways ways = {.paths = paths};
    size_t steps = paths->distance[node];
    if (steps == 0) {
        return true;
    }
    ways.first.nodes = malloc(steps * sizeof *ways.first.nodes);
    ways.first.edges = malloc(steps * sizeof *ways.first.edges);
    bool has_memory = ways.first.nodes != NULL && ways.first.edges != NULL;
    if (has_memory) {
        take_first(&ways, node);
        has_memory =
            !show(&ways.first, visit, context) || each_further(&ways, node, visit, context);
    }
    free(ways.tails);
    free(ways.heap);
    free(ways.first.nodes);
    free(ways.first.edges);
    free(ways.next.nodes);
    free(ways.next.edges);
    free(ways.around);
    free(ways.queue);
    return has_memory;
}
