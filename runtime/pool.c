// pool: records of all sizes in the heap's metadata, which is never given back: freed ones are used
// again.
#include "runtime/pool.h"

#include "runtime/runtime_internal.h"

#include "allocator/check.h"

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

// Whether the fault plan refuses a block; it was asked before for blocks that were promised.
static bool is_refused(struct runtime *runtime) {
    if (runtime->pool.promised_count == 0) {
        return heap_refuses_metadata(runtime->heap);
    }
    runtime->pool.promised_count--;
    return false;
}

void *pool_alloc(struct runtime *runtime, size_t size_bytes) {
    if (size_bytes > (size_t)1 << (RUNTIME_BLOCK_CLASSES - 1) || is_refused(runtime)) {
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

size_t runtime_free_block_count(const struct runtime *runtime, unsigned class, size_t limit) {
    size_t count = 0;
    const struct pool_block *block = runtime->pool.free[class];
    for (; block != NULL && count < limit; block = block->next) {
        count++;
    }
    return count;
}

// ---- several blocks, and what is obtained with them, as one

// The link that ends the free list after at most `limit` blocks; counts them.
static struct pool_block **walk_free(struct pool *pool, unsigned class, size_t limit,
                                     size_t *count) {
    struct pool_block **link = &pool->free[class];
    for (*count = 0; *count < limit && *link != NULL; (*count)++) {
        link = &(*link)->next;
    }
    return link;
}

// Blocks of the class that the needs up to this one ask for.
static size_t wanted_of(const struct pool_need *needs, size_t index) {
    size_t wanted = needs[index].count;
    for (size_t i = 0; i < index; i++) {
        wanted +=
            class_of(needs[i].size_bytes) == class_of(needs[index].size_bytes) ? needs[i].count : 0;
    }
    return wanted;
}

static bool has_all(struct runtime *runtime, const struct pool_need *needs, size_t need_count) {
    for (size_t i = 0; i < need_count; i++) {
        size_t had_count;
        size_t wanted = wanted_of(needs, i);
        (void)walk_free(&runtime->pool, class_of(needs[i].size_bytes), wanted, &had_count);
        if (had_count < wanted) {
            return false;
        }
    }
    return true;
}

// Adds what is missing at the list's end, so that blocks are taken in the order in which they would
// be without an attempt.
static bool add_missing(struct runtime *runtime, struct pool_attempt *attempt,
                        const struct pool_need *needs, size_t index) {
    unsigned class = class_of(needs[index].size_bytes);
    size_t wanted = wanted_of(needs, index);
    size_t had_count;
    struct pool_block **link = walk_free(&runtime->pool, class, wanted, &had_count);
    if (had_count < wanted) { // the list ends here
        attempt->touched[attempt->touched_count].class = class;
        attempt->touched[attempt->touched_count++].had_count = had_count;
    }
    for (; had_count < wanted; had_count++) {
        struct pool_block *block = take_new(runtime, (size_t)1 << class);
        if (block == NULL) {
            return false;
        }
        *link = block;
        link = &block->next;
    }
    return true;
}

// Asks for every block, as if it were taken now. False: there is none of that size, or a fault is
// planned.
static bool are_granted(struct runtime *runtime, const struct pool_need *needs, size_t need_count) {
    for (size_t i = 0; i < need_count; i++) {
        if (needs[i].size_bytes > (size_t)1 << (RUNTIME_BLOCK_CLASSES - 1)) {
            return false;
        }
        for (size_t block = 0; block < needs[i].count; block++) {
            if (heap_refuses_metadata(runtime->heap)) {
                return false;
            }
        }
    }
    return true;
}

bool pool_begin(struct runtime *runtime, struct pool_attempt *attempt,
                const struct pool_need *needs, size_t need_count, size_t others) {
    CHECK(need_count <= POOL_NEEDS_MAX);
    CHECK(runtime->pool.promised_count == 0);
    if (!are_granted(runtime, needs, need_count)) {
        return false;
    }
    *attempt = (struct pool_attempt){
        .is_open = others > 1 || !has_all(runtime, needs, need_count),
        .slab_next = runtime->pool.slab_next,
        .slab_left = runtime->pool.slab_left,
    };
    if (attempt->is_open) {
        heap_begin_attempt(runtime->heap);
    }
    for (size_t i = 0; attempt->is_open && i < need_count; i++) {
        if (!add_missing(runtime, attempt, needs, i)) {
            pool_end(runtime, attempt, false);
            return false;
        }
    }
    for (size_t i = 0; i < need_count; i++) {
        runtime->pool.promised_count += needs[i].count;
    }
    return true;
}

void pool_end(struct runtime *runtime, const struct pool_attempt *attempt, bool keep) {
    struct pool *pool = &runtime->pool;
    pool->promised_count = keep ? pool->promised_count : 0;
    if (!attempt->is_open) {
        return;
    }
    for (size_t i = keep ? 0 : attempt->touched_count; i-- > 0;) {
        size_t had_count;
        *walk_free(pool, attempt->touched[i].class, attempt->touched[i].had_count, &had_count) =
            NULL;
    }
    if (!keep && attempt->slab_left > 0) {
        memset((void *)attempt->slab_next, 0, attempt->slab_left); // blocks cut from it were linked
    }
    if (!keep) {
        pool->slab_next = attempt->slab_next;
        pool->slab_left = attempt->slab_left;
    }
    heap_end_attempt(runtime->heap, keep);
}

void *pool_copy(struct runtime *runtime, const void *bytes, size_t size_bytes) {
    void *copy = pool_alloc(runtime, size_bytes);
    if (copy != NULL && size_bytes > 0) {
        memcpy(copy, bytes, size_bytes);
    }
    return copy;
}

size_t pool_string_bytes(const char *text) {
    return text == NULL ? 1 : strlen(text) + 1;
}

char *pool_copy_string(struct runtime *runtime, const char *text) {
    return pool_copy(runtime, text == NULL ? "" : text, pool_string_bytes(text));
}

void pool_free_string(struct runtime *runtime, const char *text) {
    if (text != NULL) {
        pool_free(runtime, (void *)(uintptr_t)text, strlen(text) + 1);
    }
}
