// generator: draws by the weights of the table of operations, in the groups that the swarm leaves
// on.
#include "fuzz/generate/generator.h"

#include "fuzz/generate/symbolic_state.h"

#define TRIES_MAX       4
#define DRAWS_MAX       64   // of a code whose group is on
#define PLACES_MAX      2048 // sum of all weights
#define COSTLY_SHARE    16   // of the draws of a costly operation, one in so many stands
#define BLIND_SHARE     12   // one operation in so many is drawn whatever the state says
#define INSIDE_SHARE    4    // of wide programs with more caches, one phrase in so many
#define FORK_SHARE      512  // of wide programs of a heap in Go's manner
#define SIZES_UNTOUCHED ((uint64_t)4 << 20)  // from here on an object is best left alone
#define SIZE_DRAWN_MAX  (UINT64_C(12) << 30) // some such objects fit the window

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

#define LOOKED_BACK_MAX 160 // operations that are searched for one that filled a slot

// The slot that some earlier operation filled, looking back from the end or from anywhere; false:
// none.
static bool earlier_slot(struct random *random, const struct program *program, size_t position,
                         enum operand operand, uint32_t *slot) {
    size_t recent = position < 24 ? position : 24;
    size_t reach = random_once_in(random, 2) ? recent : position;
    size_t at = position - (reach == 0 ? 0 : random_below(random, (uint32_t)reach));
    for (size_t looked = 0; at > 0 && looked < LOOKED_BACK_MAX; looked++, at--) {
        struct operation earlier = program->operations[at - 1];
        enum operation_code code = operation_code(earlier);
        if (operation_descriptions[code].has_result && operation_has(code, operand)) {
            *slot = operation_get(earlier, operand);
            if (code == OP_ALLOC_RUN) {
                *slot += random_below(random, operation_get(earlier, OPERAND_RUN));
                *slot %= operation_handle_count(earlier);
            }
            return true;
        }
    }
    return false;
}

// The most that the operand may be in the program: a narrow one stays narrow.
static uint64_t most_of(const struct program *program, enum operand operand) {
    const struct operand_description *d = &operand_descriptions[operand];
    return program->header.is_wide ? d->limit : d->max;
}

// Near a power of two, at which a number that is too narrow is cut.
static uint64_t draw_near_power(struct random *random, uint64_t min, uint64_t limit) {
    uint32_t bits = 1;
    while (bits < 63 && limit >> bits != 0) {
        bits++;
    }
    uint64_t value = (UINT64_C(1) << random_below(random, bits)) + random_below(random, 5);
    value = value < min + 2 ? min : value - 2;
    return value < limit ? value : limit;
}

static uint32_t draw_slot(struct random *random, const struct program *program, size_t position,
                          enum operand operand, bool is_result) {
    uint32_t slot = 0;
    if (operand == OPERAND_CACHE) {
        bool beyond = is_result || random_once_in(random, 16);
        uint32_t most = program->header.is_wide ? PROGRAM_CACHES_LIMIT : PROGRAM_CACHES_MAX;
        return random_below(random, beyond ? most : program->header.caches);
    }
    if (!is_result && !random_once_in(random, 16) &&
        earlier_slot(random, program, position, operand, &slot)) {
        return slot;
    }
    uint32_t limit = (uint32_t)most_of(program, operand) + 1;
    return random_below(random, random_once_in(random, 4) ? limit : limit / 4);
}

static uint64_t draw_size(struct random *random, const struct program *program, bool is_small) {
    if (program->header.is_wide && !is_small && random_once_in(random, 8)) {
        return draw_near_power(random, 0, SIZE_DRAWN_MAX);
    }
    uint32_t choice = (uint32_t)random_next(random);
    uint32_t kind = choice & 7;
    if ((kind == 5 || kind == 7 || kind < 3) && (is_small || !random_once_in(random, 12))) {
        choice = (choice & ~UINT32_C(7)) | (3 + (choice >> 20) % 2); // tiny, or many objects a span
    }
    return operation_interesting_size(choice);
}

static uint64_t draw_number(struct random *random, const struct program *program,
                            enum operand operand) {
    static const uint32_t rates[] = {0, 1, 1, 1, 1, 512, 4096, 524288};
    const struct operand_description *d = &operand_descriptions[operand];
    uint32_t limit = d->max - d->min + 1;
    uint32_t small = limit < 8 ? limit : 8;
    if (program->header.is_wide && d->limit > d->max && random_once_in(random, 4)) {
        return draw_near_power(random, d->min, d->limit);
    }
    if (operand == OPERAND_RATE && !random_once_in(random, 8)) {
        return rates[random_below(random, sizeof rates / sizeof rates[0])];
    }
    switch (random_below(random, 8)) {
    case 0:
        return d->min + random_below(random, limit);
    case 1:
        return d->min + random_below(random, limit < 64 ? limit : 64);
    default:
        return d->min + random_below(random, small);
    }
}

