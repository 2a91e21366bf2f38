// valid: whether the ledger keeps its invariants.
//
// All is looked at, so that no order of the invariants hides one; only what the others are found by
// comes first.
#include "oracle/go/state/state.h"

#include <string.h>

// Free items of a pool, at most one more than it can hold.
static uint32_t free_count(const struct index_pool *pool) {
    uint32_t count = 0;
    uint32_t entry = pool->free_head;
    while (entry != 0 && entry <= pool->count && count <= pool->count) {
        const char *item = (const char *)pool->items + (size_t)(entry - 1) * pool->item_bytes;
        memcpy(&entry, item, sizeof entry);
        count++;
    }
    return entry == 0 ? count : pool->count + 1;
}

static bool list_is_valid(const struct model *model) { // D1
    bool valid = (model->live_count <= model->slots.count) &
                 (model->live_count + free_count(&model->slots) == model->slots.count);
    for (uint32_t i = 0; valid && i < model->live_count; i++) {
        valid = model->live[i] < model->slots.count &&
                model_slot(model, model->live[i])->list_index == i;
    }
    return valid;
}

static bool map_is_valid(const struct model *model) { // D2
    bool valid = model->map.table_count == model->live_count;
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        valid &= map_at(&model->map, model, slot->base) == model->live[i];
        valid &= map_find(model, slot->base + slot->element_bytes - 1) == model->live[i];
    }
    return valid;
}

// How many handles the slot's list has; `valid`: each names it.
static size_t handles_of(const struct model *model, uint32_t index, bool *valid) {
    size_t count = 0;
    uint32_t at = model_slot(model, index)->first_handle;
    while (at < MODEL_HANDLE_COUNT && count <= model->handle_count) { // no ring for ever
        *valid &= model->handles[at].slot == index;
        at = model->handles[at].next;
        count++;
    }
    *valid &= at == MODEL_NONE;
    return count;
}

static bool handles_are_valid(const struct model *model) { // D3
    bool valid = true;
    size_t listed_count = 0;
    size_t naming_count = 0;
    for (uint32_t i = 0; i < model->live_count; i++) {
        listed_count += handles_of(model, model->live[i], &valid);
    }
    for (uint32_t i = 0; i < model->touched_count; i++) {
        const struct handle_entry *entry = &model->handles[model->touched[i]];
        valid &= entry->touched_index == i;
        naming_count += entry->slot != MODEL_NONE;
    }
    return valid & (listed_count == model->handle_count) & (naming_count == model->handle_count);
}

static bool counts_are_valid(const struct model *model) { // D4
    uint64_t live_count[SIZE_CLASS_COUNT] = {0};
    uint64_t large_bytes = 0;
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        live_count[slot->size_class % SIZE_CLASS_COUNT]++;
        large_bytes += slot->size_class == 0 ? slot->element_bytes : 0;
    }
    bool valid = model->large_alloc_bytes - model->large_free_bytes == large_bytes;
    for (uint32_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        valid &= model->alloc_count[i] - model->free_count[i] == live_count[i];
    }
    return valid;
}

static bool edges_are_valid(const struct model *model) { // D5
    uint32_t count = free_count(&model->edges);
    for (uint32_t i = 0; i < model->live_count; i++) {
        uint32_t at = model_slot(model, model->live[i])->first_edge;
        for (; at < model->edges.count && count <= model->edges.count; count++) {
            at = model_edge(model, at)->next;
        }
    }
    return count == model->edges.count;
}

static bool finalizers_are_valid(const struct model *model) { // D5
    uint32_t all_count = model->finalizers.count;
    uint32_t count = free_count(&model->finalizers);
    uint32_t last = MODEL_NONE;
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        const uint32_t firsts[] = {slot->first_finalizer, slot->first_cleanup};
        for (size_t list = 0; list < 2; list++) {
            uint32_t at = firsts[list];
            for (; at < all_count && count <= all_count; count++) {
                at = model_finalizer_at(model, at)->next;
            }
        }
    }
    for (uint32_t at = model->queue_head; at < all_count && count <= all_count; count++) {
        last = at;
        at = model_finalizer_at(model, at)->next;
    }
    return (count == all_count) & (last == model->queue_tail);
}

static bool caches_are_valid(const struct model *model) { // D6
    uint32_t count = 0;
    bool valid = model->cache_limit <= MODEL_CACHE_COUNT;
    for (uint32_t id = 0; valid && id < model->cache_limit; id++) {
        const struct tiny_cache *cache = &model->caches[id];
        bool packs = cache->exists && cache->block != MODEL_NONE;
        valid &= cache->exists | (id >= model->cache_free);
        valid &= !packs ||
                 (cache->block < model->slots.count &&
                  model_slot(model, cache->block)->tiny_block && cache->offset <= TINY_SIZE_BYTES);
        count += cache->exists;
    }
    return valid & (count == model->cache_count);
}

