// symbolic_state: what each word of the columns `makes` and `requires` does to the state, and asks
// of it.
//
// A row of ops.def without its two words does not compile, nor one with a word that is not here.
#include "fuzz/generate/symbolic_state.h"

#include "oracle/core/bits.h"

#include <string.h>

#define STACK_BYTES_MIN  UINT32_C(8192)
#define GROWN_MAX        7 // what the executor lets a stack grow to
#define HANDLES_PER_SPAN 8 // a guess

// ---- sets

static bool has(const struct symbolic_state *state, enum symbolic_set set, uint32_t handle) {
    return bits_at(state->sets[set].words, handle);
}

static void put_slot(uint64_t *set, uint32_t slot, bool is_in) {
    uint64_t bit = slot < SYMBOLIC_SLOTS ? UINT64_C(1) << slot : 0;
    *set = is_in ? *set | bit : *set & ~bit;
}

static void put(struct symbolic_state *state, enum symbolic_set set, uint32_t handle, bool is_in) {
    put_slot(&state->sets[set].words[handle / 64], handle % 64, is_in);
}

static uint32_t count_of(const struct symbolic_handles *set) {
    uint32_t count = 0;
    for (size_t i = 0; i < SYMBOLIC_HANDLES / 64; i++) {
        count += bits_count(set->words[i]);
    }
    return count;
}

// A member, by chance; false: there is none.
static bool draw_bit(uint64_t bits, struct random *random, uint32_t *slot) {
    if (bits == 0) {
        return false;
    }
    for (uint32_t left = random_below(random, bits_count(bits)); left > 0; left--) {
        bits &= bits - 1;
    }
    *slot = bits_lowest(bits);
    return true;
}

static bool draw_handle(const struct symbolic_state *state, enum symbolic_set set,
                        struct random *random, uint32_t *handle) {
    uint32_t count = (state->is_wide ? SYMBOLIC_HANDLES : OPERATION_HANDLES) / 64;
    uint32_t first = random_below(random, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t word = (first + i) % count;
        if (draw_bit(state->sets[set].words[word], random, handle)) {
            *handle += word * 64;
            return true;
        }
    }
    return false;
}

static bool has_slot(uint64_t set, uint32_t slot) {
    return slot >= SYMBOLIC_SLOTS || bits_at(&set, slot);
}

// ---- what is made

void symbolic_begin(struct symbolic_state *state, const struct program_header *header) {
    memset(state, 0, sizeof *state);
    state->slots[OPERAND_CACHE] =
        header->caches < SYMBOLIC_SLOTS ? (UINT64_C(1) << header->caches) - 1 : UINT64_MAX;
    state->is_wide = header->is_wide;
}

static void make_nothing(struct symbolic_state *state, struct operation operation) {
    (void)state;
    (void)operation;
}

// ---- objects

static uint32_t handle_of(struct operation operation) {
    return operation_get(operation, OPERAND_HANDLE);
}

static void allocate(struct symbolic_state *state, struct operation operation, uint32_t handle) {
    bool has_tiny = operation_has(operation_code(operation), OPERAND_TINY);
    uint64_t size = operation_size(operation);
    bool is_noscan = operation_get(operation, OPERAND_TYPE) == 0;
    bool is_tiny =
        has_tiny && operation_get(operation, OPERAND_TINY) != 0 && size < 16 && is_noscan;
    put(state, SYMBOLIC_LIVE, handle, true);
    put(state, SYMBOLIC_ROOTED, handle, false);
    put(state, SYMBOLIC_FREEABLE, handle, size > 0 && !is_tiny);
    put(state, SYMBOLIC_POINTERFUL, handle, size >= 8 && !is_noscan);
    put(state, SYMBOLIC_FINALIZED, handle, false);
    put(state, SYMBOLIC_CLEANED, handle, false);
}

