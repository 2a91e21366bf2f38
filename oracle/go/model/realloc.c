// realloc: objects that were resized, in place or by a move, which takes bytes and pointers along.
#include "oracle/go/state/contents.h"
#include "oracle/go/state/class.h"
#include "oracle/go/model/parts.h"
#include "oracle/go/rules.h"

bool model_will_realloc(struct model *model, uint32_t handle) {
    return model_will_free(model, handle);
}

// The object kept its place: same class, another size.
static bool realloced_in_place(struct model *model, uint32_t handle,
                               const struct model_request *request) {
    struct handle_entry *entry = &model->handles[handle];
    struct slot *slot = model_slot(model, entry->slot);
    size_t old_size = slot->size_bytes;
    size_t kept = old_size < request->size_bytes ? old_size : request->size_bytes;
    rule_count(model->book, RULE_MODEL_SIZE);
    const struct model_request plain = {.size_bytes = request->size_bytes};
    struct element element = go_element_of(&plain);
    if (element.size_class != slot->size_class || element.size_bytes != slot->element_bytes) {
        return rule_fail(model->book, RULE_MODEL_SIZE, (struct rule_place){.object = slot->base},
                         "%zu bytes were given place in a slot of %zu", request->size_bytes,
                         slot->element_bytes);
    }
    bool zero = !slot->noscan || (request->flags & HEAP_ALLOC_ZERO) != 0;
    pointers_cut(model, slot, kept);
    bool clean = contents_check(model, slot, slot->base, kept);
    if (zero && slot->zeroed && kept < request->size_bytes) {
        clean &= contents_check_zero(model->book, slot->base + kept, request->size_bytes - kept);
    }
    for (uint32_t i = slot->first_edge; i != MODEL_NONE; i = model_edge(model, i)->next) {
        model_shade(model, model_edge(model, i)->value);
    }
    slot->size_bytes = request->size_bytes;
    slot->zeroed = zero || (slot->zeroed && request->size_bytes >= old_size);
    entry->shown.size_bytes = request->size_bytes;
    contents_fill(slot, 0, slot->size_bytes);
    return clean;
}

static bool realloced_tiny(struct model *model, uint32_t handle,
                           const struct model_request *request) {
    struct handle_entry *entry = &model->handles[handle];
    const struct slot *slot = model_slot(model, entry->slot);
    size_t offset = entry->shown.address - slot->base;
    rule_count(model->book, RULE_MODEL_SIZE);
    if (request->size_bytes > entry->shown.size_bytes) {
        return rule_fail(model->book, RULE_MODEL_SIZE, (struct rule_place){.object = slot->base},
                         "part of a tiny block grew in place at byte %zu", offset);
    }
    entry->shown.size_bytes = request->size_bytes;
    return true;
}

// Checks that the bytes of an object that moved are those of the old one; both slots exist.
static bool check_moved(struct model *model, const struct slot *old, uintptr_t address,
                        size_t old_offset, size_t kept) {
    if (!old->tiny_block) {
        return contents_check(model, old, address, kept);
    }
    const unsigned char *bytes = (const unsigned char *)address;
    struct slot moved = *old; // the pattern of a tiny block goes by the byte of the block
    unsigned char expected[TINY_SIZE_BYTES];
    moved.base = (uintptr_t)expected;
    contents_fill(&moved, old_offset, old_offset + kept);
    rule_count(model->book, RULE_CONTENTS_PATTERN);
    for (size_t at = 0; at < kept; at++) {
        if (bytes[at] != expected[old_offset + at]) {
            return rule_fail(model->book, RULE_CONTENTS_PATTERN,
                             (struct rule_place){.object = address}, "byte %zu did not move along",
                             at);
        }
    }
    return true;
}

static bool realloced_by_moving(struct model *model, uint32_t handle,
                                const struct model_request *request, uintptr_t address) {
    struct handle_entry *entry = &model->handles[handle];
    uint32_t old_index = entry->slot;
    size_t old_size = entry->shown.size_bytes;
    size_t old_offset = entry->shown.address - model_slot(model, old_index)->base;
    size_t kept = old_size < request->size_bytes ? old_size : request->size_bytes;
    struct slot old = *model_slot(model, old_index);
    bool clean = check_moved(model, &old, address, old_offset, kept);
    bool zero = model_is_zeroed(request);
    if (zero && old.zeroed && !old.tiny_block && kept < request->size_bytes) {
        clean &= contents_check_zero(model->book, address + kept, request->size_bytes - kept);
    }
    struct model_request moved = *request;
    moved.moves = true;
    if (!clean || !model_allocated(model, handle, &moved, address, 0)) {
        return false;
    }
    if (!old.tiny_block) {
        if (model->handles[handle].slot != MODEL_NONE) {
            pointers_move(model, model_slot(model, old_index),
                          model_slot(model, model->handles[handle].slot), kept);
        }
        model_profile_freed(model, model_slot(model, old_index), false);
        model_drop_slot(model, old_index);
    }
    return true;
}

bool model_realloced(struct model *model, uint32_t handle, const struct model_request *request,
                     uintptr_t address) {
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return model_allocated(model, handle, request, address, 0);
    }
    if (address == 0) {
        return true;
    }
    if (address != entry->shown.address) {
        return realloced_by_moving(model, handle, request, address);
    }
    return entry->shown.tiny ? realloced_tiny(model, handle, request)
                             : realloced_in_place(model, handle, request);
}
