// realloc: resizes an object in place where its span class and pages stay the same, else by moving
// it.
#include "allocator/heap.h"

#include "allocator/pages/mspan.h"
#include "allocator/poison.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mcentral.h"
#include "allocator/spans/object.h"
#include "allocator/system/world.h"

#include <string.h>

static bool same_class(const struct mspan *span, size_t size_bytes, bool noscan) {
    uint8_t size_class = size_bytes > SMALL_SIZE_MAX ? 0 : size_class_of(size_bytes);
    if (span->span_class != span_class_make(size_class, noscan)) {
        return false;
    }
    return size_class != 0 || span->element_bytes - size_bytes < HEAP_PAGE_BYTES; // of whole pages
}

// What lies behind a request that promises zeros is zero, so that growth in place finds zeros.
static bool resize_in_place(struct heap *heap, const struct mcache *cache,
                            struct object_place object, size_t size_bytes,
                            const struct gc_layout *layout, bool zero) {
    struct mspan *span = object.span;
    bool noscan = mspan_is_noscan(span);
    if (!noscan && !mcentral_set_layout(heap, cache, span, object.index, size_bytes, layout)) {
        return false;
    }
    uintptr_t base = mspan_object(span, object.index);
    heap_unpoison(base, span->element_bytes);
    if (zero || !noscan) {
        memset((void *)(base + size_bytes), 0, span->element_bytes - size_bytes);
    }
    heap_poison(base + size_bytes, span->element_bytes - size_bytes);
    return true;
}

static void *move(struct heap *heap, struct mcache *cache, void *pointer, size_t kept_bytes,
                  size_t size_bytes, const struct gc_layout *layout, unsigned flags) {
    void *moved = heap_alloc(heap, cache, size_bytes, layout, flags);
    if (moved != NULL) {
        heap_peek(moved, pointer, kept_bytes < size_bytes ? kept_bytes : size_bytes);
        (void)heap_free(heap, cache, pointer);
    }
    return moved;
}

static void *resize(struct heap *heap, struct mcache *cache, void *pointer, size_t size_bytes,
                    const struct gc_layout *layout, unsigned flags) {
    bool noscan = layout == NULL || layout->pointer_bytes == 0;
    bool zero = (flags & HEAP_ALLOC_ZERO) != 0;
    uintptr_t address = (uintptr_t)pointer;
    struct object_place object;
    bool whole = object_of(heap, address, &object);
    if (whole && size_bytes != 0 && same_class(object.span, size_bytes, noscan) &&
        resize_in_place(heap, cache, object, size_bytes, layout, zero)) {
        return pointer;
    }
    uintptr_t end = mspan_object(object.span, object.index) + object.span->element_bytes;
    return move(heap, cache, pointer, end - address, size_bytes, layout, flags);
}

void *heap_realloc(struct heap *heap, struct mcache *cache, void *pointer, size_t size_bytes,
                   const struct gc_layout *layout, unsigned flags) {
    if (pointer == NULL || heap_is_zero_base(heap, pointer)) {
        return heap_alloc(heap, cache, size_bytes, layout, flags);
    }
    world_enter(heap, cache);
    void *resized = resize(heap, cache, pointer, size_bytes, layout, flags);
    world_leave(cache);
    return resized;
}
