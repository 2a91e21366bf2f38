// paths: how a root leads to an object: the shortest ways first.
//
// Distances come from one breadth-first search. A way is then built from its end: among all that
// are begun, the one that can be the shortest goes on (A*, whose estimate is the exact distance).

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

static bool measure(struct dump_paths *paths) {
    const struct dump_graph *graph = paths->graph;
    uint32_t *queue = malloc((graph->node_count + (size_t)1) * sizeof *queue);
    uint32_t count = 0;
    if (queue == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < graph->root_count; i++) {
        uint32_t node = graph->roots[i].node;
        if (paths->distance[node] == 0) {
            paths->distance[node] = 1;
            queue[count++] = node;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct dump_node *from = &graph->nodes[queue[i]];
        for (uint32_t n = 0; n < from->edge_count; n++) {
            uint32_t node = graph->edges[from->edge_begin + n].node;
            if (paths->distance[node] == 0) {
                paths->distance[node] = paths->distance[queue[i]] + 1;
                queue[count++] = node;
            }
        }
    }
    free(queue);
    return true;
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

struct ways {
    const struct dump_paths *paths;
    struct tail *tails;
    uint32_t *heap; // of tails: the shortest whole, then the longest tail
    uint64_t count, capacity, heap_count;
    uint32_t *nodes, *edges; // of a whole way
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

static bool has_node(const struct ways *ways, uint32_t tail, uint32_t node) {
    while (tail != DUMP_GRAPH_NONE && ways->tails[tail].node != node) {
        tail = ways->tails[tail].after;
    }
    return tail != DUMP_GRAPH_NONE;
}

// Puts each pointer to the tail's node before it.
static bool extend(struct ways *ways, uint32_t after) {
    const struct dump_paths *paths = ways->paths;
    const struct tail tail = ways->tails[after];
    for (uint64_t at = paths->begin[tail.node]; at < paths->begin[tail.node + 1]; at++) {
        struct origin origin = paths->origins[at];
        bool is_root = origin.node == DUMP_GRAPH_NONE;
        if (!is_root && has_node(ways, after, origin.node)) {
            continue;
        }
        struct tail longer = {.after = after,
                              .node = origin.node,
                              .edge = origin.edge,
                              .length = tail.length + 1,
                              .whole = tail.length + (uint64_t)1};
        longer.whole += is_root ? 0 : paths->distance[origin.node];
        if (!push(ways, longer)) {
            return false;
        }
    }
    return true;
}

static bool show(const struct ways *ways, uint32_t root,
                 bool (*visit)(void *context, const struct dump_path *path), void *context) {
    uint32_t count = 0;
    uint32_t edge = 0; // the root's own is none
    for (uint32_t at = ways->tails[root].after; at != DUMP_GRAPH_NONE; at = ways->tails[at].after) {
        ways->nodes[count] = ways->tails[at].node;
        ways->edges[count++] = edge;
        edge = ways->tails[at].edge;
    }
    const struct dump_path path = {ways->tails[root].edge, count, ways->nodes, ways->edges};
    return visit(context, &path);
}

bool dump_paths_each(const struct dump_paths *paths, uint32_t node,
                     bool (*visit)(void *context, const struct dump_path *path), void *context) {
    if (paths->distance[node] == 0) {
        return true;
    }
    struct ways ways = {.paths = paths};
    size_t steps = paths->graph->node_count + (size_t)1;
    ways.nodes = malloc(steps * sizeof *ways.nodes);
    ways.edges = malloc(steps * sizeof *ways.edges);
    bool has_memory =
        ways.nodes != NULL && ways.edges != NULL &&
        push(&ways,
             (struct tail){.after = DUMP_GRAPH_NONE, .node = node, .whole = paths->distance[node]});
    while (has_memory && ways.heap_count > 0) {
        uint32_t tail = pop(&ways);
        if (ways.tails[tail].node != DUMP_GRAPH_NONE) {
            has_memory = extend(&ways, tail);
        } else if (!show(&ways, tail, visit, context)) {
            break;
        }
    }
    free(ways.tails);
    free(ways.heap);
    free(ways.nodes);
    free(ways.edges);
    return has_memory;
}
