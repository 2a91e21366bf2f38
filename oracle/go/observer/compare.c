// compare: objects, manual spans and specials of the heap against the ledger, both ways.
#include "oracle/go/observer/state.h"

#include "oracle/go/rules.h"

#include <string.h>

// ---- objects

uint32_t observer_find_span(const struct view *view, struct slot *slot) {
    uint32_t hint = slot->span_hint;
    if (hint < view->span_count && view->spans[hint].state != INSPECT_SPAN_DEAD &&
        slot->base - view->spans[hint].base < view->spans[hint].page_count * HEAP_PAGE_BYTES) {
        return hint;
    }
    slot->span_hint = view_find_address(view, slot->base);
    return slot->span_hint;
}

bool observer_fail_slot(const struct model *model, unsigned rule, const struct inspect_span *span,
                        const struct slot *slot, const char *what) {
    return rule_fail(
        model->book, rule,
        (struct rule_place){.span = span == NULL ? 0 : span->base, .object = slot->base}, "%s",
        what);
}

static bool check_slot(const struct model *model, const struct view *view, struct slot *slot) {
    uint32_t span_index = observer_find_span(view, slot);
    const struct inspect_span *span = span_index == VIEW_NONE ? NULL : &view->spans[span_index];
    if (span == NULL || span->state != INSPECT_SPAN_IN_USE ||
        span->element_bytes != slot->element_bytes || (span->span_class & 1) != slot->noscan ||
        (slot->base - span->base) % span->element_bytes != 0) {
        return observer_fail_slot(model, RULE_MODEL_SCAN, span, slot,
                                  "an object's span is not of its class");
    }
    return view_is_live(span, (slot->base - span->base) / span->element_bytes) ||
           observer_fail_slot(model, RULE_REACH_FREED, span, slot, "a live object's slot is free");
}

bool observe_objects(struct observer *observer, const struct view *view, uint64_t live) {
    const struct model *model = observer->model;
    rule_count(model->book, RULE_MODEL_SCAN);
    rule_count(model->book, RULE_REACH_FREED);
    bool clean = true;
    for (uint32_t i = 0; i < model->live_count && clean; i++) {
        clean = check_slot(model, view, model_slot(model, model->live[i]));
    }
    // each slot has its own bit, so that counts decide
    return clean && (live == model->live_count ||
                     rule_fail_values(model->book, RULE_MODEL_SCAN, "objects",
                                      (struct rule_value){"model", model->live_count},
                                      (struct rule_value){"bits", live}));
}

// ---- manual spans

// What is to stand in manual spans of the statistic, of which `found_bytes` do. While a cycle runs
// the collector has a page of buffers, and as many more as it likes.
static uint64_t manual_bytes_due(const struct model *model, enum manual_stat stat,
                                 uint64_t found_bytes) {
    uint64_t bytes = model->manual_bytes[stat];
    if (stat == MANUAL_STACK) {
        bytes += model->stack_bytes;
    }
    if (stat == MANUAL_WORKBUF && model->cycle.marking) {
        bytes += HEAP_PAGE_BYTES;
        bytes = found_bytes > bytes ? found_bytes : bytes;
    }
    return bytes;
}

bool observe_manual(struct observer *observer, const struct view *view) {
    const struct model *model = observer->model;
    static const char *const names[MANUAL_STAT_COUNT] = {
        [MANUAL_STACK] = "stacks",
        [MANUAL_WORKBUF] = "work buffers",
        [MANUAL_POINTER_BITS] = "pointer bits",
        [MANUAL_OTHER] = "others",
    };
    uint64_t found_bytes[MANUAL_STAT_COUNT] = {0};
    bool clean = true;
    for (uint32_t i = 0; i < view->span_count; i++) {
        const struct inspect_span *span = &view->spans[i];
        if (span->state == INSPECT_SPAN_MANUAL) {
            found_bytes[span->manual_stat] += span->page_count * HEAP_PAGE_BYTES;
        }
    }
    for (unsigned stat = 0; stat < MANUAL_STAT_COUNT && clean; stat++) {
        uint64_t due_bytes = manual_bytes_due(model, (enum manual_stat)stat, found_bytes[stat]);
        clean = rule_equal(model->book, RULE_MODEL_MANUAL, names[stat],
                           (struct rule_value){"spans", found_bytes[stat]},
                           (struct rule_value){"ledger", due_bytes});
    }
    return clean;
}

