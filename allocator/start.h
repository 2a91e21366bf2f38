// start: what a heap takes up from an earlier life: its cumulative counts, so that a program that
// resumes goes on counting where it stopped.
//
// Nothing lives over: all objects of the earlier life were freed, and all samples counted as freed.
#ifndef ALLOCATOR_START_H
#define ALLOCATOR_START_H

#include "allocator/memstats.h"

struct heap;

// The counts; zeroes are those of a new heap.
struct heap_start {
    uint64_t small_count[SIZE_CLASS_COUNT]; // objects of each class; row 0 is 0
    uint64_t tiny_count;                    // allocations that shared a block
    uint64_t large_count, large_bytes;      // whole pages, each object more than the small ones
    uint64_t profile_object_bytes;          // of one bucket, which has no call stack; 0: none
    uint64_t profile_count;                 // of its samples, all published
    uint32_t profile_cycle;                 // below START_PROFILE_CYCLES
    uint32_t cycle_count, forced_count;     // collections; the rest is 0 where there was none
    uint64_t last_gc_ns, pause_total_ns;
    uint64_t pause_ns[MEMSTATS_PAUSE_COUNT], pause_end_ns[MEMSTATS_PAUSE_COUNT]; // as MemStats
    double cpu_fraction;
};

#define START_PROFILE_CYCLES (UINT32_C(6) << 24) // as Go's mProfCycleWrap

// Whether they may be one heap's: MemStats' own equalities and bounds hold of them.
bool heap_start_is_valid(const struct heap_start *start);

// Takes them up, in a heap that was just created or reset and has no cache yet. False: they are no
// heap's, or there is no memory for the bucket; nothing changed.
bool heap_start_from(struct heap *heap, const struct heap_start *start);

#endif
