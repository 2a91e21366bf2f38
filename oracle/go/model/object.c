// object: objects come and go: each result is checked against all that the ledger
// holds.
#include "oracle/go/state/contents.h"
#include "oracle/go/state/class.h"
#include "oracle/go/model/parts.h"
#include "oracle/go/rules.h"

#include <inttypes.h>

// ---- slots

bool model_add_slot(struct model *model, uint32_t *index, const struct slot *slot) {
    *index = index_pool_take(&model->slots);
    if (*index == MODEL_NONE ||
        !HARNESS_RESERVE(model->live, model->live_capacity, model->live_count + 1)) {
        return false;
    }
    struct slot *entry = model_slot(model, *index);
    *entry = *slot;
    entry->list_index = model->live_count;
    model->live[model->live_count++] = *index;
    model->alloc_count[entry->size_class]++;
    if (entry->size_class == 0) {
        model->large_alloc_bytes += entry->element_bytes;
    }
    return map_enter(model, *index) && model_profile_allocated(model, *index);
}

static void drop_finalizers(struct model *model, uint32_t *first) {
    while (*first != MODEL_NONE) {
        uint32_t finalizer = *first;
        *first = model_finalizer_at(model, finalizer)->next;
        index_pool_give(&model->finalizers, finalizer);
    }
}

void model_drop_slot(struct model *model, uint32_t index) {
    struct slot *slot = model_slot(model, index);
    model_unbind_all(model, index);
    pointers_drop(model, slot);
    drop_finalizers(model, &slot->first_finalizer);
    drop_finalizers(model, &slot->first_cleanup);
    map_leave(model, index);
    model->free_count[slot->size_class]++;
    if (slot->size_class == 0) {
        model->large_free_bytes += slot->element_bytes;
    }
    uint32_t last = model->live[--model->live_count];
    model->live[slot->list_index] = last;
    model_slot(model, last)->list_index = slot->list_index;
    index_pool_give(&model->slots, index);
}

// ---- allocation

static bool fail_address(struct model *model, uintptr_t address, const char *what) {
    return rule_fail(model->book, RULE_MODEL_ADDRESS, (struct rule_place){.object = address}, "%s",
                     what);
}

static bool check_place(struct model *model, uintptr_t base, size_t element_bytes) {
    rule_count(model->book, RULE_MODEL_ADDRESS);
    rule_count(model->book, RULE_MODEL_OVERLAP);
    uintptr_t heap_base_address = model->map.base;
    if (base < heap_base_address || base - heap_base_address > HEAP_WINDOW_BYTES - element_bytes) {
        return fail_address(model, base, "the object lies outside the heap's window");
    }
    if (base % 8 != 0 || (element_bytes > SMALL_SIZE_MAX && base % HEAP_PAGE_BYTES != 0)) {
        return fail_address(model, base, "the object is misaligned");
    }
    if (!map_is_free(model, base, element_bytes)) {
        return rule_fail(model->book, RULE_MODEL_OVERLAP, (struct rule_place){.object = base},
                         "%zu bytes there are in use already", element_bytes);
    }
    return true;
}

// Small classes have the alignment of their size's divisibility within a page, as spans begin at
// pages.
static bool check_natural_alignment(struct model *model, uintptr_t base, size_t element_bytes) {
    size_t natural = element_bytes & (~element_bytes + 1);
    if (natural > HEAP_PAGE_BYTES) {
        natural = HEAP_PAGE_BYTES;
    }
    return base % natural == 0 ||
           fail_address(model, base, "the object is not aligned as its size");
}

static bool check_usable(struct model *model, uintptr_t base, size_t usable_bytes,
                         size_t element_bytes) {
    return usable_bytes == 0 ||
           rule_equal(model->book, RULE_MODEL_SIZE, "usable bytes",
                      (struct rule_value){"heap", usable_bytes},
                      (struct rule_value){"class table", element_bytes}) ||
           (model->book->finding.object = base, false);
}

