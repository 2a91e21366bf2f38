// special: the sorted list of what hangs on a span's objects.
//
// The list is read and changed under special_lock; whether it is empty is seen without, by its
// count. Nobody else can have an interest in the specials of an object that is being freed or
// swept, so that its records are taken off one by one.
#include "allocator/spans/special_internal.h"

#include "allocator/check.h"
#include "allocator/inspect.h"
#include "allocator/mprof.h"
#include "allocator/pages/fixalloc.h"
#include "allocator/pages/mspan.h"
#include "allocator/spans/mprof_internal.h"
#include "allocator/special.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"

static struct special *first_special(struct mspan *span) {
    return atomic_load_explicit(&span->specials, memory_order_relaxed);
}

static struct special *new_special(struct heap *heap) {
    lock_acquire(&heap->lock);
    struct special *special = fixalloc_alloc(heap, &heap->special_fix, NULL);
    lock_release(&heap->lock);
    return special;
}

static void free_special(struct heap *heap, struct special *special) {
    lock_acquire(&heap->lock);
    fixalloc_free(&heap->special_fix, special);
    lock_release(&heap->lock);
}

// The last special that sorts before (offset, kind), NULL: there is none.
static struct special *find_before(struct mspan *span, uint64_t offset, uint32_t kind) {
    struct special *before = NULL;
    for (struct special *at = first_special(span); at != NULL; at = at->next) {
        if (at->offset > offset || (at->offset == offset && at->kind >= kind)) {
            break;
        }
        before = at;
    }
    return before;
}

static struct special *next_of(struct mspan *span, const struct special *before) {
    return before == NULL ? first_special(span) : before->next;
}

static void set_next(struct mspan *span, struct special *before, struct special *next) {
    if (before == NULL) {
        atomic_store_explicit(&span->specials, next, memory_order_relaxed);
    } else {
        before->next = next;
    }
}

static bool is_special(const struct special *special, uint64_t offset, uint32_t kind) {
    return special != NULL && special->offset == offset && special->kind == kind;
}

// Puts a copy of `record` into the list.
static enum special_status insert(struct heap *heap, struct mspan *span,
                                  const struct special *record) {
    enum special_status status = SPECIAL_EXISTS;
    lock_acquire(&heap->special_lock);
    struct special *before = find_before(span, record->offset, record->kind);
    struct special *next = next_of(span, before);
    if (!is_special(next, record->offset, record->kind)) {
        struct special *special = new_special(heap);
        status = special == NULL ? SPECIAL_NO_MEMORY : SPECIAL_OK;
        if (special != NULL) {
            *special = *record;
            special->next = next;
            set_next(span, before, special);
        }
    }
    lock_release(&heap->special_lock);
    return status;
}

// Takes the first special with `first_offset` <= offset < `end_offset`, of any kind or
// (`finalizers`) of finalizers alone, off the list into `record`. False: there is none.
static bool take(struct heap *heap, struct mspan *span, uint64_t first_offset, uint64_t end_offset,
                 bool finalizers, struct special *record) {
    lock_acquire(&heap->special_lock);
    struct special *before = find_before(span, first_offset, 0);
    struct special *at = next_of(span, before);
    while (finalizers && at != NULL && at->kind != INSPECT_SPECIAL_FINALIZER) {
        before = at;
        at = at->next;
    }
    bool found = at != NULL && at->offset < end_offset;
    if (found) {
        *record = *at;
        set_next(span, before, at->next);
        free_special(heap, at);
    }
    lock_release(&heap->special_lock);
    return found;
}

static struct finalizer finalizer_of(const struct mspan *span, const struct special *special) {
    return (struct finalizer){
        .object = span->base + special->offset,
        .function = special->as.finalizer.function,
        .entry = special->as.finalizer.entry,
        .function_type = special->as.finalizer.function_type,
        .object_type = special->as.finalizer.object_type,
    };
}

enum special_status special_add_finalizer(struct heap *heap, struct mspan *span,
                                          const struct finalizer *finalizer) {
    struct special record = {
        .offset = finalizer->object - span->base,
        .kind = INSPECT_SPECIAL_FINALIZER,
        .as.finalizer = {finalizer->function, finalizer->entry, finalizer->function_type,
                         finalizer->object_type},
    };
    return insert(heap, span, &record);
}

