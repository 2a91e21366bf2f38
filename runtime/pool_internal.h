// pool_internal: records of all sizes in the heap's metadata, with free lists by power of two.
//
// Invariants, checked by pool_is_valid():
//   L1  what is left of a slab is whole least blocks, no more than a slab, and nothing without one
//   L2  a free list ends, its blocks lie at multiples of 16 bytes, and none is of less than a least
//       block
//   L3  no more blocks are promised than are free
#ifndef RUNTIME_POOL_INTERNAL_H
#define RUNTIME_POOL_INTERNAL_H

#include "runtime/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime;

struct pool_block {
    struct pool_block *next;
};

struct pool {
    struct pool_block *free[RUNTIME_BLOCK_CLASSES]; // of 2^class bytes
    uintptr_t slab_next;
    size_t slab_left;
    size_t promised_count; // blocks that the next calls of pool_alloc take and cannot lack
};

// Holds anything. NULL: no memory. `size_bytes` is told again when it is freed. Under the runtime's
// lock.
void *pool_alloc(struct runtime *runtime, size_t size_bytes);
void pool_free(struct runtime *runtime, void *block, size_t size_bytes);

// All or nothing, for a call that needs several things: makes sure that the pool has `count` blocks
// of `size_bytes` for each need, so that pool_alloc cannot fail for them. What follows, up to
// pool_end, is obtained from the heap with them: one thing, or after pool_begin_several several.
// False: no memory, nothing changed, and no pool_end.
struct pool_need {
    size_t size_bytes, count;
};
#define POOL_NEEDS_MAX 4
struct pool_transaction {
    bool is_open; // the heap's transaction
    uintptr_t slab_next;
    size_t slab_left;
    size_t touched_count;
    struct {
        unsigned class;
        size_t had_count; // blocks before
    } touched[POOL_NEEDS_MAX];
};
bool pool_begin(struct runtime *runtime, struct pool_transaction *transaction,
                const struct pool_need *needs, size_t need_count);
bool pool_begin_several(struct runtime *runtime, struct pool_transaction *transaction,
                        const struct pool_need *needs, size_t need_count);
// `keep` false: what was obtained since pool_begin goes back. No block was taken out of the pool.
void pool_end(struct runtime *runtime, const struct pool_transaction *transaction, bool keep);

// Checks L1..L3. O(free blocks). Under the runtime's lock.
bool pool_is_valid(const struct pool *pool);

size_t pool_string_bytes(const char *text); // that pool_copy_string needs

// A copy of `size_bytes` bytes.
void *pool_copy(struct runtime *runtime, const void *bytes, size_t size_bytes);
char *pool_copy_string(struct runtime *runtime, const char *text); // NULL is ""
void pool_free_string(struct runtime *runtime, const char *text);  // NULL: nothing

#endif
