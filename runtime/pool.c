// pool: records of all sizes in the heap's metadata, which is never given back: freed ones are used
// again.
#include "runtime/pool.h"

#include "runtime/runtime_internal.h"

#include "allocator/check.h"

#include "allocator/fault.h"

#include <string.h>

#define POOL_CLASS_MIN  5 // 32 bytes
#define BLOCK_BYTES_MAX ((size_t)1 << (RUNTIME_BLOCK_CLASSES - 1))
#define SLAB_BYTES      16384 // larger blocks are taken from the metadata one by one

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

static void *take_free(struct pool *pool, unsigned class) {
    struct pool_block *block = pool->free[class];
    CHECK(block != NULL);
    pool->free[class] = block->next;
    return block;
}

void *pool_alloc(struct runtime *runtime, size_t size_bytes) {
    ASSERT(size_bytes <= BLOCK_BYTES_MAX);
    struct pool *pool = &runtime->pool;
    unsigned class = class_of(size_bytes);
    if (heap_refuses_metadata(runtime->heap)) {
        return NULL;
    }
    return pool->free[class] == NULL ? take_new(runtime, (size_t)1 << class)
                                     : take_free(pool, class);
}

void pool_free(struct runtime *runtime, void *block, size_t size_bytes) {
    struct pool_block *freed = block;
    ASSERT(!runtime->pool.is_open);
    ASSERT(freed != NULL);
    ASSERT((uintptr_t)freed % 16 == 0);
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

// The heap's transaction, in which the pool's own words go back with what it obtained.
static void open_transaction(struct runtime *runtime) {
    struct pool *pool = &runtime->pool;
    if (!pool->is_open) {
        pool->is_open = true;
        heap_begin_transaction(runtime->heap);
        heap_save_in_transaction(runtime->heap, &pool->slab_next);
        heap_save_in_transaction(runtime->heap, &pool->slab_left);
    }
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

// Adds what is missing at the list's end, so that blocks are taken in the order in which they would
// be one by one.
static bool add_missing(struct runtime *runtime, const struct pool_need *needs, size_t index) {
    unsigned class = class_of(needs[index].size_bytes);
    size_t missing_count = wanted_of(needs, index);
    struct pool_block **link = &runtime->pool.free[class];
    for (; missing_count > 0 && *link != NULL; missing_count--) {
        link = &(*link)->next;
    }
    if (missing_count > 0) { // the list ends here
        open_transaction(runtime);
        heap_save_in_transaction(runtime->heap, link);
    }
    for (; missing_count > 0; missing_count--) {
        struct pool_block *block = take_new(runtime, (size_t)1 << class);
        if (block == NULL) {
            return false;
        }
        block->next = NULL;
        *link = block;
        link = &block->next;
    }
    return true;
}

// Asks for every block, as if it were taken now. False: there is none of that size, or a fault is
// planned.
static bool are_granted(struct runtime *runtime, const struct pool_need *needs, size_t need_count) {
    for (size_t i = 0; i < need_count; i++) {
        if (needs[i].size_bytes > BLOCK_BYTES_MAX) {
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

bool pool_begin(struct runtime *runtime, const struct pool_need *needs, size_t need_count) {
    CHECK(!runtime->pool.is_open);
    bool complete = are_granted(runtime, needs, need_count);
    for (size_t i = 0; complete && i < need_count; i++) {
        complete = add_missing(runtime, needs, i);
    }
    if (!complete) {
        pool_end(runtime, false);
    }
    return complete;
}

void pool_end(struct runtime *runtime, bool keep) {
    if (runtime->pool.is_open) {
        runtime->pool.is_open = false;
        heap_end_transaction(runtime->heap, keep);
    }
    ASSERT_SLOW(pool_is_valid(&runtime->pool));
}

bool pool_reserve(struct runtime *runtime, const struct pool_need *needs, size_t need_count) {
    bool reserved = pool_begin(runtime, needs, need_count);
    if (reserved) {
        pool_end(runtime, true);
    }
    return reserved;
}

void *pool_take_reserved(struct runtime *runtime, size_t size_bytes) {
    ASSERT(!runtime->pool.is_open);
    return take_free(&runtime->pool, class_of(size_bytes));
}

void *pool_copy(struct runtime *runtime, const void *bytes, size_t size_bytes) {
    return memcpy(pool_take_reserved(runtime, size_bytes), bytes, size_bytes);
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

// ---- validity: all is looked at, so that no order of the invariants hides one

// False: it is a ring (the slow one is met again), or a block lies where none can.
static bool list_is_valid(const struct pool_block *first) {
    const struct pool_block *slow = first;
    bool is_odd = false;
    for (const struct pool_block *at = first; at != NULL; at = at->next) {
        slow = is_odd ? slow->next : slow;
        is_odd = !is_odd;
        bool is_wrong = ((uintptr_t)at % 16 != 0) | (at->next == slow);
        if (is_wrong) {
            return false;
        }
    }
    return true;
}

bool pool_is_valid(const struct pool *pool) {
    bool valid = (pool->slab_left % ((size_t)1 << POOL_CLASS_MIN) == 0) &
                 (pool->slab_left <= SLAB_BYTES) & (pool->slab_next % 16 == 0) &
                 ((pool->slab_left == 0) | (pool->slab_next != 0));     // L1
    for (unsigned class = 0; class < RUNTIME_BLOCK_CLASSES; class ++) { // L2
        valid &= list_is_valid(pool->free[class]);
        valid &= (class >= POOL_CLASS_MIN) | (pool->free[class] == NULL);
    }
    return valid;
}
