// marked: the objects that a cycle has marked, span by span.
#include "allocator/collect.h"

#include "allocator/mheap.h"

#define WORD_BITS 64

static uint64_t marked_word(const struct mspan *span, uint32_t word)
{
    return span->alloc_bits[word] & ~span->remote_bits[word] & span->mark_bits[word];
}

static uint32_t bit_words(const struct mspan *span)
{
    return (span->object_count + WORD_BITS - 1) / WORD_BITS;
}

static void visit_word(struct heap *heap, const struct mspan *span, uint32_t word,
                       void (*visit)(void *context, const struct heap_object *object),
                       void *context)
{
    uint64_t bits = marked_word(span, word);
    for (uint32_t i = 0; bits >> i != 0; i++) {
        struct heap_object object;
        uintptr_t base = span->base + ((uintptr_t)word * WORD_BITS + i) * span->element_bytes;
        if ((bits >> i & 1) != 0 && heap_find_object(heap, base, &object)) {
            visit(context, &object);
        }
        if (i == WORD_BITS - 1) {
            break;
        }
    }
}

void heap_visit_marked(struct heap *heap,
                       void (*visit)(void *context, const struct heap_object *object),
                       void *context)
{
    for (size_t i = 0; i < heap->all_span_count; i++) {
        const struct mspan *span = heap->all_spans[i];
        if (span->state != MSPAN_IN_USE || (span->span_class & 1) != 0) {
            continue;
        }
        for (uint32_t word = 0; word < bit_words(span); word++) {
            visit_word(heap, span, word, visit, context);
        }
    }
}

static uint32_t count_bits(uint64_t bits)
{
    uint32_t count = 0;
    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

uint64_t heap_marked_bytes(const struct heap *heap)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < heap->all_span_count; i++) {
        const struct mspan *span = heap->all_spans[i];
        if (span->state != MSPAN_IN_USE) {
            continue;
        }
        for (uint32_t word = 0; word < bit_words(span); word++) {
            bytes += count_bits(marked_word(span, word)) * span->element_bytes;
        }
    }
    return bytes;
}
