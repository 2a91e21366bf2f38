// pointer: the pointers in objects, as the program wrote them, and where a layout lets them
// be.
#include "oracle/go/state/state.h"

void pointers_drop(struct model *model, struct slot *slot) {
    while (slot->first_edge != MODEL_NONE) {
        uint32_t edge = slot->first_edge;
        slot->first_edge = model_edge(model, edge)->next;
        index_pool_give(&model->edges, edge);
    }
}

void pointers_cut(struct model *model, struct slot *slot, size_t size_bytes) {
    uint32_t *link = &slot->first_edge;
    while (*link != MODEL_NONE) {
        struct edge *edge = model_edge(model, *link);
        if ((edge->word + (size_t)1) * 8 > size_bytes) {
            uint32_t dropped = *link;
            *link = edge->next;
            index_pool_give(&model->edges, dropped);
        } else {
            link = &edge->next;
        }
    }
}

// Hands the old slot's edges below `size_bytes` to the new one: they moved along with the bytes.
void pointers_move(struct model *model, struct slot *from, struct slot *to, size_t size_bytes) {
    pointers_cut(model, from, size_bytes);
    to->first_edge = from->first_edge;
    from->first_edge = MODEL_NONE;
    for (uint32_t i = to->first_edge; i != MODEL_NONE; i = model_edge(model, i)->next) {
        model_shade(model, model_edge(model, i)->value);
    }
}

// Of a slot's edges, which stand by their words, the highest first: the last one above `word`;
// MODEL_NONE: none. Who fills an object from its beginning finds the place at once.
static uint32_t edge_above(const struct model *model, const struct slot *slot, size_t word) {
    uint32_t above = MODEL_NONE;
    uint32_t next = slot->first_edge;
    while (next != MODEL_NONE && model_edge(model, next)->word > word) {
        above = next;
        next = model_edge(model, next)->next;
    }
    return above;
}

static uint32_t *link_behind(const struct model *model, struct slot *slot, uint32_t above) {
    return above == MODEL_NONE ? &slot->first_edge : &model_edge(model, above)->next;
}

bool model_wrote_pointer(struct model *model, uint32_t handle, size_t word, uintptr_t value) {
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return true;
    }
    struct slot *slot = model_slot(model, entry->slot);
    uint32_t above = edge_above(model, slot, word);
    uint32_t *link = link_behind(model, slot, above);
    uint32_t edge = *link;
    if (edge != MODEL_NONE && model_edge(model, edge)->word == word) {
        model_shade(model, model_edge(model, edge)->value);
        *link = model_edge(model, edge)->next;
        index_pool_give(&model->edges, edge);
    }
    model_shade(model, value);
    if (value == 0) {
        return true;
    }
    edge = index_pool_take(&model->edges); // which may move them all
    if (edge == MODEL_NONE) {
        return false;
    }
    link = link_behind(model, slot, above);
    *model_edge(model, edge) = (struct edge){*link, (uint32_t)word, value};
    *link = edge;
    return true;
}

// Of the first `size_bytes` of an element: a byte of the mask stands for eight words.
static size_t count_words(const struct gc_layout *layout, size_t size_bytes) {
    size_t limit = (size_bytes < layout->pointer_bytes ? size_bytes : layout->pointer_bytes) / 8;
    size_t words = 0;
    for (size_t word = 0; word < limit; word += 8) {
        unsigned counted = limit - word < 8 ? (1u << (limit - word)) - 1 : UINT8_MAX;
        words += bits_count(layout->pointer_mask[word / 8] & counted);
    }
    return words;
}

// The word of an element that is its pointer word number `rank`, from 0; there is one.
static size_t word_of_rank(const struct gc_layout *layout, size_t rank) {
    const uint8_t *mask = layout->pointer_mask;
    size_t byte = 0;
    for (unsigned in_byte; (in_byte = bits_count(mask[byte])) <= rank; byte++) {
        rank -= in_byte;
    }
    unsigned bits = mask[byte];
    for (; rank > 0; rank--) {
        bits &= bits - 1;
    }
    return byte * 8 + bits_lowest(bits);
}

// Pointer words of one whole element, and how many of them repeat in the object.
struct word_shape {
    size_t element_words; // pointer words of an element
    size_t elements;      // whole ones
    size_t rest_words;    // pointer words of the cut one at the end
};

static struct word_shape shape_of(const struct model_handle *handle) {
    const struct gc_layout *layout = handle->layout;
    if (model_is_noscan(layout)) {
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
    // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): `word` is below the count, so above 0
    size_t element = word / shape.element_words;
    size_t in_element = word_of_rank(shown->layout, word % shape.element_words);
    return element * (shown->layout->size_bytes / 8) + in_element;
}
