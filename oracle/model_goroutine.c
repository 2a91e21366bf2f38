// model_goroutine: goroutines as the program made them: stacks, frames with their words, defers,
// panics.
#include "oracle/model_state.h"

#include <string.h>

#define RESERVE(array, capacity, count)                                                            \
    model_reserve(&(array), &(capacity), (size_t)(count), sizeof *(array))

static struct goroutine_entry *find_goroutine(const struct model *model, uint64_t id) {
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        if (model->goroutines[i].alive && model->goroutines[i].id == id) {
            return &model->goroutines[i];
        }
    }
    return NULL;
}

static struct goroutine_entry *free_goroutine(struct model *model) {
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        if (!model->goroutines[i].alive) {
            return &model->goroutines[i];
        }
    }
    uint32_t before = model->goroutine_capacity;
    if (!RESERVE(model->goroutines, model->goroutine_capacity, model->goroutine_count + 1)) {
        return NULL;
    }
    memset(model->goroutines + before, 0,
           (model->goroutine_capacity - before) * sizeof *model->goroutines);
    return &model->goroutines[model->goroutine_count++];
}

static void leave_stack(struct model *model, struct goroutine_entry *g) {
    if (g->stack_bytes > 0) {
        map_leave_manual(model, g->stack_low, g->stack_bytes);
        model->stack_bytes -= g->stack_bytes;
        g->stack_bytes = 0;
    }
}

static bool check_stack_size(struct model *model, size_t stack_bytes) {
    rule_count(model->book, RULE_MODEL_SIZE);
    return (stack_bytes >= GOROUTINE_STACK_MIN && (stack_bytes & (stack_bytes - 1)) == 0) ||
           rule_fail(model->book, RULE_MODEL_SIZE, (struct rule_place){0},
                     "a stack has %zu bytes, which is no power of two from %d on", stack_bytes,
                     GOROUTINE_STACK_MIN);
}

bool model_goroutine_started(struct model *model, uint64_t id, uintptr_t stack_low,
                             size_t stack_bytes) {
    struct goroutine_entry *g = free_goroutine(model);
    if (g == NULL || !check_stack_size(model, stack_bytes) ||
        !model_enter_pages(model, stack_low, stack_bytes)) {
        return false;
    }
    g->id = id;
    g->alive = true;
    g->stack_low = stack_low;
    g->stack_bytes = stack_bytes;
    g->context = 0;
    g->frame_count = 0;
    g->word_count = 0;
    g->bit_bytes = 0;
    g->defers.count = 0;
    g->panics.count = 0;
    return true;
}

bool model_goroutine_exited(struct model *model, uint64_t id) {
    struct goroutine_entry *g = find_goroutine(model, id);
    if (g != NULL) {
        while (g->frame_count > 0) {
            (void)model_frame_popped(model, id); // as the runtime does
        }
        leave_stack(model, g);
        g->alive = false;
    }
    return true;
}

// Words that point into what is used of the old stack follow it, counted from the top.
static void follow(uintptr_t *words, size_t count, const struct goroutine_entry *old,
                   uintptr_t new_top) {
    uintptr_t old_top = old->stack_low + old->stack_bytes;
    uintptr_t old_sp = old_top - old->word_count * sizeof(uintptr_t);
    for (size_t i = 0; i < count; i++) {
        if (words[i] >= old_sp && words[i] < old_top) {
            words[i] = new_top - (old_top - words[i]);
        }
    }
}

bool model_stack_moved(struct model *model, uint64_t id, uintptr_t stack_low, size_t stack_bytes) {
    struct goroutine_entry *g = find_goroutine(model, id);
    if (g == NULL || (g->stack_low == stack_low && g->stack_bytes == stack_bytes)) {
        return true;
    }
    // old and new stood at the same time, as the move copies
    if (!check_stack_size(model, stack_bytes) ||
        !model_enter_pages(model, stack_low, stack_bytes)) {
        return false;
    }
    uintptr_t new_top = stack_low + stack_bytes;
    follow(g->words, g->word_count, g, new_top);
    follow(g->defers.values, g->defers.count, g, new_top);
    follow(g->panics.values, g->panics.count, g, new_top);
    follow(&g->context, 1, g, new_top);
    leave_stack(model, g);
    g->stack_low = stack_low;
    g->stack_bytes = stack_bytes;
    return true;
}

