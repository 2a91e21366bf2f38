// malloc: what the kinds of allocation (small, tiny, large) share.
#ifndef ALLOCATOR_OBJECTS_MALLOC_H
#define ALLOCATOR_OBJECTS_MALLOC_H

#include "allocator/pages/mheap.h"

// A request, as the kinds of allocation pass it on.
struct request {
    size_t size_bytes;
    const struct gc_layout *layout; // NULL when noscan
    bool noscan;
    bool zero;
};

// A slot in a span of the class, counted in the cache; 0: no memory. `span` is then where it is.
uintptr_t malloc_slot(struct heap *heap, struct mcache *cache, uint8_t span_class,
                      struct mspan **span);

// Makes a slot an object: zeroes, sets pointer bits, poisons the tail, marks it while marking,
// samples it.
void *malloc_finish(struct heap *heap, struct mcache *cache, struct mspan *span, uintptr_t slot,
                    const struct request *request);

void *malloc_small(struct heap *heap, struct mcache *cache, uint8_t size_class,
                   const struct request *request);

// Shares the cache's tiny block, or begins a new one (tiny.c). Less than TINY_SIZE_BYTES.
void *malloc_tiny(struct heap *heap, struct mcache *cache, size_t size_bytes);

// A span of its own at a multiple of `align_pages` (large.c).
void *malloc_large(struct heap *heap, struct mcache *cache, size_t align_pages,
                   const struct request *request);

#endif
