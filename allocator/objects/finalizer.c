// finalizer: sets and removes the finalizer and the cleanups of an object that the caller points
// to.
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

static enum special_status add(struct heap *heap, enum inspect_special_kind kind,
                               const struct finalizer *finalizer) {
    world_acquire(heap);
    struct mspan *span = span_of_object(heap, finalizer->object);
    enum special_status status =
        span == NULL ? SPECIAL_NO_OBJECT : special_add_function(heap, span, kind, finalizer);
    world_release(heap);
    return status;
}

static bool take(struct heap *heap, enum inspect_special_kind kind, uintptr_t object) {
    world_acquire(heap);
    struct mspan *span = span_of_object(heap, object);
    bool removed = span != NULL && special_take_function(heap, span, kind, object);
    world_release(heap);
    return removed;
}

enum special_status heap_add_finalizer(struct heap *heap, const struct finalizer *finalizer) {
    return add(heap, INSPECT_SPECIAL_FINALIZER, finalizer);
}

bool heap_remove_finalizer(struct heap *heap, uintptr_t object) {
    return take(heap, INSPECT_SPECIAL_FINALIZER, object);
}

enum special_status heap_add_cleanup(struct heap *heap, const struct finalizer *cleanup) {
    return add(heap, INSPECT_SPECIAL_CLEANUP, cleanup);
}

bool heap_remove_cleanup(struct heap *heap, uintptr_t object) {
    return take(heap, INSPECT_SPECIAL_CLEANUP, object);
}

bool heap_sweep_object(struct heap *heap, uintptr_t object) {
    world_acquire(heap);
    bool found = span_of_object(heap, object) != NULL;
    world_release(heap);
    return found;
}