// ---- frames

static size_t bytes_of_bits(size_t bits) {
    return (bits + 7) / 8;
}

static void copy_bits(struct goroutine_entry *g, const uint8_t *bits, size_t size_bytes) {
    if (size_bytes > 0) {
        memcpy(g->bits + g->bit_bytes, bits, size_bytes);
        g->bit_bytes += (uint32_t)size_bytes;
    }
}

static bool map_bit(const struct goroutine_entry *g, uint32_t bits_first, size_t word) {
    return (g->bits[bits_first + word / 8] >> (word % 8) & 1) != 0;
}

// Whether a word of a frame may hold a pointer: by its callee's argument map in the low part, by
// its own locals' map in the rest.
static bool is_frame_root(const struct goroutine_entry *g, uint32_t frame_index, size_t word) {
    const struct frame_entry *frame = &g->frames[frame_index];
    size_t words = frame->description.size_bytes / 8;
    size_t argument_words = 0;
    if (frame_index + 1 < g->frame_count) {
        const struct frame_entry *callee = &g->frames[frame_index + 1];
        argument_words = callee->description.argument_bytes / 8;
        if (word < argument_words && (callee->description.arguments_map != FRAME_MAP_BITS ||
                                      map_bit(g, callee->bits_first, word))) {
            return true;
        }
    }
    size_t locals = frame->description.local_words;
    size_t first_local = locals < words ? words - locals : 0;
    switch (frame->description.locals_map) {
    case FRAME_MAP_NONE:
        return word >= argument_words;
    case FRAME_MAP_SIZE:
        return word >= first_local;
    case FRAME_MAP_EMPTY:
        return false;
    case FRAME_MAP_BITS:
        break;
    }
    uint32_t bits_first = frame->bits_first;
    if (frame->description.arguments_map == FRAME_MAP_BITS) {
        bits_first += (uint32_t)bytes_of_bits(frame->description.argument_bytes / 8);
    }
    return word >= first_local && map_bit(g, bits_first, word - first_local);
}

// Which words of the innermost frame's caller are roots changes with its callee, without a write:
// the collector is shown them.
static void shade_frame(struct model *model, const struct goroutine_entry *g, uint32_t index) {
    if (!model->cycle.marking || index >= g->frame_count) {
        return;
    }
    size_t words = g->frames[index].description.size_bytes / 8;
    for (size_t word = 0; word < words; word++) {
        if (is_frame_root(g, index, word)) {
            model_shade(model, g->words[g->frames[index].word_first + word]);
        }
    }
}

bool model_frame_pushed(struct model *model, uint64_t id,
                        const struct frame_description *description) {
    struct goroutine_entry *g = find_goroutine(model, id);
    if (g == NULL) {
        return true;
    }
    size_t words = description->size_bytes / 8;
    size_t argument_bytes = description->arguments_map == FRAME_MAP_BITS
                                ? bytes_of_bits(description->argument_bytes / 8)
                                : 0;
    size_t local_bytes =
        description->locals_map == FRAME_MAP_BITS ? bytes_of_bits(description->local_words) : 0;
    if (!RESERVE(g->frames, g->frame_capacity, g->frame_count + 1) ||
        !RESERVE(g->words, g->word_capacity, g->word_count + words) ||
        !RESERVE(g->bits, g->bit_capacity, g->bit_bytes + argument_bytes + local_bytes)) {
        return false;
    }
    g->frames[g->frame_count++] = (struct frame_entry){*description, g->word_count, g->bit_bytes};
    if (words > 0) {
        memset(g->words + g->word_count, 0, words * sizeof *g->words);
    }
    g->word_count += (uint32_t)words;
    copy_bits(g, description->argument_bits, argument_bytes);
    copy_bits(g, description->local_bits, local_bytes);
    shade_frame(model, g, g->frame_count - 2); // wraps when it has no caller
    return true;
}

