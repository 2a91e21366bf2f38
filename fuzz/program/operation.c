// operation: the tables of operations and operands, and the canonical form of a record.
//
// Three records of version 1, their bytes from the low end (operands.def has the places):
//   h3 = alloc c1 size=48 type=node zero    01 09 03 02 30 00 80 00
//       code 1; cache 1 in bits 8-10 and zero, a flag, in bit 11; handle 3; type 2; the size 48
//       with SIZE_IS_BYTES, bit 23 of the size: without it, 48 is a choice of
//       operation_interesting_size()
//   write h3 word=1 to=h5+8                 07 00 03 05 01 00 08 00
//       code 7; handle 3; the target's handle 5 in bits 24-31, its offset 8 from OFFSET_SHIFT on
//       (nil would be bit NIL_SHIFT, and no handle); word 1
//   dump sink=short:7                       31 00 00 02 07 00 00 00
//       code 0x31; the sink's kind 2, its number 7 from ARGUMENT_SHIFT on
// The first of them in version 2:
//   01 01 01 00 03 00 02 00 30 00 00 00 00 00 00 00
//       code 1, the flag zero, cache 1, handle 3, type 2; the size 48
#include "fuzz/program/operation.h"

#include "fuzz/program/sizes.h"

#define OPERATION(code, id, name, form, operands, capability, requires, makes, weight, group,      \
                  moves, effect)                                                                   \
    _Static_assert((code) < 256, "a code is a byte");
#include "fuzz/program/ops.def"

#define OPERAND(id, key, kind, shift, bits, min, max, at, wide, limit, table)                      \
    _Static_assert((bits) == 0 || ((shift) >= 8 && (shift) + (bits) <= 64),                        \
                   "an operand lies behind the code");                                             \
    _Static_assert((max) < (UINT64_C(1) << (bits)), "an operand's range fits its bits");           \
    _Static_assert((at) >= 8 && (at) / 64 == ((at) + (wide)-1) / 64, "it lies in one word");       \
    _Static_assert((limit) >= (max) && (limit) < (UINT64_C(1) << (wide)), "so does the wide one");
#include "fuzz/program/operands.def"

const struct operand_description operand_descriptions[OPERAND_COUNT] = {
#define OPERAND(id, key, kind, shift, bits, min, max, at, wide, limit, table)                      \
    [OPERAND_##                                                                                    \
        id] = {key, OPERAND_KIND_##kind, shift, bits, at, wide, min, max, limit, TABLE_##table},
#include "fuzz/program/operands.def"
};

#define RESULT true
#define PLAIN  false
const struct operation_description operation_descriptions[OP_COUNT] = {
#define OPERATION(code, id, name, form, operands, capability, requires, makes, weight, group,      \
                  moves, effect)                                                                   \
    [code] = {#name, form, operands, CAPABILITY_##capability, weight, GROUP_##group, effect},
#include "fuzz/program/ops.def"
};

const char *const group_names[GROUP_COUNT] = {
    "alloc",  "free",   "realloc",  "pointer",   "collect", "cache", "goroutine", "frame",
    "manual", "thread", "scavenge", "finalizer", "profile", "stats", "dump",      "fault",
};

static const char *const no_words[] = {NULL};
static const char *const type_words[] = {
#define TYPE(name, size_bytes, pointer_bytes, mask, hash, direct, package_path, go_name) #name,
#include "fuzz/program/types.def"
    NULL,
};
static const char *const status_words[] = {"idle",    "runnable", "syscall",
                                           "waiting", "running",  NULL};
static const char *const reason_words[] = {"none", "chan_receive", "select", "sleep", NULL};
static const char *const map_words[] = {"none", "size", "empty", "bits", NULL};
static const char *const manual_stat_words[] = {"stack", "workbuf", "pointer_bits", "other", NULL};
static const char *const call_words[] = {"mmap",     "madvise", "mprotect", "place",
                                         "metadata", "barrier", "pages",    NULL};
static const char *const level_words[] = {"cheap", "full", "paranoid", NULL};
static const char *const sink_words[] = {"memory", "path",   "short", "eintr",
                                         "eagain", "enospc", "epipe", NULL};
static const char *const world_words[] = {"stop", "start", "fork_parent", "fork_child", NULL};
static const char *const stray_words[] = {"null", "below",  "behind",   "last", "metadata",
                                          "idle", "manual", "page_end", NULL};
static const char *const refusal_words[] = {"sizes", "nothing", "finalizers", "cycle",
                                            "code",  "caches",  NULL};
_Static_assert(sizeof type_words / sizeof type_words[0] == 19, "18 types, as TYPE's range says");
#define A_WORD_FOR_EACH(words, count)                                                              \
    _Static_assert(sizeof(words) / sizeof(words)[0] == (count) + 1, "a word for each")
A_WORD_FOR_EACH(call_words, FAULT_CALL_COUNT);
A_WORD_FOR_EACH(world_words, WORLD_CHANGE_COUNT);
A_WORD_FOR_EACH(stray_words, STRAY_PLACE_COUNT);
A_WORD_FOR_EACH(refusal_words, REFUSAL_COUNT);

const char *const *word_table_words(enum word_table table) {
    static const char *const *const tables[] = {
        [TABLE_NONE] = no_words,           [TABLE_TYPES] = type_words,
        [TABLE_STATUSES] = status_words,   [TABLE_REASONS] = reason_words,
        [TABLE_MAPS] = map_words,          [TABLE_MANUAL_STATS] = manual_stat_words,
        [TABLE_SYSTEM_CALLS] = call_words, [TABLE_LEVELS] = level_words,
        [TABLE_SINKS] = sink_words,        [TABLE_FIELDS] = no_words,
        [TABLE_WORLDS] = world_words,      [TABLE_STRAYS] = stray_words,
        [TABLE_REFUSALS] = refusal_words,
    };
    return table == TABLE_FIELDS ? language_now()->fields : tables[table];
}

#define SIZE_IS_BYTES  ((uint32_t)1 << 23)
#define NIL_SHIFT      11
#define OFFSET_SHIFT   48
#define ARGUMENT_SHIFT 32

// Second halves in version 2: the place in the head, and places in the argument.
#define NIL_AT           8
#define OFFSET_AT        24
#define SINK_NUMBER_MASK UINT64_C(0xffff)

static uint64_t mask_of(unsigned width) {
    return width >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << width) - 1;
}

