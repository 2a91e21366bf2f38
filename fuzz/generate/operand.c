// operand: draws by the operand's kind, near what the program has done before.
#include "fuzz/generate/operand.h"

#define LOOKED_BACK_MAX 160 // operations that are searched for one that filled a slot
#define SIZES_UNTOUCHED ((uint64_t)4 << 20)  // from here on an object is best left alone
#define SIZE_DRAWN_MAX  (UINT64_C(12) << 30) // some such objects fit the window

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

uint64_t operand_most(const struct program *program, enum operand operand) {
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
    uint32_t limit = (uint32_t)operand_most(program, operand) + 1;
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

struct operation operand_draw(struct random *random, const struct program *program, size_t position,
                              struct operation operation, enum operand operand) {
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
                    : random_below(random, (uint32_t)operand_most(program, operand) + 1);
        break;
    case OPERAND_KIND_WORD:
        value = random_below(random, d->max + 1);
        if (operand == OPERAND_LEVEL && value == d->max && !random_once_in(random, 32)) {
            value = 0; // paranoid costs a hundred times as much
        }
        break;
    case OPERAND_KIND_POWER:
        value = random_below(random, random_once_in(random, 8) ? d->max + 1 : 14);
        value %= operand_most(program, operand) + 1;
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

struct operation operand_draw_all(struct random *random, const struct program *program,
                                  size_t position, enum operation_code code) {
    struct operation operation = operation_from_bits(code);
    const uint8_t *operands = operation_descriptions[code].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        enum operand operand = (enum operand)operands[i];
        if (operand_most(program, operand) != 0) {
            operation = operand_draw(random, program, position, operation, operand);
        }
    }
    return operation;
}
