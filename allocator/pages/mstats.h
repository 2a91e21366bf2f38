// mstats: the fast account: the counters that MemStats is derived from.
//
// The oracle may not include this file. Two kinds of counters: what moves with pages and metadata
// stands in the heap, under its lock; what moves with objects stands in each cache, written by its
// owner alone, and is donated to the heap when the cache dies.
#ifndef ALLOCATOR_PAGES_MSTATS_H
#define ALLOCATOR_PAGES_MSTATS_H

#include "allocator/size_classes.h"

#include <stdatomic.h>
#include <stdint.h>

// Bytes, under heap->lock. A function that obtains or lends memory takes the member that it
// charges, as uint64_t *.
struct heap_stats {
    // pages of the arenas: every grown page is in just one of these
    uint64_t heap_inuse_bytes;    // spans in use
    uint64_t heap_free_bytes;     // idle, not released
    uint64_t heap_released_bytes; // idle, given back to the system
    uint64_t stack_inuse_bytes;   // manual spans, by who asked
    uint64_t workbuf_inuse_bytes;
    uint64_t pointer_bits_inuse_bytes;
    uint64_t other_inuse_bytes;
    // from the system, outside the arenas
    uint64_t stack_sys_bytes; // OS threads' stacks
    uint64_t mspan_sys_bytes;
    uint64_t mcache_sys_bytes;
    uint64_t buckhash_sys_bytes;
    uint64_t gc_misc_sys_bytes;
    uint64_t other_sys_bytes;
    // in use, of fixed-size allocators
    uint64_t mspan_inuse_bytes;
    uint64_t mcache_inuse_bytes;
};

// Objects. Written with relaxed stores by one thread; read when it does not run.
struct object_stats {
    _Atomic uint64_t small_alloc_count[SIZE_CLASS_COUNT];
    _Atomic uint64_t small_free_count[SIZE_CLASS_COUNT];
    _Atomic uint64_t large_alloc_bytes;
    _Atomic uint64_t large_alloc_count;
    _Atomic uint64_t large_free_bytes;
    _Atomic uint64_t large_free_count;
    _Atomic uint64_t tiny_alloc_count; // allocations that shared a block: Mallocs and Frees both
};

// Adds to a counter that this thread alone writes: a load and a store, no read-modify-write.
static inline void stat_add(_Atomic uint64_t *counter, uint64_t amount) {
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

// Adds each counter of `part` to that of `sum`. Nobody else writes `sum`; `part` may move
// meanwhile.
void object_stats_add(struct object_stats *sum, const struct object_stats *part);

struct heap;
struct mcache;

// Adds a dying cache's counts to the heap's. heap->lock held.
void mstats_donate(struct heap *heap, const struct object_stats *part);

// Counts frees in the cache's counters; NULL cache: in the heap's, under its lock.
void mstats_count_small_frees(struct heap *heap, struct mcache *cache, uint8_t size_class,
                              uint64_t count);
// The same of one large object of `size_bytes`: whole pages.
void mstats_count_large_free(struct heap *heap, struct mcache *cache, uint64_t size_bytes);

// Idle bytes that the system has not are fewer by as many: pages were taken, or given back to it.
// heap->lock held.
void mstats_free_subtract(struct heap *heap, uint64_t size_bytes);

// Moves heap_live_bytes. It is, at any moment: of each cached span all slots; of each other span
// the allocated ones; of an unswept span the marked ones.
void mstats_live_add(struct heap *heap, uint64_t size_bytes);
// Takes from it; below 0 is a failed CHECK.
void mstats_live_subtract(struct heap *heap, uint64_t size_bytes);

#endif
