// allocate: malloc and its family where the fast path gives up.
#include "malloc/allocate.h"

#include "allocator/check.h"
#include "malloc/extend.h"
#include "malloc/retained.h"
#include "malloc/process.h"

#include <errno.h>
#include <string.h>

void *allocate_any(size_t size_bytes, unsigned flags) {
    struct mcache *cache = size_bytes > PTRDIFF_MAX ? NULL : process_enter();
    void *object = NULL;
    if (cache != NULL) {
        object = heap_alloc(process_lane_heap, cache, allocate_rounded(size_bytes), NULL, flags);
        process_leave(cache);
    }
    if (object == NULL) {
        errno = ENOMEM;
    }
    return object;
}

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

void *allocate_aligned(size_t align_bytes, size_t size_bytes) {
    struct mcache *cache = size_bytes > PTRDIFF_MAX ? NULL : process_enter();
    void *object = NULL;
    if (cache != NULL) {
        size_t at_bytes = align_bytes < ALLOCATE_ALIGN_BYTES ? ALLOCATE_ALIGN_BYTES : align_bytes;
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
    if (is_too_much) {
        retained_relieve(process_lane_heap, owner - 1);
    }
    errno = error;
}