static uint64_t wide_get(struct operation operation, const struct operand_description *d) {
    uint64_t word = d->at < 64 ? operation.head : operation.argument;
    return word >> d->at % 64 & mask_of(d->wide);
}

static struct operation wide_put(struct operation operation, const struct operand_description *d,
                                 uint64_t value) {
    uint64_t *word = d->at < 64 ? &operation.head : &operation.argument;
    uint64_t mask = mask_of(d->wide) << d->at % 64;
    *word = (*word & ~mask) | (value << d->at % 64 & mask);
    return operation;
}

static uint64_t fold(uint64_t value, uint64_t min, uint64_t max) {
    return value >= min && value <= max ? value : min + value % (max - min + 1);
}

uint32_t operation_interesting_size(uint32_t choice) {
    uint32_t rest = choice >> 3;
    uint32_t step = rest % 3; // below, at, above
    uint32_t bound = rest / 3;
    switch (choice & 7) {
    case 0:
    case 1:
    case 2:
        return sizes_steps[bound % (SIZES_STEP_COUNT)] + step - 1;
    case 3:
        return rest % 41; // around the tiny block
    case 4:
        return sizes_steps[bound % 24] + step - 1; // up to 384: many objects a span
    case 5:
        return (1 + bound % 32) * SIZES_PAGE_BYTES + step - 1;
    case 6:
        return rest % 2048;
    default:
        return bound % 16 == 0 ? SIZES_SMALL_MAX * (2 + rest % 24) + step
                               : SIZES_SMALL_MAX + step - 1;
    }
}

// ---- version 2: any words, made canonical

static uint64_t limit_of(const struct operand_description *d) {
    return d->kind == OPERAND_KIND_FIELD ? language_now()->field_count - 1 : d->limit;
}

// Copies an operand from any record into a canonical one.
static struct operation canonical_operand(struct operation to, struct operation from,
                                          enum operand operand) {
    const struct operand_description *d = &operand_descriptions[operand];
    uint64_t value = fold(wide_get(from, d), d->min, limit_of(d));
    if (d->kind == OPERAND_KIND_TARGET) {
        if ((from.head >> NIL_AT & 1) != 0) {
            to.head |= UINT64_C(1) << NIL_AT;
            return to;
        }
        to.argument |= from.argument & TARGET_OFFSET_LIMIT << OFFSET_AT;
    } else if (d->kind == OPERAND_KIND_SINK && value >= SINK_SHORT) {
        to.argument |= from.argument & SINK_NUMBER_MASK;
    } else if (d->kind == OPERAND_KIND_FIELD) {
        to.argument = from.argument;
    }
    return wide_put(to, d, value);
}

