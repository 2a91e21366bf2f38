// mheap: the page heap: arenas, spans of pages and where they come from and go; the root of
// everything a heap owns.
//
// It hands out whole spans and takes them back, keeps address -> span, grows by chunks of 4 MiB,
// and moves the statistics of pages. Objects are the business of malloc.c. After Go's mheap.go.
#ifndef ALLOCATOR_PAGES_MHEAP_H
#define ALLOCATOR_PAGES_MHEAP_H

#include "allocator/collect.h"
#include "allocator/pages/fixalloc.h"
#include "allocator/heap.h"
#include "allocator/system/lock.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mcentral.h"
#include "allocator/memstats.h"
#include "allocator/mprof.h"
#include "allocator/pages/mspan.h"
#include "allocator/pages/mstats.h"
#include "allocator/pages/palloc.h"
#include "allocator/pages/persistentalloc.h"
#include "allocator/pages/undo.h"
#include "allocator/system/sysmem.h"

struct mprof; // allocator/spans/mprof.c: buckets, hash table, cycle

#define HEAP_CACHE_MAX 1024

// What an arena has beside its memory: a direct mapping, and another for its pointer bits. Charged
// to GCSys.
struct heap_arena {
    struct palloc_arena pages;
    _Atomic(struct mspan *) spans[HEAP_ARENA_PAGES]; // span of each page in a span; NULL: free page
    uint64_t *pointer_bits;  // one bit a word of the arena's memory; mapped with the arena, touched
                             // on use
    struct heap_arena *next; // of those that one growth makes, until they are in the tables
    size_t slot;
};

#define HEAP_POINTER_BITS_PAGE_BYTES (HEAP_PAGE_BYTES / 64) // of a page: one bit for eight bytes

struct heap_gc_stats { // moved by the runtime through heap_note_gc_cycle
    uint64_t next_gc_bytes, last_gc_ns, pause_total_ns;
    uint64_t pause_ns[MEMSTATS_PAUSE_COUNT], pause_end_ns[MEMSTATS_PAUSE_COUNT];
    uint32_t cycle_count, forced_count;
    double cpu_fraction;
};

struct heap {
    struct sysmem *sysmem; // under `lock`
    uintptr_t base;        // of the window

    // page level, under `lock`
    struct lock lock;
    uintptr_t grow_next, grow_end; // of the current arena: not yet prepared
    size_t next_arena_slot;        // where the next arena is looked for
    struct persistent persistent;
    struct heap_stats stats;
    struct fixalloc span_fix, cache_fix, special_fix, bits_fix;
    struct mspan **all_spans; // every structure ever made; its own mapping, OtherSys
    size_t all_span_count, all_span_capacity;
    _Atomic uint64_t live_bytes_; // see heap_live_bytes; moved by mstats.c and collect.c, no lock

    // object level
    struct mcentral central[SPAN_CLASS_COUNT];
    struct mcache *caches[HEAP_CACHE_MAX]; // by id; under `lock`
    uint32_t cache_limit;                  // ids are below it
    uint32_t lowest_free_cache;            // no id below it is free
    struct object_stats dead_stats; // donated by dead caches, and sweeps on nobody's behalf; under
                                    // `lock`
    _Atomic uint32_t sweep_generation; // += 2 per cycle
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
    bool fence_free;               // the kernel has membarrier: owners need no fence
    _Atomic uint32_t stopping;     // the world is stopped, or being stopped
    _Atomic uintptr_t world_owner; // world_self() of who holds world_lock; 0: nobody
    uint32_t hold_depth;           // how often; under world_lock
    uint32_t stop_depth;           // how many of these stopped the world
    struct heap_undo attempt;      // between heap_begin_attempt and heap_end_attempt

    uint64_t zero_base[2];

    // What a reset clears only as far as it was used. Nothing else stands behind `palloc`.
    struct palloc palloc;
    _Atomic(struct heap_arena *) arenas[HEAP_ARENA_COUNT];
};

// ---- spans of pages (mheap.c). Each takes heap->lock itself.

// A span in use of `page_count` pages at a multiple of `align_pages` (a power of two up to an
// arena; 0, 1: any), its base, page_count, span_class, sweep_generation (swept) and needzero set
// and every page of it named in the page table; no object fields, no bitmaps yet. Charges
// heap_inuse. When its class needs a block of bitmaps, the next fixalloc_alloc of bits_fix
// succeeds, unless another thread comes between. Under ASan its memory is poisoned. NULL: no
// memory, nothing changed.
struct mspan *mheap_alloc_span(struct heap *heap, size_t page_count, size_t align_pages,
                               uint8_t span_class);

