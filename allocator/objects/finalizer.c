// finalizer: sets and removes the finalizer of an object that the caller points to.
//
// The span is swept first, so that a sweep cannot take what is added now for what died before.
#include "allocator/special.h"

#include "allocator/heap.h"
#include "allocator/pages/mheap.h"
#include "allocator/pages/mspan.h"
#include "allocator/spans/mcentral.h"
#include "allocator/spans/special_internal.h"
#include "allocator/system/world.h"

// The span of the object that `address` begins, or lies in when it is a tiny block, swept; NULL:
// there is none. After Go's addspecial.
static struct mspan *span_of_object(struct heap *heap, uintptr_t address) {
    struct mspan *span = mheap_span_of(heap, address);
    if (span == NULL || span->state != MSPAN_IN_USE) {
        return NULL;
    }
    mcentral_ensure_swept(heap, span);
    struct heap_object object;
    if (!heap_find_object(heap, address, &object) || !object.allocated) {
        return NULL;
    }
    bool tiny = span->tiny_bits != NULL &&
                mspan_bit_is_set(span->tiny_bits, mspan_index_of(span, object.base));
    return tiny || address == object.base ? span : NULL;
}

enum special_status heap_add_finalizer(struct heap *heap, const struct finalizer *finalizer) {
    world_acquire(heap);
    struct mspan *span = span_of_object(heap, finalizer->object);
    enum special_status status =
        span == NULL ? SPECIAL_NO_OBJECT : special_add_finalizer(heap, span, finalizer);
    world_release(heap);
    return status;
}

bool heap_remove_finalizer(struct heap *heap, uintptr_t object) {
    world_acquire(heap);
    struct mspan *span = span_of_object(heap, object);
    bool removed = span != NULL && special_take_finalizer(heap, span, object);
    world_release(heap);
    return removed;
}

bool heap_sweep_object(struct heap *heap, uintptr_t object) {
    world_acquire(heap);
    bool found = span_of_object(heap, object) != NULL;
    world_release(heap);
    return found;
}
