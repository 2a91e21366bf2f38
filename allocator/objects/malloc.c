// malloc: allocates and frees objects; the fast paths take no lock and no atomic read-modify-write.
//
// Three kinds: small, in a slot of a cached span; tiny, which share such a slot; large, with a span
// of their own. The caller of every public function is the cache's owner. A free of an object whose
// span another cache owns, or nobody, is mcentral's. After Go's mallocgc.
#include "allocator/heap.h"

#include "allocator/check.h"
#include "allocator/pages/mheap.h"
#include "allocator/pages/mspan.h"
#include "allocator/pages/mstats.h"
#include "allocator/poison.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mbitmap.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mcentral.h"
#include "allocator/spans/mprof_internal.h"
#include "allocator/spans/object.h"
#include "allocator/spans/special_internal.h"
#include "allocator/structure.h"
#include "allocator/system/world.h"

#include <string.h>

// A request, as the kinds of allocation pass it on.
struct request {
    size_t size_bytes;
    const struct gc_layout *layout; // NULL when noscan
    bool noscan;
    bool zero;
};

// ---- small: a slot of a cached span

// A slot in a span of the class, counted in the cache; 0: no memory. `span` is then where it is.
static uintptr_t malloc_slot(struct heap *heap, struct mcache *cache, uint8_t span_class,
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

// Makes a slot an object: zeroes, sets pointer bits, poisons the tail, marks it while marking,
// samples it.
static void *malloc_finish(struct heap *heap, struct mcache *cache, struct mspan *span,
                           uintptr_t slot, const struct request *request) {
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

static void *malloc_small(struct heap *heap, struct mcache *cache, uint8_t size_class,
                          const struct request *request) {
    struct mspan *span;
    uintptr_t slot = malloc_slot(heap, cache, span_class_make(size_class, request->noscan), &span);
    return slot == 0 ? NULL : malloc_finish(heap, cache, span, slot, request);
}

// ---- tiny: several small pointerless requests in one block of 16 bytes
//
// Only a collection frees the block. A request that fits the cache's block counts as a tiny
// allocation alone; one that does not begins a new block, which is an object of class 2. After Go's
// tiny allocator in mallocgc.

static size_t align_up(size_t offset, size_t align) {
    return (offset + align - 1) & ~(align - 1);
}

// The size's own divisibility says what may be kept in it.
static size_t aligned_offset(size_t offset, size_t size_bytes) {
    if (size_bytes % 8 == 0) {
        return align_up(offset, 8);
    }
    if (size_bytes % 4 == 0) {
        return align_up(offset, 4);
    }
    return size_bytes % 2 == 0 ? align_up(offset, 2) : offset;
}

static void *begin_block(struct heap *heap, struct mcache *cache, size_t size_bytes) {
    struct mspan *span;
    uintptr_t block = malloc_slot(heap, cache, span_class_make(TINY_SIZE_CLASS, true), &span);
    if (block == 0) {
        return NULL;
    }
    mspan_bit_set(span->tiny_bits, mspan_index_of(span, block));
    const struct request whole = {.size_bytes = TINY_SIZE_BYTES, .noscan = true, .zero = true};
    (void)malloc_finish(heap, cache, span, block, &whole);
    heap_poison(block + size_bytes, TINY_SIZE_BYTES - size_bytes);
    if (cache->tiny_block == 0 || size_bytes < cache->tiny_offset) { // more of the new one is left
        cache->tiny_block = block;
        cache->tiny_offset = size_bytes;
    }
    return (void *)block;
}

// Shares the cache's tiny block, or begins a new one. Less than TINY_SIZE_BYTES.
static void *malloc_tiny(struct heap *heap, struct mcache *cache, size_t size_bytes) {
    ASSERT(size_bytes > 0);
    ASSERT(size_bytes < TINY_SIZE_BYTES);
    size_t offset = aligned_offset(cache->tiny_offset, size_bytes);
    if (cache->tiny_block == 0 || offset + size_bytes > TINY_SIZE_BYTES) {
        return begin_block(heap, cache, size_bytes);
    }
    uintptr_t object = cache->tiny_block + offset;
    heap_unpoison(object, size_bytes);
    cache->tiny_offset = offset + size_bytes;
    stat_add(&cache->stats.tiny_alloc_count, 1);
    return (void *)object;
}

// ---- large: a span of its own, of whole pages

// A span of its own at a multiple of `align_pages`.
static void *malloc_large(struct heap *heap, struct mcache *cache, size_t align_pages,
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
    CHECK(slot != 0);
    CHECK(slot == span->base);
    stat_add(&cache->stats.large_alloc_count, 1);
    stat_add(&cache->stats.large_alloc_bytes, span->element_bytes);
    mstats_live_add(heap, span->element_bytes);
    void *object = malloc_finish(heap, cache, span, slot, request);
    mcentral_add_large(heap, span);
    return object;
}

// ---- the kinds together

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

// ---- free

// The cache owns the span: nobody else writes its bits.
static void free_owned(struct heap *heap, struct mcache *cache, struct object_place object) {
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
                                            struct object_place object) {
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
    struct object_place object;
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
