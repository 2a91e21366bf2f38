// sweep: frees what is allocated and not marked in one span that the caller has claimed.
//
// It moves the span nowhere: mcentral lists it by what is left in it.
#ifndef ALLOCATOR_SPANS_SWEEP_H
#define ALLOCATOR_SPANS_SWEEP_H

#include "allocator/pages/mspan.h"

struct heap;
struct mcache;

enum sweep_result { // of the span
    SWEEP_EMPTY,
    SWEEP_PARTIAL,
    SWEEP_FULL,
};

// Sweeps the span. Frees count in the cache's statistics (NULL: the heap's); a dead object with a
// finalizer is kept. No lock of the heap's is held. After Go's sweepLocked.sweep.
enum sweep_result sweep_span(struct heap *heap, struct mcache *cache, struct mspan *span);

// What is in the span now, as a result.
enum sweep_result sweep_result_of(const struct mspan *span);

#endif
