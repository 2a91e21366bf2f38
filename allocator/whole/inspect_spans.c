// inspect_spans: spans, central lists and caches as plain records of raw bits.
#include "allocator/inspect.h"

#include "allocator/pages/mheap.h"
#include "allocator/pages/mspan.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mcentral.h"
#include "allocator/structure.h"

#include <string.h>

_Static_assert((int)INSPECT_SPAN_DEAD == (int)MSPAN_DEAD &&
                   (int)INSPECT_SPAN_IN_USE == (int)MSPAN_IN_USE &&
                   (int)INSPECT_SPAN_MANUAL == (int)MSPAN_MANUAL,
               "a span's state is shown as it is");

size_t inspect_span_count(const struct heap *heap) {
    return heap->all_span_count;
}

static void fill_record(const struct mspan *span, struct inspect_span *record) {
    *record = (struct inspect_span){
        .identity = span,
        .base = span->state == MSPAN_DEAD ? 0 : span->base, // a free list's link may lie there
        .page_count = span->page_count,
        .element_bytes = span->element_bytes,
        .object_count = span->object_count,
        .free_index = span->free_index,
        .claimed_alloc_count = mspan_alloc_count(span),
        .claimed_remote_count = span->remote_count,
        .bit_words = mspan_bit_words(span),
        .alloc_bits = mspan_plain_bits(span->alloc_bits),
        .remote_bits = mspan_plain_bits(span->remote_bits),
        .mark_bits = mspan_plain_bits(span->mark_bits),
        .specials = atomic_load_explicit(&span->specials, memory_order_relaxed),
        .sweep_generation = span->sweep_generation,
        .owner_cache = mspan_owner(span) - 1, // none: wraps to UINT32_MAX
        .span_class = span->span_class,
        .state = span->state,
        .manual_stat = span->stat,
        .needzero = span->needzero,
    };
}

bool inspect_span(const struct heap *heap, size_t index, struct inspect_span *record) {
    if (index >= heap->all_span_count) {
        return false;
    }
    fill_record(heap->all_spans[index], record);
    return true;
}

bool inspect_span_at(const struct heap *heap, uintptr_t address, struct inspect_span *record) {
    const struct mspan *span = mheap_span_of(heap, address);
    if (span == NULL) {
        return false;
    }
    fill_record(span, record);
    return true;
}

bool inspect_span_of_address(const struct heap *heap, uintptr_t address, const void **identity) {
    *identity = mheap_span_of(heap, address);
    return *identity != NULL;
}

bool inspect_is_sound(const struct heap *heap) {
    return heap_is_valid(heap);
}

uint32_t inspect_sweep_generation(const struct heap *heap) {
    return atomic_load_explicit(&heap->sweep_generation, memory_order_relaxed);
}

bool inspect_is_marking(const struct heap *heap) {
    return atomic_load_explicit(&heap->marking, memory_order_relaxed);
}

static const struct mspan *first_of(const struct heap *heap, uint8_t span_class,
                                    enum inspect_list list) {
    const struct mcentral *central = &heap->central[span_class];
    uint32_t swept = inspect_sweep_generation(heap) / 2 % 2;
    switch (list) {
    case INSPECT_PARTIAL_SWEPT:
        return central->partial[swept].first;
    case INSPECT_PARTIAL_UNSWEPT:
        return central->partial[1 - swept].first;
    case INSPECT_FULL_SWEPT:
        return central->full[swept].first;
    case INSPECT_FULL_UNSWEPT:
        return central->full[1 - swept].first;
    case INSPECT_LIST_COUNT:
        break;
    }
    return NULL;
}

size_t inspect_list(const struct heap *heap, uint8_t span_class, enum inspect_list list,
                    size_t limit, void (*visit)(void *context, const void *identity),
                    void *context) {
    size_t count = 0;
    const struct mspan *span = first_of(heap, span_class, list);
    for (; span != NULL && count < limit; span = span->next, count++) {
        visit(context, span);
    }
    return count;
}

size_t inspect_cache_limit(const struct heap *heap) {
    return heap->cache_limit;
}

bool inspect_cache(const struct heap *heap, uint32_t id, struct inspect_cache *record) {
    const struct mcache *cache = heap->caches[id];
    if (cache == NULL) {
        return false;
    }
    record->id = cache->id;
    record->identity = cache;
    for (uint32_t class = 0; class < SPAN_CLASS_COUNT; class ++) {
        record->spans[class] = cache->alloc[class];
    }
    return true;
}
