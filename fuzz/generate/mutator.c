// mutator: the steps of mutation, and the hooks' form of it on bytes.
#include "fuzz/generate/mutator.h"

#include "fuzz/generate/generator.h"
#include "fuzz/generate/operand.h"
#include "fuzz/generate/symbolic_state.h"
#include "fuzz/program/text.h"

#include <string.h>

#define BLOCK_MAX  32 // operations that one step moves
#define REPEAT_MAX 12
#define MEND_SHARE 4 // one mutation in so many is followed by a look at all operations
#define PROGRAM_WIDE_BYTES_MIN                                                                     \
    ((size_t)2 * PROGRAM_WIDE_HEADER_BYTES) // less has no room for a wide one

static size_t pick(struct random *random, const struct program *program) {
    return random_below(random, (uint32_t)program->count);
}

static size_t pick_block(struct random *random, size_t room) {
    size_t length = 1 + random_below(random, random_once_in(random, 2) ? 4 : BLOCK_MAX);
    return length < room ? length : room;
}

// Makes room for `count` operations at `at`; what no longer fits falls off the end. Returns how
// many have room.
static size_t open_gap(struct program *program, size_t at, size_t count, size_t operations_max) {
    if (at >= operations_max) {
        return 0;
    }
    count = count < operations_max - at ? count : operations_max - at;
    size_t behind = program->count - at;
    size_t room = operations_max - at - count;
    size_t kept = behind < room ? behind : room;
    memmove(program->operations + at + count, program->operations + at,
            kept * sizeof program->operations[0]);
    program->count = at + count + kept;
    return count;
}

static void close_gap(struct program *program, size_t at, size_t count) {
    memmove(program->operations + at, program->operations + at + count,
            (program->count - at - count) * sizeof program->operations[0]);
    program->count -= count;
}

static struct operation rename_handles(struct operation operation, uint32_t shift) {
    enum operation_code code = operation_code(operation);
    uint32_t handle_count = operation_handle_count(operation);
    if (operation_has(code, OPERAND_HANDLE)) {
        uint32_t handle = operation_get(operation, OPERAND_HANDLE);
        operation = operation_set(operation, OPERAND_HANDLE, (handle + shift) % handle_count);
    }
    if (operation_has(code, OPERAND_TO) && !operation_target_is_nil(operation)) {
        uint32_t handle = operation_get(operation, OPERAND_TO);
        operation = operation_set_target(operation, false, (handle + shift) % handle_count,
                                         operation_target_offset(operation));
    }
    return operation;
}

// ---- steps: each changes the program somewhere; `operations_max` is at least 1

static size_t insert_phrase(struct program *program, size_t at, size_t operations_max,
                            struct random *random) {
    struct operation phrase[GENERATOR_PHRASE_MAX];
    size_t count = generator_phrase(random, program, at, phrase);
    count = open_gap(program, at, count, operations_max);
    memcpy(program->operations + at, phrase, count * sizeof phrase[0]);
    return count;
}

static void step_insert(struct program *program, size_t operations_max, struct random *random) {
    size_t at = random_below(random, (uint32_t)program->count + 1);
    for (size_t phrases = 1 + random_below(random, 4); phrases > 0; phrases--) {
        at += insert_phrase(program, at, operations_max, random);
    }
}

static void step_append(struct program *program, size_t operations_max, struct random *random) {
    for (size_t phrases = 1 + random_below(random, 16); phrases > 0; phrases--) {
        (void)insert_phrase(program, program->count, operations_max, random);
    }
}

static void step_delete(struct program *program, size_t operations_max, struct random *random) {
    (void)operations_max;
    size_t at = pick(random, program);
    close_gap(program, at, pick_block(random, program->count - at));
}

static void step_duplicate(struct program *program, size_t operations_max, struct random *random) {
    struct operation block[BLOCK_MAX];
    size_t from = pick(random, program);
    size_t count = pick_block(random, program->count - from);
    memcpy(block, program->operations + from, count * sizeof block[0]);
    uint32_t shift = random_once_in(random, 2) ? 0 : random_below(random, 256);
    size_t at = random_below(random, (uint32_t)program->count + 1);
    count = open_gap(program, at, count, operations_max);
    for (size_t i = 0; i < count; i++) {
        program->operations[at + i] = rename_handles(block[i], shift);
    }
}

// The same again and again, for what only many do: full spans, another chunk of metadata.
static void step_repeat(struct program *program, size_t operations_max, struct random *random) {
    size_t at = pick(random, program);
    struct operation operation = program->operations[at];
    uint32_t stride = 1;
    if (operation_has(operation_code(operation), OPERAND_RUN)) {
        stride = operand_descriptions[OPERAND_RUN].max;
        operation = operation_set(operation, OPERAND_RUN, stride);
    }
    size_t count = open_gap(program, at, 1 + random_below(random, REPEAT_MAX), operations_max);
    for (size_t i = 0; i < count; i++) {
        program->operations[at + i] = rename_handles(operation, (uint32_t)i * stride);
    }
}

