// private: what the parts of the graph share: its arrays, and a search over it.
#ifndef DUMP_GRAPH_PRIVATE_H
#define DUMP_GRAPH_PRIVATE_H

#include "dump/graph.h"

#define GRAPH_WIDE UINT32_MAX // an offset that stands among the wide ones

// An edge as it is kept. While the dump is read, `node` and `offset` are the two halves of the
// pointer's value.
struct graph_edge {
    uint32_t node, field, offset;
};
// Offsets of an edge that do not fit its 32 bits.
struct graph_wide {
    uint64_t edge, field, offset;
};

// All of them, as they come, then by edge.
struct graph_wide_list {
    struct graph_wide *items;
    uint64_t count, capacity;
};

// What dump_graph_create() makes; its arrays have the room that was measured.
struct dump_graph {
    struct dump_node *nodes;
    struct graph_edge *edges;
    struct graph_wide_list wide; // sorted by edge
    struct dump_root *roots;
    struct dump_holder *holders;
    struct dump_goroutine *goroutines;
    struct dump_node *phantoms;
    uint64_t *finalized; // addresses of objects that have a finalizer
    char *text;          // all strings
    uint32_t *text_table;
    uint64_t edge_count, phantom_count, phantom_bytes, finalized_count;
    uint64_t text_bytes, text_capacity, text_table_size, text_count;
    uint32_t node_count, root_count, holder_count, goroutine_count;
    // finding
    uint64_t lowest_address, highest_address;
    uint32_t *first;  // of (address - lowest) >> shift: the first node there or behind
    uint32_t *longer; // the nearest node before that ends behind this one; NULL: none overlap
    unsigned shift;
};

// All memory of the dump's second reading; false: none. Then reads it.
enum dump_graph_status graph_collect(struct dump_graph *graph, struct dump_reader *reader,
                                     const struct dump_graph_size *size);
// Adds one. False: no memory.
bool graph_wide_add(struct graph_wide_list *list, struct graph_wide wide);
// Sorts the nodes, and turns each value into the node that holds it, or drops it. False: no memory.
bool graph_resolve(struct dump_graph *graph);
// Marks what is reachable. False: no memory.
bool graph_reach(struct dump_graph *graph);
// Keeps a text once; it is good as long as the graph. There is room for what was measured. NULL: no
// memory.
const char *graph_text(struct dump_graph *graph, const struct dump_string *text);

#endif
