// frame: frames as the program pushed them, their words, and which of those are roots.
#include "oracle/go/model/parts.h"
#include "oracle/go/rules.h"

#include <string.h>

#define WORD_BYTES sizeof(uintptr_t)

// Which words of the innermost frame's caller are roots changes with its callee, without a write:
// the collector is shown them.
static void shade_frame(struct model *model, const struct goroutine_entry *g, uint32_t index) {
    if (!model->cycle.marking || index >= g->frame_count) {
        return;
    }
    size_t words = g->frames[index].description.size_bytes / WORD_BYTES;
    for (size_t word = 0; word < words; word++) {
        if (model_is_frame_root(g, index, word)) {
            model_shade(model, g->words[g->frames[index].word_first + word]);
        }
    }
}

// ---- push and pop

// Of the runtime's record: the frame, its own length, and both maps.
static size_t record_bytes(const struct frame_description *own) {
    return sizeof(struct frame) + WORD_BYTES + model_argument_bit_bytes(own) +
           model_local_bit_bytes(own);
}

// Arguments lie in the caller, and locals in the frame.
static struct frame_description clipped(const struct goroutine_entry *g,
                                        const struct frame_description *description) {
    struct frame_description own = *description;
    size_t caller_bytes =
        g->frame_count == 0 ? 0 : g->frames[g->frame_count - 1].description.size_bytes;
    size_t words = own.size_bytes / WORD_BYTES;
    bool has_locals = own.locals_map == FRAME_MAP_BITS || own.locals_map == FRAME_MAP_SIZE;
    own.argument_bytes = own.argument_bytes < caller_bytes ? own.argument_bytes : caller_bytes;
    own.local_words = !has_locals ? 0 : own.local_words < words ? own.local_words : words;
    return own;
}

// The frame took its place below the one before, on a stack doubled as often as it had to be.
static bool check_place(struct model *model, struct goroutine_entry *g, size_t size_bytes,
                        uintptr_t sp, struct model_stack stack) {
    size_t used = g->word_count * WORD_BYTES + size_bytes;
    size_t stack_bytes = g->stack.size_bytes;
    while (stack_bytes < used) {
        stack_bytes *= 2;
    }
    if (!rule_equal(model->book, RULE_MODEL_SIZE, "bytes of a stack with a new frame",
                    (struct rule_value){"runtime", stack.size_bytes},
                    (struct rule_value){"ledger", stack_bytes})) {
        return false;
    }
    if (stack_bytes != g->stack.size_bytes && !model_move_stack(model, g, stack)) {
        return false;
    }
    return rule_equal(model->book, RULE_MODEL_ADDRESS, "low end of a stack",
                      (struct rule_value){"runtime", stack.low},
                      (struct rule_value){"ledger", g->stack.low}) &&
           rule_equal(model->book, RULE_MODEL_ADDRESS, "sp of a new frame",
                      (struct rule_value){"runtime", sp},
                      (struct rule_value){"ledger", g->stack.low + stack_bytes - used});
}

// A failed push leaves the stack as it was.
static bool check_untouched(struct model *model, const struct goroutine_entry *g,
                            struct model_stack stack) {
    rule_count(model->book, RULE_MODEL_STATUS);
    return (stack.low == g->stack.low && stack.size_bytes == g->stack.size_bytes) ||
           rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){.object = stack.low},
                     "the stack moved for a frame that was not pushed");
}

static void copy_bits(struct goroutine_entry *g, const uint8_t *bits, size_t size_bytes) {
    if (size_bytes > 0) {
        memcpy(g->bits + g->bit_bytes, bits, size_bytes);
        g->bit_bytes += (uint32_t)size_bytes;
    }
}

bool model_frame_pushed(struct model *model, uint64_t id,
                        const struct frame_description *description, uintptr_t sp,
                        struct model_stack stack) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || sp == 0) {
        return g == NULL || check_untouched(model, g, stack);
    }
    struct frame_description own = clipped(g, description);
    size_t words = own.size_bytes / WORD_BYTES;
    size_t argument_bytes = model_argument_bit_bytes(&own);
    size_t local_bytes = model_local_bit_bytes(&own);
    if (!HARNESS_RESERVE(g->frames, g->frame_capacity, g->frame_count + 1) ||
        !HARNESS_RESERVE(g->words, g->word_capacity, g->word_count + words) ||
        !HARNESS_RESERVE(g->bits, g->bit_capacity, g->bit_bytes + argument_bytes + local_bytes) ||
        !check_place(model, g, own.size_bytes, sp, stack)) {
        return false;
    }
    g->frames[g->frame_count++] = (struct frame_entry){own, g->word_count, g->bit_bytes};
    if (words > 0) {
        memset(g->words + g->word_count, 0, words * sizeof *g->words);
    }
    g->word_count += (uint32_t)words;
    copy_bits(g, description->argument_bits, argument_bytes);
    copy_bits(g, description->local_bits, local_bytes);
    shade_frame(model, g, g->frame_count - 2); // wraps when it has no caller
    model_block_used(model, record_bytes(&own));
    return true;
}

void model_drop_frame(struct model *model, struct goroutine_entry *g) {
    const struct frame_entry *frame = &g->frames[--g->frame_count];
    g->word_count = frame->word_first;
    g->bit_bytes = frame->bits_first;
    while (g->defer_count > 0 && g->defers[g->defer_count - 1].frame_count > g->frame_count) {
        model_drop_defer(model, g); // its defers go with the frame
    }
    model_block_left(model, record_bytes(&frame->description));
    shade_frame(model, g, g->frame_count - 1);
}

bool model_frame_popped(struct model *model, uint64_t id, bool existed) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || !model_check_existed(model, existed, g->frame_count > 0, "a frame")) {
        return g == NULL;
    }
    if (existed) {
        model_drop_frame(model, g);
    }
    return true;
}

bool model_frame_wrote(struct model *model, uint64_t id, size_t depth, size_t word,
                       uintptr_t value) {
    const struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || depth >= g->frame_count) {
        return true;
    }
    const struct frame_entry *frame = &g->frames[g->frame_count - 1 - depth];
    if (word < frame->description.size_bytes / WORD_BYTES) {
        model_shade(model, g->words[frame->word_first + word]);
        model_shade(model, value);
        g->words[frame->word_first + word] = value;
    }
    return true;
}
