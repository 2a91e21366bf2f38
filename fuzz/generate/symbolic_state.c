// symbolic_state: a step for each operation that fills or starts something, a question for each.
#include "fuzz/generate/symbolic_state.h"

#include <string.h>

#define STACK_BYTES_MIN  UINT32_C(8192)
#define GROWN_MAX        7 // what the executor lets a stack grow to
#define HANDLES_PER_SPAN 8 // a guess

// ---- sets

static uint32_t count_bits(uint64_t bits) {
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(bits * UINT64_C(0x0101010101010101) >> 56);
}

// Of the lowest set bit; `bits` is not 0.
static uint32_t lowest_bit(uint64_t bits) {
    return count_bits((bits & ~(bits - 1)) - 1);
}

static bool has(const struct symbolic_handles *set, uint32_t handle) {
    return (set->words[handle / 64] >> handle % 64 & 1) != 0;
}

static void put(struct symbolic_handles *set, uint32_t handle, bool is_in) {
    uint64_t bit = UINT64_C(1) << handle % 64;
    uint64_t *word = &set->words[handle / 64];
    *word = is_in ? *word | bit : *word & ~bit;
}

static uint32_t count_of(const struct symbolic_handles *set) {
    uint32_t count = 0;
    for (size_t i = 0; i < SYMBOLIC_HANDLES / 64; i++) {
        count += count_bits(set->words[i]);
    }
    return count;
}

// A member, by chance; false: there is none.
static bool draw_bit(uint64_t bits, struct random *random, uint32_t *slot) {
    if (bits == 0) {
        return false;
    }
    for (uint32_t left = random_below(random, count_bits(bits)); left > 0; left--) {
        bits &= bits - 1;
    }
    *slot = lowest_bit(bits);
    return true;
}

static bool draw_handle(const struct symbolic_handles *set, struct random *random,
                        uint32_t *handle) {
    uint32_t first = random_below(random, SYMBOLIC_HANDLES / 64);
    for (uint32_t i = 0; i < SYMBOLIC_HANDLES / 64; i++) {
        uint32_t word = (first + i) % (SYMBOLIC_HANDLES / 64);
        if (draw_bit(set->words[word], random, handle)) {
            *handle += word * 64;
            return true;
        }
    }
    return false;
}

static void put_slot(uint64_t *set, uint32_t slot, bool is_in) {
    uint64_t bit = UINT64_C(1) << slot;
    *set = is_in ? *set | bit : *set & ~bit;
}

static bool has_slot(uint64_t set, uint32_t slot) {
    return (set >> slot & 1) != 0;
}

// ---- steps

void symbolic_begin(struct symbolic_state *state, const struct program_header *header) {
    memset(state, 0, sizeof *state);
    state->caches = (UINT64_C(1) << header->caches) - 1;
}

static void allocate(struct symbolic_state *state, struct operation operation, uint32_t handle) {
    bool has_tiny = operation_has(operation_code(operation), OPERAND_TINY);
    uint32_t size = operation_get(operation, OPERAND_SIZE);
    bool is_noscan = operation_get(operation, OPERAND_TYPE) == 0;
    bool is_tiny =
        has_tiny && operation_get(operation, OPERAND_TINY) != 0 && size < 16 && is_noscan;
    put(&state->live, handle, true);
    put(&state->rooted, handle, false);
    put(&state->freeable, handle, size > 0 && !is_tiny);
    put(&state->pointerful, handle, size >= 8 && !is_noscan);
    put(&state->finalized, handle, false);
}

static void forget(struct symbolic_state *state, uint32_t handle) {
    put(&state->live, handle, false);
    put(&state->freeable, handle, false);
    put(&state->pointerful, handle, false);
    put(&state->finalized, handle, false);
}

static void start_cycle(struct symbolic_state *state) {
    state->is_marking = true;
    state->queued_count += state->dying_count; // it ends the last sweep
    state->dying_count = state->unswept_count = 0;
}

static void end_cycle(struct symbolic_state *state) {
    state->is_marking = false;
    state->unswept_count = 1 + count_of(&state->live) / HANDLES_PER_SPAN;
    for (size_t i = 0; i < SYMBOLIC_HANDLES / 64; i++) {
        uint64_t kept = state->rooted.words[i];
        state->dying_count += count_bits(state->finalized.words[i] & ~kept);
        state->live.words[i] &= kept;
        state->freeable.words[i] &= kept;
        state->pointerful.words[i] &= kept;
        state->finalized.words[i] &= kept;
    }
}

