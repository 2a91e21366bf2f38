// model: the ledger's life: its arrays, what it takes up from an earlier life, its caches.
#include "oracle/go/model/parts.h"

#include "allocator/start.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"

#include <string.h>

bool model_init(struct model *model, struct rule_book *book) {
    memset(model, 0, sizeof *model);
    model->book = book;
    model->slots.item_bytes = sizeof(struct slot);
    model->edges.item_bytes = sizeof(struct edge);
    model->finalizers.item_bytes = sizeof(struct finalizer_entry);
    model->handles = harness_alloc(MODEL_HANDLE_COUNT * sizeof *model->handles);
    model->touched = harness_alloc(MODEL_HANDLE_COUNT * sizeof *model->touched);
    if (model->handles == NULL || model->touched == NULL) {
        model_fini(model);
        return false;
    }
    for (uint32_t i = 0; i < MODEL_HANDLE_COUNT; i++) {
        model->handles[i].slot = MODEL_NONE;
        model->handles[i].touched_index = MODEL_NONE;
    }
    return true;
}

void model_fini(struct model *model) {
    map_fini(&model->map);
    model_program_fini(model);
    model_profile_fini(model);
    harness_free(model->slots.items);
    harness_free(model->edges.items);
    harness_free(model->finalizers.items);
    harness_free(model->live);
    harness_free(model->handles);
    harness_free(model->touched);
    harness_free(model->stack);
    model_collect_fini(model);
    memset(model, 0, sizeof *model);
}

static void reset_handles(struct model *model) {
    for (uint32_t i = 0; i < model->touched_count; i++) {
        struct handle_entry *entry = &model->handles[model->touched[i]];
        entry->slot = MODEL_NONE;
        entry->touched_index = MODEL_NONE;
    }
    model->touched_count = 0;
    model->handle_count = 0;
}

static void reset_counts(struct model *model) {
    memset(model->alloc_count, 0, sizeof model->alloc_count);
    memset(model->free_count, 0, sizeof model->free_count);
    model->large_alloc_bytes = 0;
    model->large_free_bytes = 0;
    model->tiny_count = 0;
    model->serial = 0;
}

void model_reset(struct model *model, const struct model_place *place) {
    model->place = *place;
    map_reset(&model->map, place->base);
    reset_handles(model);
    reset_counts(model);
    index_pool_reset(&model->slots);
    index_pool_reset(&model->edges);
    index_pool_reset(&model->finalizers);
    model->live_count = 0;
    model->contents_next = 0;
    model->visit = 0;
    for (uint32_t id = 0; id < model->cache_limit; id++) {
        model->caches[id].exists = false;
    }
    model->cache_limit = 0;
    model->cache_count = 0;
    model->cache_free = 0;
    model_program_reset(model);
    model_profile_reset(model);
    model_collect_reset(model);
}

// ---- an earlier life, whose counts go on

static void start_objects(struct model *model, const struct heap_start *heap) {
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        model->alloc_count[class] = model->free_count[class] = heap->small_count[class];
    }
    model->alloc_count[0] = model->free_count[0] = heap->large_count;
    model->large_alloc_bytes = model->large_free_bytes = heap->large_bytes;
    model->tiny_count = heap->tiny_count;
}

static void start_cycles(struct cycle_counts *cycle, const struct heap_start *heap,
                         uint64_t created_ns) {
    cycle->count = heap->cycle_count;
    cycle->forced_count = heap->forced_count;
    cycle->pause_total_ns = heap->pause_total_ns;
    cycle->last_end_ns = heap->last_gc_ns;
    memcpy(cycle->pause_ns, heap->pause_ns, sizeof cycle->pause_ns);
    memcpy(cycle->pause_end_ns, heap->pause_end_ns, sizeof cycle->pause_end_ns);
    cycle->created_ns = created_ns;
    cycle->clock_count = 1; // the first read was in the earlier life
}

bool model_started_from(struct model *model, const struct model_start *start) {
    const struct heap_start *heap = start->heap;
    start_objects(model, heap);
    start_cycles(&model->cycle, heap, start->created_ns);
    model->goroutine_starts = start->goroutine_count;
    model->osthread_starts = start->osthread_count;
    model->profile.cycle = heap->profile_cycle;
    return start->bucket == 0 ||
           model_profile_started_from(model, start->bucket, heap->profile_object_bytes,
                                      heap->profile_count);
}

// ---- caches

bool model_cache_acquired(struct model *model, uint32_t cache_id) {
    rule_count(model->book, RULE_MODEL_STATUS);
    if (cache_id >= MODEL_CACHE_COUNT || model_has_cache(model, cache_id)) {
        return rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){0},
                         "cache %u was given out while it is in use", cache_id);
    }
    if (model->cache_free < cache_id) {
        return rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){0},
                         "cache %u was given out while %u is free", cache_id, model->cache_free);
    }
    if (!model_profile_cache_acquired(model, cache_id)) {
        return false;
    }
    if (cache_id >= model->cache_limit) {
        model->cache_limit = cache_id + 1;
    }
    model->caches[cache_id] = (struct tiny_cache){.block = MODEL_NONE, .exists = true};
    model->cache_count++;
    while (model_has_cache(model, model->cache_free)) {
        model->cache_free++;
    }
    return true;
}

bool model_cache_flushed(struct model *model, uint32_t cache_id) {
    model->caches[cache_id % MODEL_CACHE_COUNT].block = MODEL_NONE;
    return true;
}

bool model_cache_released(struct model *model, uint32_t cache_id) {
    if (model_has_cache(model, cache_id)) {
        model->caches[cache_id].exists = false;
        model->cache_count--;
        model->cache_free = cache_id < model->cache_free ? cache_id : model->cache_free;
    }
    return true;
}
