// goroutine: goroutines as the program made them: life, status, context, thread.
//
// What a record of the runtime must hold is worked out here: ids by counting starts, addresses on
// the stack from its top down, times by the clock's reads.
#include "oracle/go/model/parts.h"
#include "oracle/go/rules.h"

#include <string.h>

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
        model_leave_stack(model, g);
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
