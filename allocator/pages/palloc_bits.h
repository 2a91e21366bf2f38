// palloc_bits: runs of bits in the words of one chunk, and the summary of a chunk.
#ifndef ALLOCATOR_PAGES_PALLOC_BITS_H
#define ALLOCATOR_PAGES_PALLOC_BITS_H

#include "allocator/pages/palloc.h"

// Sets bits [first, first + count) of the words.
void palloc_bits_set(uint64_t *words, unsigned first, unsigned count);
// Clears them.
void palloc_bits_clear(uint64_t *words, unsigned first, unsigned count);
// How many of them are set.
unsigned palloc_bits_count(const uint64_t *words, unsigned first, unsigned count);

// Index of the first bit at or above `from` that is `value`; HEAP_CHUNK_PAGES: none.
unsigned palloc_bits_find(const uint64_t *words, unsigned from, bool value);

// The summary of a chunk's free pages: the clear bits of its alloc bits.
struct palloc_summary palloc_bits_summary(const uint64_t *alloc_bits);

// The summary of two neighbours: the first stands for `first_pages` pages, the second for
// `second_pages`.
static inline struct palloc_summary palloc_summary_join(struct palloc_summary first,
                                                        uint32_t first_pages,
                                                        struct palloc_summary second,
                                                        uint32_t second_pages) {
    uint32_t across_pages = first.end_pages + second.start_pages;
    uint32_t max_pages = first.max_pages > second.max_pages ? first.max_pages : second.max_pages;
    return (struct palloc_summary){
        .start_pages =
            first.start_pages == first_pages ? first_pages + second.start_pages : first.start_pages,
        .max_pages = max_pages > across_pages ? max_pages : across_pages,
        .end_pages =
            second.end_pages == second_pages ? second_pages + first.end_pages : second.end_pages,
    };
}

#endif
