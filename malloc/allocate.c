// allocate: malloc and its family where the fast path gives up.
#include "malloc/allocate.h"

#include "allocator/check.h"
#include "malloc/extend.h"
#include "malloc/process.h"
#include "malloc/purge.h"
#include "malloc/retained.h"
#include "malloc/sites.h"

#include <errno.h>
#include <string.h>

static void *allocate_retained(uint8_t size_class, bool zero) {
    struct mspan *span;
    void *object = retained_alloc(process_lane_heap, process_lane.cache, size_class, &span);
    if (object == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    if (zero && span->needzero) {
        memset(object, 0, span->element_bytes);
    }
    process_lane.last = span;
    return object;
}

void *allocate_recent(uint8_t size_class, bool zero) {
    void *object = fast_alloc_recent(process_lane_heap, &process_lane, size_class, zero);
    return object != NULL ? object : allocate_retained(size_class, zero);
}

static void *allocate_small(uint8_t size_class, bool zero) {
    void *object = fast_alloc(process_lane_heap, &process_lane, size_class, zero);
    return object != NULL ? object : allocate_recent(size_class, zero);
}

// By the heap's own path: of a thread whose lane is closed, and what is large.
static void *allocate_elsewhere(size_t size_bytes, bool zero) {
    struct mcache *cache = size_bytes > PTRDIFF_MAX ? NULL : process_enter();
    void *object = NULL;
    if (cache != NULL) {
        sites_note(cache, allocate_rounded(size_bytes) + HEAP_PAGE_BYTES);
        object = heap_alloc(process_lane_heap, cache, allocate_rounded(size_bytes), NULL,
                            zero ? HEAP_ALLOC_ZERO : 0);
        process_leave(cache);
    }
    if (object == NULL) {
        errno = ENOMEM;
    }
    return object;
}

void *allocate_any(size_t size_bytes, bool zero) {
    purge_count(process_lane_heap, &process_lane);
    return process_lane.cache != NULL && size_bytes <= SMALL_SIZE_MAX
               ? allocate_small(size_class_of(allocate_rounded(size_bytes)), zero)
               : allocate_elsewhere(size_bytes, zero);
}

void *allocate_aligned(size_t align_bytes, size_t size_bytes) {
    purge_count(process_lane_heap, &process_lane);
    struct mcache *cache = size_bytes > PTRDIFF_MAX ? NULL : process_enter();
    void *object = NULL;
    if (cache != NULL) {
        size_t at_bytes = align_bytes < ALLOCATE_ALIGN_BYTES ? ALLOCATE_ALIGN_BYTES : align_bytes;
        sites_note(cache, allocate_rounded(size_bytes) + SMALL_SIZE_MAX);
        object = heap_alloc_aligned(process_lane_heap, cache, allocate_rounded(size_bytes),
                                    at_bytes, NULL, 0);
        process_leave(cache);
    }
    if (object == NULL) {
        errno = ENOMEM;
    }
    return object;
}

bool allocate_larger(struct mspan *span, size_t size_bytes) {
    struct mcache *cache = process_enter();
    bool larger = cache != NULL && extend_large(process_lane_heap, cache, span, size_bytes);
    if (cache != NULL) {
        process_leave(cache);
    }
    return larger;
}

void allocate_release(void *pointer) {
    int error = errno;
    struct mcache *cache = process_enter();
    if (cache == NULL) {
        check_misuse("free of a foreign pointer", (uintptr_t)pointer);
    }
    const struct mspan *span = mheap_span_of(process_lane_heap, (uintptr_t)pointer);
    uint32_t owner = span == NULL ? MSPAN_OWNER_NONE : mspan_owner(span);
    uint8_t size_class = span == NULL ? 0 : mspan_size_class(span); // the span may be gone below
    (void)heap_free(process_lane_heap, cache, pointer);
    bool is_too_much = owner != MSPAN_OWNER_NONE && retained_note(owner - 1, size_class);
    process_leave(cache);
    process_lane.tick_count = 1; // pages may be idle from now on
    if (is_too_much) {
        retained_relieve(process_lane_heap, owner - 1);
    }
    errno = error;
}
