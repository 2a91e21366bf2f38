// handle: what the driver's numbers name: an object, a goroutine, a cache.
#include "oracle/go/state/state.h"

const struct model_handle *model_handle(const struct model *model, uint32_t handle) {
    const struct handle_entry *entry = &model->handles[handle % MODEL_HANDLE_COUNT];
    return entry->slot == MODEL_NONE ? NULL : &entry->shown;
}

size_t model_live_handle_count(const struct model *model) {
    return model->handle_count;
}

static void touch(struct model *model, uint32_t handle) {
    struct handle_entry *entry = &model->handles[handle];
    if (entry->touched_index == MODEL_NONE) {
        entry->touched_index = model->touched_count;
        model->touched[model->touched_count++] = handle;
    }
}

void model_bind_handle(struct model *model, uint32_t handle, uint32_t index,
                       const struct model_handle *shown) {
    struct handle_entry *entry = &model->handles[handle];
    struct slot *slot = model_slot(model, index);
    touch(model, handle);
    entry->shown = *shown;
    entry->slot = index;
    entry->next = slot->first_handle;
    slot->first_handle = handle;
    model->handle_count++;
}

void model_unbind_handle(struct model *model, uint32_t handle) {
    struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return;
    }
    uint32_t *link = &model_slot(model, entry->slot)->first_handle;
    while (*link != handle) {
        link = &model->handles[*link].next;
    }
    *link = entry->next;
    entry->slot = MODEL_NONE;
    model->handle_count--;
}

void model_unbind_all(struct model *model, uint32_t index) {
    struct slot *slot = model_slot(model, index);
    while (slot->first_handle != MODEL_NONE) {
        model_unbind_handle(model, slot->first_handle);
    }
}

bool model_has_cache(const struct model *model, uint32_t cache_id) {
    return cache_id < model->cache_limit && model->caches[cache_id].exists;
}

struct goroutine_entry *model_goroutine(const struct model *model, uint64_t id) {
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        if (model->goroutines[i].alive && model->goroutines[i].id == id) {
            return &model->goroutines[i];
        }
    }
    return NULL;
}
