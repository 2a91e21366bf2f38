// generator: draws by the weights of the table of operations, in the groups that the swarm leaves
// on.
#include "fuzz/generate/generator.h"

#include "fuzz/generate/operand.h"
#include "fuzz/generate/symbolic_state.h"
#include "fuzz/generate/theme.h"

#define TRIES_MAX    4
#define DRAWS_MAX    64   // of a code whose group is on
#define PLACES_MAX   2048 // sum of all weights
#define COSTLY_SHARE 16   // of the draws of a costly operation, one in so many stands
#define BLIND_SHARE  12   // one operation in so many is drawn whatever the state says
#define INSIDE_SHARE 4    // of wide programs with more caches, one phrase in so many
#define FORK_SHARE   512  // of wide programs of a heap in Go's manner

struct program_header generator_header(uint32_t seed) {
    static const uint8_t cadences[] = {4, 16, 16, 16, 16, 16, 64, 255};
    struct random random = {seed};
    struct program_header header = PROGRAM_HEADER_DEFAULT;
    header.seed = seed;
    header.caches = (uint16_t)(random_once_in(&random, 3) ? 1 + random_below(&random, 4) : 1);
    header.check_every = cadences[random_below(&random, sizeof cadences)];
    header.check_every = random_once_in(&random, 64) ? 1 : header.check_every;
    for (unsigned group = GROUP_FREE; group < GROUP_COUNT; group++) {
        bool off = random_once_in(&random, group == GROUP_FAULT ? 2 : 4);
        header.groups_off = (uint16_t)(header.groups_off | (off ? 1u << group : 0));
    }
    if ((header.groups_off >> GROUP_GOROUTINE & 1) != 0) { // no goroutine, no frame
        header.groups_off = (uint16_t)(header.groups_off | 1u << GROUP_FRAME);
    }
    if (random_once_in(&random, 32)) {
        header.fault_at = (uint16_t)(1 + random_below(&random, 12));
        header.fault_call = (uint8_t)random_below(&random, FAULT_CALL_COUNT);
        header.fault_and_on = random_once_in(&random, 2);
    }
    return header;
}

void generator_widen(struct program_header *header, struct random *random) {
    static const uint8_t powers[] = {8, 16, 31, 32, 53, 62};
    header->is_wide = random_once_in(random, 2);
    if (header->is_wide && random_once_in(random, 8)) {
        header->caches = (uint16_t)(1 + random_below(random, PROGRAM_CACHES_LIMIT));
    } else if (header->is_wide && header->caches == 1) {
        header->caches = (uint16_t)(1 + random_below(random, 4));
    }
    for (unsigned i = 0; i < START_COUNT; i++) {
        uint64_t power = UINT64_C(1) << powers[random_below(random, sizeof powers)];
        uint64_t most = program_start_most((enum program_start)i);
        uint64_t value = power - 1 - random_below(random, 16);
        header->start[i] = !random_once_in(random, 3) ? 0 : value < most ? value : most;
    }
}

// What the system makes a thread or a heap for takes a thousand times as long as most others.
static bool is_costly(enum operation_code code) {
    return code == OP_THREAD_RUN || code == OP_THREAD_WAIT || code == OP_HEAP_BESIDE;
}

// A real child of a heap in Go's manner costs as much as a short program: wide programs alone have
// one now and then.
static bool is_drawn_wide(const struct language *language, unsigned code) {
    return code == OP_FORK && language_has(language, CAPABILITY_GO);
}

// Each code as often as its weight says: a draw by weight is a draw of a place.
static const uint8_t *places(uint32_t *count) {
    static uint8_t table[PLACES_MAX];
    static uint32_t table_count;
    static const struct language *table_language;
    const struct language *language = language_now();
    if (language != table_language) {
        table_language = language;
        table_count = 0;
        for (unsigned code = 0; code < OP_COUNT; code++) {
            const struct operation_description *d = &operation_descriptions[code];
            bool is_drawn = language_has(language, d->capability) && !is_drawn_wide(language, code);
            uint32_t weight = is_drawn ? d->weight : 0;
            for (uint32_t i = 0; i < weight; i++) {
                table[table_count++] = (uint8_t)code;
            }
        }
    }
    *count = table_count;
    return table;
}

static bool is_off(enum operation_code code, uint16_t groups_off) {
    return (groups_off >> operation_descriptions[code].group & 1) != 0;
}

static enum operation_code draw_code(struct random *random, uint16_t groups_off) {
    uint32_t count;
    const uint8_t *table = places(&count);
    uint32_t at = 0;
    for (int tries = 0; tries < DRAWS_MAX; tries++) {
        at = random_below(random, count);
        enum operation_code code = (enum operation_code)table[at];
        if (!is_off(code, groups_off) &&
            (!is_costly(code) || random_once_in(random, COSTLY_SHARE))) {
            return code;
        }
    }
    for (uint32_t i = 0; i < count; i++) { // almost everything is off: the next that is not
        enum operation_code code = (enum operation_code)table[(at + i) % count];
        if (!is_off(code, groups_off)) {
            return code;
        }
    }
    return OP_ALLOC; // everything is off
}

