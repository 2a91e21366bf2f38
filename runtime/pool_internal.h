// pool_internal: records of all sizes in the heap's metadata, with free lists by power of two.
//
// Invariants, checked by pool_is_valid():
//   L1  what is left of a slab is whole least blocks, no more than a slab, and nothing without one
//   L2  a free list ends, its blocks lie at multiples of 16 bytes, and none is of less than a least
//       block
//
// An example: a goroutine needs a record of 240 bytes, two strings of 8, and a stack of the heap.
// pool_begin is asked for one block of 256 bytes and two of 32, the least:
//   the list of 256 has one, that of 32 one of two: a transaction of the heap's begins, the head of
//   the list and the place of the slab are saved in it, and a block is cut from the slab
//   the stack is got: pool_end(keep); three calls of pool_take_reserved cannot fail
//   it is not: pool_end(not keep) ends the transaction, which sets list and slab back, and undoes a
//   slab that was got
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
    bool is_open; // between pool_begin and pool_end: a transaction of the heap's
};

// Holds anything. NULL: no memory. `size_bytes` is told again when it is freed. Under the runtime's
// lock.
void *pool_alloc(struct runtime *runtime, size_t size_bytes);
void pool_free(struct runtime *runtime, void *block, size_t size_bytes);

// All or nothing, for a call that needs several things: makes sure that the pool has `count` blocks
// of `size_bytes` for each need, so that pool_take_reserved finds them. One more thing may follow,
// up to pool_end: it is had, or pool_end does not keep what was obtained since. Several more: in a
// transaction of the heap's, with pool_reserve. False: no memory, nothing changed, and no pool_end.
struct pool_need {
    size_t size_bytes, count;
};
bool pool_begin(struct runtime *runtime, const struct pool_need *needs, size_t need_count);
// No block was taken out of the pool.
void pool_end(struct runtime *runtime, bool keep);
// Both, where nothing follows.
bool pool_reserve(struct runtime *runtime, const struct pool_need *needs, size_t need_count);
// A block that was made sure of. Holds anything.
void *pool_take_reserved(struct runtime *runtime, size_t size_bytes);

// Checks L1 and L2. O(free blocks). Under the runtime's lock.
bool pool_is_valid(const struct pool *pool);

size_t pool_string_bytes(const char *text); // that pool_copy_string needs

// A copy of `size_bytes` bytes, at least one, in a block that was made sure of.
void *pool_copy(struct runtime *runtime, const void *bytes, size_t size_bytes);
char *pool_copy_string(struct runtime *runtime, const char *text); // NULL is ""
void pool_free_string(struct runtime *runtime, const char *text);  // NULL: nothing

#endif
