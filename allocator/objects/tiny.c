// tiny: several small pointerless requests in one block of 16 bytes, which only a collection frees.
//
// A request that fits the cache's block counts as a tiny allocation alone; one that does not begins
// a new block, which is an object of class 2. After Go's tiny allocator in mallocgc.
#include "allocator/objects/malloc.h"

#include "allocator/check.h"
#include "allocator/spans/mcache.h"
#include "allocator/poison.h"

#include <string.h>

static size_t align_up(size_t offset, size_t align) {
    return (offset + align - 1) & ~(align - 1);
}

// The size's own divisibility says what may be kept in it.
static size_t aligned_offset(size_t offset, size_t size_bytes) {
    if (size_bytes % 8 == 0) {
        return align_up(offset, 8);
    }
    if (size_bytes % 4 == 0) {
        return align_up(offset, 4);
    }
    return size_bytes % 2 == 0 ? align_up(offset, 2) : offset;
}

static void *begin_block(struct heap *heap, struct mcache *cache, size_t size_bytes) {
    struct mspan *span;
    uintptr_t block = malloc_slot(heap, cache, span_class_make(TINY_SIZE_CLASS, true), &span);
    if (block == 0) {
        return NULL;
    }
    mspan_bit_set(span->tiny_bits, mspan_index_of(span, block));
    const struct request whole = {.size_bytes = TINY_SIZE_BYTES, .noscan = true, .zero = true};
    (void)malloc_finish(heap, cache, span, block, &whole);
    heap_poison(block + size_bytes, TINY_SIZE_BYTES - size_bytes);
    if (cache->tiny_block == 0 || size_bytes < cache->tiny_offset) { // more of the new one is left
        cache->tiny_block = block;
        cache->tiny_offset = size_bytes;
    }
    return (void *)block;
}

void *malloc_tiny(struct heap *heap, struct mcache *cache, size_t size_bytes) {
    ASSERT(size_bytes > 0);
    ASSERT(size_bytes < TINY_SIZE_BYTES);
    size_t offset = aligned_offset(cache->tiny_offset, size_bytes);
    if (cache->tiny_block == 0 || offset + size_bytes > TINY_SIZE_BYTES) {
        return begin_block(heap, cache, size_bytes);
    }
    uintptr_t object = cache->tiny_block + offset;
    heap_unpoison(object, size_bytes);
    cache->tiny_offset = offset + size_bytes;
    stat_add(&cache->stats.tiny_alloc_count, 1);
    return (void *)object;
}
