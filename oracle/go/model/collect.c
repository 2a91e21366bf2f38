// collect: cycles as the ledger knows them: what must and what may be marked, what a sweep then
// frees, pauses and pace.
//
// An example of marks: when the cycle starts a root leads to A, and A to B; C is garbage.
//   start     begin_marks() shows A and B: the collector may mark them from now on
//   running   the program drops A's pointer to B: B is shown and no longer reachable. D is
//             allocated: it is born black
//   finish    A is reachable and D black: observer/marks.c demands that both are marked
//             (reach-lost). B may be or not, and lives on as its mark says. C was never shown: a
//             mark is garbage that floats and nobody can explain (reach-floating); without one it
//             is condemned until it is swept
#include "oracle/go/model/parts.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"

#include <string.h>

void model_collect_reset(struct model *model) {
    struct cycle_counts *cycle = &model->cycle;
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
    cycle->marking = false;
    model->condemned_count = 0;
}

void model_collect_fini(struct model *model) {
    harness_free(model->condemned);
    harness_free(model->condemned_slots);
}

// ---- clock

void model_clock(struct model *model, uint64_t now_ns) {
    struct cycle_counts *cycle = &model->cycle;
    if (cycle->clock_count++ == 0) {
        cycle->created_ns = now_ns;
    }
    memmove(cycle->clock_reads, cycle->clock_reads + 1,
            (MODEL_CLOCK_READS - 1) * sizeof cycle->clock_reads[0]);
    cycle->clock_reads[MODEL_CLOCK_READS - 1] = now_ns;
}

// Time between a stop and its end: the reads `back` and `back` - 1 from the newest on.
static uint64_t pause_ns(const struct cycle_counts *cycle, unsigned back) {
    return cycle->clock_reads[MODEL_CLOCK_READS - back + 1] -
           cycle->clock_reads[MODEL_CLOCK_READS - back];
}

// ---- sweeping

// A span's sweep: of its dead ones, those with a finalizer live on, for this cycle; the others'
// cleanups are due.
static void sweep_slots(struct model *model, const struct condemned_span *condemned) {
    for (uint32_t i = 0; i < condemned->slot_count; i++) {
        uint32_t index = model->condemned_slots[condemned->slot_first + i];
        struct slot *slot = model_slot(model, index);
        slot->condemned = false;
        if (slot->first_finalizer != MODEL_NONE) {
            model_queue_finalizers(model, index);
            continue;
        }
        model_queue_cleanups(model, index);
        model_profile_freed(model, slot, true);
        model_drop_slot(model, index);
    }
}

// What a cycle's end has found swept already is of the same batch as what is looked at next.
void model_swept(struct model *model) {
    model->queue_batch += !model->has_open_batch;
    model->has_open_batch = false;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < model->condemned_count; i++) {
        if (model->condemned[i].swept) {
            sweep_slots(model, &model->condemned[i]);
        } else {
            model->condemned[kept++] = model->condemned[i];
        }
    }
    model->condemned_count = kept;
}

bool model_sweep_finished(struct model *model) {
    rule_count(model->book, RULE_SWEEP_WHOLE);
    return model->condemned_count == 0 ||
           rule_fail(model->book, RULE_SWEEP_WHOLE,
                     (struct rule_place){.span = model->condemned[0].base},
                     "a span with dead objects is unswept though the sweep is over");
}

// A new cycle has begun, so that the sweep of the last one is over.
static void sweep_all(struct model *model) {
    for (uint32_t i = 0; i < model->condemned_count; i++) {
        model->condemned[i].swept = true;
    }
    model_swept(model);
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

bool model_gc_started(struct model *model, bool forced) {
    struct cycle_counts *cycle = &model->cycle;
    rule_count(model->book, RULE_MODEL_STATUS);
    if (cycle->marking) {
        return rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){0},
                         "a cycle started while one was running");
    }
    sweep_all(model);
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

void model_survived(struct model *model, const struct slot *slot) {
    model->cycle.marked_bytes += slot->element_bytes;
}

bool model_condemn_span(struct model *model, uint32_t index, uintptr_t base) {
    if (!HARNESS_RESERVE(model->condemned, model->condemned_capacity, model->condemned_count + 1)) {
        return false;
    }
    model->condemned[model->condemned_count++] =
        (struct condemned_span){.index = index, .base = base};
    return true;
}

void model_condemn(struct model *model, uint32_t slot_index, uint32_t span) {
    struct slot *slot = model_slot(model, slot_index);
    slot->condemned = true;
    slot->grave = span;
    if (span != MODEL_NONE) {
        model_unbind_all(model, slot_index);
        model->condemned[span].slot_count++;
    }
}

// A sweep that is over already has taken down these slots' spans.
static bool drop_gone(struct model *model) {
    bool clean = true;
    model->queue_batch++;
    model->has_open_batch = true;
    for (uint32_t i = model->live_count; i-- > 0;) {
        uint32_t index = model->live[i];
        const struct slot *slot = model_slot(model, index);
        if (!slot->condemned || slot->grave != MODEL_NONE) {
            continue;
        }
        if (slot->first_finalizer != MODEL_NONE) {
            clean =
                rule_fail(model->book, RULE_REACH_FREED, (struct rule_place){.object = slot->base},
                          "an object whose finalizer was due is gone");
        }
        model_queue_cleanups(model, index);
        model_profile_freed(model, slot, true);
        model_drop_slot(model, index);
    }
    return clean;
}

// Slots of each condemned span side by side, so that a span's sweep touches its own alone.
bool model_all_condemned(struct model *model) {
    bool clean = drop_gone(model);
    uint32_t total = 0;
    for (uint32_t i = 0; i < model->condemned_count; i++) {
        model->condemned[i].slot_first = total;
        total += model->condemned[i].slot_count;
        model->condemned[i].slot_count = 0;
    }
    if (!HARNESS_RESERVE(model->condemned_slots, model->condemned_slot_capacity, total)) {
        return false;
    }
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        if (slot->condemned) {
            struct condemned_span *span = &model->condemned[slot->grave];
            model->condemned_slots[span->slot_first + span->slot_count++] = model->live[i];
        }
    }
    return clean;
}

static void note_cycle(struct cycle_counts *cycle) {
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

bool model_gc_finished(struct model *model) {
    rule_count(model->book, RULE_MODEL_STATUS);
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
    model->cycle.marked_bytes = 0; // those that survive are told
    return model_profile_cycled(model);
}

bool model_gc_percent_set(struct model *model, int32_t percent) {
    model->cycle.percent = percent;
    return true;
}