static void step_swap(struct program *program, size_t operations_max, struct random *random) {
    (void)operations_max;
    size_t a = pick(random, program);
    size_t b = random_once_in(random, 2) ? pick(random, program) : (a + 1) % program->count;
    struct operation kept = program->operations[a];
    program->operations[a] = program->operations[b];
    program->operations[b] = kept;
}

static void step_replace(struct program *program, size_t operations_max, struct random *random) {
    (void)operations_max;
    size_t at = pick(random, program);
    program->operations[at] = generator_operation(random, program, at);
}

static void step_operand(struct program *program, size_t operations_max, struct random *random) {
    (void)operations_max;
    size_t at = pick(random, program);
    struct operation operation = program->operations[at];
    const uint8_t *operands = operation_descriptions[operation_code(operation)].operands;
    size_t count = 0;
    bool is_wide = program->header.is_wide || !operation_is_narrow(operation);
    while (count < OPERATION_OPERANDS_MAX && operands[count] != OPERAND_NONE &&
           (is_wide || operand_descriptions[operands[count]].width != 0)) { // these stand last
        count++;
    }
    if (count == 0) {
        return;
    }
    enum operand operand = (enum operand)operands[random_below(random, (uint32_t)count)];
    enum operand_kind kind = operand_descriptions[operand].kind;
    bool is_number =
        kind == OPERAND_KIND_NUMBER || kind == OPERAND_KIND_SIZE || kind == OPERAND_KIND_OPTION;
    if (is_number && random_once_in(random, 2)) { // a neighbour
        uint64_t value = kind == OPERAND_KIND_SIZE ? operation_size(operation)
                                                   : operation_get(operation, operand);
        value = random_once_in(random, 2) ? value + 1 : value - (value > 0);
        operation = operation_set(operation, operand, value);
        program->operations[at] = is_wide ? operation : operation_narrowed(operation);
        return;
    }
    program->operations[at] = operand_draw(random, program, at, operation, operand);
}

static void step_cache(struct program *program, size_t operations_max, struct random *random) {
    (void)operations_max;
    size_t at = pick(random, program);
    struct operation operation = program->operations[at];
    if (operation_has(operation_code(operation), OPERAND_CACHE)) {
        uint32_t cache = random_below(random, PROGRAM_CACHES_MAX);
        program->operations[at] = operation_set(operation, OPERAND_CACHE, cache);
        uint16_t needed = (uint16_t)(cache + 1);
        program->header.caches = program->header.caches < needed ? needed : program->header.caches;
    }
}

static void step_fault(struct program *program, size_t operations_max, struct random *random) {
    size_t at = random_below(random, (uint32_t)program->count + 1);
    if (open_gap(program, at, 1, operations_max) == 1) {
        struct operation fault = operation_from_bits(OP_FAULT);
        fault = operation_set(fault, OPERAND_CALL, random_below(random, FAULT_CALL_COUNT));
        fault = operation_set(fault, OPERAND_AT, random_below(random, 4));
        program->operations[at] = operation_set(fault, OPERAND_AND_ON, random_below(random, 2));
    }
}

static void step_header(struct program *program, size_t operations_max, struct random *random) {
    (void)operations_max;
    struct program_header drawn = generator_header((uint32_t)random_next(random));
    switch (random_below(random, 4)) {
    case 0:
        program->header = drawn;
        break;
    case 1:
        program->header.check_every = drawn.check_every;
        break;
    case 2:
        program->header.caches = drawn.caches;
        break;
    default:
        program->header.groups_off = drawn.groups_off;
        program->header.seed = drawn.seed;
        break;
    }
}

static void step_widen(struct program *program, size_t operations_max, struct random *random) {
    (void)operations_max;
    generator_widen(&program->header, random);
}

// Most of the operations that can do nothing where they stand now get slots with which they can.
static void mend(struct program *program, struct random *random) {
    struct symbolic_state state;
    symbolic_begin(&state, &program->header);
    for (size_t i = 0; i < program->count; i++) {
        struct operation operation = program->operations[i];
        if (!symbolic_allows(&state, operation) && !random_once_in(random, 8)) {
            program->operations[i] = operation = symbolic_mend(&state, operation, random);
        }
        symbolic_add(&state, operation);
    }
}

static void drop_expectations(struct program *program) {
    size_t kept = 0;
    for (size_t i = 0; i < program->count; i++) {
        if (operation_code(program->operations[i]) != OP_EXPECT) {
            program->operations[kept++] = program->operations[i];
        }
    }
    program->count = kept;
}