static void forget(struct symbolic_state *state, uint32_t handle) {
    put(state, SYMBOLIC_LIVE, handle, false);
    put(state, SYMBOLIC_FREEABLE, handle, false);
    put(state, SYMBOLIC_POINTERFUL, handle, false);
    put(state, SYMBOLIC_FINALIZED, handle, false);
    put(state, SYMBOLIC_CLEANED, handle, false);
}

static void make_object(struct symbolic_state *state, struct operation operation) {
    allocate(state, operation, handle_of(operation));
}

static void make_objects(struct symbolic_state *state, struct operation operation) {
    uint32_t handle_count = operation_handle_count(operation);
    for (uint32_t i = 0; i < operation_get(operation, OPERAND_RUN); i++) {
        allocate(state, operation, (handle_of(operation) + i) % handle_count);
    }
}

static void make_hub(struct symbolic_state *state, struct operation operation) { // of a fan's size
    allocate(state, operation, handle_of(operation));
    put(state, SYMBOLIC_FREEABLE, handle_of(operation), true);
    put(state, SYMBOLIC_POINTERFUL, handle_of(operation), true);
}

static void make_no_object(struct symbolic_state *state, struct operation operation) {
    forget(state, handle_of(operation));
}

static void make_no_objects(struct symbolic_state *state, struct operation operation) {
    uint32_t handle = handle_of(operation);
    uint32_t handle_count = operation_handle_count(operation);
    for (uint32_t i = 0; i < operation_get(operation, OPERAND_FREE_RUN); i++) {
        if (has(state, SYMBOLIC_FREEABLE, handle)) {
            forget(state, handle);
        }
        handle = (handle + operation_get(operation, OPERAND_STRIDE)) % handle_count;
    }
}

static void make_none_live(struct symbolic_state *state, struct operation operation) {
    (void)operation;
    memset(state->sets, 0, sizeof state->sets);
}

static void make_pointers(struct symbolic_state *state, struct operation operation) {
    uint32_t first = operation_get(operation, OPERAND_FIRST);
    uint32_t handle_count = operation_handle_count(operation);
    for (uint32_t i = 0; i < operation_get(operation, OPERAND_FAN); i++) {
        put(state, SYMBOLIC_ROOTED, (first + i) % handle_count, true);
    }
}

static void make_finalizer(struct symbolic_state *state, struct operation operation) {
    put(state, SYMBOLIC_FINALIZED, handle_of(operation), true);
}

static void make_no_finalizer(struct symbolic_state *state, struct operation operation) {
    put(state, SYMBOLIC_FINALIZED, handle_of(operation), false);
}

static void make_cleanup(struct symbolic_state *state, struct operation operation) {
    put(state, SYMBOLIC_CLEANED, handle_of(operation), true);
}

static void make_no_cleanup(struct symbolic_state *state, struct operation operation) {
    put(state, SYMBOLIC_CLEANED, handle_of(operation), false);
}

static void make_running(struct symbolic_state *state, struct operation operation) {
    (void)operation;
    state->queued_count--;
    state->is_running = true;
}

static void make_not_running(struct symbolic_state *state, struct operation operation) {
    (void)operation;
    state->is_running = false;
}

// ---- cycles

static void make_swept(struct symbolic_state *state, struct operation operation) {
    (void)operation;
    state->queued_count += state->dying_count;
    state->unswept_count = state->dying_count = 0;
}

static void make_cycle(struct symbolic_state *state, struct operation operation) {
    make_swept(state, operation); // it ends the last sweep
    state->is_marking = true;
}

static void make_garbage(struct symbolic_state *state, struct operation operation) {
    (void)operation;
    state->is_marking = false;
    state->unswept_count = 1 + count_of(&state->sets[SYMBOLIC_LIVE]) / HANDLES_PER_SPAN;
    for (size_t i = 0; i < SYMBOLIC_HANDLES / 64; i++) {
        uint64_t kept = state->sets[SYMBOLIC_ROOTED].words[i];
        uint64_t queued =
            state->sets[SYMBOLIC_FINALIZED].words[i] | state->sets[SYMBOLIC_CLEANED].words[i];
        state->dying_count += bits_count(queued & ~kept);
        for (size_t set = 0; set < SYMBOLIC_SETS; set++) {
            state->sets[set].words[i] &= kept;
        }
    }
}

