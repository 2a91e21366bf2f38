// mcache: one thread's stock of spans, one per span class, its tiny block, and its counters.
//
// The allocation fast path and the free of an object of an own span use no lock and no atomic
// read-modify-write. `inside` and the heap's `stopping` are the two flags of an asymmetric
// handshake with heap_stop_world (world.h).
//
// Invariants, checked by mcache_is_valid():
//   K1  it is the cache of its id
//   K2  the span of a class is in use, swept, of small objects of that class, and the cache's own
//   K3  the tiny block is an object of a span of tiny blocks, and no more of it is handed out than
//       there is; without a block nothing is
//   K4  a call stack has no more frames than fit
#ifndef ALLOCATOR_SPANS_MCACHE_H
#define ALLOCATOR_SPANS_MCACHE_H

#include "allocator/mprof.h"
#include "allocator/pages/mstats.h"
#include "allocator/size_classes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mspan;

// A cache: one thread's spans, one a span class, and its own counts. Go's mcache.
struct mcache {
    _Atomic uint32_t inside;  // nesting depth of heap calls by the owner
    uint32_t parked_depth;    // what `inside` was, while its thread waits for a stopped world
    _Atomic uintptr_t thread; // who is, or was last, inside, or acquired it: world_self()
    uint32_t id;
    uintptr_t tiny_block;                  // 0: none
    size_t tiny_offset;                    // next byte of it to hand out
    int64_t next_sample_bytes;             // until the profile's next sample
    uint64_t profile_rate;                 // that next_sample was drawn by
    struct mspan *alloc[SPAN_CLASS_COUNT]; // NULL: none
    size_t call_stack_count;
    uintptr_t call_stack[MPROF_STACK_MAX];
    struct object_stats stats;
};

struct heap;

// Puts a span with a free slot into the cache, for a class whose span is full or missing. NULL: no
// memory, the cache is as before. After Go's mcache.refill.
struct mspan *mcache_refill(struct heap *heap, struct mcache *cache, uint8_t span_class);

// Checks K1..K4. By the owner, or with the world stopped.
bool mcache_is_valid(const struct heap *heap, const struct mcache *cache);

// heap_flush_cache for who stands inside the heap already, or has stopped the world.
void mcache_release_all(struct heap *heap, struct mcache *cache);

#endif
