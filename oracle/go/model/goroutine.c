// goroutine: goroutines as the program made them: life, status, stacks, defers, panics.
//
// What a record of the runtime must hold is worked out here: ids by counting starts, addresses on
// the stack from its top down, times by the clock's reads.
#include "oracle/go/model/state.h"
#include "oracle/go/rules.h"

#include <string.h>

struct goroutine_entry *model_goroutine(const struct model *model, uint64_t id) {
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        if (model->goroutines[i].alive && model->goroutines[i].id == id) {
            return &model->goroutines[i];
        }
    }
    return NULL;
}

bool model_check_existed(struct model *model, bool existed, bool must_exist, const char *what) {
    rule_count(model->book, RULE_MODEL_STATUS);
    return existed == must_exist ||
           rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){0}, "%s %s", what,
                     existed ? "was popped where there is none" : "was said not to be there");
}

// ---- life

static struct goroutine_entry *new_entry(struct model *model) {
    uint32_t before = model->goroutine_capacity;
    if (!HARNESS_RESERVE(model->goroutines, model->goroutine_capacity,
                         model->goroutine_count + 1)) {
        return NULL;
    }
    memset(model->goroutines + before, 0,
           (model->goroutine_capacity - before) * sizeof *model->goroutines);
    return &model->goroutines[model->goroutine_count++];
}

static bool has_dead(const struct model *model) {
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        if (!model->goroutines[i].alive) {
            return true;
        }
    }
    return false;
}

// The entry for the record at `address`, which is new, or that of a goroutine that is dead.
static struct goroutine_entry *enter_record(struct model *model, uintptr_t address) {
    rule_count(model->book, RULE_MODEL_OVERLAP);
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        struct goroutine_entry *g = &model->goroutines[i];
        if (g->address == address && g->alive) {
            (void)rule_fail(model->book, RULE_MODEL_OVERLAP, (struct rule_place){.object = address},
                            "a goroutine was given the record of one that lives");
            return NULL;
        }
        if (g->address == address) {
            return g;
        }
    }
    return new_entry(model);
}

static bool check_first_stack(struct model *model, size_t stack_bytes) {
    return rule_equal(model->book, RULE_MODEL_SIZE, "bytes of a first stack",
                      (struct rule_value){"runtime", stack_bytes},
                      (struct rule_value){"least", GOROUTINE_STACK_MIN});
}

bool model_goroutine_started(struct model *model, uint64_t id,
                             const struct model_goroutine *started) {
    if (!check_first_stack(model, started->stack.size_bytes) ||
        !model_enter_pages(model, started->stack.low, started->stack.size_bytes)) {
        return false;
    }
    if (!has_dead(model)) { // whose record would be used again
        model_block_used(model, sizeof(struct goroutine));
    }
    struct goroutine_entry *g = enter_record(model, started->address);
    if (g == NULL) {
        return false;
    }
    g->id = id;
    g->number = ++model->goroutine_starts;
    g->alive = true;
    g->address = started->address;
    g->go_pc = started->go_pc;
    g->is_system = started->is_system;
    g->status = GOROUTINE_RUNNABLE;
    g->wait_reason = "";
    g->wait_since_ns = 0;
    g->stack = started->stack;
    g->context = 0;
    g->thread = 0;
    g->frame_count = 0;
    g->word_count = 0;
    g->bit_bytes = 0;
    g->defer_count = 0;
    g->panic_count = 0;
    return true;
}

static void leave_stack(struct model *model, struct goroutine_entry *g) {
    map_leave_manual(model, g->stack.low, g->stack.size_bytes);
    model->stack_bytes -= g->stack.size_bytes;
}

bool model_goroutine_exited(struct model *model, uint64_t id) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g != NULL) {
        while (g->frame_count > 0) {
            model_drop_frame(model, g); // as the runtime does
        }
        while (g->defer_count > 0) {
            model_drop_defer(model, g);
        }
        for (; g->panic_count > 0; g->panic_count--) {
            model_block_left(model, sizeof(struct panic));
        }
        leave_stack(model, g);
        g->alive = false;
    }
    return true;
}

bool model_status_set(struct model *model, uint64_t id, enum goroutine_status status,
                      const char *wait_reason) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g != NULL) {
        g->status = status;
        if (status == GOROUTINE_WAITING) {
            g->wait_reason = wait_reason;
            g->wait_since_ns = model->cycle.clock_reads[MODEL_CLOCK_READS - 1];
        }
    }
    return true;
}

bool model_context_set(struct model *model, uint64_t id, uintptr_t context) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g != NULL) {
        model_shade(model, g->context);
        model_shade(model, context);
        g->context = context;
    }
    return true;
}

bool model_thread_set(struct model *model, uint64_t id, uintptr_t thread) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g != NULL) {
        g->thread = thread;
    }
    return true;
}

// ---- stacks

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
    leave_stack(model, g);
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

// ---- defers and panics

#define DEFER_BYTES (sizeof(struct defer) + sizeof(uintptr_t)) // with the frame that it belongs to

void model_drop_defer(struct model *model, struct goroutine_entry *g) {
    g->defer_count--;
    model_block_left(model, DEFER_BYTES);
}

bool model_defer_pushed(struct model *model, uint64_t id, uintptr_t address, uintptr_t function,
                        uintptr_t entry) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || !HARNESS_RESERVE(g->defers, g->defer_capacity, g->defer_count + 1)) {
        return g == NULL;
    }
    model_shade(model, function);
    g->defers[g->defer_count++] = (struct defer_entry){
        .address = address,
        .pc = g->frame_count == 0 ? 0 : g->frames[g->frame_count - 1].description.pc,
        .function = function,
        .entry = entry,
        .depth_bytes = g->word_count * sizeof(uintptr_t),
        .frame_count = g->frame_count,
    };
    model_block_used(model, DEFER_BYTES);
    return true;
}

bool model_defer_popped(struct model *model, uint64_t id, bool existed) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || !model_check_existed(model, existed, g->defer_count > 0, "a defer")) {
        return g == NULL;
    }
    if (existed) {
        model_drop_defer(model, g);
    }
    return true;
}

bool model_panic_pushed(struct model *model, uint64_t id, uintptr_t address, uintptr_t type,
                        uintptr_t data) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || !HARNESS_RESERVE(g->panics, g->panic_capacity, g->panic_count + 1)) {
        return g == NULL;
    }
    model_shade(model, data);
    g->panics[g->panic_count++] = (struct panic_entry){address, type, data};
    model_block_used(model, sizeof(struct panic));
    return true;
}

bool model_panic_popped(struct model *model, uint64_t id, bool existed) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || !model_check_existed(model, existed, g->panic_count > 0, "a panic")) {
        return g == NULL;
    }
    if (existed) {
        g->panic_count--;
        model_block_left(model, sizeof(struct panic));
    }
    return true;
}

// ---- roots

void model_visit_goroutine(struct model *model, const struct goroutine_entry *g,
                           void (*visit)(struct model *model, uintptr_t value)) {
    model_visit_frames(model, g, visit);
    visit(model, g->context);
    for (uint32_t i = 0; i < g->defer_count; i++) {
        visit(model, g->defers[i].function);
    }
    for (uint32_t i = 0; i < g->panic_count; i++) {
        visit(model, g->panics[i].data);
    }
}