struct operation operation_from_words(uint64_t head, uint64_t argument) {
    const struct operation from = {head, argument};
    uint64_t code = head & 0xff;
    if (code >= OP_COUNT) {
        return (struct operation){0, 0};
    }
    struct operation operation = {code, 0};
    const uint8_t *operands = operation_descriptions[code].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        operation = canonical_operand(operation, from, operands[i]);
    }
    return operation;
}

// ---- version 1: any word to an operation, and a narrow operation to its word

// A field's value: 32 bits of argument, 8 of handle, 5 of flags, from the low end.
static uint64_t narrow_field_value(uint64_t bits) {
    return bits >> 32 | (bits >> 16 & 0xff) << 32 | (bits >> 11 & 0x1f) << 40;
}

static struct operation widen_operand(struct operation to, uint64_t bits, enum operand operand) {
    const struct operand_description *d = &operand_descriptions[operand];
    uint64_t raw = bits >> d->shift & mask_of(d->width);
    uint64_t value = fold(raw, d->min, d->kind == OPERAND_KIND_FIELD ? limit_of(d) : d->max);
    if (d->kind == OPERAND_KIND_SIZE) {
        value =
            (raw & SIZE_IS_BYTES) != 0 ? raw & d->max : operation_interesting_size((uint32_t)raw);
    } else if (d->kind == OPERAND_KIND_TARGET) {
        if ((bits >> NIL_SHIFT & 1) != 0) {
            to.head |= UINT64_C(1) << NIL_AT;
            return to;
        }
        value = raw;
        to.argument |= (bits >> OFFSET_SHIFT & TARGET_OFFSET_MAX) << OFFSET_AT;
    } else if (d->kind == OPERAND_KIND_SINK && value >= SINK_SHORT) {
        to.argument |= bits >> ARGUMENT_SHIFT & SINK_NUMBER_MASK;
    } else if (d->kind == OPERAND_KIND_FIELD) {
        to.argument = narrow_field_value(bits);
    }
    return wide_put(to, d, value);
}

struct operation operation_from_bits(uint64_t bits) {
    uint64_t code = bits & 0xff;
    if (code >= OP_COUNT) {
        return (struct operation){0, 0};
    }
    struct operation operation = {code, 0};
    const uint8_t *operands = operation_descriptions[code].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        operation = widen_operand(operation, bits, operands[i]);
    }
    return operation;
}

static uint64_t narrow_operand(struct operation operation, enum operand operand) {
    const struct operand_description *d = &operand_descriptions[operand];
    uint64_t value = wide_get(operation, d);
    uint64_t bits = 0;
    switch (d->kind) {
    case OPERAND_KIND_SIZE:
        value |= SIZE_IS_BYTES;
        break;
    case OPERAND_KIND_TARGET:
        bits = (uint64_t)operation_target_is_nil(operation) << NIL_SHIFT;
        bits |= (operation_target_offset(operation) & TARGET_OFFSET_MAX) << OFFSET_SHIFT;
        break;
    case OPERAND_KIND_SINK:
        bits = (uint64_t)operation_sink_number(operation) << ARGUMENT_SHIFT;
        break;
    case OPERAND_KIND_FIELD:
        bits = operation.argument << 32 | (operation.argument >> 32 & 0xff) << 16 |
               (operation.argument >> 40 & 0x1f) << 11;
        break;
    case OPERAND_KIND_SLOT:
    case OPERAND_KIND_NUMBER:
    case OPERAND_KIND_OPTION:
    case OPERAND_KIND_FLAG:
    case OPERAND_KIND_CHOICE:
    case OPERAND_KIND_WORD:
    case OPERAND_KIND_POWER:
    case OPERAND_KIND_MASK:
        break;
    }
    return bits | (value & mask_of(d->width)) << d->shift;
}

uint64_t operation_bits(struct operation operation) {
    enum operation_code code = operation_code(operation);
    uint64_t bits = code;
    const uint8_t *operands = operation_descriptions[code].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        bits |= narrow_operand(operation, operands[i]);
    }
    return bits;
}