static void make_collection(struct symbolic_state *state, struct operation operation) {
    make_cycle(state, operation);
    make_garbage(state, operation);
    if (operation_get(operation, OPERAND_SWEEP) != 0) {
        make_swept(state, operation);
    }
}

static void make_span_swept(struct symbolic_state *state, struct operation operation) {
    (void)operation;
    uint32_t died =
        state->unswept_count <= 1 ? state->dying_count : state->dying_count / state->unswept_count;
    state->queued_count += died;
    state->dying_count -= died;
    state->unswept_count -= state->unswept_count > 0;
}

// ---- goroutines

static struct symbolic_goroutine *goroutine_of(struct symbolic_state *state,
                                               struct operation operation) {
    return &state->goroutine[operation_get(operation, OPERAND_GOROUTINE)];
}

static void set_goroutine(struct symbolic_state *state, struct operation operation, bool starts) {
    put_slot(&state->slots[OPERAND_GOROUTINE], operation_get(operation, OPERAND_GOROUTINE), starts);
    *goroutine_of(state, operation) = (struct symbolic_goroutine){.thread = SYMBOLIC_NO_THREAD};
}

static void make_goroutine(struct symbolic_state *state, struct operation operation) {
    set_goroutine(state, operation, true);
}

static void make_no_goroutine(struct symbolic_state *state, struct operation operation) {
    set_goroutine(state, operation, false);
}

static void make_larger_stack(struct symbolic_state *state, struct operation operation) {
    goroutine_of(state, operation)->grown++;
}

static void make_smaller_stack(struct symbolic_state *state, struct operation operation) {
    goroutine_of(state, operation)->grown--;
}

static void make_frame(struct symbolic_state *state, struct operation operation) {
    struct symbolic_goroutine *g = goroutine_of(state, operation);
    g->frame_count++;
    g->word_count += operation_get(operation, OPERAND_FRAME_WORDS);
    while (g->grown < GROWN_MAX + 2 && (STACK_BYTES_MIN << g->grown) < g->word_count * 8) {
        g->grown++;
    }
}

static void make_no_frame(struct symbolic_state *state, struct operation operation) {
    struct symbolic_goroutine *g = goroutine_of(state, operation);
    g->word_count -= g->word_count / g->frame_count; // an average one
    g->frame_count--;
}

static void make_defer(struct symbolic_state *state, struct operation operation) {
    goroutine_of(state, operation)->defer_count++;
}

static void make_no_defer(struct symbolic_state *state, struct operation operation) {
    goroutine_of(state, operation)->defer_count--;
}

static void make_panic(struct symbolic_state *state, struct operation operation) {
    goroutine_of(state, operation)->panic_count++;
}

static void make_no_panic(struct symbolic_state *state, struct operation operation) {
    goroutine_of(state, operation)->panic_count--;
}

static void make_on_thread(struct symbolic_state *state, struct operation operation) {
    goroutine_of(state, operation)->thread = (uint16_t)operation_get(operation, OPERAND_ON_THREAD);
}

// ---- other slots: the first operand's

static void set_slot(struct symbolic_state *state, struct operation operation, bool fills) {
    enum operand operand = operation_descriptions[operation_code(operation)].operands[0];
    put_slot(&state->slots[operand], operation_get(operation, operand), fills);
}

static void make_filled(struct symbolic_state *state, struct operation operation) {
    set_slot(state, operation, true);
}

static void make_empty(struct symbolic_state *state, struct operation operation) {
    set_slot(state, operation, false);
}

