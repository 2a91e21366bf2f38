// large: an object with a span of its own, of whole pages.
#include "allocator/objects/malloc.h"

#include "allocator/check.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mcentral.h"
#include "allocator/poison.h"

void *malloc_large(struct heap *heap, struct mcache *cache, size_t align_pages,
                   const struct request *request) {
    if (request->size_bytes > HEAP_WINDOW_BYTES) {
        return NULL;
    }
    size_t page_count = (request->size_bytes + HEAP_PAGE_BYTES - 1) / HEAP_PAGE_BYTES;
    struct mspan *span =
        mheap_alloc_span(heap, page_count, align_pages, span_class_make(0, request->noscan));
    if (span == NULL) {
        return NULL;
    }
    mspan_init_objects(span, NULL);
    uintptr_t slot = mspan_alloc(span);
    CHECK(slot == span->base);
    stat_add(&cache->stats.large_alloc_count, 1);
    stat_add(&cache->stats.large_alloc_bytes, span->element_bytes);
    mstats_live_add(heap, span->element_bytes);
    void *object = malloc_finish(heap, cache, span, slot, request);
    mcentral_add_large(heap, span);
    return object;
}
