// account: MemStats as the ledger has it, and its comparison with the fast account.
#include "oracle/go/model/parts.h"
#include "oracle/go/state/class.h"
#include "oracle/go/rules.h"

#include <string.h>

// bytes * percent / 100, rounded down; the parts keep it below 2^64.
static uint64_t part_of(uint64_t bytes, uint64_t percent) {
    return bytes / 100 * percent + bytes % 100 * percent / 100;
}

static uint64_t next_gc_bytes(const struct cycle_counts *cycle) {
    if (cycle->percent < 0) {
        return UINT64_MAX;
    }
    uint64_t percent = (uint64_t)cycle->percent;
    uint64_t grown = cycle->marked_bytes + part_of(cycle->marked_bytes, percent);
    uint64_t least = part_of((uint64_t)4 << 20, percent);
    return grown > least ? grown : least;
}

static void expect_objects(const struct model *model, struct memstats *stats) {
    uint64_t freed_bytes = model->large_free_bytes;
    stats->TotalAlloc = model->large_alloc_bytes;
    stats->Mallocs = model->alloc_count[0] + model->tiny_count;
    stats->Frees = model->free_count[0] + model->tiny_count;
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        stats->Mallocs += model->alloc_count[class];
        stats->Frees += model->free_count[class];
        stats->TotalAlloc += model->alloc_count[class] * go_class_bytes[class];
        freed_bytes += model->free_count[class] * go_class_bytes[class];
    }
    stats->HeapAlloc = stats->TotalAlloc - freed_bytes;
    stats->Alloc = stats->HeapAlloc;
    stats->HeapObjects = model->live_count;
}

void model_expect(const struct model *model, struct memstats *stats) {
    expect_objects(model, stats);
    stats->StackInuse = model->stack_bytes + model->manual_bytes[MANUAL_STACK];
    stats->StackSys = stats->StackInuse + model->os_stack_bytes;
    stats->NextGC = next_gc_bytes(&model->cycle);
    stats->LastGC = model->cycle.last_end_ns;
    stats->PauseTotalNs = model->cycle.pause_total_ns;
    stats->NumGC = model->cycle.count;
    stats->NumForcedGC = model->cycle.forced_count;
}

static bool equal(const struct model *model, const char *field, uint64_t fast, uint64_t ledger) {
    return rule_equal(model->book, RULE_MODEL_FIELD, field,
                      (struct rule_value){"fast account", fast},
                      (struct rule_value){"model", ledger});
}

static bool compare_classes(const struct model *model, const struct memstats *fast) {
    rule_count(model->book, RULE_MODEL_BY_SIZE);
    for (size_t class = 0; class < SIZE_CLASS_COUNT;
         class ++) { // row 0 is zero: large ones have none
        const struct memstats_by_size *row = &fast->BySize[class];
        uint64_t alloc_count = class == 0 ? 0 : model->alloc_count[class];
        uint64_t free_count = class == 0 ? 0 : model->free_count[class];
        if (row->Mallocs == alloc_count && row->Frees == free_count) {
            continue;
        }
        bool mallocs = row->Mallocs != alloc_count;
        char field[FINDING_FIELD_BYTES];
        (void)snprintf(field, sizeof field, "BySize[%zu].%s", class, mallocs ? "Mallocs" : "Frees");
        return rule_fail_values(
            model->book, RULE_MODEL_BY_SIZE, field,
            (struct rule_value){"fast account", mallocs ? row->Mallocs : row->Frees},
            (struct rule_value){"model", mallocs ? alloc_count : free_count});
    }
    return true;
}

static bool compare_ring(const struct model *model, const char *name, const uint64_t *fast,
                         const uint64_t *ledger, bool whole) {
    rule_count(model->book, RULE_MODEL_RING);
    if (whole && memcmp(fast, ledger, MEMSTATS_PAUSE_COUNT * sizeof fast[0]) == 0) {
        return true;
    }
    uint32_t newest = (model->cycle.count + MEMSTATS_PAUSE_COUNT - 1) % MEMSTATS_PAUSE_COUNT;
    uint32_t first = whole ? 0 : newest;
    uint32_t end = whole ? MEMSTATS_PAUSE_COUNT : newest + 1;
    for (uint32_t row = first; row < end; row++) {
        if (fast[row] != ledger[row]) {
            char field[FINDING_FIELD_BYTES];
            (void)snprintf(field, sizeof field, "%s[%u]", name, row);
            return rule_fail_values(model->book, RULE_MODEL_RING, field,
                                    (struct rule_value){"fast account", fast[row]},
                                    (struct rule_value){"model", ledger[row]});
        }
    }
    return true;
}

