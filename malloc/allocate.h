// allocate: malloc and its family where the fast path gives up.
//
// It is a file of its own, so that the fast path calls nothing and saves no register.
#ifndef MALLOC_ALLOCATE_H
#define MALLOC_ALLOCATE_H

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

// An object with heap_alloc's flags; NULL: errno is ENOMEM. Above PTRDIFF_MAX there is none.
void *allocate_any(size_t size_bytes, unsigned flags);

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
