// collect: cycles as the ledger sees them: what must and what may be marked, what a sweep
// then frees, pauses and pace.
#include "oracle/go/model/state.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void model_collect_reset(struct model *model) {
    struct cycle_book *cycle = &model->cycle;
    if (cycle->count > 0) { // else they are clean
        memset(cycle->pause_ns, 0, sizeof cycle->pause_ns);
        memset(cycle->pause_end_ns, 0, sizeof cycle->pause_end_ns);
    }
    cycle->count = 0;
    cycle->forced_count = 0;
    cycle->pause_total_ns = 0;
    cycle->last_end_ns = 0;
    cycle->marked_bytes = 0;
    cycle->percent = 100;
    cycle->clock_count = 0;
    cycle->start_pause_ns = 0;
    cycle->marking = false;
    model->condemned_count = 0;
    model->condemned_slot_count = 0;
}

void model_collect_fini(struct model *model) {
    harness_free(model->condemned);
    harness_free(model->condemned_slots);
    harness_free(model->span_entry);
}

// ---- clock

void model_clock(struct model *model, uint64_t now_ns) {
    struct cycle_book *cycle = &model->cycle;
    if (cycle->clock_count++ == 0) {
        cycle->created_ns = now_ns;
    }
    memmove(cycle->clock_reads, cycle->clock_reads + 1,
            (MODEL_CLOCK_READS - 1) * sizeof cycle->clock_reads[0]);
    cycle->clock_reads[MODEL_CLOCK_READS - 1] = now_ns;
}

// Time between a stop and its end: the reads `back` and `back` - 1 from the newest on.
static uint64_t pause_ns(const struct cycle_book *cycle, unsigned back) {
    return cycle->clock_reads[MODEL_CLOCK_READS - back + 1] -
           cycle->clock_reads[MODEL_CLOCK_READS - back];
}

// ---- sweeping, seen from outside

static bool is_swept(const struct model *model, const struct condemned_span *condemned) {
    struct inspect_span span;
    return !inspect_span(model->heap, condemned->index, &span) ||
           span.state != INSPECT_SPAN_IN_USE || span.base != condemned->base ||
           span.sweep_generation == inspect_sweep_generation(model->heap);
}

// A dead object whose span was swept: its slot is free, unless a new object took it at once.
static bool check_freed(struct model *model, const struct condemned_span *condemned,
                        const struct slot *slot) {
    struct inspect_span span;
    rule_count(model->book, RULE_REACH_KEPT);
    if (slot->base == model->being_allocated ||
        !inspect_span(model->heap, condemned->index, &span) || span.state != INSPECT_SPAN_IN_USE ||
        span.base != condemned->base || span.element_bytes != slot->element_bytes) {
        return true;
    }
    size_t index = (slot->base - span.base) / span.element_bytes;
    return !view_is_live(&span, index) ||
           rule_fail(model->book, RULE_REACH_KEPT,
                     (struct rule_place){.span = span.base, .object = slot->base},
                     "a dead object is allocated though its span was swept");
}

static void sweep_slots(struct model *model, const struct condemned_span *condemned, bool look) {
    for (uint32_t i = 0; i < condemned->slot_count; i++) {
        uint32_t index = model->condemned_slots[condemned->slot_first + i];
        struct slot *slot = model_slot(model, index);
        slot->condemned = false;
        if (slot->first_finalizer != MODEL_NONE) {
            model_queue_finalizers(model, index); // it lives on, for this cycle
            continue;
        }
        if (look) {
            (void)check_freed(model, condemned, slot);
        }
        model_profile_freed(model, slot, true);
        model_drop_slot(model, index);
    }
}

void model_note_sweeps(struct model *model, struct heap *heap) {
    (void)heap;
    if (model->condemned_count == 0) {
        return;
    }
    model->queue_batch++;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < model->condemned_count; i++) {
        if (is_swept(model, &model->condemned[i])) {
            sweep_slots(model, &model->condemned[i], true);
        } else {
            model->condemned[kept++] = model->condemned[i];
        }
    }
    model->condemned_count = kept;
}

bool model_sweep_finished(struct model *model) {
    model_note_sweeps(model, model->heap);
    rule_count(model->book, RULE_SWEEP_WHOLE);
    return model->condemned_count == 0 ||
           rule_fail(model->book, RULE_SWEEP_WHOLE,
                     (struct rule_place){.span = model->condemned[0].base},
                     "a span with dead objects is unswept though the sweep is over");
}

// A new cycle has begun, so that the sweep of the last one is over.
static void note_all_sweeps(struct model *model) {
    model->queue_batch++;
    for (uint32_t i = 0; i < model->condemned_count; i++) {
        sweep_slots(model, &model->condemned[i], false);
    }
    model->condemned_count = 0;
}

// ---- start

bool model_gc_will_start(struct model *model) {
    model->cycle.ending = false;
    return true;
}

bool model_gc_will_finish(struct model *model) {
    model->cycle.ending = true;
    return true;
}

static void show(struct slot *slot) {
    slot->shown = true;
}

