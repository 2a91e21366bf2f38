// allocate: malloc and its family where the fast path gives up.
//
// It is a file of its own, so that the fast path calls nothing and saves no register.
#ifndef MALLOC_ALLOCATE_H
#define MALLOC_ALLOCATE_H

#include "allocator/size_classes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mspan;

#define ALLOCATE_ALIGN_BYTES ((size_t)16) // of max_align_t

// Every class of a multiple of 16 bytes is one itself. 0: size 1, so that each pointer is unique.
static inline size_t allocate_rounded(size_t size_bytes) {
    return (size_bytes + (size_bytes == 0) + ALLOCATE_ALIGN_BYTES - 1) &
           ~(ALLOCATE_ALIGN_BYTES - 1);
}

// The class of the size whose last byte is there, rounded so; size_class_of in fewer instructions.
static inline uint8_t allocate_class(size_t last_byte) {
    _Static_assert(ALLOCATE_ALIGN_BYTES == 16, "two of the table's steps");
    if (last_byte < SIZE_CLASS_BY_8_MAX) {
        return size_class_by_8[last_byte / 16 * 2 + 2];
    }
    return size_class_by_128[(last_byte - SIZE_CLASS_BY_8_MAX) / 128 + 1];
}

// What the lane does not take: an object of any size, zeroed when `zero` says so. NULL: errno is
// ENOMEM. Above PTRDIFF_MAX there is none.
void *allocate_any(size_t size_bytes, bool zero);

// The lane found no slot in the span at hand: a recent one, or one of another of the cache's spans,
// or of a new one.
void *allocate_recent(uint8_t size_class, bool zero);

// The same as allocate_any at a multiple of `align_bytes`, a power of two.
void *allocate_aligned(size_t align_bytes, size_t size_bytes);

// The large object grows where it is; false: it cannot.
bool allocate_larger(struct mspan *span, size_t size_bytes);

// A pointer that this heap did not give, or that was freed before, ends the program in one
// sentence. Keeps errno.
void allocate_release(void *pointer);

#endif
