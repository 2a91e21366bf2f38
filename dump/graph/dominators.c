// dominators: Lengauer and Tarjan's algorithm with path compression: O(edges log nodes) whatever
// the graph looks like, and no recursion, so that a list of millions is no deeper than a tree.
//
// Vertices are the nodes, then the groups, then one root above all. All that can be reached is
// numbered in the order of a depth-first search (0: the root above all); the rest has no number.
//
// Lengauer, Tarjan: A fast algorithm for finding dominators in a flowgraph, TOPLAS 1979.

#include "dump/graph/private.h"

#include <stdlib.h>

struct dump_dominators {
    const struct dump_graph *graph;
    uint32_t group_count;
    uint32_t *number;  // of a vertex; DUMP_GRAPH_NONE: not reachable
    uint32_t *vertex;  // of a number
    uint32_t *idom;    // of a number, a number below it
    uint64_t *bytes;   // of a number: with all below it in the tree
    uint32_t *objects; // likewise
    uint32_t *owner;   // of a number: the group above it; NULL: there are no groups
};

// What a search needs besides.
struct search {
    struct dump_dominators *tree;
    const struct dump_graph *graph;
    uint32_t count; // numbers given
    uint32_t vertex_count;
    uint32_t *group_of;   // of a root; NULL: none has one
    uint64_t *root_begin; // of a group, among root_of; one more for roots without a group
    uint32_t *root_of;
    uint32_t *parent, *semi, *label, *ancestor, *bucket, *next, *path;
    uint64_t *from_begin; // of a number, among from
    uint32_t *from;       // numbers from which an edge leads there
};

// ---- the graph as vertices

static uint32_t top_of(const struct search *search) {
    return search->vertex_count - 1;
}

// Roots in the order of their groups; those without one come last.
static bool sort_roots(struct search *search) {
    const struct dump_graph *graph = search->graph;
    uint32_t group_count = search->tree->group_count;
    search->root_begin = calloc(group_count + (size_t)2, sizeof *search->root_begin);
    search->root_of = malloc((graph->root_count + (size_t)1) * sizeof *search->root_of);
    if (search->root_begin == NULL || search->root_of == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < graph->root_count; i++) {
        uint32_t group = search->group_of == NULL ? group_count : search->group_of[i];
        search->root_begin[group + 1]++;
    }
    for (uint32_t i = 0; i <= group_count; i++) {
        search->root_begin[i + 1] += search->root_begin[i];
    }
    for (uint32_t i = graph->root_count; i-- > 0;) { // from each group's end
        uint32_t group = search->group_of == NULL ? group_count : search->group_of[i];
        search->root_of[--search->root_begin[group + 1]] = i;
    }
    for (uint32_t i = 0; i <= group_count; i++) { // the beginnings stand one too high
        search->root_begin[i] = search->root_begin[i + 1];
    }
    search->root_begin[group_count + 1] = graph->root_count;
    return true;
}

// How many edges lead out of a vertex.
static uint64_t degree_of(const struct search *search, uint32_t vertex) {
    uint32_t node_count = search->graph->node_count;
    uint32_t group_count = search->tree->group_count;
    if (vertex < node_count) {
        return search->graph->nodes[vertex].edge_count;
    }
    uint32_t group = vertex - node_count;
    uint64_t roots = search->root_begin[group + 1] - search->root_begin[group];
    return group < group_count ? roots : group_count + roots;
}

// The n-th of them leads here.
static uint32_t target_of(const struct search *search, uint32_t vertex, uint64_t n) {
    const struct dump_graph *graph = search->graph;
    uint32_t group_count = search->tree->group_count;
    if (vertex < graph->node_count) {
        return graph->edges[graph->nodes[vertex].edge_begin + n].node;
    }
    uint32_t group = vertex - graph->node_count;
    if (group == group_count && n < group_count) {
        return graph->node_count + (uint32_t)n;
    }
    n -= group == group_count ? group_count : 0;
    return graph->roots[search->root_of[search->root_begin[group] + n]].node;
}

