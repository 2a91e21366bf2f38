// object: what object an address lies in.
#include "allocator/spans/object.h"

#include "allocator/heap.h"
#include "allocator/pages/mheap.h"
#include "allocator/pages/mspan.h"
#include "allocator/structure.h"

bool heap_find_object(const struct heap *heap, uintptr_t address, struct heap_object *object) {
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

size_t heap_usable_bytes(struct heap *heap, const void *pointer) {
    struct heap_object object;
    bool live = heap_find_object(heap, (uintptr_t)pointer, &object) && object.allocated;
    return live && object.base == (uintptr_t)pointer ? object.element_bytes : 0;
}

void *heap_zero_base(const struct heap *heap) {
    return (void *)(uintptr_t)heap->zero_base;
}