struct operation operation_narrowed(struct operation operation) {
    return operation_from_bits(operation_bits(operation));
}

bool operation_is_narrow(struct operation operation) {
    bool is_narrow = true;
    const uint8_t *operands = operation_descriptions[operation_code(operation)].operands;
    for (size_t i = 0; is_narrow && i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE;
         i++) {
        const struct operand_description *d = &operand_descriptions[operands[i]];
        is_narrow = wide_get(operation, d) <= d->max;
        if (d->kind == OPERAND_KIND_TARGET) {
            is_narrow = is_narrow && operation_target_offset(operation) <= TARGET_OFFSET_MAX;
        } else if (d->kind == OPERAND_KIND_FIELD) {
            is_narrow = operation.argument <= FIELD_VALUE_MAX;
        }
    }
    return is_narrow;
}

// ---- operands

enum operation_code operation_code(struct operation operation) {
    return (enum operation_code)(operation.head & 0xff);
}

bool operation_has(enum operation_code code, enum operand operand) {
    const uint8_t *operands = operation_descriptions[code].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        if (operands[i] == operand) {
            return true;
        }
    }
    return false;
}

uint32_t operation_get(struct operation operation, enum operand operand) {
    return (uint32_t)wide_get(operation, &operand_descriptions[operand]);
}

uint64_t operation_size(struct operation operation) {
    return wide_get(operation, &operand_descriptions[OPERAND_SIZE]);
}

// The operation with that operand as in `from`, made canonical; the others are so already.
static struct operation put_operand(struct operation operation, enum operand operand,
                                    struct operation from) {
    enum operand_kind kind = operand_descriptions[operand].kind;
    if (!operation_has(operation_code(operation), operand)) {
        return operation;
    }
    if (kind == OPERAND_KIND_TARGET) {
        operation.head &= ~(UINT64_C(1) << NIL_AT);
        operation.argument &= ~(TARGET_OFFSET_LIMIT << OFFSET_AT);
    } else if (kind == OPERAND_KIND_SINK) {
        operation.argument &= ~SINK_NUMBER_MASK;
    }
    return canonical_operand(wide_put(operation, &operand_descriptions[operand], 0), from, operand);
}

struct operation operation_set(struct operation operation, enum operand operand, uint64_t value) {
    const struct operand_description *d = &operand_descriptions[operand];
    return put_operand(operation, operand,
                       wide_put(operation, d, fold(value, d->min, limit_of(d))));
}

uint32_t operation_handle_count(struct operation operation) {
    return operation_is_narrow(operation) ? OPERATION_HANDLES : OPERATION_SLOTS_WIDE;
}

bool operation_target_is_nil(struct operation operation) {
    return (operation.head >> NIL_AT & 1) != 0;
}

uint64_t operation_target_offset(struct operation operation) {
    return operation.argument >> OFFSET_AT & TARGET_OFFSET_LIMIT;
}

struct operation operation_set_target(struct operation operation, bool nil, uint32_t handle,
                                      uint64_t offset_bytes) {
    struct operation from = wide_put(operation, &operand_descriptions[OPERAND_TO], handle);
    from.head = (from.head & ~(UINT64_C(1) << NIL_AT)) | (uint64_t)nil << NIL_AT;
    from.argument &= ~(TARGET_OFFSET_LIMIT << OFFSET_AT);
    from.argument |= (offset_bytes & TARGET_OFFSET_LIMIT) << OFFSET_AT;
    return put_operand(operation, OPERAND_TO, from);
}

uint32_t operation_sink_number(struct operation operation) {
    return (uint32_t)(operation.argument & SINK_NUMBER_MASK);
}

struct operation operation_set_sink(struct operation operation, enum sink_kind kind,
                                    uint32_t number) {
    struct operation from = wide_put(operation, &operand_descriptions[OPERAND_SINK], kind);
    from.argument = (from.argument & ~SINK_NUMBER_MASK) | (number & SINK_NUMBER_MASK);
    return put_operand(operation, OPERAND_SINK, from);
}

uint64_t operation_field_value(struct operation operation) {
    return operation.argument;
}

struct operation operation_set_field(struct operation operation, uint32_t field, uint64_t value) {
    const struct operand_description *d = &operand_descriptions[OPERAND_FIELD];
    operation.argument = value;
    return put_operand(operation, OPERAND_FIELD,
                       wide_put(operation, d, fold(field, 0, limit_of(d))));
}