// ---- the search

struct place { // in a vertex's edges
    uint64_t n;
    uint32_t vertex;
};

static void number(struct search *search, uint32_t vertex, uint32_t parent) {
    search->tree->number[vertex] = search->count;
    search->tree->vertex[search->count] = vertex;
    search->parent[search->count] = parent;
    search->count++;
}

static bool search_depth_first(struct search *search) {
    struct place *stack = malloc(search->vertex_count * sizeof *stack);
    if (stack == NULL) {
        return false;
    }
    uint32_t depth = 1;
    number(search, top_of(search), 0);
    stack[0] = (struct place){0, top_of(search)};
    while (depth > 0) {
        struct place *place = &stack[depth - 1];
        if (place->n == degree_of(search, place->vertex)) {
            depth--;
            continue;
        }
        uint32_t target = target_of(search, place->vertex, place->n++);
        if (search->tree->number[target] == DUMP_GRAPH_NONE) {
            number(search, target, search->tree->number[place->vertex]);
            stack[depth++] = (struct place){0, target};
        }
    }
    free(stack);
    return true;
}

// Turns the edges round.
static bool list_origins(struct search *search) {
    const struct dump_dominators *tree = search->tree;
    search->from_begin = calloc(search->count + (size_t)2, sizeof *search->from_begin);
    if (search->from_begin == NULL) {
        return false;
    }
    uint64_t *begin = search->from_begin + 1;
    for (uint32_t i = 0; i < search->count; i++) {
        uint64_t degree = degree_of(search, tree->vertex[i]);
        for (uint64_t n = 0; n < degree; n++) {
            begin[tree->number[target_of(search, tree->vertex[i], n)] + 1]++;
        }
    }
    for (uint32_t i = 0; i < search->count; i++) {
        begin[i + 1] += begin[i];
    }
    search->from = malloc((size_t)(begin[search->count] + 1) * sizeof *search->from);
    if (search->from == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < search->count; i++) {
        uint64_t degree = degree_of(search, tree->vertex[i]);
        for (uint64_t n = 0; n < degree; n++) {
            uint32_t to = tree->number[target_of(search, tree->vertex[i], n)];
            search->from[begin[to]++] = i;
        }
    }
    return true; // each beginning has moved to the next one's: from_begin is right again
}

// ---- the tree

// The vertex of the least semidominator on the way up to the forest's root.
static uint32_t evaluate(const struct search *search, uint32_t v) {
    uint32_t *ancestor = search->ancestor;
    uint32_t *label = search->label;
    if (ancestor[v] == DUMP_GRAPH_NONE) {
        return label[v];
    }
    uint32_t length = 0;
    for (uint32_t u = v; ancestor[ancestor[u]] != DUMP_GRAPH_NONE; u = ancestor[u]) {
        search->path[length++] = u;
    }
    while (length > 0) { // from the top down
        uint32_t u = search->path[--length];
        uint32_t above = ancestor[u];
        if (search->semi[label[above]] < search->semi[label[u]]) {
            label[u] = label[above];
        }
        ancestor[u] = ancestor[above];
    }
    return label[v];
}

static void empty_bucket(const struct search *search, uint32_t parent) {
    for (uint32_t v = search->bucket[parent]; v != DUMP_GRAPH_NONE; v = search->next[v]) {
        uint32_t u = evaluate(search, v);
        search->tree->idom[v] = search->semi[u] < search->semi[v] ? u : parent;
    }
    search->bucket[parent] = DUMP_GRAPH_NONE;
}