static void make_no_thread(struct symbolic_state *state, struct operation operation) {
    set_slot(state, operation, false);
    for (size_t i = 0; i < SYMBOLIC_GOROUTINES; i++) {
        if (state->goroutine[i].thread == operation_get(operation, OPERAND_THREAD)) {
            state->goroutine[i].thread = SYMBOLIC_NO_THREAD;
        }
    }
}

static void make_world(struct symbolic_state *state, struct operation operation) {
    state->stop_depth += operation_get(operation, OPERAND_WORLD) == WORLD_STOP;
    state->stop_depth -= operation_get(operation, OPERAND_WORLD) == WORLD_START;
}

// ---- what is required

// What a word of `requires` asks, besides what each operand asks anyway: operand_allows().
struct requirement {
    enum symbolic_set handles;                       // that have the handle
    enum { SLOT_ANY, SLOT_FILLED, SLOT_EMPTY } slot; // of the first operand
    bool (*moment)(const struct symbolic_state *state, struct operation operation); // NULL: any
    bool (*goroutine)(const struct symbolic_state *state, struct operation operation, uint32_t id);
};

static const struct requirement requires_nothing = {.handles = SYMBOLIC_LIVE};
static const struct requirement requires_live = {.handles = SYMBOLIC_LIVE};
static const struct requirement requires_freeable = {.handles = SYMBOLIC_FREEABLE};
static const struct requirement requires_pointerful = {.handles = SYMBOLIC_POINTERFUL};
static const struct requirement requires_finalized = {.handles = SYMBOLIC_FINALIZED};
static const struct requirement requires_cleaned = {.handles = SYMBOLIC_CLEANED};
static const struct requirement requires_filled = {.slot = SLOT_FILLED};
static const struct requirement requires_empty = {.slot = SLOT_EMPTY};

// A requirement of the moment.
#define MOMENT(word, condition)                                                                    \
    static bool is_##word(const struct symbolic_state *state, struct operation operation) {        \
        (void)operation;                                                                           \
        return (condition);                                                                        \
    }                                                                                              \
    static const struct requirement requires_##word = {.moment = is_##word}
MOMENT(no_cycle, !state->is_marking);
MOMENT(cycle, state->is_marking);
MOMENT(unswept, state->unswept_count > 0);
MOMENT(queued, state->queued_count > 0 && !state->is_running);
MOMENT(running, state->is_running);
MOMENT(world_runs, state->stop_depth == 0);
MOMENT(world, operation_get(operation, OPERAND_WORLD) == WORLD_STOP    ? state->stop_depth < 3
              : operation_get(operation, OPERAND_WORLD) == WORLD_START ? state->stop_depth > 0
                                                                       : true);

// The thread that a goroutine would run on.
static uint32_t thread_of(const struct symbolic_state *state, struct operation operation) {
    uint32_t thread = operation_get(operation, OPERAND_ON_THREAD);
    return has_slot(state->slots[OPERAND_THREAD], thread) ? thread : SYMBOLIC_NO_THREAD;
}

// A requirement of the goroutine `g`, which was started.
#define GOROUTINE(word, condition)                                                                 \
    static bool has_##word(const struct symbolic_state *state, struct operation operation,         \
                           uint32_t id) {                                                          \
        const struct symbolic_goroutine *g = &state->goroutine[id];                                \
        (void)operation;                                                                           \
        (void)g;                                                                                   \
        return has_slot(state->slots[OPERAND_GOROUTINE], id) && (condition);                       \
    }                                                                                              \
    static const struct requirement requires_##word = {.goroutine = has_##word}
GOROUTINE(goroutine, true);
GOROUTINE(small_stack, g->grown < GROWN_MAX);
GOROUTINE(large_stack, g->grown > 0 && g->word_count * 8 <= (STACK_BYTES_MIN << g->grown) / 4);
GOROUTINE(frame, g->frame_count > 0);
GOROUTINE(defer, g->defer_count > 0);
GOROUTINE(panic, g->panic_count > 0);
GOROUTINE(other_thread, g->thread != thread_of(state, operation));