static void end_sweep(struct symbolic_state *state) {
    state->queued_count += state->dying_count;
    state->unswept_count = state->dying_count = 0;
}

static void sweep_one(struct symbolic_state *state) {
    uint32_t died =
        state->unswept_count <= 1 ? state->dying_count : state->dying_count / state->unswept_count;
    state->queued_count += died;
    state->dying_count -= died;
    state->unswept_count -= state->unswept_count > 0;
}

static void add_cycle(struct symbolic_state *state, struct operation operation) {
    switch ((int)operation_code(operation)) {
    case OP_GC_START:
        start_cycle(state);
        break;
    case OP_COLLECT:
        start_cycle(state);
        end_cycle(state);
        if (operation_get(operation, OPERAND_SWEEP) != 0) {
            end_sweep(state);
        }
        break;
    case OP_GC_FINISH:
        end_cycle(state);
        break;
    case OP_SWEEP_ONE:
        sweep_one(state);
        break;
    default: // sweep_finish, and a dump
        end_sweep(state);
        break;
    }
}

static void push_frame(struct symbolic_goroutine *g, uint32_t word_count) {
    g->frame_count++;
    g->word_count += word_count;
    while (g->grown < GROWN_MAX + 2 && (STACK_BYTES_MIN << g->grown) < g->word_count * 8) {
        g->grown++;
    }
}

static void pop_frame(struct symbolic_goroutine *g) {
    g->word_count -= g->word_count / g->frame_count; // an average one
    g->frame_count--;
}

static void add_goroutine(struct symbolic_state *state, struct operation operation) {
    uint32_t id = operation_get(operation, OPERAND_GOROUTINE);
    struct symbolic_goroutine *g = &state->goroutine[id];
    switch ((int)operation_code(operation)) {
    case OP_GO_START:
    case OP_GO_EXIT:
        put_slot(&state->goroutines, id, operation_code(operation) == OP_GO_START);
        *g = (struct symbolic_goroutine){.thread = SYMBOLIC_NO_THREAD};
        break;
    case OP_GO_GROW:
        g->grown++;
        break;
    case OP_GO_SHRINK:
        g->grown--;
        break;
    case OP_FRAME_PUSH:
        push_frame(g, operation_get(operation, OPERAND_FRAME_WORDS));
        break;
    case OP_FRAME_POP:
        pop_frame(g);
        break;
    case OP_DEFER_PUSH:
        g->defer_count++;
        break;
    case OP_DEFER_POP:
        g->defer_count--;
        break;
    case OP_PANIC_PUSH:
        g->panic_count++;
        break;
    case OP_PANIC_POP:
        g->panic_count--;
        break;
    case OP_GO_THREAD:
        g->thread = (uint8_t)operation_get(operation, OPERAND_ON_THREAD);
        break;
    default:
        break;
    }
}

static void exit_thread(struct symbolic_state *state, uint32_t thread) {
    put_slot(&state->threads, thread, false);
    for (size_t i = 0; i < SYMBOLIC_GOROUTINES; i++) {
        if (state->goroutine[i].thread == thread) {
            state->goroutine[i].thread = SYMBOLIC_NO_THREAD;
        }
    }
}

static void add_object(struct symbolic_state *state, struct operation operation) {
    uint32_t handle = operation_get(operation, OPERAND_HANDLE);
    uint32_t count = 1;
    switch ((int)operation_code(operation)) {
    case OP_ALLOC_RUN:
        for (count = operation_get(operation, OPERAND_RUN); count > 0; count--) {
            allocate(state, operation, handle);
            handle = (handle + 1) % SYMBOLIC_HANDLES;
        }
        break;
    case OP_FREE_RUN:
        for (count = operation_get(operation, OPERAND_FREE_RUN); count > 0; count--) {
            if (has(&state->freeable, handle)) {
                forget(state, handle);
            }
            handle = (handle + operation_get(operation, OPERAND_STRIDE)) % SYMBOLIC_HANDLES;
        }
        break;
    case OP_ALLOC_FAN: // its hub, whose size is the fan's
        allocate(state, operation, handle);
        put(&state->freeable, handle, true);
        put(&state->pointerful, handle, true);
        break;
    case OP_FREE:
    case OP_FREE_SIZED:
    case OP_DROP:
        forget(state, handle);
        break;
    case OP_FINALIZER_SET:
    case OP_FINALIZER_REMOVE:
        put(&state->finalized, handle, operation_code(operation) == OP_FINALIZER_SET);
        break;
    case OP_WRITE_RUN:
        for (uint32_t i = 0; i < operation_get(operation, OPERAND_FAN); i++) {
            put(&state->rooted, (operation_get(operation, OPERAND_FIRST) + i) % SYMBOLIC_HANDLES,
                true);
        }
        break;
    case OP_REALLOC:
    case OP_EXPAND:
    case OP_WRITE:
        break;
    default:
        allocate(state, operation, handle);
        break;
    }
}

