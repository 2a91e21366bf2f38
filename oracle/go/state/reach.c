// reach: naive reachability over the ledger's own graph: a stack of slots, edges by address,
// interior ones too.
#include "oracle/go/state/state.h"

void reach_begin(struct model *model) {
    model->visit++;
    model->stack_count = 0;
}

void reach_value(struct model *model, uintptr_t value) {
    uint32_t index = value == 0 ? MODEL_NONE : map_find(model, value);
    if (index == MODEL_NONE) {
        return;
    }
    struct slot *slot = model_slot(model, index);
    if (slot->visit == model->visit ||
        !HARNESS_RESERVE(model->stack, model->stack_capacity, model->stack_count + 1)) {
        return;
    }
    slot->visit = model->visit;
    model->stack[model->stack_count++] = index;
}

void reach_drain(struct model *model, void (*reach)(struct slot *slot)) {
    while (model->stack_count > 0) {
        struct slot *slot = model_slot(model, model->stack[--model->stack_count]);
        reach(slot);
        for (uint32_t i = slot->first_edge; i != MODEL_NONE; i = model_edge(model, i)->next) {
            reach_value(model, model_edge(model, i)->value);
        }
    }
}

static void reach_functions(struct model *model, uint32_t first) {
    for (uint32_t f = first; f != MODEL_NONE; f = model_finalizer_at(model, f)->next) {
        reach_value(model, model_finalizer_at(model, f)->shown.function);
    }
}

void reach_finalized_fields(struct model *model) {
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        uint32_t edge = slot->first_finalizer == MODEL_NONE ? MODEL_NONE : slot->first_edge;
        for (; edge != MODEL_NONE; edge = model_edge(model, edge)->next) {
            reach_value(model, model_edge(model, edge)->value);
        }
    }
}

// What a finalizer needs when it runs: all that its object points to, and its closure; not the
// object itself. Of a cleanup, its closure.
static void reach_finalizers(struct model *model) {
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        reach_functions(model, slot->first_cleanup);
        reach_functions(model, slot->first_finalizer);
    }
    reach_finalized_fields(model);
}

void reach_roots(struct model *model) {
    model_visit_roots(model, reach_value);
    reach_finalizers(model);
}

static void look_no_further(struct slot *slot) {
    (void)slot; // that it was reached is noted
}

void reach_dumped_roots(struct model *model) {
    model_visit_roots(model, reach_value);
    for (uint32_t i = 0; i < model->live_count; i++) {
        reach_functions(model, model_slot(model, model->live[i])->first_finalizer);
    }
}

void reach_all(struct model *model) {
    reach_begin(model);
    reach_roots(model);
    reach_drain(model, look_no_further);
}

static void show(struct slot *slot) {
    slot->shown = true;
}

void model_shade(struct model *model, uintptr_t value) {
    if (!model->cycle.marking || value == 0) {
        return;
    }
    uint32_t index = map_find(model, value);
    if (index != MODEL_NONE && !model_slot(model, index)->shown) {
        reach_begin(model);
        reach_value(model, value);
        reach_drain(model, show);
    }
}