static struct operation draw_operation(struct random *random, const struct program *program,
                                       size_t position) {
    return operand_draw_all(random, program, position,
                            draw_code(random, program->header.groups_off));
}

// One that the state says can do something: most of the time, since the state only guesses.
static struct operation draw_possible(struct random *random, const struct program *program,
                                      size_t position, const struct symbolic_state *state) {
    struct operation operation = draw_operation(random, program, position);
    for (int tries = 0; tries < TRIES_MAX && !random_once_in(random, BLIND_SHARE); tries++) {
        operation = symbolic_mend(state, operation, random);
        if (symbolic_allows(state, operation)) {
            break;
        }
        operation = draw_operation(random, program, position);
    }
    return operation;
}

struct operation generator_operation(struct random *random, const struct program *program,
                                     size_t position) {
    struct symbolic_state state;
    symbolic_of(&state, program, position);
    return draw_possible(random, program, position, &state);
}

// ---- phrases

// Keeps what the operation allocated: by the data segment, most of the time.
static struct operation root_of(struct random *random, struct operation allocation) {
    enum operation_code code = random_once_in(random, 4) ? OP_WRITE_BSS : OP_WRITE_DATA;
    struct operation write =
        operation_set(operation_from_bits(code), OPERAND_WORD, random_below(random, 64));
    return operation_set_target(write, false, operation_get(allocation, OPERAND_HANDLE), 0);
}

// Nothing else fills a work buffer: a fan is kept and marked at once, often while there is no page
// for another buffer.
static size_t phrase_of_fan(struct random *random, const struct program *program,
                            const struct symbolic_state *state,
                            struct operation phrase[GENERATOR_PHRASE_MAX]) {
    uint16_t groups_off = program->header.groups_off;
    size_t count = 1;
    phrase[count++] = root_of(random, phrase[0]);
    if (state->is_marking || is_off(OP_COLLECT, groups_off)) {
        return count;
    }
    if (!is_off(OP_FAULT, groups_off) && random_once_in(random, 2)) {
        struct operation fault = operation_from_bits(OP_FAULT);
        fault = operation_set(fault, OPERAND_CALL, FAULT_PAGES);
        fault = operation_set(fault, OPERAND_AT, 1 + random_below(random, 3));
        phrase[count++] = operation_set(fault, OPERAND_AND_ON, random_below(random, 2));
    }
    phrase[count++] = operation_set(operation_from_bits(OP_COLLECT), OPERAND_CACHE,
                                    operation_get(phrase[0], OPERAND_CACHE));
    return count;
}

// Of the size and type of something that was allocated a while ago, or is about to be: whoever
// comes between two steps of a call meets it in the lists of its class.
static struct operation alike(struct random *random, const struct program *program,
                              struct operation operation, struct operation call) {
    struct operation earlier = call;
    for (size_t back = 1 + random_below(random, 24);
         !operation_has(operation_code(earlier), OPERAND_TYPE) && back <= program->count; back++) {
        earlier = program->operations[program->count - back];
    }
    if (!operation_has(operation_code(earlier), OPERAND_SIZE) ||
        !operation_has(operation_code(operation), OPERAND_TYPE)) {
        return operation;
    }
    operation = operation_set(operation, OPERAND_SIZE, operation_size(earlier));
    return operation_set(operation, OPERAND_TYPE, operation_get(earlier, OPERAND_TYPE));
}

static struct operation draw_with_cache(struct random *random, const struct program *program,
                                        const struct symbolic_state *state,
                                        enum operation_code code, uint32_t cache) {
    code = is_off(code, program->header.groups_off) ? OP_ALLOC : code;
    struct operation operation = operation_from_bits(code);
    const uint8_t *operands = operation_descriptions[code].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        operation =
            operand_draw(random, program, program->count, operation, (enum operand)operands[i]);
    }
    return operation_set(symbolic_mend(state, operation, random), OPERAND_CACHE, cache);
}