static void add_slot(struct symbolic_state *state, struct operation operation) {
    switch ((int)operation_code(operation)) {
    case OP_ACQUIRE:
    case OP_RELEASE:
        put_slot(&state->caches, operation_get(operation, OPERAND_CACHE),
                 operation_code(operation) == OP_ACQUIRE);
        break;
    case OP_ROOT_ADD:
    case OP_ROOT_REMOVE:
        put_slot(&state->roots, operation_get(operation, OPERAND_ROOT),
                 operation_code(operation) == OP_ROOT_ADD);
        break;
    case OP_MANUAL_ALLOC:
    case OP_MANUAL_FREE:
        put_slot(&state->manuals, operation_get(operation, OPERAND_MANUAL),
                 operation_code(operation) == OP_MANUAL_ALLOC);
        break;
    case OP_THREAD_START:
        put_slot(&state->threads, operation_get(operation, OPERAND_THREAD), true);
        break;
    case OP_THREAD_EXIT:
        exit_thread(state, operation_get(operation, OPERAND_THREAD));
        break;
    case OP_FINALIZER_START:
        state->queued_count--;
        state->is_running = true;
        break;
    case OP_FINALIZER_FINISH:
        state->is_running = false;
        break;
    case OP_WORLD:
        state->stop_depth += operation_get(operation, OPERAND_WORLD) == 0;
        state->stop_depth -= operation_get(operation, OPERAND_WORLD) == 1;
        break;
    default:
        break;
    }
}

void symbolic_add(struct symbolic_state *state, struct operation operation) {
    enum operation_code code = operation_code(operation);
    if (!symbolic_allows(state, operation)) {
        return;
    }
    if (operation_has(code, OPERAND_TO) && !operation_target_is_nil(operation)) {
        put(&state->rooted, operation_get(operation, OPERAND_TO), true);
    }
    if (operation_has(code, OPERAND_HANDLE)) {
        add_object(state, operation);
    } else if (operation_has(code, OPERAND_GOROUTINE)) {
        add_goroutine(state, operation);
    } else if ((operation_descriptions[code].group == GROUP_COLLECT && code != OP_GC_STEP &&
                code != OP_GC_PERCENT && code != OP_GC_POLL) ||
               code == OP_DUMP) {
        add_cycle(state, operation);
    } else {
        add_slot(state, operation);
    }
}

void symbolic_of(struct symbolic_state *state, const struct program *program, size_t count) {
    symbolic_begin(state, &program->header);
    for (size_t i = 0; i < count; i++) {
        symbolic_add(state, program->operations[i]);
    }
}

// ---- questions

// The handles that the operation can do something with.
static const struct symbolic_handles *handles_for(const struct symbolic_state *state,
                                                  enum operation_code code) {
    switch ((int)code) {
    case OP_FREE:
    case OP_FREE_SIZED:
    case OP_DROP:
        return &state->freeable;
    case OP_WRITE:
    case OP_WRITE_RUN:
        return &state->pointerful;
    case OP_FINALIZER_REMOVE:
        return &state->finalized;
    default:
        return &state->live;
    }
}

static bool can_shrink(const struct symbolic_goroutine *g) {
    return g->grown > 0 && g->word_count * 8 <= (STACK_BYTES_MIN << g->grown) / 4;
}

static bool goroutine_allows(const struct symbolic_state *state, struct operation operation,
                             uint32_t id) {
    const struct symbolic_goroutine *g = &state->goroutine[id];
    bool is_started = has_slot(state->goroutines, id);
    uint32_t thread = 0;
    switch ((int)operation_code(operation)) {
    case OP_GO_START:
        return !is_started;
    case OP_GO_GROW:
        return is_started && g->grown < GROWN_MAX;
    case OP_GO_SHRINK:
        return is_started && can_shrink(g);
    case OP_WRITE_FRAME:
    case OP_FRAME_POP:
        return is_started && g->frame_count > 0;
    case OP_DEFER_POP:
        return is_started && g->defer_count > 0;
    case OP_PANIC_POP:
        return is_started && g->panic_count > 0;
    case OP_GO_THREAD:
        thread = operation_get(operation, OPERAND_ON_THREAD);
        return is_started &&
               g->thread != (has_slot(state->threads, thread) ? thread : SYMBOLIC_NO_THREAD);
    default:
        return is_started;
    }
}

