// stack: a goroutine's stack: where it lies, what moves with it, how large it may be.
#include "oracle/go/model/parts.h"
#include "oracle/go/rules.h"

uintptr_t model_stack_sp(const struct goroutine_entry *g) {
    return g->stack.low + g->stack.size_bytes - g->word_count * sizeof(uintptr_t);
}

// Words that point into what is used of the old stack follow it, counted from the top.
static void follow(uintptr_t *word, const struct goroutine_entry *old, uintptr_t new_top) {
    uintptr_t old_top = old->stack.low + old->stack.size_bytes;
    if (*word >= model_stack_sp(old) && *word < old_top) {
        *word = new_top - (old_top - *word);
    }
}

void model_leave_stack(struct model *model, struct goroutine_entry *g) {
    map_leave_manual(model, g->stack.low, g->stack.size_bytes);
    model->stack_bytes -= g->stack.size_bytes;
}

bool model_move_stack(struct model *model, struct goroutine_entry *g, struct model_stack stack) {
    // old and new stood at the same time, as the move copies
    if (!model_enter_pages(model, stack.low, stack.size_bytes)) {
        return false;
    }
    uintptr_t new_top = stack.low + stack.size_bytes;
    for (uint32_t i = 0; i < g->word_count; i++) {
        follow(&g->words[i], g, new_top);
    }
    for (uint32_t i = 0; i < g->defer_count; i++) {
        follow(&g->defers[i].function, g, new_top);
    }
    for (uint32_t i = 0; i < g->panic_count; i++) {
        follow(&g->panics[i].data, g, new_top);
    }
    follow(&g->context, g, new_top);
    model_leave_stack(model, g);
    g->stack = stack;
    return true;
}

static bool resized(struct model *model, uint64_t id, struct model_stack stack, bool grown) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL) {
        return true;
    }
    size_t expected = grown ? g->stack.size_bytes * 2 : g->stack.size_bytes / 2;
    if (!rule_equal(model->book, RULE_MODEL_SIZE, "bytes of a resized stack",
                    (struct rule_value){"runtime", stack.size_bytes},
                    (struct rule_value){"ledger", expected})) {
        return false;
    }
    rule_count(model->book, RULE_MODEL_STATUS);
    size_t used = g->word_count * sizeof(uintptr_t);
    if (!grown && (expected < GOROUTINE_STACK_MIN || used > expected / 2)) {
        return rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){.object = stack.low},
                         "a stack shrank to %zu bytes with %zu in use", expected, used);
    }
    return model_move_stack(model, g, stack);
}

bool model_stack_grown(struct model *model, uint64_t id, struct model_stack stack) {
    return resized(model, id, stack, true);
}

bool model_stack_shrunk(struct model *model, uint64_t id, struct model_stack stack) {
    return resized(model, id, stack, false);
}