static struct operation draw_target(struct random *random, const struct program *program,
                                    size_t position, struct operation operation) {
    uint32_t handle = draw_slot(random, program, position, OPERAND_HANDLE, false);
    uint64_t offset = random_once_in(random, 4) ? random_below(random, TARGET_OFFSET_MAX + 1) : 0;
    if (program->header.is_wide && random_once_in(random, 8)) {
        offset = draw_near_power(random, 0, SIZE_DRAWN_MAX);
    }
    return operation_set_target(operation, random_once_in(random, 8), handle, offset);
}

static struct operation draw_sink(struct random *random, struct operation operation) {
    static const enum sink_kind kinds[] = {SINK_MEMORY, SINK_SHORT,  SINK_EINTR,
                                           SINK_EAGAIN, SINK_ENOSPC, SINK_EPIPE};
    enum sink_kind kind = random_once_in(random, 64) ? SINK_PATH : kinds[random_below(random, 6)];
    uint32_t limit = random_once_in(random, 2) ? 65536 : 6000; // the smallest dump has about 3,000
    if (kind == SINK_EINTR || kind == SINK_EAGAIN) { // the place of a write: most dumps have few
        limit = random_once_in(random, 2) ? 64 : 4;
    }
    return operation_set_sink(operation, kind, random_below(random, limit));
}

struct operation generator_operand(struct random *random, const struct program *program,
                                   size_t position, struct operation operation,
                                   enum operand operand) {
    const struct operand_description *d = &operand_descriptions[operand];
    enum operation_code code = operation_code(operation);
    const struct operation_description *o = &operation_descriptions[code];
    uint64_t value = 0;
    switch (d->kind) {
    case OPERAND_KIND_SLOT:
        value = draw_slot(random, program, position, operand,
                          o->has_result && o->operands[0] == operand);
        break;
    case OPERAND_KIND_NUMBER:
    case OPERAND_KIND_MASK:
        value = draw_number(random, program, operand);
        break;
    case OPERAND_KIND_OPTION:
        value = random_once_in(random, 4) ? draw_number(random, program, operand) : 0;
        break;
    case OPERAND_KIND_SIZE:
        value = draw_size(random, program, code == OP_ALLOC_RUN);
        break;
    case OPERAND_KIND_FLAG:
        value = operand == OPERAND_UNTOUCHED ? operation_size(operation) > SIZES_UNTOUCHED
                                             : random_once_in(random, 3);
        break;
    case OPERAND_KIND_CHOICE:
        value = d->table == TABLE_TYPES && code != OP_ALLOC_FAN && random_once_in(random, 2)
                    ? 0
                    : random_below(random, (uint32_t)most_of(program, operand) + 1);
        break;
    case OPERAND_KIND_WORD:
        value = random_below(random, d->max + 1);
        if (operand == OPERAND_LEVEL && value == d->max && !random_once_in(random, 32)) {
            value = 0; // paranoid costs a hundred times as much
        }
        break;
    case OPERAND_KIND_POWER:
        value = random_below(random, random_once_in(random, 8) ? d->max + 1 : 14);
        value %= most_of(program, operand) + 1;
        break;
    case OPERAND_KIND_TARGET:
        return draw_target(random, program, position, operation);
    case OPERAND_KIND_SINK:
        return draw_sink(random, operation);
    case OPERAND_KIND_FIELD:
        return operation; // expectations are nobody's guess
    }
    return operation_set(operation, operand, value);
}

static struct operation draw_operation(struct random *random, const struct program *program,
                                       size_t position) {
    enum operation_code code = draw_code(random, program->header.groups_off);
    struct operation operation = operation_from_bits(code);
    const uint8_t *operands = operation_descriptions[code].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        enum operand operand = (enum operand)operands[i];
        if (most_of(program, operand) != 0) {
            operation = generator_operand(random, program, position, operation, operand);
        }
    }
    return operation;
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
        operation = generator_operand(random, program, program->count, operation,
                                      (enum operand)operands[i]);
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
    length = length < operations_max ? length : operations_max;
    struct symbolic_state state;
    symbolic_begin(&state, &program->header);
    while (program->count < length) {
        struct operation phrase[GENERATOR_PHRASE_MAX];
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
