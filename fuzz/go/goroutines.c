// goroutines: operations on goroutines: their stacks, frames, defers, panics.
#include "fuzz/go/state.h"

#define FRAME_BIT_BYTES 512 // 4,095 words, the most that an operand says

static struct goroutine *goroutine_of(struct go_machine *machine, struct operation operation) {
    return machine->goroutines[operation_get(operation, OPERAND_GOROUTINE)];
}

static uint32_t id_of(struct operation operation) {
    return operation_get(operation, OPERAND_GOROUTINE);
}

static struct model_stack stack_of(const struct goroutine *g) {
    return (struct model_stack){g->stack_low, g->stack_bytes};
}

bool exec_go_start(struct go_machine *machine, struct operation operation) {
    uint32_t id = id_of(operation);
    if (machine->goroutines[id] != NULL) {
        return false;
    }
    uintptr_t pc = go_pc(machine, id);
    struct goroutine *g = runtime_start_goroutine(machine->runtime, pc,
                                                  operation_get(operation, OPERAND_SYSTEM) != 0);
    if (g == NULL) {
        return false;
    }
    machine->goroutines[id] = g;
    executor_note(machine->executor, g->stack_low);
    observe_sweeps(machine->observer, 0);
    (void)model_goroutine_started(machine->model, id,
                                  &(struct model_goroutine){
                                      .address = (uintptr_t)g,
                                      .go_pc = pc,
                                      .is_system = operation_get(operation, OPERAND_SYSTEM) != 0,
                                      .stack = stack_of(g),
                                  });
    return true;
}

bool exec_go_exit(struct go_machine *machine, struct operation operation) {
    struct goroutine *g = goroutine_of(machine, operation);
    if (g == NULL) {
        return false;
    }
    runtime_exit_goroutine(machine->runtime, g);
    machine->goroutines[id_of(operation)] = NULL;
    (void)model_goroutine_exited(machine->model, id_of(operation));
    return true;
}

static bool resize_stack(struct go_machine *machine, struct operation operation,
                         bool (*resize)(struct runtime *, struct goroutine *)) {
    struct goroutine *g = goroutine_of(machine, operation);
    if (g == NULL || (g->stack_bytes >= (size_t)1 << 20 && resize == runtime_grow_stack) ||
        !resize(machine->runtime, g)) {
        return false;
    }
    executor_work(machine->executor, g->stack_bytes / 1024);
    executor_note(machine->executor, g->stack_low);
    return true;
}

bool exec_go_grow(struct go_machine *machine, struct operation operation) {
    if (!resize_stack(machine, operation, runtime_grow_stack)) {
        return false;
    }
    observe_sweeps(machine->observer, 0);
    (void)model_stack_grown(machine->model, id_of(operation),
                            stack_of(goroutine_of(machine, operation)));
    return true;
}

bool exec_go_shrink(struct go_machine *machine, struct operation operation) {
    if (!resize_stack(machine, operation, runtime_shrink_stack)) {
        return false;
    }
    observe_sweeps(machine->observer, 0);
    (void)model_stack_shrunk(machine->model, id_of(operation),
                             stack_of(goroutine_of(machine, operation)));
    return true;
}

bool exec_go_status(struct go_machine *machine, struct operation operation) {
    static const enum goroutine_status statuses[] = {GOROUTINE_IDLE, GOROUTINE_RUNNABLE,
                                                     GOROUTINE_SYSCALL, GOROUTINE_WAITING,
                                                     GOROUTINE_RUNNING};
    static const char *const reasons[] = {NULL, "chan receive", "select", "sleep"};
    struct goroutine *g = goroutine_of(machine, operation);
    if (g == NULL) {
        return false;
    }
    enum goroutine_status status = statuses[operation_get(operation, OPERAND_STATUS)];
    const char *reason = reasons[operation_get(operation, OPERAND_REASON)];
    runtime_set_goroutine_status(machine->runtime, g, status, reason);
    (void)model_status_set(machine->model, id_of(operation), status, reason == NULL ? "" : reason);
    return true;
}

bool exec_go_context(struct go_machine *machine, struct operation operation) {
    struct goroutine *g = goroutine_of(machine, operation);
    uintptr_t value;
    if (g == NULL || !go_target(machine, operation, &value)) {
        return false;
    }
    runtime_set_context(machine->runtime, g, value);
    (void)model_context_set(machine->model, id_of(operation), value);
    return true;
}

// The 16 bits of an operation, repeated over a frame's words.
static void repeat_bits(uint8_t *bytes, uint32_t bits) {
    for (size_t i = 0; i < FRAME_BIT_BYTES; i++) {
        bytes[i] = (uint8_t)(i % 2 == 0 ? bits : bits >> 8);
    }
}