static void begin_marks(struct model *model) {
    for (uint32_t i = 0; i < model->live_count; i++) {
        struct slot *slot = model_slot(model, model->live[i]);
        slot->black = false;
        slot->shown = false;
        slot->reachable = false;
    }
    for (uint32_t id = 0; id < model->cache_limit; id++) {
        const struct tiny_cache *cache = &model->caches[id];
        if (cache->exists && cache->block != MODEL_NONE) {
            model_slot(model, cache->block)->black = true; // more may be put into it
        }
    }
    reach_begin(model);
    reach_roots(model);
    reach_drain(model, show);
}

bool model_gc_started(struct model *model, struct heap *heap, bool forced) {
    (void)heap;
    struct cycle_book *cycle = &model->cycle;
    rule_count(model->book, RULE_MODEL_STATUS);
    if (cycle->marking) {
        return rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){0},
                         "a cycle started while one was running");
    }
    note_all_sweeps(model);
    model_block_places(model);
    cycle->marking = true;
    cycle->forced = forced;
    cycle->start_pause_ns = pause_ns(cycle, cycle->ending ? 4 : 2);
    begin_marks(model);
    return true;
}

// ---- finish

static void reach(struct slot *slot) {
    slot->reachable = true;
}

static bool fail_mark(struct model *model, unsigned rule, const struct inspect_span *span,
                      const struct slot *slot, const char *what) {
    return rule_fail(
        model->book, rule,
        (struct rule_place){.span = span == NULL ? 0 : span->base, .object = slot->base}, "%s",
        what);
}

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

static void look_no_further(struct slot *slot) {
    (void)slot; // that it was reached is noted
}

// Nothing grey is left: what is reachable now is marked, though the cycle goes on.
bool model_gc_stepped(struct model *model, struct heap *heap, bool is_done) {
    struct view *view = &model->view;
    if (!is_done || !model->cycle.marking) {
        return true;
    }
    if (!view_take(view, heap)) {
        return false;
    }
    rule_count(model->book, RULE_REACH_LOST);
    reach_begin(model);
    reach_roots(model);
    reach_drain(model, look_no_further);
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        const struct inspect_span *span = span_at(view, view_find_address(view, slot->base));
        if (slot->visit == model->visit && !is_marked(span, slot)) {
            return fail_mark(model, RULE_REACH_LOST, span, slot,
                             "a reachable object is not marked when a step says that it is done");
        }
    }
    return true;
}

// Whether the slot lives on, by the marks where the program's graph leaves it open. Checks the
// marks where it does not.
static bool survives(struct model *model, const struct view *view, uint32_t span_index,
                     const struct slot *slot, bool *clean) {
    const struct inspect_span *span = span_at(view, span_index);
    bool marked = is_marked(span, slot);
    bool must = slot->reachable || slot->black;
    if (must && !marked) {
        *clean = fail_mark(model, RULE_REACH_LOST, span, slot,
                           slot->reachable ? "a reachable object is not marked"
                                           : "an object born while marking is not marked");
    }
    if (must || slot->shown) {
        return must || marked;
    }
    // a sweep that is over already has marked what a finalizer kept
    bool kept = marked && view_is_swept(view, span) && slot->first_finalizer != MODEL_NONE;
    if (marked && !kept) {
        *clean =
            fail_mark(model, RULE_REACH_FLOATING, span, slot, "an unreachable object is marked");
    }
    return false;
}

static bool condemn(struct model *model, uint32_t slot_index, uint32_t span_index) {
    model_slot(model, slot_index)->condemned = true;
    model_unbind_all(model, slot_index);
    uint32_t *entry = &model->span_entry[span_index];
    if (*entry == 0) {
        if (!MODEL_RESERVE(model->condemned, model->condemned_capacity,
                           model->condemned_count + 1)) {
            return false;
        }
        model->condemned[model->condemned_count++] = (struct condemned_span){
            .index = span_index, .base = model->view.spans[span_index].base};
        *entry = model->condemned_count;
    }
    model->condemned[*entry - 1].slot_count++;
    return true;
}

// Slots of each condemned span side by side, so that a span's sweep touches its own alone.
static bool group_condemned(struct model *model) {
    uint32_t total = 0;
    for (uint32_t i = 0; i < model->condemned_count; i++) {
        model->condemned[i].slot_first = total;
        total += model->condemned[i].slot_count;
        model->condemned[i].slot_count = 0;
    }
    if (!MODEL_RESERVE(model->condemned_slots, model->condemned_slot_capacity, total)) {
        return false;
    }
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        if (slot->condemned) {
            uint32_t span_index = view_find_address(&model->view, slot->base);
            struct condemned_span *span = &model->condemned[model->span_entry[span_index] - 1];
            model->condemned_slots[span->slot_first + span->slot_count++] = model->live[i];
        }
    }
    return true;
}

