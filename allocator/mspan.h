// mspan: a run of pages cut into objects of one size, or one large object, or pages that somebody manages.
//
// A span owns its object bits and nothing else: which list it stands in, and whose counters it moves, is the business of
// mcentral, mcache and mheap.
//
// Invariants, checked by mspan_is_valid():
//   I1  object_count * element_bytes <= page_count * HEAP_PAGE_BYTES
//   I2  alloc_count == popcount(alloc_bits); remote_count == popcount(remote_bits)
//   I3  every object below free_index is allocated
//   I4  no bit at or above object_count is set in any bitmap
//   I5  remote_bits is a subset of alloc_bits: a remotely freed object waits for the span's owner
//   I6  specials are sorted by (offset, kind) and lie on allocated objects
//   I7  state and span class fit: a large span has one object, a manual span none
#ifndef ALLOCATOR_MSPAN_H
#define ALLOCATOR_MSPAN_H

#include "allocator/size_classes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct special;

enum mspan_state { MSPAN_DEAD, MSPAN_IN_USE, MSPAN_MANUAL };

enum mspan_list { // where a span in use stands
    MSPAN_LIST_NONE,    // being moved, or manual, or dead
    MSPAN_LIST_CACHE,   // in a cache's alloc[] (owner names it)
    MSPAN_LIST_PARTIAL, // of its central list
    MSPAN_LIST_FULL,
};

#define MSPAN_OWNER_NONE 0 // else the cache's id + 1

struct mspan {
    uintptr_t base;
    uint32_t page_count;
    uint32_t object_count;
    uint32_t free_index; // hint: no free object below
    _Atomic uint32_t alloc_count; // written by the owner, or under the central lock when there is none
    size_t element_bytes; // large: page_count * HEAP_PAGE_BYTES
    uint64_t *alloc_bits;  // [words]; written like alloc_count, relaxed; remote readers hold the central lock
    uint64_t *remote_bits; // [words], NULL words are one block; under the central lock
    uint64_t *mark_bits;   // [words]; under the stopped world, or by the allocating owner while marking
    uint64_t inline_bits[3]; // the three bitmaps of a span of up to 64 objects
    uint32_t remote_count; // under the central lock
    uint32_t sweep_generation; // heap's - 2: unswept, - 1: being swept, equal: swept (Go's sweepgen)
    _Atomic uint32_t owner;    // MSPAN_OWNER_NONE or cache id + 1; changes under the central lock
    uint32_t divide_magic;     // for object index = offset / element_bytes (Go's divMul)
    uint8_t span_class;
    uint8_t state;  // enum mspan_state
    uint8_t list;   // enum mspan_list
    uint8_t stat;   // enum manual_stat of a manual span
    bool needzero;  // its memory may not be zero
    struct mspan *next; // in its central list
    struct mspan *previous;
    _Atomic(struct special *) specials; // sorted; changed under special_lock, NULL seen without it
};

#endif
