// arena: 64 MiB of the heap's window, and the metadata that stands for it.
#ifndef ALLOCATOR_PAGES_ARENA_H
#define ALLOCATOR_PAGES_ARENA_H

#include "allocator/pages/palloc.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct mspan;

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

#endif