static const struct {
    const struct requirement *requirement;
    void (*make)(struct symbolic_state *state, struct operation operation);
} columns[OP_COUNT] = {
#define OPERATION(code, id, name, form, operands, capability, requires, makes, weight, group,      \
                  moves, effect)                                                                   \
    [code] = {&requires_##requires, make_##makes},
#include "fuzz/program/ops.def"
};

// ---- questions

// The slots of the kind with which the operation can do something.
static uint64_t slots_for(const struct symbolic_state *state, struct operation operation,
                          enum operand operand) {
    const struct requirement *required = columns[operation_code(operation)].requirement;
    uint32_t max = state->is_wide ? SYMBOLIC_SLOTS - 1 : operand_descriptions[operand].max;
    uint64_t all = UINT64_MAX >> (63 - max);
    uint64_t slots = 0;
    if (operand == OPERAND_GOROUTINE && required->goroutine != NULL) {
        for (uint32_t id = 0; id <= max; id++) {
            slots |= (uint64_t)required->goroutine(state, operation, id) << id;
        }
        return slots;
    }
    slots = state->slots[operand];
    if (required->slot == SLOT_ANY ||
        operand != operation_descriptions[operation_code(operation)].operands[0]) {
        return slots == 0 ? 0 : all;
    }
    return required->slot == SLOT_EMPTY ? all & ~slots : slots;
}

static bool operand_allows(const struct symbolic_state *state, struct operation operation,
                           enum operand operand) {
    enum operation_code code = operation_code(operation);
    uint32_t value = operation_get(operation, operand);
    if (operand == OPERAND_TO) {
        return operation_target_is_nil(operation) || code == OP_WRITE_STRAY ||
               has(state, SYMBOLIC_LIVE, value);
    }
    if (operand == OPERAND_HANDLE) {
        return operation_descriptions[code].has_result ||
               has(state, columns[code].requirement->handles, value);
    }
    if (operand == OPERAND_ON_THREAD || operand_descriptions[operand].kind != OPERAND_KIND_SLOT) {
        return true;
    }
    return has_slot(slots_for(state, operation, operand), value);
}

bool symbolic_allows(const struct symbolic_state *state, struct operation operation) {
    const struct requirement *required = columns[operation_code(operation)].requirement;
    const uint8_t *operands = operation_descriptions[operation_code(operation)].operands;
    bool allows = required->moment == NULL || required->moment(state, operation);
    for (size_t i = 0; allows && i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        allows = operand_allows(state, operation, (enum operand)operands[i]);
    }
    return allows;
}

void symbolic_add(struct symbolic_state *state, struct operation operation) {
    bool has_goroutine = operation_has(operation_code(operation), OPERAND_GOROUTINE);
    if (!symbolic_allows(state, operation) ||
        (has_goroutine && operation_get(operation, OPERAND_GOROUTINE) >= SYMBOLIC_GOROUTINES)) {
        return;
    }
    if (operation_has(operation_code(operation), OPERAND_TO) &&
        !operation_target_is_nil(operation)) {
        put(state, SYMBOLIC_ROOTED, operation_get(operation, OPERAND_TO), true);
    }
    columns[operation_code(operation)].make(state, operation);
}

void symbolic_of(struct symbolic_state *state, const struct program *program, size_t count) {
    symbolic_begin(state, &program->header);
    for (size_t i = 0; i < count; i++) {
        symbolic_add(state, program->operations[i]);
    }
}

static struct operation mend_operand(const struct symbolic_state *state, struct operation operation,
                                     enum operand operand, struct random *random) {
    uint32_t slot;
    if (operand == OPERAND_TO) {
        bool found = draw_handle(state, SYMBOLIC_LIVE, random, &slot);
        return operation_set_target(operation, !found, found ? slot : 0,
                                    operation_target_offset(operation));
    }
    enum symbolic_set handles = columns[operation_code(operation)].requirement->handles;
    bool found = operand == OPERAND_HANDLE
                     ? draw_handle(state, handles, random, &slot)
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
