// structure: what a heap consists of: the parts of every room, in one structure.
//
// The rooms, each of which calls and includes those before it: system/ (memory from the kernel, the
// stopped world), pages/ (free pages, spans of them, records of one size), spans/ (caches, central
// lists, sweep, what hangs on objects), objects/ (allocation, free, marking), whole/ (the heap's
// birth and end, and what is read of it). Each part's type, rules and functions stand in a header
// of its own; this one alone sees the parts of all rooms.
//
// Invariants, checked by heap_is_valid():
//   H1  each part keeps its own: page bits, sysmem's tables, the transaction, records of one size,
//       spans and their specials, central lists, caches
//   H2  there is room for every span that was ever made
//   H3  the page table names, for each page of a living span, that span
//   H4  a page has a name when it is grown and taken, and only then
//   H5  no cache's id is at or above the limit, the highest is just below; below the lowest free id
//       none is free
//   H6  the spans not yet swept are counted
//   H7  growth goes on in the arena before the next slot, and no arena is at or above that
#ifndef ALLOCATOR_STRUCTURE_H
#define ALLOCATOR_STRUCTURE_H

#include "allocator/collect.h"
#include "allocator/memstats.h"
#include "allocator/pages/arena.h"
#include "allocator/pages/fixalloc.h"
#include "allocator/pages/mstats.h"
#include "allocator/pages/palloc.h"
#include "allocator/pages/persistentalloc.h"
#include "allocator/pages/transaction.h"
#include "allocator/spans/mcentral.h"
#include "allocator/system/lock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mcache; // allocator/spans/mcache.h
struct mprof;  // allocator/spans/mprof_internal.h: buckets, hash table, cycle
struct sysmem; // allocator/system/sysmem.h

// The most caches that a heap may have at a time.
#define HEAP_CACHE_MAX 1024

struct heap_gc_stats { // moved by the runtime through heap_note_gc_cycle
    uint64_t next_gc_bytes, last_gc_ns, pause_total_ns;
    uint64_t pause_ns[MEMSTATS_PAUSE_COUNT], pause_end_ns[MEMSTATS_PAUSE_COUNT];
    uint32_t cycle_count, forced_count;
    double cpu_fraction;
};

// A heap, whole; beside the members stands which lock guards them. Go's mheap.
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
    bool fence_free;                // the kernel has membarrier: owners need no fence
    _Atomic uint32_t stopping;      // the world is stopped, or being stopped
    _Atomic uintptr_t world_owner;  // world_self() of who holds world_lock; 0: nobody
    uint32_t hold_depth;            // how often; under world_lock
    uint32_t stop_depth;            // how many of these stopped the world
    struct transaction transaction; // under `lock`, or in a stopped world

    uint64_t zero_base[2];
    uint64_t
        free_low_bytes; // the least that heap_free_bytes was since somebody asked; under `lock`

    // What a reset clears only as far as it was used. Nothing else stands behind `palloc`.
    struct palloc palloc;
    _Atomic(struct heap_arena *) arenas[HEAP_ARENA_COUNT];
};

// Checks H1..H7. O(pages + objects). The world is stopped. (whole/validity.c)
bool heap_is_valid(const struct heap *heap);

#endif
