// mheap: the page heap: arenas, spans of pages and where they come from and go; the root of everything a heap owns.
//
// It hands out whole spans and takes them back, keeps address -> span, grows by chunks of 4 MiB, and moves the
// statistics of pages. Objects are the business of malloc.c. After Go's mheap.go.
#ifndef ALLOCATOR_MHEAP_H
#define ALLOCATOR_MHEAP_H

#include "allocator/collect.h"
#include "allocator/fixalloc.h"
#include "allocator/heap.h"
#include "allocator/lock.h"
#include "allocator/mcache.h"
#include "allocator/mcentral.h"
#include "allocator/memstats.h"
#include "allocator/mprof.h"
#include "allocator/mspan.h"
#include "allocator/mstats.h"
#include "allocator/palloc.h"
#include "allocator/sysmem.h"

struct mprof; // allocator/mprof.c: buckets, hash table, cycle

#define HEAP_CACHE_MAX 1024

// What an arena has beside its memory. Charged to GCSys.
struct heap_arena {
    struct palloc_arena pages;
    _Atomic(struct mspan *) spans[HEAP_ARENA_PAGES]; // span of each page in a span; NULL: free page
    uint64_t *pointer_bits; // one bit a word of the arena's memory; mapped with the arena, touched on use
};

struct heap_gc_stats { // moved by the runtime through heap_note_gc_cycle
    uint64_t next_gc_bytes, last_gc_ns, pause_total_ns;
    uint64_t pause_ns[MEMSTATS_PAUSE_COUNT], pause_end_ns[MEMSTATS_PAUSE_COUNT];
    uint32_t cycle_count, forced_count;
    double cpu_fraction;
};

struct heap {
    // page level, under `lock`
    struct lock lock;
    struct sysmem *sysmem;
    uintptr_t base; // of the window
    struct palloc palloc;
    struct heap_arena *arenas[HEAP_ARENA_COUNT];
    uintptr_t grow_next, grow_end; // of the current arena: not yet prepared
    struct heap_stats stats;
    struct fixalloc span_fix, cache_fix, special_fix, bits_fix;
    struct mspan **all_spans; // every structure ever made; its own mapping, OtherSys
    size_t all_span_count, all_span_capacity;
    uint64_t live_bytes_; // see heap_live_bytes

    // object level
    struct mcentral central[SPAN_CLASS_COUNT];
    struct mcache *caches[HEAP_CACHE_MAX]; // by id; under `lock`
    uint32_t cache_limit;                  // ids are below it
    struct object_stats dead_stats;        // donated by dead caches, and sweeps on nobody's behalf; under `lock`
    _Atomic uint32_t sweep_generation;     // += 2 per cycle
    _Atomic bool marking;
    _Atomic uint32_t sweep_cursor;  // no unswept span in central lists below; of heap_sweep_one
    _Atomic uint32_t unswept_count; // spans of this generation not yet swept, or being swept
    heap_finalizer_queue finalizer_queue;
    void *finalizer_queue_context;
    struct heap_gc_stats gc;

    // specials and profile
    struct lock special_lock;
    struct lock profile_lock;
    struct mprof *mprof;
    _Atomic uint64_t profile_rate;

    // the world
    struct lock world_lock;
    _Atomic uint32_t stopping;
    uint64_t zero_base[2];
};

// ---- spans of pages (mheap.c). Each takes heap->lock itself.

// A span in use of `page_count` pages at a multiple of `align_pages` (0, 1: any), its base, page_count, span_class,
// sweep_generation (swept) and needzero set and every page of it named in the page table; no object fields, no bitmaps yet. Charges heap_inuse.
// NULL: no memory, nothing changed.
struct mspan *mheap_alloc_span(struct heap *heap, size_t page_count, size_t align_pages,
                               uint8_t span_class);

// Takes an in-use span back: it is in no list, has no special and no bitmap block any more. Its structure is freed, too.
void mheap_free_span(struct heap *heap, struct mspan *span);

// The span that `address` lies in (in use or manual), NULL: none. Any thread, no lock.
struct mspan *mheap_span_of(const struct heap *heap, uintptr_t address);

// The arena's pointer bits of `address`: word pointer and bit index. After Go's heapBits.
uint64_t *mheap_pointer_bits(const struct heap *heap, uintptr_t address, unsigned *bit);

// ---- the world (world.c): what each heap call of a cache's owner is wrapped in. Inline, no read-modify-write.
void world_wait(struct heap *heap, struct mcache *cache); // slow path: the world is being stopped

// Enters the heap on behalf of `cache`; NULL cache: the caller holds what it needs. Nests.
static inline void world_enter(struct heap *heap, struct mcache *cache)
{
    uint32_t depth = atomic_load_explicit(&cache->inside, memory_order_relaxed);
    atomic_store_explicit(&cache->inside, depth + 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst); // the stopper's membarrier does the rest
    if (depth == 0 && atomic_load_explicit(&heap->stopping, memory_order_acquire) != 0) {
        world_wait(heap, cache);
    }
}

static inline void world_leave(struct mcache *cache)
{
    uint32_t depth = atomic_load_explicit(&cache->inside, memory_order_relaxed);
    atomic_store_explicit(&cache->inside, depth - 1, memory_order_release);
}

#endif