bool model_is_zeroed(const struct model_request *request) {
    return !model_is_noscan(request->layout) || (request->flags & HEAP_ALLOC_ZERO) != 0;
}

static struct model_handle shown_of(const struct model_request *request, uintptr_t address,
                                    bool tiny) {
    return (struct model_handle){
        .address = address,
        .size_bytes = request->size_bytes,
        .layout = request->layout,
        .cache_id = request->cache_id,
        .tiny = tiny,
        .untouched = request->untouched,
    };
}

static struct slot slot_of(struct model *model, const struct model_request *request,
                           uintptr_t address, struct element element) {
    bool noscan = model_is_noscan(request->layout);
    return (struct slot){
        .first_handle = MODEL_NONE,
        .base = address,
        .size_bytes = request->size_bytes,
        .element_bytes = element.size_bytes,
        .layout = noscan ? NULL : request->layout,
        .first_edge = MODEL_NONE,
        .first_finalizer = MODEL_NONE,
        .first_cleanup = MODEL_NONE,
        .seed = ++model->serial,
        .cache_id = request->cache_id,
        .size_class = element.size_class,
        .noscan = noscan,
        .zeroed = model_is_zeroed(request),
        .untouched = request->untouched,
        .black = model->cycle.marking,
    };
}

static bool allocated_object(struct model *model, uint32_t handle,
                             const struct model_request *request, uintptr_t address,
                             size_t usable_bytes) {
    struct element element = go_element_of(request);
    size_t element_bytes = element.size_bytes;
    if (!check_place(model, address, element_bytes) ||
        !check_usable(model, address, usable_bytes, element_bytes)) {
        return false;
    }
    if (request->align_bytes > 0 && address % request->align_bytes != 0) {
        return fail_address(model, address, "the object is not aligned as asked");
    }
    if (!check_natural_alignment(model, address, element_bytes)) {
        return false;
    }
    struct slot slot = slot_of(model, request, address, element);
    uint32_t index;
    if (!model_add_slot(model, &index, &slot)) {
        return false;
    }
    struct model_handle shown = shown_of(request, address, false);
    model_bind_handle(model, handle, index, &shown);
    if (slot.untouched) {
        return true;
    }
    if (slot.zeroed && !request->moves &&
        !contents_check_zero(model->book, address, request->size_bytes)) {
        return false;
    }
    contents_fill(model_slot(model, index), 0, request->size_bytes);
    return true;
}

// ---- tiny allocation

static size_t tiny_align(size_t size_bytes) {
    return size_bytes % 8 == 0 ? 8 : size_bytes % 4 == 0 ? 4 : size_bytes % 2 == 0 ? 2 : 1;
}

static bool fill_tiny(struct model *model, uint32_t handle, const struct model_request *request,
                      uint32_t index, size_t offset) {
    struct slot *slot = model_slot(model, index);
    uint16_t mask = (uint16_t)(((1u << request->size_bytes) - 1) << offset);
    rule_count(model->book, RULE_MODEL_TINY);
    if ((slot->tiny_bytes & mask) != 0) {
        return rule_fail(model->book, RULE_MODEL_TINY, (struct rule_place){.object = slot->base},
                         "bytes %zu.. of a tiny block were handed out twice", offset);
    }
    struct model_handle shown = shown_of(request, slot->base + offset, true);
    model_bind_handle(model, handle, index, &shown);
    if (!request->moves && (request->flags & HEAP_ALLOC_ZERO) != 0 &&
        !contents_check_zero(model->book, slot->base + offset, request->size_bytes)) {
        return false;
    }
    slot->tiny_bytes |= mask;
    contents_fill(slot, offset, offset + request->size_bytes);
    return true;
}

