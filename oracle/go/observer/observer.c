// observer: what has been swept and what has been sampled since the last look.
#include "oracle/go/observer/state.h"

#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"
#include "runtime/finq.h"

#include <string.h>

void observer_begin(struct observer *observer, struct model *model, const struct heap *heap) {
    struct inspect_fix fix;
    inspect_fix(heap, INSPECT_FIX_MCACHE, &fix);
    observer->model = model;
    observer->heap = heap;
    observer->runtime = NULL;
    observer->is_in_gap = false;
    observer->taken_by_call = 0;
    const struct model_place place = {
        .base = heap_base(heap),
        .zero_base = (uintptr_t)heap_zero_base(heap),
        .cache_bytes = fix.block_bytes,
    };
    model_reset(model, &place);
}

void observer_fini(struct observer *observer) {
    view_fini(&observer->view);
    harness_free(observer->span_entry);
}

void observer_watch(struct observer *observer, const struct runtime *runtime) {
    observer->runtime = runtime;
}

bool observer_watches(const struct observer *observer, const struct runtime *runtime) {
    return observer->runtime == runtime;
}

// ---- sweeps

// The span that the dead lay in; false: it is gone, and what lies there now is another.
static bool stands(const struct observer *observer, const struct condemned_span *condemned,
                   struct inspect_span *span) {
    return inspect_span(observer->heap, condemned->index, span) &&
           span->state == INSPECT_SPAN_IN_USE && span->base == condemned->base;
}

// A dead object whose slot is found taken in a gap: only by the call around it, and only once.
static bool may_be_taken(struct observer *observer, uintptr_t base) {
    bool may_be = observer->is_in_gap && observer->taken_by_call == 0;
    observer->taken_by_call = may_be ? base : observer->taken_by_call;
    return may_be;
}

// A dead object whose span was swept (NULL: it is gone): its slot is free, unless a new object took
// it at once.
static void check_freed(struct observer *observer, const struct inspect_span *span,
                        const struct slot *slot, uintptr_t taken) {
    const struct model *model = observer->model;
    rule_count(model->book, RULE_REACH_KEPT);
    if (slot->base == taken || span == NULL || span->element_bytes != slot->element_bytes) {
        return;
    }
    if (view_is_live(span, (slot->base - span->base) / span->element_bytes) &&
        !may_be_taken(observer, slot->base)) {
        (void)observer_fail_slot(model, RULE_REACH_KEPT, span, slot,
                                 "a dead object is allocated though its span was swept");
    }
}

static void check_span(struct observer *observer, const struct condemned_span *condemned,
                       const struct inspect_span *span, uintptr_t taken) {
    const struct model *model = observer->model;
    for (uint32_t i = 0; i < condemned->slot_count; i++) {
        const struct slot *slot =
            model_slot(model, model->condemned_slots[condemned->slot_first + i]);
        if (slot->first_finalizer == MODEL_NONE) { // else it lives on
            check_freed(observer, span, slot, taken);
        }
    }
}

void observer_enter_gap(struct observer *observer) {
    observer->is_in_gap = true;
}

void observer_leave_gap(struct observer *observer) {
    observer->is_in_gap = false;
}

// What was found taken in a gap is what the call has given out.
static void check_taken(struct observer *observer, uintptr_t taken) {
    if (!observer->is_in_gap && observer->taken_by_call != 0) {
        uintptr_t base = observer->taken_by_call;
        observer->taken_by_call = 0;
        (void)(base == taken || rule_fail(observer->model->book, RULE_REACH_KEPT,
                                          (struct rule_place){.object = base},
                                          "a dead object's slot was taken, and by nobody's call"));
    }
}

void observe_sweeps(struct observer *observer, uintptr_t taken) {
    struct model *model = observer->model;
    check_taken(observer, taken);
    if (model->condemned_count == 0) {
        return;
    }
    for (uint32_t i = 0; i < model->condemned_count; i++) {
        struct condemned_span *condemned = &model->condemned[i];
        struct inspect_span span;
        bool is_there = stands(observer, condemned, &span);
        condemned->swept =
            !is_there || span.sweep_generation == inspect_sweep_generation(observer->heap);
        if (condemned->swept) {
            check_span(observer, condemned, is_there ? &span : NULL, taken);
        }
    }
    model_swept(model);
}

bool observe_sweep_finished(struct observer *observer) {
    observe_sweeps(observer, 0);
    return model_sweep_finished(observer->model);
}

// ---- samples

// The profile special of the object at `address`; false: it is not sampled.
static bool read_sample(const struct heap *heap, uintptr_t address,
                        struct inspect_special *special) {
    struct inspect_span span;
    if (!inspect_span_at(heap, address, &span)) {
        return false;
    }
    for (const void *at = span.specials; inspect_special(at, special); at = special->next) {
        if (special->kind == INSPECT_SPECIAL_PROFILE && span.base + special->offset == address) {
            return true;
        }
    }
    return false;
}

// The sampled object's bucket is of its size and call stack.
static bool check_bucket(const struct model *model, const struct slot *slot) {
    const struct profile_entry *entry = &model->profile.entries[slot->sample - 1];
    struct inspect_bucket record;
    rule_count(model->book, RULE_PROFILE_SAMPLES);
    return (inspect_bucket((const void *)entry->bucket, &record) &&
            record.object_bytes == entry->object_bytes &&
            record.frame_count == entry->frame_count &&
            (entry->frame_count == 0 ||
             memcmp(record.frames, model->profile.frames + entry->frame_first,
                    entry->frame_count * sizeof record.frames[0]) == 0)) ||
           rule_fail(model->book, RULE_PROFILE_SAMPLES, (struct rule_place){.object = slot->base},
                     "the sample stands in a bucket of another size or call stack");
}

bool observe_sample(struct observer *observer) {
    struct model *model = observer->model;
    if (model->profile.due_slot == MODEL_NONE) {
        return true;
    }
    const struct slot *slot = model_slot(model, model->profile.due_slot);
    struct inspect_special special = {0};
    bool is_there = read_sample(observer->heap, slot->base, &special);
    return model_profile_sampled(model, is_there, special.bucket) &&
           (!is_there || check_bucket(model, slot));
}

// ---- places for finalizers

void observe_places(struct observer *observer) {
    if (observer->runtime != NULL) {
        model_places_made(observer->model, runtime_finalizer_place_count(observer->runtime));
    }
}
