// memstats: Go's MemStats, every exported field under Go's name, as one struct that is exact at the
// moment of the read.
//
// It is the only account that the dump, the command and the oracle see; the counters that it is
// derived from (allocator/pages/mstats.h) stay inside the allocator.
#ifndef ALLOCATOR_MEMSTATS_H
#define ALLOCATOR_MEMSTATS_H

#include "allocator/size_classes.h"

#include <stdbool.h>
#include <stdint.h>

struct heap;

// The latest cycles whose pauses are kept; Go's MemStats has as many.
#define MEMSTATS_PAUSE_COUNT 256

// The objects of one size class. Go's MemStats.BySize.
struct memstats_by_size {
    uint32_t Size; // bytes of an object of this class; row 0 is empty: large objects have no row
    uint64_t Mallocs;
    uint64_t Frees;
};

// The exported statistics. Names and meanings are Go's MemStats; memstats_fields.def has the
// unit and the truths of each.
struct memstats {
#define MEMSTATS_FIELD(name, unit, meaning, truths) uint64_t name;
#include "allocator/memstats_fields.def"
    uint64_t PauseNs[MEMSTATS_PAUSE_COUNT];
    uint64_t PauseEnd[MEMSTATS_PAUSE_COUNT];
    uint32_t NumGC;
    uint32_t NumForcedGC;
    double GCCPUFraction;
    bool EnableGC;
    bool DebugGC;
    struct memstats_by_size BySize[SIZE_CLASS_COUNT]; // Go exports 61 rows; here all 68
};

// Fills `stats` with the heap's account at this moment. Stops the world for the read (unless it is
// already stopped by this thread); costs O(caches x classes), whatever the heap's size. After Go's
// ReadMemStats.
void heap_read_memstats(struct heap *heap, struct memstats *stats);

#endif