// The slots that are filled, of the kind that the operand names.
static uint64_t filled_slots(const struct symbolic_state *state, enum operand operand) {
    switch ((int)operand) {
    case OPERAND_CACHE:
        return state->caches;
    case OPERAND_ROOT:
        return state->roots;
    case OPERAND_MANUAL:
        return state->manuals;
    default:
        return state->threads;
    }
}

// The slots of the kind with which the operation can do something.
static uint64_t slots_for(const struct symbolic_state *state, struct operation operation,
                          enum operand operand) {
    const struct operation_description *d = &operation_descriptions[operation_code(operation)];
    uint32_t max = operand_descriptions[operand].max;
    uint64_t all = UINT64_MAX >> (63 - max);
    uint64_t slots = 0;
    if (operand == OPERAND_GOROUTINE) {
        for (uint32_t id = 0; id <= max; id++) {
            slots |= (uint64_t)goroutine_allows(state, operation, id) << id;
        }
        return slots;
    }
    slots = filled_slots(state, operand);
    if (operand == OPERAND_CACHE && operation_code(operation) != OP_ACQUIRE &&
        operation_code(operation) != OP_RELEASE) {
        return slots == 0 ? 0 : all; // another one stands in for a cache that is not there
    }
    return d->has_result ? all & ~slots : slots;
}

static bool moment_allows(const struct symbolic_state *state, struct operation operation) {
    switch ((int)operation_code(operation)) {
    case OP_GC_START:
    case OP_COLLECT:
        return !state->is_marking;
    case OP_GC_STEP:
    case OP_GC_FINISH:
        return state->is_marking;
    case OP_SWEEP_ONE:
    case OP_SWEEP_FINISH:
        return state->unswept_count > 0;
    case OP_FINALIZER_START:
        return state->queued_count > 0 && !state->is_running;
    case OP_FINALIZER_FINISH:
        return state->is_running;
    case OP_THREAD_RUN:
    case OP_THREAD_WAIT:
        return state->stop_depth == 0;
    case OP_WORLD:
        return operation_get(operation, OPERAND_WORLD) == 0   ? state->stop_depth < 3
               : operation_get(operation, OPERAND_WORLD) == 1 ? state->stop_depth > 0
                                                              : true;
    default:
        return true;
    }
}

static bool operand_allows(const struct symbolic_state *state, struct operation operation,
                           enum operand operand) {
    enum operation_code code = operation_code(operation);
    uint32_t value = operation_get(operation, operand);
    if (operand == OPERAND_TO) {
        return operation_target_is_nil(operation) || code == OP_WRITE_STRAY ||
               has(&state->live, value);
    }
    if (operand == OPERAND_HANDLE) {
        return operation_descriptions[code].has_result || has(handles_for(state, code), value);
    }
    if (operand == OPERAND_ON_THREAD || operand_descriptions[operand].kind != OPERAND_KIND_SLOT) {
        return true;
    }
    return has_slot(slots_for(state, operation, operand), value);
}

bool symbolic_allows(const struct symbolic_state *state, struct operation operation) {
    const uint8_t *operands = operation_descriptions[operation_code(operation)].operands;
    bool allows = moment_allows(state, operation);
    for (size_t i = 0; allows && i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        allows = operand_allows(state, operation, (enum operand)operands[i]);
    }
    return allows;
}

static struct operation mend_operand(const struct symbolic_state *state, struct operation operation,
                                     enum operand operand, struct random *random) {
    uint32_t slot;
    if (operand == OPERAND_TO) {
        bool found = draw_handle(&state->live, random, &slot);
        return operation_set_target(operation, !found, found ? slot : 0,
                                    operation_target_offset(operation));
    }
    bool found = operand == OPERAND_HANDLE
                     ? draw_handle(handles_for(state, operation_code(operation)), random, &slot)
                     : draw_bit(slots_for(state, operation, operand), random, &slot);
    return found ? operation_set(operation, operand, slot) : operation;
}

struct operation symbolic_mend(const struct symbolic_state *state, struct operation operation,
                               struct random *random) {
    const uint8_t *operands = operation_descriptions[operation_code(operation)].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        if (!operand_allows(state, operation, (enum operand)operands[i])) {
            operation = mend_operand(state, operation, (enum operand)operands[i], random);
        }
    }
    return operation;
}