static void find_dominators(const struct search *search) {
    uint32_t *idom = search->tree->idom;
    for (uint32_t i = 0; i < search->count; i++) {
        search->semi[i] = i;
        search->label[i] = i;
        search->ancestor[i] = DUMP_GRAPH_NONE;
        search->bucket[i] = DUMP_GRAPH_NONE;
        idom[i] = 0;
    }
    for (uint32_t w = search->count - 1; w > 0; w--) {
        for (uint64_t at = search->from_begin[w]; at < search->from_begin[w + 1]; at++) {
            uint32_t semi = search->semi[evaluate(search, search->from[at])];
            search->semi[w] = semi < search->semi[w] ? semi : search->semi[w];
        }
        search->next[w] = search->bucket[search->semi[w]];
        search->bucket[search->semi[w]] = w;
        search->ancestor[w] = search->parent[w];
        empty_bucket(search, search->parent[w]);
    }
    for (uint32_t w = 1; w < search->count; w++) {
        if (idom[w] != search->semi[w]) {
            idom[w] = idom[idom[w]];
        }
    }
}

static bool add_up(const struct search *search) {
    struct dump_dominators *tree = search->tree;
    tree->bytes = calloc(search->count, sizeof *tree->bytes);
    tree->objects = calloc(search->count, sizeof *tree->objects);
    if (tree->bytes == NULL || tree->objects == NULL) {
        return false;
    }
    for (uint32_t w = search->count - 1; w > 0; w--) {
        uint32_t vertex = tree->vertex[w];
        if (vertex < search->graph->node_count) {
            tree->bytes[w] += search->graph->nodes[vertex].size_bytes;
            tree->objects[w]++;
        }
        tree->bytes[tree->idom[w]] += tree->bytes[w];
        tree->objects[tree->idom[w]] += tree->objects[w];
    }
    return true;
}

// The numbers above a number in the tree are below it.
static bool find_owners(const struct search *search) {
    struct dump_dominators *tree = search->tree;
    if (tree->group_count == 0) {
        return true;
    }
    tree->owner = malloc(search->count * sizeof *tree->owner);
    if (tree->owner == NULL) {
        return false;
    }
    tree->owner[0] = DUMP_GRAPH_NONE;
    for (uint32_t w = 1; w < search->count; w++) {
        uint32_t node_count = search->graph->node_count;
        uint32_t vertex = tree->vertex[w];
        tree->owner[w] = vertex < node_count ? tree->owner[tree->idom[w]] : vertex - node_count;
    }
    return true;
}

// ---- groups

// The group of a root; group_count: none.
static uint32_t group_of(const struct search *search, enum dump_grouping grouping, uint32_t root) {
    const struct dump_graph *graph = search->graph;
    uint32_t holder = graph->roots[root].holder;
    uint32_t goroutine = graph->holders[holder].goroutine;
    switch (grouping) {
    case DUMP_BY_ROOT:
        return root;
    case DUMP_BY_GOROUTINE:
        return goroutine == DUMP_GRAPH_NONE ? search->tree->group_count
                                            : graph->goroutines[goroutine].first;
    case DUMP_BY_HOLDER:
        return holder;
    case DUMP_BY_KIND:
        return graph->holders[holder].kind;
    case DUMP_BY_OBJECT:
        break;
    }
    return search->tree->group_count;
}

static bool make_groups(struct search *search, enum dump_grouping grouping) {
    const struct dump_graph *graph = search->graph;
    struct dump_dominators *tree = search->tree;
    if (grouping == DUMP_BY_OBJECT) {
        return true;
    }
    const uint32_t counts[] = {[DUMP_BY_ROOT] = graph->root_count,
                               [DUMP_BY_GOROUTINE] = graph->goroutine_count,
                               [DUMP_BY_HOLDER] = graph->holder_count,
                               [DUMP_BY_KIND] = DUMP_ROOT_KIND_COUNT};
    tree->group_count = counts[grouping];
    search->group_of = malloc((graph->root_count + (size_t)1) * sizeof *search->group_of);
    if (search->group_of == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < graph->root_count; i++) {
        search->group_of[i] = group_of(search, grouping, i);
    }
    return true;
}

// ---- all of it