// The span that `address` lies in (in use or manual), NULL: none. Any thread, no lock.
static inline struct mspan *mheap_span_of(const struct heap *heap, uintptr_t address) {
    uintptr_t offset = address - heap->base;
    if (offset >= HEAP_WINDOW_BYTES) {
        return NULL;
    }
    const struct heap_arena *arena =
        atomic_load_explicit(&heap->arenas[offset / HEAP_ARENA_BYTES], memory_order_acquire);
    if (arena == NULL) {
        return NULL;
    }
    size_t page = offset % HEAP_ARENA_BYTES / HEAP_PAGE_BYTES;
    return atomic_load_explicit(&arena->spans[page], memory_order_acquire);
}

// The arena's pointer bits of `address`: word pointer and bit index. After Go's heapBits.
uint64_t *mheap_pointer_bits(const struct heap *heap, uintptr_t address, unsigned *bit);

// ---- what manual.c and heap.c share with mheap.c. heap->lock is held.

struct mspan *mheap_take_span(struct heap *heap, size_t page_count, size_t align_pages,
                              enum mspan_state state, uint8_t span_class, uint64_t *stat);
void mheap_give_span(struct heap *heap, struct mspan *span, uint64_t *stat);

// Moves pages from idle to `stat`.
void mheap_charge_pages(struct heap_stats *stats, size_t page_count, size_t scavenged_count,
                        uint64_t *stat);

// Names `named` (NULL: nobody) as the span of each of these pages.
void mheap_name_pages(struct heap *heap, uintptr_t base, size_t page_count, struct mspan *named);

// Grows the arenas by at least `page_count` pages, which are free and scavenged then. False: no
// memory, nothing changed. (grow.c)
bool mheap_grow(struct heap *heap, size_t page_count);

// ---- hooks of heap_create and heap_reset: make their part as that of a fresh heap; nobody else is
// in it
void mcentral_init_all(struct heap *heap);
bool mprof_init(struct heap *heap); // false: no memory

// ---- the world (world.c)
//
// Each heap call of a cache's owner is wrapped in world_enter and world_leave; each call that has
// no cache, in world_acquire and world_release.

// Slow path of world_enter: the world is stopped, or being stopped. Returns at once when by this
// thread.
void world_wait(struct heap *heap);

// Keeps others from stopping the world; waits while another thread has it. Nests on one thread. A
// thread that is inside a call of a cache does not hold up the stopper that it waits for.
void world_acquire(struct heap *heap);
void world_release(struct heap *heap);

extern _Thread_local char world_thread;

// The calling thread's identity; never 0.
static inline uintptr_t world_self(void) {
    return (uintptr_t)&world_thread;
}

// Enters the heap on behalf of `cache`; NULL cache: the caller holds what it needs. Nests.
//
// The stopper sets `stopping` and then reads `inside`; the owner sets `inside` and then reads
// `stopping`: one of them sees the other, because the stopper's membarrier stands between for both,
// or without it because all four are sequentially consistent. In the same way the stopper reads
// `thread`, which an owner that follows another sets before: a stopper that finds itself in all
// caches needs no membarrier, since whoever comes now sees `stopping`.
static inline void world_enter(struct heap *heap, struct mcache *cache) {
    if (cache == NULL) {
        return;
    }
    uint32_t depth = atomic_load_explicit(&cache->inside, memory_order_relaxed);
    if (depth > 0) {
        atomic_store_explicit(&cache->inside, depth + 1, memory_order_relaxed);
        return;
    }
    if (atomic_load_explicit(&cache->thread, memory_order_relaxed) != world_self()) {
        atomic_store_explicit(&cache->thread, world_self(), memory_order_seq_cst);
    }
    if (heap->fence_free) {
        atomic_store_explicit(&cache->inside, 1, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
    } else {
        atomic_store_explicit(&cache->inside, 1, memory_order_seq_cst);
    }
    if (atomic_load_explicit(&heap->stopping, memory_order_seq_cst) != 0) {
        world_wait(heap);
    }
}

static inline void world_leave(struct mcache *cache) {
    if (cache != NULL) {
        uint32_t depth = atomic_load_explicit(&cache->inside, memory_order_relaxed);
        atomic_store_explicit(&cache->inside, depth - 1, memory_order_release);
    }
}

#endif
