// model_object: objects come, move and go: each result is checked against all that the ledger
// holds.
#include "oracle/contents.h"
#include "oracle/model_state.h"

#include <inttypes.h>

// ---- slots

bool model_add_slot(struct model *model, uint32_t *index, const struct slot *slot) {
    *index = pool_take(&model->slots);
    if (*index == MODEL_NONE ||
        !model_reserve(&model->live, &model->live_capacity, model->live_count + (size_t)1,
                       sizeof *model->live)) {
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
    return map_enter(model, *index) && model_profile_allocated(model, entry);
}

static void drop_edges(struct model *model, struct slot *slot) {
    while (slot->first_edge != MODEL_NONE) {
        uint32_t edge = slot->first_edge;
        slot->first_edge = model_edge(model, edge)->next;
        pool_give(&model->edges, edge);
    }
}

static void drop_finalizers(struct model *model, struct slot *slot) {
    while (slot->first_finalizer != MODEL_NONE) {
        uint32_t finalizer = slot->first_finalizer;
        slot->first_finalizer = model_finalizer_at(model, finalizer)->next;
        pool_give(&model->finalizers, finalizer);
    }
}

void model_drop_slot(struct model *model, uint32_t index) {
    struct slot *slot = model_slot(model, index);
    model_unbind_all(model, index);
    drop_edges(model, slot);
    drop_finalizers(model, slot);
    map_leave(model, index);
    model->free_count[slot->size_class]++;
    if (slot->size_class == 0) {
        model->large_free_bytes += slot->element_bytes;
    }
    uint32_t last = model->live[--model->live_count];
    model->live[slot->list_index] = last;
    model_slot(model, last)->list_index = slot->list_index;
    pool_give(&model->slots, index);
}

// ---- allocation

static bool is_noscan(const struct gc_layout *layout) {
    return layout == NULL || layout->pointer_bytes == 0;
}

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

struct element {
    size_t size_bytes;
    uint8_t size_class; // 0: large
};

// The slot that a request takes: the lowest class that is large enough and a multiple of the
// alignment; whole pages when there is none, or when no class's spans are aligned so far.
static struct element element_of(const struct model_request *request) {
    size_t size_bytes = request->size_bytes;
    uint8_t class = model_class_of(size_bytes);
    if (request->align_bytes > HEAP_PAGE_BYTES) {
        class = 0;
    }
    if (class == 0) {
        size_t pages = (size_bytes + HEAP_PAGE_BYTES - 1) / HEAP_PAGE_BYTES;
        return (struct element){pages * HEAP_PAGE_BYTES, 0};
    }
    while (request->align_bytes > 0 && model_class_bytes[class] % request->align_bytes != 0) {
        class ++; // ends at the last: 32 KiB is a multiple of every alignment up to a page
    }
    return (struct element){model_class_bytes[class], class};
}

static bool is_zeroed_request(const struct model_request *request) {
    return !is_noscan(request->layout) || (request->flags & HEAP_ALLOC_ZERO) != 0;
}

static struct model_handle shown_of(const struct model_request *request, uintptr_t address,
                                    bool tiny) {
    return (struct model_handle){
        .address = address,
        .size_bytes = request->size_bytes,
        .layout = request->layout,
        .cache_id = request->cache_id,
        .tiny = tiny,
    };
}

static struct slot slot_of(struct model *model, const struct model_request *request,
                           uintptr_t address, struct element element) {
    bool noscan = is_noscan(request->layout);
    return (struct slot){
        .first_handle = MODEL_NONE,
        .base = address,
        .size_bytes = request->size_bytes,
        .element_bytes = element.size_bytes,
        .layout = noscan ? NULL : request->layout,
        .first_edge = MODEL_NONE,
        .first_finalizer = MODEL_NONE,
        .seed = ++model->serial,
        .cache_id = request->cache_id,
        .size_class = element.size_class,
        .noscan = noscan,
        .zeroed = is_zeroed_request(request),
        .black = model->cycle.marking,
    };
}

static bool allocated_object(struct model *model, uint32_t handle,
                             const struct model_request *request, uintptr_t address,
                             size_t usable_bytes) {
    struct element element = element_of(request);
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
    model->being_allocated = address;
    model_settle(model, model->heap); // it may have swept
    model->being_allocated = 0;
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
        return address == (uintptr_t)heap_zero_base(model->heap) ||
               fail_address(model, address, "an empty object is not at the zero base");
    }
    bool tiny = request->align_bytes == 0 && (request->flags & HEAP_ALLOC_TINY) != 0 &&
                is_noscan(request->layout) && request->size_bytes < TINY_SIZE_BYTES;
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
    model_settle(model, model->heap);
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

// ---- realloc

bool model_will_realloc(struct model *model, uint32_t handle) {
    return model_will_free(model, handle);
}

static void drop_edges_from(struct model *model, struct slot *slot, size_t size_bytes) {
    uint32_t *link = &slot->first_edge;
    while (*link != MODEL_NONE) {
        struct edge *edge = model_edge(model, *link);
        if ((edge->word + (size_t)1) * 8 > size_bytes) {
            uint32_t dropped = *link;
            *link = edge->next;
            pool_give(&model->edges, dropped);
        } else {
            link = &edge->next;
        }
    }
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
    struct element element = element_of(&plain);
    if (element.size_class != slot->size_class || element.size_bytes != slot->element_bytes) {
        return rule_fail(model->book, RULE_MODEL_SIZE, (struct rule_place){.object = slot->base},
                         "%zu bytes were given place in a slot of %zu", request->size_bytes,
                         slot->element_bytes);
    }
    bool zero = !slot->noscan || (request->flags & HEAP_ALLOC_ZERO) != 0;
    drop_edges_from(model, slot, kept);
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

// Hands the old slot's edges below `size_bytes` to the new one: they moved along with the bytes.
static void move_edges(struct model *model, struct slot *from, struct slot *to, size_t size_bytes) {
    drop_edges_from(model, from, size_bytes);
    to->first_edge = from->first_edge;
    from->first_edge = MODEL_NONE;
    for (uint32_t i = to->first_edge; i != MODEL_NONE; i = model_edge(model, i)->next) {
        model_shade(model, model_edge(model, i)->value);
    }
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
    bool zero = is_zeroed_request(request);
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
            move_edges(model, model_slot(model, old_index),
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
    model->being_allocated = address;
    model_settle(model, model->heap);
    model->being_allocated = 0;
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

// ---- pointers

bool model_wrote_pointer(struct model *model, uint32_t handle, size_t word, uintptr_t value) {
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return true;
    }
    struct slot *slot = model_slot(model, entry->slot);
    uint32_t *link = &slot->first_edge;
    while (*link != MODEL_NONE && model_edge(model, *link)->word != word) {
        link = &model_edge(model, *link)->next;
    }
    if (*link != MODEL_NONE) {
        model_shade(model, model_edge(model, *link)->value);
        uint32_t edge = *link;
        *link = model_edge(model, edge)->next;
        pool_give(&model->edges, edge);
    }
    model_shade(model, value);
    if (value == 0) {
        return true;
    }
    uint32_t edge = pool_take(&model->edges);
    if (edge == MODEL_NONE) {
        return false;
    }
    *model_edge(model, edge) = (struct edge){slot->first_edge, (uint32_t)word, value};
    slot->first_edge = edge;
    return true;
}

static size_t count_words(const struct gc_layout *layout, size_t size_bytes) {
    size_t words = 0;
    for (size_t at = 0; at + 8 <= size_bytes; at += 8) {
        words += contents_is_pointer(layout, at);
    }
    return words;
}

// Pointer words of one whole element, and how many of them repeat in the object.
struct word_shape {
    size_t element_words; // pointer words of an element
    size_t elements;      // whole ones
    size_t rest_words;    // pointer words of the cut one at the end
};

static struct word_shape shape_of(const struct model_handle *handle) {
    const struct gc_layout *layout = handle->layout;
    if (is_noscan(layout)) {
        return (struct word_shape){0};
    }
    return (struct word_shape){
        .element_words = count_words(layout, layout->size_bytes),
        .elements = handle->size_bytes / layout->size_bytes,
        .rest_words = count_words(layout, handle->size_bytes % layout->size_bytes),
    };
}

size_t model_pointer_word_count(const struct model *model, uint32_t handle) {
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return 0;
    }
    struct word_shape shape = shape_of(&entry->shown);
    return shape.elements * shape.element_words + shape.rest_words;
}

size_t model_pointer_word(const struct model *model, uint32_t handle, size_t word) {
    const struct model_handle *shown = &model->handles[handle].shown;
    struct word_shape shape = shape_of(shown);
    size_t element = word / shape.element_words;
    size_t rank = word % shape.element_words;
    size_t at = 0;
    while (!contents_is_pointer(shown->layout, at) || rank-- > 0) {
        at += 8;
    }
    return (element * shown->layout->size_bytes + at) / 8;
}