// Inside one cache's call, what another cache's owner may do meanwhile.
static size_t phrase_inside(struct random *random, const struct program *program,
                            const struct symbolic_state *state,
                            struct operation phrase[GENERATOR_PHRASE_MAX]) {
    static const uint8_t calls[] = {OP_ALLOC, OP_ALLOC_RUN, OP_ALLOC_RUN, OP_FREE,      OP_FREE_RUN,
                                    OP_FLUSH, OP_FLUSH,     OP_SWEEP_ONE, OP_SWEEP_ONE, OP_REALLOC};
    static const uint8_t others[] = {OP_ALLOC, OP_ALLOC, OP_ALLOC_RUN, OP_FREE,
                                     OP_FREE,  OP_FLUSH, OP_SWEEP_ONE, OP_MANUAL_ALLOC};
    uint32_t caches =
        program->header.caches < PROGRAM_CACHES_MAX ? program->header.caches : PROGRAM_CACHES_MAX;
    uint32_t cache = random_below(random, caches);
    uint32_t other = (cache + 1 + random_below(random, caches - 1)) % caches;
    uint32_t inside = 1 + random_below(random, 2);
    struct operation first =
        operation_set(operation_from_bits(OP_SUBPROGRAM), OPERAND_AHEAD, inside);
    phrase[0] = operation_set(first, OPERAND_GAP,
                              1 + random_below(random, random_once_in(random, 2) ? 2 : 8));
    phrase[1] =
        draw_with_cache(random, program, state,
                        (enum operation_code)calls[random_below(random, sizeof calls)], cache);
    for (uint32_t i = 0; i < inside; i++) {
        struct operation drawn = draw_with_cache(
            random, program, state,
            (enum operation_code)others[random_below(random, sizeof others)], other);
        phrase[2 + i] =
            random_once_in(random, 4) ? drawn : alike(random, program, drawn, phrase[1]);
    }
    return 2 + inside;
}

static bool draws_inside(const struct program *program, struct random *random) {
    return program->header.is_wide && program->header.caches > 1 &&
           language_has(language_now(), CAPABILITY_GO) &&
           !is_off(OP_SUBPROGRAM, program->header.groups_off) &&
           random_once_in(random, INSIDE_SHARE);
}

static bool draws_fork(const struct program *program, struct random *random) {
    return program->header.is_wide && is_drawn_wide(language_now(), OP_FORK) &&
           !is_off(OP_FORK, program->header.groups_off) && random_once_in(random, FORK_SHARE);
}

static size_t draw_phrase(struct random *random, const struct program *program, size_t position,
                          const struct symbolic_state *state,
                          struct operation phrase[GENERATOR_PHRASE_MAX]) {
    if (draws_inside(program, random)) {
        return phrase_inside(random, program, state, phrase);
    }
    if (draws_fork(program, random)) {
        phrase[0] =
            operation_set(operation_from_bits(OP_FORK), OPERAND_AHEAD, random_below(random, 17));
        return 1;
    }
    phrase[0] = draw_possible(random, program, position, state);
    return operation_code(phrase[0]) == OP_ALLOC_FAN ? phrase_of_fan(random, program, state, phrase)
                                                     : 1;
}

size_t generator_phrase(struct random *random, const struct program *program, size_t position,
                        struct operation phrase[GENERATOR_PHRASE_MAX]) {
    struct symbolic_state state;
    symbolic_of(&state, program, position);
    return draw_phrase(random, program, position, &state, phrase);
}

// ---- programs

static void append(struct program *program, struct symbolic_state *state,
                   struct operation operation) {
    (void)program_append(program, operation);
    symbolic_add(state, operation);
}

static void draw_program(struct program *program, const struct program_header *header,
                         size_t operations_max) {
    static const uint16_t lengths[] = {8, 32, 128, 512};
    struct random random = {header->seed ^ UINT64_C(0x6f70657261746f72)};
    program_clear(program);
    program->header = *header;
    size_t length = lengths[random_below(&random, 4)];
    struct theme theme = theme_of(program);
    length = theme.is_on && length < THEME_LENGTH ? THEME_LENGTH : length;
    length = length < operations_max ? length : operations_max;
    struct symbolic_state state;
    symbolic_begin(&state, &program->header);
    while (program->count < length) {
        struct operation phrase[GENERATOR_PHRASE_MAX];
        if (theme.is_on && theme.left > 0 && random_once_in(&random, 2)) {
            append(program, &state, theme_next(&theme, program, &state, &random));
            continue;
        }
        size_t count = draw_phrase(&random, program, program->count, &state, phrase);
        if (language_has(language_now(), CAPABILITY_GO) && operation_code(phrase[0]) == OP_ALLOC &&
            random_once_in(&random, 3)) {
            phrase[count++] = root_of(&random, phrase[0]);
        }
        for (size_t i = 0; i < count && program->count < length; i++) {
            append(program, &state, phrase[i]);
        }
    }
}

void generator_program(struct program *program, uint32_t seed, size_t operations_max) {
    const struct program_header header = generator_header(seed);
    draw_program(program, &header, operations_max);
}

void generator_program_wide(struct program *program, uint32_t seed, size_t operations_max) {
    struct program_header header = generator_header(seed);
    struct random random = {seed ^ UINT64_C(0x7769646520686561)};
    generator_widen(&header, &random);
    draw_program(program, &header, operations_max);
}
