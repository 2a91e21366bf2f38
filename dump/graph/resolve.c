// resolve: from a pointer's value to the node that holds it.
//
// Nodes are sorted by address. A table over the address space names the first node of each stretch,
// so that a search looks at a few. Only where nodes overlap, which a sound dump's do not, each
// knows the nearest one before it that ends behind it.

#include "dump/graph/private.h"

#include <stdlib.h>

static uint64_t last_byte(const struct dump_node *node) {
    uint64_t last = node->address + node->size_bytes - 1;
    return last < node->address ? UINT64_MAX : last;
}

static bool is_inside(const struct dump_node *node, uint64_t address) {
    return address >= node->address && address - node->address < node->size_bytes;
}

static int compare_nodes(const void *left, const void *right) {
    const struct dump_node *a = left;
    const struct dump_node *b = right;
    if (a->address != b->address) {
        return a->address < b->address ? -1 : 1;
    }
    return (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

static void sort_nodes(struct dump_node *nodes, uint64_t count) {
    for (uint64_t i = 1; i < count; i++) {
        if (compare_nodes(&nodes[i - 1], &nodes[i]) > 0) {
            qsort(nodes, (size_t)count, sizeof *nodes, compare_nodes);
            return;
        }
    }
}

// ---- finding

static bool index_nodes(struct dump_graph *graph) {
    if (graph->node_count == 0) {
        return true;
    }
    graph->lowest_address = graph->nodes[0].address;
    uint64_t reach = graph->nodes[graph->node_count - 1].address - graph->lowest_address;
    while (reach >> graph->shift > graph->node_count) {
        graph->shift++;
    }
    uint64_t count = (reach >> graph->shift) + 2;
    graph->first = malloc((size_t)count * sizeof *graph->first);
    if (graph->first == NULL) {
        return false;
    }
    uint32_t node = 0;
    for (uint64_t i = 0; i < count; i++) {
        while (node < graph->node_count &&
               (graph->nodes[node].address - graph->lowest_address) >> graph->shift < i) {
            node++;
        }
        graph->first[i] = node;
    }
    return true;
}

static bool index_overlaps(struct dump_graph *graph) {
    bool overlap = false;
    uint64_t furthest = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        uint64_t last = last_byte(&graph->nodes[i]);
        overlap = overlap || (i > 0 && graph->nodes[i].address <= furthest);
        furthest = last > furthest ? last : furthest;
    }
    if (!overlap) {
        return true;
    }
    graph->longer = malloc(graph->node_count * sizeof *graph->longer);
    if (graph->longer == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < graph->node_count; i++) {
        uint32_t before = i - 1; // DUMP_GRAPH_NONE of the first
        while (before != DUMP_GRAPH_NONE &&
               last_byte(&graph->nodes[before]) <= last_byte(&graph->nodes[i])) {
            before = graph->longer[before];
        }
        graph->longer[i] = before;
    }
    return true;
}

uint32_t dump_graph_find(const struct dump_graph *graph, uint64_t address) {
    if (graph->node_count == 0 || address < graph->lowest_address) {
        return DUMP_GRAPH_NONE;
    }
    uint64_t last = graph->nodes[graph->node_count - 1].address;
    uint64_t stretch = ((address > last ? last : address) - graph->lowest_address) >> graph->shift;
    uint32_t low = graph->first[stretch];
    uint32_t high = graph->first[stretch + 1];
    while (low < high) { // the first node above the address
        uint32_t middle = low + (high - low) / 2;
        if (graph->nodes[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint32_t node = low - 1; // the lowest address is a node's
    while (node != DUMP_GRAPH_NONE && !is_inside(&graph->nodes[node], address)) {
        node = graph->longer == NULL ? DUMP_GRAPH_NONE : graph->longer[node];
    }
    return node;
}

bool dump_graph_find_phantom(const struct dump_graph *graph, uint64_t address,
                             struct dump_node *phantom) {
    uint64_t low = 0;
    uint64_t high = graph->phantom_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (graph->phantoms[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0 || !is_inside(&graph->phantoms[low - 1], address)) {
        return false;
    }
    *phantom = graph->phantoms[low - 1];
    return true;
}

uint32_t dump_graph_find_holder(const struct dump_graph *graph, uint64_t address) {
    for (uint32_t i = 0; i < graph->holder_count; i++) {
        const struct dump_holder *holder = &graph->holders[i];
        if (address >= holder->address && address - holder->address < holder->size_bytes) {
            return i;
        }
    }
    return DUMP_GRAPH_NONE;
}

// ---- edges and roots

static int compare_wide(const void *left, const void *right) {
    const struct graph_wide *a = left;
    const struct graph_wide *b = right;
    return (a->edge > b->edge) - (a->edge < b->edge);
}

static const struct graph_wide *find_wide(const struct graph_wide_list *list, uint64_t edge) {
    const struct graph_wide key = {.edge = edge};
    return list->count == 0
               ? NULL
               : bsearch(&key, list->items, (size_t)list->count, sizeof key, compare_wide);
}

bool graph_wide_add(struct graph_wide_list *list, struct graph_wide wide) {
    if (list->count == list->capacity) {
        uint64_t capacity = list->capacity * 2 + 16;
        void *larger = realloc(list->items, (size_t)capacity * sizeof wide);
        if (larger == NULL) {
            return false;
        }
        list->items = larger;
        list->capacity = capacity;
    }
    list->items[list->count++] = wide;
    return true;
}

static uint64_t value_of(const struct graph_edge *edge) {
    return (uint64_t)edge->offset << 32 | edge->node;
}

// Keeps the edges that lead to a node, at the beginning of their node's place.
static bool resolve_node(struct dump_graph *graph, struct dump_node *node,
                         struct graph_wide_list *list) {
    uint64_t to = node->edge_begin;
    for (uint64_t from = to; from < node->edge_begin + node->edge_count; from++) {
        struct graph_edge edge = graph->edges[from];
        uint64_t value = value_of(&edge);
        edge.node = dump_graph_find(graph, value);
        if (edge.node == DUMP_GRAPH_NONE) {
            continue;
        }
        uint64_t offset = value - graph->nodes[edge.node].address;
        edge.offset = offset >= GRAPH_WIDE ? GRAPH_WIDE : (uint32_t)offset;
        if (edge.offset == GRAPH_WIDE || edge.field == GRAPH_WIDE) {
            const struct graph_wide *old = find_wide(&graph->wide, from);
            uint64_t field = old == NULL ? edge.field : old->field;
            if (!graph_wide_add(list, (struct graph_wide){to, field, offset})) {
                return false;
            }
        }
        graph->edges[to++] = edge;
    }
    node->edge_count = (uint32_t)(to - node->edge_begin);
    return true;
}

static bool resolve_edges(struct dump_graph *graph) {
    struct graph_wide_list list = {.items = NULL}; // of edges at their new places
    bool has_memory = true;
    for (uint32_t i = 0; has_memory && i < graph->node_count; i++) {
        has_memory = resolve_node(graph, &graph->nodes[i], &list);
    }
    if (list.count > 1) {
        qsort(list.items, (size_t)list.count, sizeof *list.items, compare_wide);
    }
    free(graph->wide.items);
    graph->wide = list;
    return has_memory;
}

static void resolve_roots(struct dump_graph *graph) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < graph->root_count; i++) {
        struct dump_root root = graph->roots[i];
        uint64_t value = root.offset;
        root.node = dump_graph_find(graph, value);
        if (root.node != DUMP_GRAPH_NONE) {
            root.offset = value - graph->nodes[root.node].address;
            graph->roots[kept++] = root;
        }
    }
    graph->root_count = kept;
}

struct dump_edge dump_graph_edge(const struct dump_graph *graph, uint32_t node, uint32_t n) {
    uint64_t place = graph->nodes[node].edge_begin + n;
    const struct graph_edge *edge = &graph->edges[place];
    struct dump_edge whole = {edge->node, edge->field, edge->offset};
    if (edge->field == GRAPH_WIDE || edge->offset == GRAPH_WIDE) {
        const struct graph_wide *wide = find_wide(&graph->wide, place);
        whole.field_offset = wide->field;
        whole.offset = wide->offset;
    }
    return whole;
}

// ---- goroutines

static int compare_ids(const void *left, const void *right) {
    const struct dump_goroutine *const *a = left;
    const struct dump_goroutine *const *b = right;
    if ((*a)->id != (*b)->id) {
        return (*a)->id < (*b)->id ? -1 : 1;
    }
    return (*a > *b) - (*a < *b);
}

static bool find_firsts(struct dump_graph *graph) {
    size_t count = graph->goroutine_count;
    struct dump_goroutine **sorted = malloc((count + 1) * sizeof *sorted);
    if (sorted == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &graph->goroutines[i];
    }
    if (count > 1) {
        qsort(sorted, count, sizeof *sorted, compare_ids);
    }
    for (size_t i = 0; i < count; i++) {
        bool is_again = i > 0 && sorted[i]->id == sorted[i - 1]->id;
        sorted[i]->first =
            is_again ? sorted[i - 1]->first : (uint32_t)(sorted[i] - graph->goroutines);
    }
    free(sorted);
    return true;
}

bool graph_resolve(struct dump_graph *graph) {
    sort_nodes(graph->nodes, graph->node_count);
    sort_nodes(graph->phantoms, graph->phantom_count);
    if (!index_nodes(graph) || !index_overlaps(graph) || !resolve_edges(graph)) {
        return false;
    }
    resolve_roots(graph);
    return find_firsts(graph);
}
