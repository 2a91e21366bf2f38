// visit: the spans in use and where their pointers are, for the dump, which reads every object.
//
// Made for speed: bits a word at a time, no call per object. It shows no statistic, and it is not
// the oracle's view (allocator/inspect.h): what goes wrong in one shows in the other. The world is
// stopped while any of it is used.
#ifndef ALLOCATOR_VISIT_H
#define ALLOCATOR_VISIT_H

#include "allocator/size_classes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap;

// A span in use. Object i begins at base + i * element_bytes and is live when its alloc bit is set
// and its remote bit is not; no bit at or above object_count is set.
struct visited_span {
    uintptr_t base;
    size_t element_bytes;
    uint32_t object_count;
    uint32_t bit_words; // uint64_t words of each bitmap
    bool noscan;        // no pointer bits
    const uint64_t *alloc_bits;
    const uint64_t *remote_bits; // freed by another cache
};

// Calls `visit` for each span in use, in the order in which the span structures were made (Go's
// allspans), until it returns false. False: it did.
bool heap_visit_spans(const struct heap *heap,
                      bool (*visit)(void *context, const struct visited_span *span), void *context);

// The pointer bits of the heap's memory from `address` (a multiple of 8, in an arena) on: bit
// first_bit + i of the words returned is the i-th 8-byte word's; first_bit is below 64. They reach
// to the arena's end: `word_count` memory words.
struct visited_bits {
    const uint64_t *words;
    size_t first_bit;
    size_t word_count;
};
// The bits from `address` on. An address in no arena, or no multiple of 8, fails a CHECK.
struct visited_bits heap_pointer_bits(const struct heap *heap, uintptr_t address);

// The bounds over all arenas; 0, 0 when there is none. Stacks and free pages lie in them, too.
void heap_arena_bounds(const struct heap *heap, uintptr_t *start, uintptr_t *end);

#endif