static struct frame_description describe_frame(struct go_machine *machine,
                                               struct operation operation, const uint8_t *bits) {
    static const enum frame_map maps[] = {FRAME_MAP_NONE, FRAME_MAP_SIZE, FRAME_MAP_EMPTY,
                                          FRAME_MAP_BITS};
    uint32_t words = operation_get(operation, OPERAND_FRAME_WORDS);
    uint32_t locals = operation_get(operation, OPERAND_LOCAL_WORDS);
    uintptr_t pc = go_pc(machine, words * 9 + locals);
    const struct func *func = runtime_find_func(machine->runtime, pc);
    return (struct frame_description){
        .entry = func == NULL ? pc : func->entry,
        .pc = pc,
        .continuation_pc = locals % 3 == 0 ? 0 : pc + locals % 2,
        .size_bytes = words * sizeof(uintptr_t),
        .argument_bytes = operation_get(operation, OPERAND_ARGUMENT_WORDS) * sizeof(uintptr_t),
        .arguments_map = maps[operation_get(operation, OPERAND_ARGUMENT_MAP)],
        .argument_bits = bits,
        .locals_map = maps[operation_get(operation, OPERAND_LOCAL_MAP)],
        .local_words = locals < words ? locals : words,
        .local_bits = bits,
    };
}

bool exec_frame_push(struct go_machine *machine, struct operation operation) {
    struct goroutine *g = goroutine_of(machine, operation);
    if (g == NULL) {
        return false;
    }
    uint8_t bits[FRAME_BIT_BYTES];
    repeat_bits(bits, operation_get(operation, OPERAND_BITS));
    struct frame_description description = describe_frame(machine, operation, bits);
    struct frame *frame = runtime_push_frame(machine->runtime, g, &description);
    uintptr_t sp = frame == NULL ? 0 : frame->sp;
    executor_note(machine->executor, sp);
    observe_sweeps(machine->observer, 0);
    (void)model_frame_pushed(machine->model, id_of(operation), &description, sp, stack_of(g));
    return frame != NULL;
}

bool exec_frame_pop(struct go_machine *machine, struct operation operation) {
    struct goroutine *g = goroutine_of(machine, operation);
    if (g == NULL) {
        return false;
    }
    bool existed = runtime_pop_frame(machine->runtime, g);
    (void)model_frame_popped(machine->model, id_of(operation), existed);
    return existed;
}

// The frame at the operation's depth; the oldest when there are fewer.
static const struct frame *frame_of(const struct goroutine *g, uint32_t *depth) {
    const struct frame *frame = g->innermost;
    uint32_t at = 0;
    while (frame != NULL && frame->caller != NULL && at < *depth) {
        frame = frame->caller;
        at++;
    }
    *depth = at;
    return frame;
}

bool exec_write_frame(struct go_machine *machine, struct operation operation) {
    struct goroutine *g = goroutine_of(machine, operation);
    uint32_t depth = operation_get(operation, OPERAND_FRAME);
    const struct frame *frame = g == NULL ? NULL : frame_of(g, &depth);
    uintptr_t value;
    if (frame == NULL || frame->description.size_bytes == 0 ||
        !go_target(machine, operation, &value)) {
        return false;
    }
    size_t words = frame->description.size_bytes / sizeof(uintptr_t);
    size_t word = operation_get(operation, OPERAND_WORD) % words;
    runtime_write_pointer(machine->runtime, frame->sp + word * sizeof(uintptr_t), value);
    (void)model_frame_wrote(machine->model, id_of(operation), depth, word, value);
    return true;
}

bool exec_defer_push(struct go_machine *machine, struct operation operation) {
    struct goroutine *g = goroutine_of(machine, operation);
    uintptr_t value;
    if (g == NULL || !go_target(machine, operation, &value)) {
        return false;
    }
    uintptr_t entry = value == 0 ? 0 : go_pc(machine, 2);
    const struct defer *defer = runtime_push_defer(machine->runtime, g, value, entry);
    if (defer == NULL) {
        return false;
    }
    (void)model_defer_pushed(machine->model, id_of(operation), (uintptr_t)defer, value, entry);
    return true;
}

bool exec_defer_pop(struct go_machine *machine, struct operation operation) {
    struct goroutine *g = goroutine_of(machine, operation);
    if (g == NULL) {
        return false;
    }
    bool existed = runtime_pop_defer(machine->runtime, g);
    (void)model_defer_popped(machine->model, id_of(operation), existed);
    return existed;
}

bool exec_panic_push(struct go_machine *machine, struct operation operation) {
    struct goroutine *g = goroutine_of(machine, operation);
    uintptr_t value;
    if (g == NULL || !go_target(machine, operation, &value)) {
        return false;
    }
    const struct type *type = go_type(machine, operation_get(operation, OPERAND_PANIC_TYPE));
    const struct panic *panic =
        type == NULL ? NULL : runtime_push_panic(machine->runtime, g, type, value);
    if (panic == NULL) {
        return false;
    }
    (void)model_panic_pushed(machine->model, id_of(operation), (uintptr_t)panic, (uintptr_t)type,
                             value);
    return true;
}

bool exec_panic_pop(struct go_machine *machine, struct operation operation) {
    struct goroutine *g = goroutine_of(machine, operation);
    if (g == NULL) {
        return false;
    }
    bool existed = runtime_pop_panic(machine->runtime, g);
    (void)model_panic_popped(machine->model, id_of(operation), existed);
    return existed;
}