void mutator_mutate(struct program *program, size_t operations_max, struct random *random) {
    static void (*const steps[])(struct program *, size_t, struct random *) = {
        step_insert, step_insert,  step_append,  step_delete,  step_duplicate,
        step_swap,   step_replace, step_operand, step_operand, step_operand,
        step_cache,  step_fault,   step_header,  step_repeat,  step_widen,
    };
    operations_max =
        operations_max < PROGRAM_OPERATIONS_MAX ? operations_max : PROGRAM_OPERATIONS_MAX;
    drop_expectations(program);
    program->count = program->count < operations_max ? program->count : operations_max;
    for (uint32_t count = operations_max == 0 ? 0 : 1 + random_below(random, 4); count > 0;
         count--) {
        uint32_t step = random_below(random, sizeof steps / sizeof steps[0]);
        if (program->count == 0) {
            step_append(program, operations_max, random);
        } else {
            steps[step](program, operations_max, random);
        }
    }
    if (random_once_in(random, MEND_SHARE)) {
        mend(program, random);
    }
}

void mutator_cross(struct program *into, const struct program *other, size_t operations_max,
                   struct random *random) {
    operations_max =
        operations_max < PROGRAM_OPERATIONS_MAX ? operations_max : PROGRAM_OPERATIONS_MAX;
    size_t begin = random_below(random, (uint32_t)into->count + 1);
    into->count = begin < operations_max ? begin : operations_max;
    if (other->count == 0) {
        return;
    }
    uint32_t shift = random_once_in(random, 2) ? 0 : random_below(random, 256);
    for (size_t i = pick(random, other); i < other->count && into->count < operations_max; i++) {
        (void)program_append(into, rename_handles(other->operations[i], shift));
    }
    if (other->header.caches > into->header.caches) {
        into->header.caches = other->header.caches;
    }
    drop_expectations(into);
    if (random_once_in(random, MEND_SHARE)) {
        mend(into, random);
    }
}

// ---- on bytes

static size_t operations_in(const struct program *program, size_t max_bytes) {
    bool is_narrow = program_is_narrow(program);
    size_t header_bytes = is_narrow ? PROGRAM_HEADER_BYTES : PROGRAM_WIDE_HEADER_BYTES;
    size_t record_bytes = is_narrow ? OPERATION_BYTES : OPERATION_WIDE_BYTES;
    return max_bytes < header_bytes ? 0 : (max_bytes - header_bytes) / record_bytes;
}

static void read_or_clear(struct program *program, const uint8_t *bytes, size_t size_bytes) {
    struct text_error error;
    if (!text_read_program(program, bytes, size_bytes, &error)) {
        program_clear(program);
    }
}

// The last operation is a dump, in place of whatever stood last when there is no room.
static void end_in_dump(struct program *program, size_t operations_max, struct random *random) {
    size_t last = program->count;
    if (operations_max == 0 ||
        (last > 0 && operation_code(program->operations[last - 1]) == OP_DUMP)) {
        return;
    }
    if (last == operations_max || last == PROGRAM_OPERATIONS_MAX) {
        program->count = --last;
    }
    (void)program_append(
        program, operand_draw(random, program, last, operation_from_bits(OP_DUMP), OPERAND_SINK));
}

static size_t finish_bytes(struct program *program, uint8_t *bytes, struct mutator_limits limits,
                           struct random *random) {
    if (limits.max_bytes < PROGRAM_WIDE_BYTES_MIN) {
        program_make_narrow(program);
    }
    if (limits.ends_in_dump) {
        end_in_dump(program, operations_in(program, limits.max_bytes), random);
    }
    return program_encode(program, bytes, limits.max_bytes);
}

size_t mutator_mutate_bytes(uint8_t *bytes, size_t size_bytes, struct mutator_limits limits,
                            uint32_t seed) {
    static struct program program; // 64 KiB; the engines call this from one thread
    struct random random = {seed};
    read_or_clear(&program, bytes, size_bytes);
    size_t operations_max = operations_in(&program, limits.max_bytes);
    if (random_once_in(&random, 64)) {
        void (*draw)(struct program *, uint32_t, size_t) =
            random_once_in(&random, 4) ? generator_program_wide : generator_program;
        draw(&program, (uint32_t)random_next(&random), operations_max);
    } else {
        mutator_mutate(&program, operations_max, &random);
    }
    return finish_bytes(&program, bytes, limits, &random);
}

size_t mutator_cross_bytes(const uint8_t *first, size_t first_bytes, const uint8_t *second,
                           size_t second_bytes, uint8_t *out, struct mutator_limits limits,
                           uint32_t seed) {
    static struct program into;
    static struct program other;
    struct random random = {seed};
    read_or_clear(&into, first, first_bytes);
    read_or_clear(&other, second, second_bytes);
    mutator_cross(&into, &other, operations_in(&into, limits.max_bytes), &random);
    return finish_bytes(&into, out, limits, &random);
}
