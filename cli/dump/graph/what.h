// what: what an address of a dump is: in an object, a phantom, a segment, a frame, or nothing.
#ifndef CLI_DUMP_GRAPH_WHAT_H
#define CLI_DUMP_GRAPH_WHAT_H

#include "dump/graph.h"

#include <stdbool.h>
#include <stdint.h>

// What an address lies in.
struct what {
    const char *kind;      // "object", "phantom", "data", "bss", "frame", "none"
    struct dump_node node; // the object or phantom
    uint32_t index;        // of the object, or DUMP_GRAPH_NONE
    bool has_object;
    uint64_t begin;   // of the memory that it lies in
    const char *note; // what there is to say of it; NULL: nothing
    bool is_reachable;
};

// Looks it up.
struct what what_is(const struct dump_graph *graph, uint64_t address);

#endif
