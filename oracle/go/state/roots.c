// roots: where reachability starts: segments, other roots, goroutines, finalizers that are queued.
#include "oracle/go/state/state.h"

#define WORD_BYTES sizeof(uintptr_t)

// ---- words of frames

static size_t bytes_of_bits(size_t bits) {
    return (bits + 7) / 8;
}

static bool map_bit(const struct goroutine_entry *g, uint32_t bits_first, size_t word) {
    return (g->bits[bits_first + word / 8] >> (word % 8) & 1) != 0;
}

size_t model_argument_bit_bytes(const struct frame_description *description) {
    return description->arguments_map == FRAME_MAP_BITS
               ? bytes_of_bits(description->argument_bytes / WORD_BYTES)
               : 0;
}

size_t model_local_bit_bytes(const struct frame_description *description) {
    return description->locals_map == FRAME_MAP_BITS ? bytes_of_bits(description->local_words) : 0;
}

// Whether a word of a frame may hold a pointer: by its callee's argument map in the low part, by
// its own locals' map in the rest.
bool model_is_frame_root(const struct goroutine_entry *g, uint32_t frame_index, size_t word) {
    const struct frame_entry *frame = &g->frames[frame_index];
    const struct frame_description *own = &frame->description;
    size_t argument_words = 0;
    if (frame_index + 1 < g->frame_count) {
        const struct frame_entry *callee = &g->frames[frame_index + 1];
        argument_words = callee->description.argument_bytes / WORD_BYTES;
        if (word < argument_words && (callee->description.arguments_map != FRAME_MAP_BITS ||
                                      map_bit(g, callee->bits_first, word))) {
            return true;
        }
    }
    size_t first_local = own->size_bytes / WORD_BYTES - own->local_words;
    switch (own->locals_map) {
    case FRAME_MAP_NONE:
        return word >= argument_words;
    case FRAME_MAP_SIZE:
        return word >= first_local;
    case FRAME_MAP_EMPTY:
        return false;
    case FRAME_MAP_BITS:
        break;
    }
    uint32_t bits_first = frame->bits_first + (uint32_t)model_argument_bit_bytes(own);
    return word >= first_local && map_bit(g, bits_first, word - first_local);
}

static void visit_frames(struct model *model, const struct goroutine_entry *g,
                         void (*visit)(struct model *model, uintptr_t value)) {
    for (uint32_t i = 0; i < g->frame_count; i++) {
        size_t words = g->frames[i].description.size_bytes / WORD_BYTES;
        for (size_t word = 0; word < words; word++) {
            uintptr_t value = g->words[g->frames[i].word_first + word];
            if (value != 0 && model_is_frame_root(g, i, word)) {
                visit(model, value);
            }
        }
    }
}

// ---- all

static void visit_goroutine(struct model *model, const struct goroutine_entry *g,
                            void (*visit)(struct model *model, uintptr_t value)) {
    visit_frames(model, g, visit);
    visit(model, g->context);
    for (uint32_t i = 0; i < g->defer_count; i++) {
        visit(model, g->defers[i].function);
    }
    for (uint32_t i = 0; i < g->panic_count; i++) {
        visit(model, g->panics[i].data);
    }
}

void model_visit_roots(struct model *model, void (*visit)(struct model *model, uintptr_t value)) {
    for (size_t segment = 0; segment < MODEL_SEGMENT_COUNT; segment++) {
        for (size_t word = 0; word < model->segments[segment].word_count; word++) {
            visit(model, model->segments[segment].words[word]);
        }
    }
    for (uint32_t i = 0; i < model->root_count; i++) {
        visit(model, model->roots[i].target);
    }
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        if (model->goroutines[i].alive) {
            visit_goroutine(model, &model->goroutines[i], visit);
        }
    }
    for (uint32_t i = model->queue_head; i != MODEL_NONE; i = model_finalizer_at(model, i)->next) {
        visit(model, model_finalizer_at(model, i)->shown.object);
        visit(model, model_finalizer_at(model, i)->shown.function);
    }
    if (model->has_running) {
        visit(model, model->running.object);
        visit(model, model->running.function);
    }
}
