// kept: the part of a graph that a picture has room for: the objects of the greatest retained size,
// with whom they hang on.
//
// Whoever dominates an object retains more than it does, so that with an object all are kept that
// dominate it: the kept part is a forest.
#ifndef CLI_DUMP_EXPORT_KEPT_H
#define CLI_DUMP_EXPORT_KEPT_H

#include "cli/io/lookup.h"
#include "dump/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_NONE UINT32_MAX

// The last pointer of a shortest way to an object.
struct kept_step {
    uint32_t node; // that has the pointer; DUMP_GRAPH_NONE: a root
    uint32_t edge; // of that node; of a root, its index
};
// An object of it.
struct kept_node {
    uint32_t node;
    uint32_t parent; // among the kept ones, before it; KEPT_NONE: no object dominates it
    uint64_t retained_bytes, retained_count;
    uint32_t root;     // that the shortest way begins at; DUMP_GRAPH_NONE: too far away to tell
    uint32_t distance; // pointers from there
};

// The greatest retained size first. All zero at the start.
struct kept {
    const struct dump_graph *graph;
    struct kept_node *nodes;
    size_t count;
    struct kept_step *steps; // to each reachable node of the graph; they make a tree
    struct lookup place_of;  // by the graph's node
    uint64_t sums[DUMP_NODE_STATE_COUNT][2]; // of all objects: count, bytes
    uint64_t held[2];                        // what the kept ones retain, themselves included
};

// Chooses `limit` objects. False: out of memory.
bool kept_choose(struct kept *kept, const struct dump_graph *graph, size_t limit);
// Gives its memory back.
void kept_fini(struct kept *kept);

#endif