static bool take_marks(struct model *model) {
    struct view *view = &model->view;
    if (!view_take(view, model->heap) ||
        !MODEL_RESERVE(model->span_entry, model->span_entry_capacity,
                       view->span_count + (size_t)1)) {
        return false;
    }
    memset(model->span_entry, 0, (view->span_count + (size_t)1) * sizeof *model->span_entry);
    bool clean = true;
    uint32_t gone = 0; // slots whose span a sweep has taken down already
    model->cycle.marked_bytes = 0;
    for (uint32_t i = 0; i < model->live_count; i++) {
        struct slot *slot = model_slot(model, model->live[i]);
        uint32_t span_index = view_find_address(view, slot->base);
        if (survives(model, view, span_index, slot, &clean)) {
            model->cycle.marked_bytes += slot->element_bytes;
        } else if (span_index == VIEW_NONE) {
            gone++;
            slot->condemned = true;
        } else if (!condemn(model, model->live[i], span_index)) {
            return false;
        }
    }
    for (uint32_t i = model->live_count; gone > 0 && i-- > 0;) {
        uint32_t index = model->live[i];
        struct slot *slot = model_slot(model, index);
        if (slot->condemned && view_find_address(view, slot->base) == VIEW_NONE) {
            gone--;
            if (slot->first_finalizer != MODEL_NONE) {
                clean = fail_mark(model, RULE_REACH_FREED, NULL, slot,
                                  "an object whose finalizer was due is gone");
            }
            model_profile_freed(model, slot, true);
            model_drop_slot(model, index);
        }
    }
    return group_condemned(model) && clean;
}

static void note_cycle(struct cycle_book *cycle) {
    uint32_t row = cycle->count % MEMSTATS_PAUSE_COUNT;
    uint64_t pause = cycle->start_pause_ns + pause_ns(cycle, 2);
    cycle->last_end_ns = cycle->clock_reads[MODEL_CLOCK_READS - 1];
    cycle->pause_total_ns += pause;
    cycle->pause_ns[row] = pause;
    cycle->pause_end_ns[row] = cycle->last_end_ns;
    cycle->count++;
    cycle->forced_count += cycle->forced;
    cycle->marking = false;
    cycle->ending = false;
}

bool model_gc_finished(struct model *model, struct heap *heap) {
    (void)heap;
    rule_count(model->book, RULE_MODEL_STATUS);
    rule_count(model->book, RULE_REACH_LOST);
    rule_count(model->book, RULE_REACH_FLOATING);
    if (!model->cycle.marking) {
        return rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){0},
                         "a cycle finished that was not running");
    }
    reach_begin(model);
    reach_roots(model);
    reach_drain(model, reach);
    for (uint32_t id = 0; id < model->cache_limit; id++) {
        model->caches[id].block = MODEL_NONE; // all caches are flushed
    }
    note_cycle(&model->cycle);
    (void)model_profile_cycled(model);
    model_block_places(model);
    bool clean = take_marks(model);
    model_note_sweeps(model, model->heap);
    return clean;
}

bool model_gc_percent_set(struct model *model, int32_t percent) {
    model->cycle.percent = percent;
    return true;
}

// ---- ledger and bits

// The slot's span: where it was last time, or by a search.
static uint32_t find_span(const struct view *view, struct slot *slot) {
    uint32_t hint = slot->span_hint;
    if (hint < view->span_count && view->spans[hint].state != INSPECT_SPAN_DEAD &&
        slot->base - view->spans[hint].base < view->spans[hint].page_count * HEAP_PAGE_BYTES) {
        return hint;
    }
    slot->span_hint = view_find_address(view, slot->base);
    return slot->span_hint;
}

static bool check_slot(struct model *model, const struct view *view, struct slot *slot) {
    uint32_t span_index = find_span(view, slot);
    const struct inspect_span *span = span_index == VIEW_NONE ? NULL : &view->spans[span_index];
    if (span == NULL || span->state != INSPECT_SPAN_IN_USE ||
        span->element_bytes != slot->element_bytes || (span->span_class & 1) != slot->noscan ||
        (slot->base - span->base) % span->element_bytes != 0) {
        return fail_mark(model, RULE_MODEL_SCAN, span, slot,
                         "an object's span is not of its class");
    }
    return view_is_live(span, (slot->base - span->base) / span->element_bytes) ||
           fail_mark(model, RULE_REACH_FREED, span, slot, "a live object's slot is free");
}

static uint64_t count_live(const struct view *view) {
    uint64_t live = 0;
    for (uint32_t i = 0; i < view->span_count; i++) {
        if (view->spans[i].state == INSPECT_SPAN_IN_USE) {
            live += view_live_count(&view->spans[i]);
        }
    }
    return live;
}

bool model_check_objects(struct model *model, const struct view *view) {
    rule_count(model->book, RULE_MODEL_SCAN);
    rule_count(model->book, RULE_REACH_FREED);
    bool clean = true;
    for (uint32_t i = 0; i < model->live_count && clean; i++) {
        clean = check_slot(model, view, model_slot(model, model->live[i]));
    }
    uint64_t live = count_live(view); // each slot has its own bit, so that counts decide
    return clean && (live == model->live_count ||
                     rule_fail_values(model->book, RULE_MODEL_SCAN, "objects",
                                      (struct rule_value){"model", model->live_count},
                                      (struct rule_value){"bits", live}));
}