bool special_take_finalizer(struct heap *heap, struct mspan *span, uintptr_t object) {
    struct special record;
    uint64_t offset = object - span->base;
    return take(heap, span, offset, offset + 1, true, &record);
}

bool special_add_profile(struct heap *heap, struct mspan *span, uintptr_t object,
                         struct mprof_bucket *bucket) {
    struct special record = {
        .offset = object - span->base,
        .kind = INSPECT_SPECIAL_PROFILE,
        .as.bucket = bucket,
    };
    enum special_status status = insert(heap, span, &record);
    CHECK(status != SPECIAL_EXISTS); // a fresh object has none
    return status == SPECIAL_OK;
}

// Takes all specials of an object off: what is left of them is the profile record's count.
static void drop_all(struct heap *heap, struct mspan *span, uint32_t object_index, bool swept) {
    uint64_t first_offset = (uint64_t)object_index * span->element_bytes;
    struct special record;
    while (take(heap, span, first_offset, first_offset + span->element_bytes, false, &record)) {
        if (record.kind == INSPECT_SPECIAL_PROFILE) {
            mprof_count_free(heap, record.as.bucket, swept);
        }
    }
}

void special_free_object(struct heap *heap, struct mspan *span, uint32_t object_index) {
    drop_all(heap, span, object_index, false);
}

bool special_sweep_object(struct heap *heap, struct mspan *span, uint32_t object_index) {
    if (!mspan_has_specials(span)) {
        return false;
    }
    uint64_t first_offset = (uint64_t)object_index * span->element_bytes;
    uint64_t end_offset = first_offset + span->element_bytes;
    bool kept = false;
    struct special record;
    while (take(heap, span, first_offset, end_offset, true, &record)) {
        struct finalizer finalizer = finalizer_of(span, &record);
        if (heap->finalizer_queue != NULL) {
            heap->finalizer_queue(heap->finalizer_queue_context, &finalizer);
            kept = true;
        }
    }
    if (!kept) {
        drop_all(heap, span, object_index, true);
    }
    return kept;
}

void heap_visit_finalizers(struct heap *heap,
                           void (*visit)(void *context, const struct finalizer *finalizer),
                           void *context) {
    lock_acquire(&heap->special_lock);
    for (size_t i = 0; i < heap->all_span_count; i++) {
        struct mspan *span = heap->all_spans[i];
        for (struct special *at = first_special(span); at != NULL; at = at->next) {
            if (at->kind == INSPECT_SPECIAL_FINALIZER) {
                struct finalizer finalizer = finalizer_of(span, at);
                visit(context, &finalizer);
            }
        }
    }
    lock_release(&heap->special_lock);
}

void heap_visit_samples(struct heap *heap,
                        void (*visit)(void *context, uintptr_t object, uintptr_t bucket),
                        void *context) {
    lock_acquire(&heap->special_lock);
    for (size_t i = 0; i < heap->all_span_count; i++) {
        struct mspan *span = heap->all_spans[i];
        for (struct special *at = first_special(span); at != NULL; at = at->next) {
            if (at->kind == INSPECT_SPECIAL_PROFILE) {
                visit(context, span->base + at->offset, (uintptr_t)at->as.bucket);
            }
        }
    }
    lock_release(&heap->special_lock);
}

// ---- validity

bool special_list_is_valid(const struct mspan *span) {
    const struct special *before = NULL;
    const struct special *at = atomic_load_explicit(&span->specials, memory_order_relaxed);
    bool valid = (at == NULL) | (span->state == MSPAN_IN_USE);
    for (; valid && at != NULL; at = at->next) { // what is in order is no ring
        size_t index = at->offset / span->element_bytes;
        valid = index < span->object_count && mspan_bit_is_set(span->alloc_bits, (uint32_t)index) &&
                (before == NULL || before->offset < at->offset ||
                 (before->offset == at->offset && before->kind < at->kind));
        before = at;
    }
    return valid;
}
