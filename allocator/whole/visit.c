// visit: the spans in use and where their pointers are, read for the dump without a call per
// object.
#include "allocator/visit.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/pages/arena.h"
#include "allocator/pages/mspan.h"
#include "allocator/structure.h"

#define WORD_BYTES sizeof(uint64_t)

bool heap_visit_spans(const struct heap *heap,
                      bool (*visit)(void *context, const struct visited_span *span),
                      void *context) {
    for (size_t i = 0; i < heap->all_span_count; i++) {
        const struct mspan *span = heap->all_spans[i];
        if (span->state != MSPAN_IN_USE) {
            continue;
        }
        struct visited_span visited = {
            .base = span->base,
            .element_bytes = span->element_bytes,
            .object_count = span->object_count,
            .bit_words = (span->object_count + 63) / 64,
            .noscan = (span->span_class & 1) != 0,
            .alloc_bits = mspan_plain_bits(span->alloc_bits),
            .remote_bits = mspan_plain_bits(span->remote_bits),
        };
        if (!visit(context, &visited)) {
            return false;
        }
    }
    return true;
}

struct visited_bits heap_pointer_bits(const struct heap *heap, uintptr_t address) {
    CHECK(address % WORD_BYTES == 0);
    uintptr_t offset = address - heap->base;
    CHECK(offset < HEAP_WINDOW_BYTES);
    const struct heap_arena *arena = heap->arenas[offset / HEAP_ARENA_BYTES];
    CHECK(arena != NULL);
    size_t first_word = offset % HEAP_ARENA_BYTES / WORD_BYTES;
    return (struct visited_bits){
        .words = arena->pointer_bits + first_word / 64,
        .first_bit = first_word % 64,
        .word_count = HEAP_ARENA_BYTES / WORD_BYTES - first_word,
    };
}

void heap_arena_bounds(const struct heap *heap, uintptr_t *start, uintptr_t *end) {
    *start = *end = 0;
    for (size_t i = 0; i < HEAP_ARENA_COUNT; i++) {
        if (heap->arenas[i] == NULL) {
            continue;
        }
        uintptr_t base = heap->base + i * HEAP_ARENA_BYTES;
        if (*end == 0) {
            *start = base;
        }
        *end = base + HEAP_ARENA_BYTES;
    }
}