static bool allocated_tiny_block(struct model *model, uint32_t handle,
                                 const struct model_request *request, uintptr_t address) {
    if (!check_place(model, address, TINY_SIZE_BYTES) ||
        !check_natural_alignment(model, address, TINY_SIZE_BYTES)) {
        return false;
    }
    struct slot slot =
        slot_of(model, request, address, (struct element){TINY_SIZE_BYTES, TINY_SIZE_CLASS});
    slot.size_bytes = TINY_SIZE_BYTES;
    slot.tiny_block = true;
    uint32_t index;
    if (!model_add_slot(model, &index, &slot)) {
        return false;
    }
    struct tiny_cache *cache = &model->caches[request->cache_id % MODEL_CACHE_COUNT];
    if (cache->block == MODEL_NONE || request->size_bytes < cache->offset) {
        cache->block = index; // the block with more left is kept
        cache->offset = (uint32_t)request->size_bytes;
    }
    return fill_tiny(model, handle, request, index, 0);
}

static bool allocated_tiny(struct model *model, uint32_t handle,
                           const struct model_request *request, uintptr_t address) {
    struct tiny_cache *cache = &model->caches[request->cache_id % MODEL_CACHE_COUNT];
    size_t align = tiny_align(request->size_bytes);
    size_t offset = (cache->offset + align - 1) / align * align;
    if (cache->block == MODEL_NONE || offset + request->size_bytes > TINY_SIZE_BYTES) {
        return allocated_tiny_block(model, handle, request, address);
    }
    rule_count(model->book, RULE_MODEL_TINY);
    uintptr_t expected = model_slot(model, cache->block)->base + offset;
    if (address != expected) {
        return rule_fail(model->book, RULE_MODEL_TINY, (struct rule_place){.object = address},
                         "%zu bytes belong at 0x%" PRIxPTR ", in cache %u's block",
                         request->size_bytes, expected, request->cache_id);
    }
    cache->offset = (uint32_t)(offset + request->size_bytes);
    model->tiny_count++;
    return fill_tiny(model, handle, request, cache->block, offset);
}

bool model_allocated(struct model *model, uint32_t handle, const struct model_request *request,
                     uintptr_t address, size_t usable_bytes) {
    model->memory_failed = request->memory_failed;
    if (address == 0) {
        return true;
    }
    model_unbind_handle(model, handle);
    struct model_request own = *request;
    if (own.size_bytes == 0 && own.align_bytes > 8) {
        own.size_bytes = 1; // the zero base is not aligned so far
    }
    if (own.size_bytes == 0) {
        rule_count(model->book, RULE_MODEL_ADDRESS);
        return address == model->place.zero_base ||
               fail_address(model, address, "an empty object is not at the zero base");
    }
    bool tiny = request->align_bytes == 0 && (request->flags & HEAP_ALLOC_TINY) != 0 &&
                model_is_noscan(request->layout) && request->size_bytes < TINY_SIZE_BYTES;
    return tiny ? allocated_tiny(model, handle, &own, address)
                : allocated_object(model, handle, &own, address, usable_bytes);
}

// ---- free

bool model_will_free(struct model *model, uint32_t handle) {
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return true;
    }
    const struct slot *slot = model_slot(model, entry->slot);
    return contents_check(model, slot, slot->base, slot->size_bytes);
}

bool model_freed(struct model *model, uint32_t handle, uint32_t cache_id,
                 enum heap_free_status status) {
    (void)cache_id;
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return true;
    }
    const struct slot *slot = model_slot(model, entry->slot);
    rule_count(model->book, RULE_MODEL_STATUS);
    if ((status == HEAP_FREE_DEFERRED) != slot->tiny_block) {
        return rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){.object = slot->base},
                         slot->tiny_block ? "part of a tiny block was freed explicitly"
                                          : "the free of an object was put off");
    }
    if (status != HEAP_FREE_DEFERRED) {
        model_profile_freed(model, slot, false);
        model_drop_slot(model, entry->slot);
    }
    return true;
}
