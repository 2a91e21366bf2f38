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

// Puts a copy of `record` into the list; a cleanup behind the others of its object.
static enum special_status insert(struct heap *heap, struct mspan *span,
                                  const struct special *record) {
    enum special_status status = SPECIAL_EXISTS;
    lock_acquire(&heap->special_lock);
    bool is_cleanup = record->kind == INSPECT_SPECIAL_CLEANUP;
    struct special *before = find_before(span, record->offset, record->kind + is_cleanup);
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

#define ANY_KIND UINT32_MAX

// Takes the first special with `first_offset` <= offset < `end_offset`, of this kind, off the list
// into `record`. False: there is none.
static bool take(struct heap *heap, struct mspan *span, uint64_t first_offset, uint64_t end_offset,
                 uint32_t kind, struct special *record) {
    lock_acquire(&heap->special_lock);
    struct special *before = find_before(span, first_offset, 0);
    struct special *at = next_of(span, before);
    while (kind != ANY_KIND && at != NULL && at->kind != kind) {
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

enum special_status special_add_function(struct heap *heap, struct mspan *span,
                                         enum inspect_special_kind kind,
                                         const struct finalizer *finalizer) {
    struct special record = {
        .offset = finalizer->object - span->base,
        .kind = kind,
        .as.finalizer = {finalizer->function, finalizer->entry, finalizer->function_type,
                         finalizer->object_type},
    };
    return insert(heap, span, &record);
}

bool special_take_function(struct heap *heap, struct mspan *span, enum inspect_special_kind kind,
                           uintptr_t object) {
    struct special record;
    uint64_t offset = object - span->base;
    return take(heap, span, offset, offset + 1, kind, &record);
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

static bool queue(const struct heap *heap, const struct finalizer *finalizer) {
    if (heap->finalizer_queue != NULL) {
        heap->finalizer_queue(heap->finalizer_queue_context, finalizer);
    }
    return heap->finalizer_queue != NULL;
}

// Takes all specials of an object off: what is left of them is the profile record's count, and the
// cleanups of one that a sweep found dead.
static void drop_all(struct heap *heap, struct mspan *span, uint32_t object_index, bool swept) {
    uint64_t first_offset = (uint64_t)object_index * span->element_bytes;
    struct special record;
    while (take(heap, span, first_offset, first_offset + span->element_bytes, ANY_KIND, &record)) {
        if (record.kind == INSPECT_SPECIAL_PROFILE) {
            mprof_count_free(heap, record.as.bucket, swept);
        } else if (record.kind == INSPECT_SPECIAL_CLEANUP && swept) {
            struct finalizer cleanup = finalizer_of(span, &record);
            cleanup.object = 0; // it is gone by then
            (void)queue(heap, &cleanup);
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
    while (take(heap, span, first_offset, end_offset, INSPECT_SPECIAL_FINALIZER, &record)) {
        struct finalizer finalizer = finalizer_of(span, &record);
        kept |= queue(heap, &finalizer);
    }
    if (!kept) {
        drop_all(heap, span, object_index, true);
    }
    return kept;
}

static void visit_functions(struct heap *heap, enum inspect_special_kind kind,
                            void (*visit)(void *context, const struct finalizer *finalizer),
                            void *context) {
    lock_acquire(&heap->special_lock);
    for (size_t i = 0; i < heap->all_span_count; i++) {
        struct mspan *span = heap->all_spans[i];
        for (struct special *at = first_special(span); at != NULL; at = at->next) {
            if (at->kind == kind) {
                struct finalizer finalizer = finalizer_of(span, at);
                visit(context, &finalizer);
            }
        }
    }
    lock_release(&heap->special_lock);
}

void heap_visit_finalizers(struct heap *heap,
                           void (*visit)(void *context, const struct finalizer *finalizer),
                           void *context) {
    visit_functions(heap, INSPECT_SPECIAL_FINALIZER, visit, context);
}

void heap_visit_cleanups(struct heap *heap,
                         void (*visit)(void *context, const struct finalizer *cleanup),
                         void *context) {
    visit_functions(heap, INSPECT_SPECIAL_CLEANUP, visit, context);
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

static bool may_follow(const struct special *before, const struct special *at) {
    if (before == NULL || before->offset != at->offset) {
        return before == NULL || before->offset < at->offset;
    }
    return before->kind < at->kind ||
           (before->kind == at->kind && at->kind == INSPECT_SPECIAL_CLEANUP);
}

// What is in order is no ring, but of cleanups: the slow one is never met again.
bool special_list_is_valid(const struct mspan *span) {
    const struct special *before = NULL;
    const struct special *at = atomic_load_explicit(&span->specials, memory_order_relaxed);
    const struct special *slow = at;
    bool valid = (at == NULL) | (span->state == MSPAN_IN_USE);
    for (bool is_odd = false; valid && at != NULL; at = at->next, is_odd = !is_odd) {
        size_t index = at->offset / span->element_bytes;
        slow = is_odd ? slow->next : slow;
        valid = index < span->object_count && mspan_bit_is_set(span->alloc_bits, (uint32_t)index) &&
                may_follow(before, at) && at->next != slow;
        before = at;
    }
    return valid;
}
