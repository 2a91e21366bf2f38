// marked: the objects that a cycle has marked, span by span.
#include "allocator/collect.h"

#include "allocator/bits.h"
#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/pages/mspan.h"
#include "allocator/structure.h"

static uint64_t marked_word(const struct mspan *span, uint32_t word) {
    return mspan_bit_word(span->alloc_bits, word) & ~mspan_bit_word(span->remote_bits, word) &
           mspan_bit_word(span->mark_bits, word);
}

static void visit_word(struct heap *heap, const struct mspan *span, uint32_t word,
                       void (*visit)(void *context, const struct heap_object *object),
                       void *context) {
    for (uint64_t bits = marked_word(span, word); bits != 0; bits &= bits - 1) {
        struct heap_object object;
        uint32_t index = word * 64 + bits_ctz64(bits);
        CHECK(heap_find_object(heap, mspan_object(span, index), &object));
        visit(context, &object);
    }
}

void heap_visit_marked(struct heap *heap,
                       void (*visit)(void *context, const struct heap_object *object),
                       void *context) {
    for (size_t i = 0; i < heap->all_span_count; i++) {
        const struct mspan *span = heap->all_spans[i];
        if (span->state != MSPAN_IN_USE || mspan_is_noscan(span)) {
            continue;
        }
        for (uint32_t word = 0; word < mspan_bit_words(span); word++) {
            visit_word(heap, span, word, visit, context);
        }
    }
}

uint64_t heap_marked_bytes(const struct heap *heap) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < heap->all_span_count; i++) {
        const struct mspan *span = heap->all_spans[i];
        if (span->state != MSPAN_IN_USE) {
            continue;
        }
        for (uint32_t word = 0; word < mspan_bit_words(span); word++) {
            bytes += bits_popcount64(marked_word(span, word)) * span->element_bytes;
        }
    }
    return bytes;
}
