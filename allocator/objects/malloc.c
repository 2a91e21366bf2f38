// malloc: allocates and frees objects; the fast paths take no lock and no atomic read-modify-write.
//
// The caller of every public function is the cache's owner. A free of an object whose span another
// cache owns, or nobody, is mcentral's. After Go's mallocgc.
#include "allocator/objects/malloc.h"

#include "allocator/check.h"
#include "allocator/spans/mbitmap.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mcentral.h"
#include "allocator/objects/object.h"
#include "allocator/poison.h"
#include "allocator/spans/special_internal.h"

#include <string.h>

uintptr_t malloc_slot(struct heap *heap, struct mcache *cache, uint8_t span_class,
                      struct mspan **span) {
    *span = cache->alloc[span_class];
    uintptr_t slot = *span == NULL ? 0 : mspan_alloc(*span);
    if (slot == 0) {
        *span = mcache_refill(heap, cache, span_class);
        if (*span == NULL) {
            return 0;
        }
        slot = mspan_alloc(*span);
        CHECK(slot != 0);
    }
    stat_add(&cache->stats.small_alloc_count[span_class >> 1], 1);
    return slot;
}

void *malloc_finish(struct heap *heap, struct mcache *cache, struct mspan *span, uintptr_t slot,
                    const struct request *request) {
    heap_unpoison(slot, span->element_bytes);
    if (span->needzero && request->zero) {
        memset((void *)slot, 0, span->element_bytes);
    }
    if (!request->noscan) {
        mbitmap_set(heap, slot, request->size_bytes, request->layout);
    }
    heap_poison(slot + request->size_bytes, span->element_bytes - request->size_bytes);
    if (atomic_load_explicit(&heap->marking, memory_order_relaxed)) {
        (void)mspan_mark(span, mspan_index_of(span, slot)); // allocated black
    }
    cache->next_sample_bytes -= (int64_t)span->element_bytes;
    if (cache->next_sample_bytes < 0) {
        mprof_sample(heap, cache, span, slot, span->element_bytes);
    }
    return (void *)slot;
}

void *malloc_small(struct heap *heap, struct mcache *cache, uint8_t size_class,
                   const struct request *request) {
    struct mspan *span;
    uintptr_t slot = malloc_slot(heap, cache, span_class_make(size_class, request->noscan), &span);
    return slot == 0 ? NULL : malloc_finish(heap, cache, span, slot, request);
}

static struct request make_request(size_t size_bytes, const struct gc_layout *layout,
                                   unsigned flags) {
    bool noscan = layout == NULL || layout->pointer_bytes == 0;
    return (struct request){
        .size_bytes = size_bytes,
        .layout = layout,
        .noscan = noscan,
        .zero = !noscan || (flags & HEAP_ALLOC_ZERO) != 0,
    };
}

void *heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                 const struct gc_layout *layout, unsigned flags) {
    if (size_bytes == 0) {
        return heap_zero_base(heap);
    }
    struct request request = make_request(size_bytes, layout, flags);
    void *object;
    world_enter(heap, cache);
    if (size_bytes > SMALL_SIZE_MAX) {
        object = malloc_large(heap, cache, 0, &request);
    } else if (request.noscan && size_bytes < TINY_SIZE_BYTES && (flags & HEAP_ALLOC_TINY) != 0) {
        object = malloc_tiny(heap, cache, size_bytes);
    } else {
        object = malloc_small(heap, cache, size_class_of(size_bytes), &request);
    }
    world_leave(cache);
    return object;
}

// The smallest class for the size whose objects all begin at multiples of `align_bytes`; 0: none.
// Spans begin at pages, so that any alignment up to a page is the object size's own.
static uint8_t aligned_class(size_t size_bytes, size_t align_bytes) {
    if (size_bytes > SMALL_SIZE_MAX || align_bytes > HEAP_PAGE_BYTES) {
        return 0;
    }
    uint8_t class = size_class_of(size_bytes);
    while (size_class_bytes[class] % align_bytes != 0) { // the last class is a multiple of each
        class ++;
    }
    return class;
}

void *heap_alloc_aligned(struct heap *heap, struct mcache *cache, size_t size_bytes,
                         size_t align_bytes, const struct gc_layout *layout, unsigned flags) {
    CHECK(align_bytes != 0);
    CHECK((align_bytes & (align_bytes - 1)) == 0);
    if (align_bytes > HEAP_ARENA_BYTES) {
        return NULL;
    }
    if (size_bytes == 0) {
        if (align_bytes <= sizeof(uint64_t)) {
            return heap_zero_base(heap);
        }
        size_bytes = 1;
    }
    struct request request = make_request(size_bytes, layout, flags);
    uint8_t class = aligned_class(size_bytes, align_bytes);
    world_enter(heap, cache);
    void *object = class != 0 ? malloc_small(heap, cache, class, &request)
                              : malloc_large(heap, cache, align_bytes / HEAP_PAGE_BYTES, &request);
    world_leave(cache);
    return object;
}

// The cache owns the span: nobody else writes its bits.
static void free_owned(struct heap *heap, struct mcache *cache, struct object object) {
    struct mspan *span = object.span;
    uintptr_t base = mspan_object(span, object.index);
    if (mspan_has_specials(span)) {
        special_free_object(heap, span, object.index);
    }
    if (!mspan_is_noscan(span)) {
        mbitmap_clear(heap, base, span->element_bytes);
    }
    heap_poison(base, span->element_bytes);
    mspan_free(span, object.index);
    stat_add(&cache->stats.small_free_count[mspan_size_class(span)], 1);
}

static enum heap_free_status free_elsewhere(struct heap *heap, struct mcache *cache,
                                            struct object object) {
    uint8_t size_class = mspan_size_class(object.span);
    size_t element_bytes = object.span->element_bytes; // the span may be gone below
    enum heap_free_status status = mcentral_free_object(heap, cache, object.span, object.index);
    if (size_class == 0) {
        mstats_count_large_free(heap, cache, element_bytes);
    } else {
        mstats_count_small_frees(heap, cache, size_class, 1);
    }
    return status;
}

enum heap_free_status heap_free(struct heap *heap, struct mcache *cache, void *pointer) {
    if (pointer == NULL || heap_is_zero_base(heap, pointer)) {
        return HEAP_FREE_DEFERRED;
    }
    enum heap_free_status status = HEAP_FREE_DEFERRED;
    struct object object;
    world_enter(heap, cache);
    if (object_of(heap, (uintptr_t)pointer, &object)) {
        if (mspan_owner(object.span) == cache->id + 1) {
            free_owned(heap, cache, object);
            status = HEAP_FREED;
        } else {
            status = free_elsewhere(heap, cache, object);
        }
    }
    world_leave(cache);
    return status;
}

size_t heap_usable_bytes(struct heap *heap, const void *pointer) {
    struct heap_object object;
    bool live = heap_find_object(heap, (uintptr_t)pointer, &object) && object.allocated;
    return live && object.base == (uintptr_t)pointer ? object.element_bytes : 0;
}

bool heap_find_object(struct heap *heap, uintptr_t address, struct heap_object *object) {
    const struct mspan *span = mheap_span_of(heap, address);
    if (span == NULL || span->state != MSPAN_IN_USE) {
        return false;
    }
    uint32_t index = mspan_index_of(span, address);
    if (index >= span->object_count) {
        return false;
    }
    *object = (struct heap_object){
        .base = mspan_object(span, index),
        .element_bytes = span->element_bytes,
        .noscan = mspan_is_noscan(span),
        .allocated = mspan_is_live(span, index),
        .marked = mspan_bit_is_set(span->mark_bits, index),
    };
    return true;
}
