// transaction: takes back what a failed operation obtained, as if it had never been asked for.
#ifndef ALLOCATOR_PAGES_TRANSACTION_H
#define ALLOCATOR_PAGES_TRANSACTION_H

#include "allocator/pages/fixalloc.h"
#include "allocator/pages/persistentalloc.h"
#include "allocator/pages/mstats.h"

#include <stddef.h>
#include <stdint.h>

struct heap;
struct mspan;

// What heap_undo needs to take back what was obtained since.
struct heap_undo {
    struct heap_stats stats;
    struct persistent persistent;
    struct fixalloc span_fix, cache_fix, special_fix, bits_fix;
    struct mspan **all_spans;
    size_t all_span_count, all_span_capacity;
    uint64_t serial; // of sysmem's ranges
};

// From the one to the other, heap->lock is held, or the world stopped; no block of a fixed-size
// allocator is handed out, and no page.
void heap_undo_begin(const struct heap *heap, struct heap_undo *undo);
// Gives back all that was obtained since: metadata zeroed, ranges unmapped, statistics as they
// stood.
void heap_undo(struct heap *heap, const struct heap_undo *undo);

#endif