static bool reserve(struct search *search) {
    struct dump_dominators *tree = search->tree;
    size_t count = search->vertex_count;
    tree->number = malloc(count * sizeof *tree->number);
    tree->vertex = malloc(count * sizeof *tree->vertex);
    tree->idom = malloc(count * sizeof *tree->idom);
    search->parent = malloc(count * sizeof *search->parent);
    if (tree->number == NULL || tree->vertex == NULL || tree->idom == NULL ||
        search->parent == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        tree->number[i] = DUMP_GRAPH_NONE;
    }
    return true;
}

static bool reserve_numbers(struct search *search) {
    uint32_t **const arrays[] = {&search->semi,   &search->label, &search->ancestor,
                                 &search->bucket, &search->next,  &search->path};
    bool has_memory = true;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        *arrays[i] = malloc((search->count + (size_t)1) * sizeof **arrays[i]);
        has_memory = has_memory && *arrays[i] != NULL;
    }
    return has_memory;
}

static void forget(struct search *search) {
    free(search->group_of);
    free(search->root_begin);
    free(search->root_of);
    free(search->parent);
    free(search->semi);
    free(search->label);
    free(search->ancestor);
    free(search->bucket);
    free(search->next);
    free(search->path);
    free(search->from_begin);
    free(search->from);
}

static bool work_out(struct search *search, enum dump_grouping grouping) {
    uint64_t vertex_count = (uint64_t)search->graph->node_count + 1;
    if (!make_groups(search, grouping)) {
        return false;
    }
    vertex_count += search->tree->group_count;
    if (vertex_count >= DUMP_GRAPH_NONE) { // they have no number
        return false;
    }
    search->vertex_count = (uint32_t)vertex_count;
    if (!sort_roots(search) || !reserve(search) || !search_depth_first(search) ||
        !list_origins(search) || !reserve_numbers(search)) {
        return false;
    }
    find_dominators(search);
    return true;
}

struct dump_dominators *dump_dominators_create(const struct dump_graph *graph,
                                               enum dump_grouping grouping) {
    struct dump_dominators *tree = calloc(1, sizeof *tree);
    if (tree == NULL) {
        return NULL;
    }
    tree->graph = graph;
    struct search search = {.tree = tree, .graph = graph};
    bool is_done = work_out(&search, grouping);
    uint32_t count = search.count;
    forget(&search);
    search = (struct search){.tree = tree, .graph = graph, .count = count};
    if (!is_done || !add_up(&search) || !find_owners(&search)) {
        dump_dominators_destroy(tree);
        return NULL;
    }
    return tree;
}

void dump_dominators_destroy(struct dump_dominators *tree) {
    if (tree == NULL) {
        return;
    }
    free(tree->number);
    free(tree->vertex);
    free(tree->idom);
    free(tree->bytes);
    free(tree->objects);
    free(tree->owner);
    free(tree);
}

static struct dump_retained retained_of(const struct dump_dominators *tree, uint32_t vertex) {
    uint32_t at = tree->number[vertex];
    struct dump_retained retained = {.dominator = DUMP_GRAPH_NONE};
    if (at != DUMP_GRAPH_NONE) {
        uint32_t above = tree->vertex[tree->idom[at]];
        retained.bytes = tree->bytes[at];
        retained.count = tree->objects[at];
        retained.dominator = above < tree->graph->node_count ? above : DUMP_GRAPH_NONE;
    }
    return retained;
}

struct dump_retained dump_dominators_node(const struct dump_dominators *tree, uint32_t node) {
    return retained_of(tree, node);
}

struct dump_retained dump_dominators_group(const struct dump_dominators *tree, uint32_t group) {
    return retained_of(tree, tree->graph->node_count + group);
}

uint32_t dump_dominators_owner(const struct dump_dominators *tree, uint32_t node) {
    uint32_t at = tree->number[node];
    return at == DUMP_GRAPH_NONE || tree->owner == NULL ? DUMP_GRAPH_NONE : tree->owner[at];
}