static bool pages_are_valid(const struct map *map) { // D7
    uint64_t covered_count = 0;
    uint64_t stray = 0;
    for (uint32_t i = 0; i < map->pages.count; i++) {
        const struct map_page *page = (const struct map_page *)map->pages.items + i;
        covered_count += page->slot_count > 0;
        for (uint32_t word = 0; word < MAP_GRANULES / 64; word++) {
            stray |= page->starts[word] & ~page->used[word];
        }
    }
    for (uint32_t i = 0; i < map->large_count; i++) {
        covered_count += map_covered_by(&map->large[i]);
    }
    return (stray == 0) & (covered_count == map->covered_pages);
}

static bool ranges_are_valid(const struct model *model) { // D8
    uint64_t manual_bytes[MANUAL_STAT_COUNT] = {0};
    uint64_t stack_bytes = 0;
    uint64_t os_stack_bytes = 0;
    for (uint32_t i = 0; i < model->manual_count; i++) {
        manual_bytes[model->manuals[i].stat % MANUAL_STAT_COUNT] += model->manuals[i].size_bytes;
    }
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        const struct goroutine_entry *g = &model->goroutines[i];
        stack_bytes += g->alive ? g->stack.size_bytes : 0;
    }
    for (uint32_t i = 0; i < model->os_stack_count; i++) {
        os_stack_bytes += model->os_stacks[i].size_bytes;
    }
    bool valid = (stack_bytes == model->stack_bytes) & (os_stack_bytes == model->os_stack_bytes);
    for (size_t i = 0; i < MANUAL_STAT_COUNT; i++) {
        valid &= manual_bytes[i] == model->manual_bytes[i];
    }
    return valid;
}

static bool entry_is_valid(const struct goroutine_entry *g) { // D9
    uint32_t word_count = 0;
    uint32_t bit_bytes = 0;
    uint32_t frame_count = 0;
    bool valid = true;
    for (uint32_t i = 0; i < g->frame_count; i++) {
        const struct frame_entry *frame = &g->frames[i];
        valid &= (frame->word_first == word_count) & (frame->bits_first >= bit_bytes);
        word_count += (uint32_t)(frame->description.size_bytes / sizeof(uintptr_t));
        bit_bytes = frame->bits_first;
    }
    for (uint32_t i = 0; i < g->defer_count; i++) {
        valid &= g->defers[i].frame_count >= frame_count;
        frame_count = g->defers[i].frame_count;
    }
    valid &= (word_count == g->word_count) & (bit_bytes <= g->bit_bytes);
    valid &= (frame_count <= g->frame_count) &
             (g->word_count * sizeof(uintptr_t) <= g->stack.size_bytes);
    return valid & (g->alive | (g->frame_count + g->defer_count + g->panic_count == 0));
}

static bool goroutines_are_valid(const struct model *model) { // D9
    bool valid = true;
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        valid &= entry_is_valid(&model->goroutines[i]);
    }
    return valid;
}

static bool condemned_are_valid(const struct model *model) { // D10
    uint32_t end = 0;
    uint32_t left_count = 0; // of those that are condemned
    bool valid = true;
    for (uint32_t i = 0; i < model->live_count; i++) {
        left_count += model_slot(model, model->live[i])->condemned;
    }
    for (uint32_t i = 0; valid && i < model->condemned_count; i++) {
        const struct condemned_span *span = &model->condemned[i];
        valid = span->slot_first >= end && span->slot_count <= left_count &&
                span->slot_first + span->slot_count <= model->condemned_slot_capacity;
        end = span->slot_first + span->slot_count;
        left_count -= span->slot_count;
        for (uint32_t at = span->slot_first; valid && at < end; at++) {
            uint32_t index = model->condemned_slots[at];
            valid = index < model->slots.count && model_slot(model, index)->condemned;
        }
    }
    return valid && left_count == 0;
}

static bool samples_are_valid(const struct model *model) { // D11
    const struct profile *profile = &model->profile;
    uint64_t sample_count = 0;
    bool valid = true;
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        sample_count += slot->sample != 0;
        valid &= slot->sample <= profile->entry_count;
    }
    for (uint32_t i = 0; i < profile->entry_count; i++) {
        const struct profile_entry *entry = &profile->entries[i];
        valid &= entry->bucket == 0 || model_profile_entry(model, entry->bucket) == entry;
    }
    return valid & (sample_count == profile->sample_count);
}

bool model_is_valid(const struct model *model) {
    if (!list_is_valid(model)) {
        return false;
    }
    bool valid = map_is_valid(model);
    valid &= handles_are_valid(model);
    valid &= counts_are_valid(model);
    valid &= edges_are_valid(model);
    valid &= finalizers_are_valid(model);
    valid &= caches_are_valid(model);
    valid &= pages_are_valid(&model->map);
    valid &= ranges_are_valid(model);
    valid &= goroutines_are_valid(model);
    valid &= condemned_are_valid(model);
    return valid & samples_are_valid(model);
}