// The collector's share of the time since the first read of the clock, as of the last cycle's end.
static bool compare_fraction(const struct model *model, const struct memstats *fast) {
    const struct cycle_counts *cycle = &model->cycle;
    double share = 0.0;
    if (cycle->count > 0 && cycle->last_end_ns != cycle->created_ns) {
        share = (double)cycle->pause_total_ns / (double)(cycle->last_end_ns - cycle->created_ns);
    }
    uint64_t fast_bits;
    uint64_t share_bits;
    memcpy(&fast_bits, &fast->GCCPUFraction, sizeof fast_bits);
    memcpy(&share_bits, &share, sizeof share_bits);
    return equal(model, "GCCPUFraction", fast_bits, share_bits); // both rounded once: the same bits
}

// Pages that hold objects are in use, whatever else is.
static bool compare_pages(const struct model *model, const struct memstats *fast) {
    uint64_t covered = model->map.covered_pages * HEAP_PAGE_BYTES;
    uint64_t least = fast->HeapInuse < covered ? covered : fast->HeapInuse;
    return equal(model, "HeapInuse", fast->HeapInuse, least);
}

static bool compare_buckets(const struct model *model, const struct memstats *fast) {
    return equal(model, "BuckHashSys", fast->BuckHashSys,
                 model_profile_bytes(model, fast->BuckHashSys));
}

static bool compare_caches(const struct model *model, const struct memstats *fast) {
    return equal(model, "MCacheInuse", fast->MCacheInuse,
                 model->cache_count * model->place.cache_bytes);
}

// What is counted stands before what is derived from it: the first that differs is the finding.
bool model_compare(struct model *model, const struct memstats *fast, bool whole_rings) {
    struct memstats ledger; // only what model_expect sets is read
    model_expect(model, &ledger);
    bool clean = compare_classes(model, fast);
#define COMPARE(name) clean &= equal(model, #name, fast->name, ledger.name)
    COMPARE(Mallocs);
    COMPARE(Frees);
    COMPARE(TotalAlloc);
    COMPARE(HeapObjects);
    COMPARE(HeapAlloc);
    COMPARE(Alloc);
    COMPARE(StackInuse);
    COMPARE(StackSys);
    COMPARE(NextGC);
    COMPARE(LastGC);
    COMPARE(PauseTotalNs);
    COMPARE(NumGC);
    COMPARE(NumForcedGC);
#undef COMPARE
    clean &= compare_pages(model, fast);
    clean &= compare_caches(model, fast);
    clean &= compare_buckets(model, fast);
    clean &= compare_fraction(model, fast);
    const struct cycle_counts *cycle = &model->cycle;
    clean &= compare_ring(model, "PauseNs", fast->PauseNs, cycle->pause_ns, whole_rings);
    clean &= compare_ring(model, "PauseEnd", fast->PauseEnd, cycle->pause_end_ns, whole_rings);
    return clean;
}

// ---- objects as others see them

static struct model_object shown_of(const struct slot *slot) {
    return (struct model_object){
        .base = slot->base,
        .size_bytes = slot->size_bytes,
        .element_bytes = slot->element_bytes,
        .layout = slot->layout,
        .tiny_block = slot->tiny_block,
        .condemned = slot->condemned,
        .handled = slot->first_handle != MODEL_NONE,
    };
}

size_t model_object_count(const struct model *model) {
    return model->live_count;
}

bool model_find_object(const struct model *model, uintptr_t address, struct model_object *object) {
    uint32_t index = map_find(model, address);
    if (index != MODEL_NONE) {
        *object = shown_of(model_slot(model, index));
    }
    return index != MODEL_NONE;
}