// ---- specials

// `own`: what the ledger has for it, NULL: nothing.
static bool check_finalizer(const struct model *model, const struct model_finalizer *own,
                            uintptr_t object, const struct inspect_special *special) {
    if (own != NULL) {
        const uintptr_t values[4] = {own->function, own->entry, own->function_type,
                                     own->object_type};
        if (memcmp(values, special->finalizer, sizeof values) == 0) {
            return true;
        }
    }
    return rule_fail(model->book, RULE_FINALIZER_SET, (struct rule_place){.object = object},
                     "the heap holds a finalizer or a cleanup that was not set so");
}

// A sample's special stands on an object: it must be the one in the ledger.
static bool check_sample(const struct model *model, uintptr_t address, uintptr_t bucket) {
    uint32_t index = map_find(model, address);
    const struct slot *slot = index == MODEL_NONE ? NULL : model_slot(model, index);
    return (slot != NULL && slot->sample != 0 &&
            model->profile.entries[slot->sample - 1].bucket == bucket) ||
           rule_fail(model->book, RULE_PROFILE_SAMPLES,
                     (struct rule_place){.object = slot == NULL ? 0 : slot->base},
                     "a sample hangs on an object that was not sampled so");
}

// Specials of a span, as they are walked.
struct walk {
    size_t finalizer_count, sample_count, cleanup_count;
    uintptr_t last; // object with a cleanup
    uint32_t age;   // cleanups that it has had before
};

static bool check_special(struct model *model, struct walk *walk, uintptr_t object,
                          const struct inspect_special *special) {
    switch (special->kind) {
    case INSPECT_SPECIAL_FINALIZER:
        walk->finalizer_count++;
        return check_finalizer(model, model_finalizer_set(model, object), object, special);
    case INSPECT_SPECIAL_CLEANUP:
        walk->cleanup_count++;
        walk->age = walk->last == object ? walk->age + 1 : 0;
        walk->last = object;
        return check_finalizer(model, model_cleanup_set(model, object, walk->age), object, special);
    default:
        walk->sample_count++;
        return check_sample(model, object, special->bucket);
    }
}

static bool check_set_count(const struct model *model, const char *what, size_t count, size_t due) {
    return count == due ||
           rule_fail_values(model->book, RULE_FINALIZER_SET, what,
                            (struct rule_value){"heap", count}, (struct rule_value){"model", due});
}

bool observe_specials(struct observer *observer, const struct view *view) {
    struct model *model = observer->model;
    rule_count(model->book, RULE_FINALIZER_SET);
    struct walk walk = {0};
    bool clean = true;
    for (uint32_t i = 0; i < view->span_count && clean; i++) {
        const struct inspect_span *span = &view->spans[i];
        struct inspect_special special;
        const void *at = span->state == INSPECT_SPAN_IN_USE ? span->specials : NULL;
        for (; clean && inspect_special(at, &special); at = special.next) {
            clean = check_special(model, &walk, span->base + special.offset, &special);
        }
    }
    clean = clean && check_set_count(model, "finalizers", walk.finalizer_count,
                                     model_finalizer_set_count(model));
    clean = clean &&
            check_set_count(model, "cleanups", walk.cleanup_count, model_cleanup_set_count(model));
    return clean && rule_equal(model->book, RULE_PROFILE_SAMPLES, "samples",
                               (struct rule_value){"heap", walk.sample_count},
                               (struct rule_value){"model", model->profile.sample_count});
}