bool model_frame_popped(struct model *model, uint64_t id) {
    struct goroutine_entry *g = find_goroutine(model, id);
    if (g == NULL || g->frame_count == 0) {
        return true;
    }
    const struct frame_entry *frame = &g->frames[--g->frame_count];
    g->word_count = frame->word_first;
    g->bit_bytes = frame->bits_first;
    while (g->defers.count > 0 && g->defers.frames[g->defers.count - 1] > g->frame_count) {
        g->defers.count--; // its defers go with the frame
    }
    shade_frame(model, g, g->frame_count - 1);
    return true;
}

bool model_frame_wrote(struct model *model, uint64_t id, size_t depth, size_t word,
                       uintptr_t value) {
    const struct goroutine_entry *g = find_goroutine(model, id);
    if (g == NULL || depth >= g->frame_count) {
        return true;
    }
    const struct frame_entry *frame = &g->frames[g->frame_count - 1 - depth];
    if (word < frame->description.size_bytes / 8) {
        model_shade(model, g->words[frame->word_first + word]);
        model_shade(model, value);
        g->words[frame->word_first + word] = value;
    }
    return true;
}

bool model_context_set(struct model *model, uint64_t id, uintptr_t context) {
    struct goroutine_entry *g = find_goroutine(model, id);
    if (g != NULL) {
        model_shade(model, context);
        g->context = context;
    }
    return true;
}

bool model_defer_pushed(struct model *model, uint64_t id, uintptr_t function) {
    struct goroutine_entry *g = find_goroutine(model, id);
    if (g == NULL) {
        return true;
    }
    uint32_t capacity = g->defers.capacity;
    if (!RESERVE(g->defers.frames, capacity, g->defers.count + 1) ||
        !RESERVE(g->defers.values, g->defers.capacity, g->defers.count + 1)) {
        return false;
    }
    model_shade(model, function);
    g->defers.frames[g->defers.count] = g->frame_count;
    g->defers.values[g->defers.count++] = function;
    return true;
}

bool model_defer_popped(struct model *model, uint64_t id) {
    struct goroutine_entry *g = find_goroutine(model, id);
    if (g != NULL && g->defers.count > 0) {
        g->defers.count--;
    }
    return true;
}

bool model_panic_pushed(struct model *model, uint64_t id, uintptr_t data) {
    struct goroutine_entry *g = find_goroutine(model, id);
    if (g == NULL || !RESERVE(g->panics.values, g->panics.capacity, g->panics.count + 1)) {
        return g == NULL;
    }
    model_shade(model, data);
    g->panics.values[g->panics.count++] = data;
    return true;
}

bool model_panic_popped(struct model *model, uint64_t id) {
    struct goroutine_entry *g = find_goroutine(model, id);
    if (g != NULL && g->panics.count > 0) {
        g->panics.count--;
    }
    return true;
}

void model_visit_goroutine(struct model *model, const struct goroutine_entry *g,
                           void (*visit)(struct model *model, uintptr_t value)) {
    for (uint32_t i = 0; i < g->frame_count; i++) {
        size_t words = g->frames[i].description.size_bytes / 8;
        for (size_t word = 0; word < words; word++) {
            uintptr_t value = g->words[g->frames[i].word_first + word];
            if (value != 0 && is_frame_root(g, i, word)) {
                visit(model, value);
            }
        }
    }
    visit(model, g->context);
    for (uint32_t i = 0; i < g->defers.count; i++) {
        visit(model, g->defers.values[i]);
    }
    for (uint32_t i = 0; i < g->panics.count; i++) {
        visit(model, g->panics.values[i]);
    }
}
