// explain: what else a dump knows of its objects: the pointer words that the collector pays for,
// where they were allocated (if they were sampled), their types (as far as interfaces tell).
//
// An object's site is that of its first sample. Its type is that of the first interface, in the
// order of the dump, whose data points to the object's beginning: a pointer field behind a word
// that is the address of an itab or of a type that the dump has. Where that type is a pointer, it
// is the pointer's; Go leaves the name of what it points to out of the dump.
#ifndef CLI_DUMP_GRAPH_EXPLAIN_H
#define CLI_DUMP_GRAPH_EXPLAIN_H

#include "cli/dump/graph/holding.h"
#include "cli/io/lookup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLAIN_NONE UINT32_MAX // no site, no type

// A bucket of the memory profile; of its stack the leaf.
struct explain_site {
    uint64_t bucket, size_bytes, line, allocs, frees;
    char *function, *file; // NULL: it has no stack
};
// A type of the dump, by an interface.
struct explain_type {
    uint64_t address, size_bytes;
    char *name;
};

// All zero at the start.
struct explain {
    const struct dump_graph *graph;
    uint32_t *pointer_words, *site, *type; // of each node; indices, or EXPLAIN_NONE
    struct explain_site *sites;
    size_t site_count, site_capacity;
    struct explain_type *types;
    size_t type_count, type_capacity;
    struct lookup site_of, type_of; // by the addresses of buckets; of types and itabs
    uint64_t heap_alloc;            // as MemStats has it
    bool has_memstats;
    bool is_out_of_memory;
};

// Reads the dump once more. Returns a status; what fails is told.
int explain_read(struct explain *explain, struct holding *holding);
// Frees what it has.
void explain_fini(struct explain *explain);

#endif
