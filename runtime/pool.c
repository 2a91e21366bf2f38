// pool: records of all sizes in the heap's metadata, which is never given back: freed ones are used
// again.
#include "runtime/runtime_internal.h"

#include "allocator/fault.h"

#include <string.h>

#define POOL_CLASS_MIN 5     // 32 bytes
#define SLAB_BYTES     16384 // larger blocks are taken from the metadata one by one

static unsigned class_of(size_t size_bytes) {
    unsigned class = POOL_CLASS_MIN;
    while (((size_t)1 << class) < size_bytes) {
        class ++;
    }
    return class;
}

static void *take_new(struct runtime *runtime, size_t block_bytes) {
    struct pool *pool = &runtime->pool;
    if (block_bytes >= SLAB_BYTES) {
        return heap_metadata_alloc(runtime->heap, block_bytes);
    }
    if (pool->slab_left < block_bytes) { // the rest is lost: less than one block
        void *slab = heap_metadata_alloc(runtime->heap, SLAB_BYTES);
        if (slab == NULL) {
            return NULL;
        }
        pool->slab_next = (uintptr_t)slab;
        pool->slab_left = SLAB_BYTES;
    }
    void *block = (void *)pool->slab_next;
    pool->slab_next += block_bytes;
    pool->slab_left -= block_bytes;
    return block;
}

void *pool_alloc(struct runtime *runtime, size_t size_bytes) {
    if (size_bytes > (size_t)1 << (POOL_CLASS_COUNT - 1) || heap_refuses_metadata(runtime->heap)) {
        return NULL;
    }
    unsigned class = class_of(size_bytes);
    struct pool_block *block = runtime->pool.free[class];
    if (block == NULL) {
        return take_new(runtime, (size_t)1 << class);
    }
    runtime->pool.free[class] = block->next;
    return memset(block, 0, (size_t)1 << class);
}

void pool_free(struct runtime *runtime, void *block, size_t size_bytes) {
    struct pool_block *freed = block;
    unsigned class = class_of(size_bytes);
    freed->next = runtime->pool.free[class];
    runtime->pool.free[class] = freed;
}

void *pool_copy(struct runtime *runtime, const void *bytes, size_t size_bytes) {
    void *copy = pool_alloc(runtime, size_bytes);
    if (copy != NULL && size_bytes > 0) {
        memcpy(copy, bytes, size_bytes);
    }
    return copy;
}

char *pool_copy_string(struct runtime *runtime, const char *text) {
    const char *source = text == NULL ? "" : text;
    return pool_copy(runtime, source, strlen(source) + 1);
}

void pool_free_string(struct runtime *runtime, const char *text) {
    if (text != NULL) {
        pool_free(runtime, (void *)(uintptr_t)text, strlen(text) + 1);
    }
}
