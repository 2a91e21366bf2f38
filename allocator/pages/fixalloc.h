// fixalloc: blocks of one size, cut from 16 KiB chunks of the persistent allocator, with a free
// list.
//
// After Go's fixalloc. A block is handed out zeroed. Freed blocks come back last in, first out;
// chunks never go back. Its user moves the statistic of what is in use. Under the heap's lock.
//
// Invariants, checked by fixalloc_is_valid():
//   F1  a block is a multiple of 16 bytes, holds a link, and fits a chunk
//   F2  what is left of the last chunk is no more than a chunk, and nothing without a chunk
//   F3  each block of the chunks is in use, in the free list, or left of the last chunk
#ifndef ALLOCATOR_PAGES_FIXALLOC_H
#define ALLOCATOR_PAGES_FIXALLOC_H

#include "allocator/inspect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap;

// Bytes that are taken from the persistent allocator at once. Go's _FixAllocChunk.
#define FIXALLOC_CHUNK_BYTES 16384

// The first word of a free block. The rest of it is what its user left.
struct fixalloc_block {
    struct fixalloc_block *next;
};

// Of its chunks: the last one, and how many there are.
struct fixalloc_chunks {
    uintptr_t next; // block of the last chunk that was never handed out
    size_t left;    // bytes of it
    size_t count;
};

// An allocator of blocks of one size. Not thread-safe: the heap's lock guards it. Go's fixalloc.
struct fixalloc {
    size_t block_bytes; // multiple of 16
    enum inspect_metadata metadata;
    struct fixalloc_block *free_list;
    struct fixalloc_chunks chunks;
    uint64_t inuse_bytes; // blocks handed out
};

// Makes an allocator without a chunk; block_bytes is rounded up to 16, what it takes goes to
// `metadata`.
void fixalloc_init(struct fixalloc *fix, size_t block_bytes, enum inspect_metadata metadata);

// `first`, when not NULL, is set to whether the block was never handed out before. NULL: no memory,
// nothing changed.
void *fixalloc_alloc(struct heap *heap, struct fixalloc *fix, bool *first);
// Puts a block of this allocator first in the free list. Its contents stay, but for the first word.
void fixalloc_free(struct fixalloc *fix, void *block);

// Whether a block is at hand, so that fixalloc_alloc needs no memory.
bool fixalloc_is_ready(const struct fixalloc *fix);

// Makes sure that the next fixalloc_alloc succeeds. False: no memory, nothing changed.
bool fixalloc_reserve(struct heap *heap, struct fixalloc *fix);

// Checks F1..F3. O(free blocks).
bool fixalloc_is_valid(const struct fixalloc *fix);

#endif
