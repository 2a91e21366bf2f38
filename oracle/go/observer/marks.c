// marks: what a cycle has marked, against what the ledger can reach; the dead by their spans.
#include "oracle/go/observer/state.h"

#include "oracle/go/rules.h"

#include <string.h>

static bool is_marked(const struct inspect_span *span, const struct slot *slot) {
    if (span == NULL || span->state != INSPECT_SPAN_IN_USE ||
        span->element_bytes != slot->element_bytes) {
        return false;
    }
    size_t index = (slot->base - span->base) / span->element_bytes;
    return index < span->object_count && bits_at(span->mark_bits, index);
}

static const struct inspect_span *span_at(const struct view *view, uint32_t span_index) {
    return span_index == VIEW_NONE ? NULL : &view->spans[span_index];
}

// Nothing grey is left: what is reachable now is marked, though the cycle goes on.
bool observe_marking_done(struct observer *observer) {
    struct model *model = observer->model;
    const struct view *view = &observer->view;
    if (!model->cycle.marking) {
        return true;
    }
    if (!view_take(&observer->view, observer->heap)) {
        return false;
    }
    rule_count(model->book, RULE_REACH_LOST);
    reach_all(model);
    for (uint32_t i = 0; i < model->live_count; i++) {
        struct slot *slot = model_slot(model, model->live[i]);
        if (slot->visit != model->visit) {
            continue;
        }
        const struct inspect_span *span = span_at(view, observer_find_span(view, slot));
        if (!is_marked(span, slot)) {
            return observer_fail_slot(
                model, RULE_REACH_LOST, span, slot,
                "a reachable object is not marked when a step says that it is done");
        }
    }
    return true;
}

// Whether the slot lives on, by the marks where the program's graph leaves it open. Checks the
// marks where it does not.
static bool survives(const struct observer *observer, uint32_t span_index, const struct slot *slot,
                     bool *clean) {
    const struct model *model = observer->model;
    const struct inspect_span *span = span_at(&observer->view, span_index);
    bool marked = is_marked(span, slot);
    bool must = slot->reachable || slot->black;
    if (must && !marked) {
        *clean = observer_fail_slot(model, RULE_REACH_LOST, span, slot,
                                    slot->reachable ? "a reachable object is not marked"
                                                    : "an object born while marking is not marked");
    }
    if (must || slot->shown) {
        return must || marked;
    }
    // a sweep that is over already has marked what a finalizer kept
    bool kept =
        marked && view_is_swept(&observer->view, span) && slot->first_finalizer != MODEL_NONE;
    if (marked && !kept) {
        *clean = observer_fail_slot(model, RULE_REACH_FLOATING, span, slot,
                                    "an unreachable object is marked");
    }
    return false;
}

static bool condemn(struct observer *observer, uint32_t slot_index, uint32_t span_index) {
    struct model *model = observer->model;
    if (span_index == VIEW_NONE) { // a sweep has taken it down already
        model_condemn(model, slot_index, MODEL_NONE);
        return true;
    }
    uint32_t *entry = &observer->span_entry[span_index];
    if (*entry == 0) {
        if (!model_condemn_span(model, span_index, observer->view.spans[span_index].base)) {
            return false;
        }
        *entry = model->condemned_count;
    }
    model_condemn(model, slot_index, *entry - 1);
    return true;
}

static bool take_marks(struct observer *observer) {
    struct model *model = observer->model;
    const struct view *view = &observer->view;
    if (!view_take(&observer->view, observer->heap) ||
        !HARNESS_RESERVE(observer->span_entry, observer->span_entry_capacity,
                         view->span_count + (size_t)1)) {
        return false;
    }
    memset(observer->span_entry, 0, (view->span_count + (size_t)1) * sizeof *observer->span_entry);
    bool clean = true;
    for (uint32_t i = 0; i < model->live_count; i++) {
        uint32_t slot_index = model->live[i];
        struct slot *slot = model_slot(model, slot_index);
        uint32_t span_index = observer_find_span(view, slot);
        if (survives(observer, span_index, slot, &clean)) {
            model_survived(model, slot);
        } else if (!condemn(observer, slot_index, span_index)) {
            return false;
        }
    }
    return model_all_condemned(model) && clean;
}

bool observe_gc_started(struct observer *observer, bool forced) {
    observe_places(observer);
    return model_gc_started(observer->model, forced);
}

bool observe_gc_finished(struct observer *observer) {
    struct rule_book *book = observer->model->book;
    rule_count(book, RULE_REACH_LOST);
    rule_count(book, RULE_REACH_FLOATING);
    observe_places(observer);
    if (!model_gc_finished(observer->model)) {
        return false;
    }
    bool clean = take_marks(observer);
    observe_sweeps(observer, 0);
    return clean;
}
