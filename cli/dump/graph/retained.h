// retained: what `dump retained` works out, and what it prints of that.
#ifndef CLI_DUMP_GRAPH_RETAINED_H
#define CLI_DUMP_GRAPH_RETAINED_H

#include "cli/io/largest.h"
#include "dump/graph.h"

#include <stdbool.h>
#include <stdint.h>

// What is taken away at a time.
enum retained_way { BY_OBJECT, BY_ROOT, BY_GOROUTINE, BY_CLASS, BY_COUNT };
// By enum retained_way, as --by takes them.
extern const char *const retained_ways[BY_COUNT];

// A row, and what it is about.
struct retained_row {
    uint64_t retained_bytes, objects;
    uint64_t key[3]; // for the order of equal ones
    uint32_t index;
};

// What is asked, and the answer.
struct report {
    const struct dump_graph *graph;
    const char *path;
    enum retained_way by;
    struct largest ranking; // of retained_row, the largest first
    bool is_json;
    bool has_shared;
    uint64_t sums[DUMP_NODE_STATE_COUNT][2]; // count, bytes
    uint64_t shared[2];
    struct dump_paths *paths; // for the nearest root; NULL: not asked for
};

// What is taken away: a node, all of a size, a goroutine's roots, a variable's.
struct removal {
    const struct dump_graph *graph;
    const char *symbol;  // NULL: none
    uint64_t size_bytes; // of the class; 0: none
    uint64_t goroutine;
    bool has_goroutine;
    uint32_t node;
};

// Counts what is alive.
void retained_sum_up(struct report *report);
// Fills the ranking, and sorts it, by one of the ways. False: out of memory.
bool retained_rank(struct report *report);
// Whether there is a root of its variable.
bool retained_has_symbol(const struct removal *removal);
// What would no longer be reachable. False: out of memory.
bool retained_without(const struct removal *removal, struct dump_retained *lost);

#endif
