// object: finds the object that a caller's pointer begins, or ends the program with the sentence
// that says what it is.
#ifndef ALLOCATOR_SPANS_OBJECT_H
#define ALLOCATOR_SPANS_OBJECT_H

#include "allocator/check.h"
#include "allocator/pages/mheap.h"

// A place for an object: a span and an index below its object_count.
struct object_place {
    struct mspan *span;
    uint32_t index;
};

// The live object that `pointer` begins. False: it lies in a live tiny block, whose parts nobody
// can tell apart. A foreign pointer, an interior pointer and a freed object are misuse.
static inline bool object_of(const struct heap *heap, uintptr_t pointer,
                             struct object_place *object) {
    struct mspan *span = mheap_span_of(heap, pointer);
    if (span == NULL || span->state != MSPAN_IN_USE) {
        check_misuse("free of a foreign pointer", pointer);
    }
    uint32_t index = mspan_index_of(span, pointer);
    if (index >= span->object_count) {
        check_misuse("free of a foreign pointer", pointer);
    }
    *object = (struct object_place){span, index};
    if (span->tiny_bits != NULL && mspan_bit_is_set(span->tiny_bits, index)) {
        return false;
    }
    if (pointer != mspan_object(span, index)) {
        check_misuse("free of an interior pointer", pointer);
    }
    if (!mspan_is_live(span, index)) {
        check_misuse("double free", pointer);
    }
    return true;
}

// Whether the pointer is that of objects of 0 bytes, which are never freed.
static inline bool heap_is_zero_base(const struct heap *heap, const void *pointer) {
    return pointer == (const void *)heap->zero_base;
}

#endif
