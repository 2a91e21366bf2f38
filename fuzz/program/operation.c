// operation: the tables of operations and operands, and the canonical form of a record.
//
// Three records, their bytes from the low end (operands.def has the places):
//   h3 = alloc c1 size=48 type=node zero    01 09 03 02 30 00 80 00
//       code 1; cache 1 in bits 8-10 and zero, a flag, in bit 11; handle 3; type 2; the size 48
//       with SIZE_IS_BYTES, bit 23 of the size: without it, 48 is a choice of
//       operation_interesting_size()
//   write h3 word=1 to=h5+8                 07 00 03 05 01 00 08 00
//       code 7; handle 3; the target's handle 5 in bits 24-31, its offset 8 from OFFSET_SHIFT on
//       (nil would be bit NIL_SHIFT, and no handle); word 1
//   dump sink=short:7                       31 00 00 02 07 00 00 00
//       code 0x31; the sink's kind 2, its number 7 from ARGUMENT_SHIFT on
#include "fuzz/program/operation.h"

#include "fuzz/program/sizes.h"

#define OPERATION(code, id, name, form, operands, capability, requires, makes, weight, group,      \
                  moves, effect)                                                                   \
    _Static_assert((code) < 256, "a code is a byte");
#include "fuzz/program/ops.def"

#define OPERAND(id, key, kind, shift, bits, min, max, table)                                       \
    _Static_assert((shift) >= 8 && (shift) + (bits) <= 64, "an operand lies behind the code");     \
    _Static_assert((max) < (UINT64_C(1) << (bits)), "an operand's range fits its bits");
#include "fuzz/program/operands.def"

const struct operand_description operand_descriptions[OPERAND_COUNT] = {
#define OPERAND(id, key, kind, shift, bits, min, max, table)                                       \
    [OPERAND_##id] = {key, OPERAND_KIND_##kind, shift, bits, min, max, TABLE_##table},
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
_Static_assert(sizeof type_words / sizeof type_words[0] == 17, "16 types, as TYPE's range says");
_Static_assert(sizeof call_words / sizeof call_words[0] == FAULT_CALL_COUNT + 1,
               "a word for each call");

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

#define SIZE_IS_BYTES    ((uint32_t)1 << 23)
#define NIL_SHIFT        11
#define OFFSET_SHIFT     48
#define OFFSET_MASK      ((uint64_t)TARGET_OFFSET_MAX)
#define SINK_NUMBER_MASK UINT64_C(0xffff)
#define ARGUMENT_SHIFT   32

static uint64_t mask_of(unsigned width) {
    return width >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << width) - 1;
}

static uint64_t raw_get(uint64_t bits, enum operand operand) {
    const struct operand_description *d = &operand_descriptions[operand];
    return bits >> d->shift & mask_of(d->width);
}

static uint64_t raw_put(uint64_t bits, enum operand operand, uint64_t value) {
    const struct operand_description *d = &operand_descriptions[operand];
    uint64_t mask = mask_of(d->width) << d->shift;
    return (bits & ~mask) | (value << d->shift & mask);
}

static uint32_t fold(uint64_t value, uint32_t min, uint32_t max) {
    return value >= min && value <= max ? (uint32_t)value
                                        : min + (uint32_t)(value % ((uint64_t)max - min + 1));
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

// Copies an operand from any word into a canonical one.
static uint64_t canonical_operand(uint64_t to, uint64_t from, enum operand operand) {
    const struct operand_description *d = &operand_descriptions[operand];
    uint64_t raw = raw_get(from, operand);
    switch (d->kind) {
    case OPERAND_KIND_SIZE: {
        uint32_t size = (raw & SIZE_IS_BYTES) != 0 ? (uint32_t)raw & d->max
                                                   : operation_interesting_size((uint32_t)raw);
        return raw_put(to, operand, size | SIZE_IS_BYTES);
    }
    case OPERAND_KIND_TARGET:
        if ((from >> NIL_SHIFT & 1) != 0) {
            return to | UINT64_C(1) << NIL_SHIFT;
        }
        return raw_put(to, operand, raw) | (from & OFFSET_MASK << OFFSET_SHIFT);
    case OPERAND_KIND_SINK: {
        uint32_t kind = fold(raw, d->min, d->max);
        uint64_t number = kind >= SINK_SHORT ? from & SINK_NUMBER_MASK << ARGUMENT_SHIFT : 0;
        return raw_put(to, operand, kind) | number;
    }
    case OPERAND_KIND_FIELD:
        return raw_put(to | (from & ~UINT64_C(0xff0007ff)), operand,
                       fold(raw, 0, language_now()->field_count - 1));
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
    return raw_put(to, operand, fold(raw, d->min, d->max));
}

struct operation operation_from_bits(uint64_t bits) {
    uint64_t code = bits & 0xff;
    if (code >= OP_COUNT) {
        return (struct operation){0};
    }
    uint64_t canonical = code;
    const uint8_t *operands = operation_descriptions[code].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        canonical = canonical_operand(canonical, bits, operands[i]);
    }
    return (struct operation){canonical};
}

enum operation_code operation_code(struct operation operation) {
    return (enum operation_code)(operation.bits & 0xff);
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
    uint32_t raw = (uint32_t)raw_get(operation.bits, operand);
    return operand_descriptions[operand].kind == OPERAND_KIND_SIZE ? raw & ~SIZE_IS_BYTES : raw;
}

static uint64_t clear_operand(uint64_t bits, enum operand operand) {
    enum operand_kind kind = operand_descriptions[operand].kind;
    uint64_t second = 0;
    if (kind == OPERAND_KIND_TARGET) {
        second = OFFSET_MASK << OFFSET_SHIFT | UINT64_C(1) << NIL_SHIFT;
    } else if (kind == OPERAND_KIND_SINK) {
        second = SINK_NUMBER_MASK << ARGUMENT_SHIFT;
    }
    return raw_put(bits & ~second, operand, 0);
}

// The operation with that operand as in `bits`, made canonical; the others are so already.
static struct operation put_operand(struct operation operation, enum operand operand,
                                    uint64_t bits) {
    if (!operation_has(operation_code(operation), operand)) {
        return operation;
    }
    uint64_t others = clear_operand(operation.bits, operand);
    return (struct operation){canonical_operand(others, bits, operand)};
}

struct operation operation_set(struct operation operation, enum operand operand, uint32_t value) {
    uint64_t raw = value;
    if (operand_descriptions[operand].kind == OPERAND_KIND_SIZE) {
        raw |= SIZE_IS_BYTES;
    }
    return put_operand(operation, operand, raw_put(operation.bits, operand, raw));
}

bool operation_target_is_nil(struct operation operation) {
    return (operation.bits >> NIL_SHIFT & 1) != 0;
}

uint32_t operation_target_offset(struct operation operation) {
    return (uint32_t)(operation.bits >> OFFSET_SHIFT & OFFSET_MASK);
}

struct operation operation_set_target(struct operation operation, bool nil, uint32_t handle,
                                      uint32_t offset_bytes) {
    uint64_t bits = raw_put(operation.bits, OPERAND_TO, handle);
    bits &= ~(OFFSET_MASK << OFFSET_SHIFT | UINT64_C(1) << NIL_SHIFT);
    bits |= (offset_bytes & OFFSET_MASK) << OFFSET_SHIFT | (uint64_t)nil << NIL_SHIFT;
    return put_operand(operation, OPERAND_TO, bits);
}

uint32_t operation_sink_number(struct operation operation) {
    return (uint32_t)(operation.bits >> ARGUMENT_SHIFT & SINK_NUMBER_MASK);
}

struct operation operation_set_sink(struct operation operation, enum sink_kind kind,
                                    uint32_t number) {
    uint64_t bits = raw_put(operation.bits, OPERAND_SINK, kind);
    bits &= ~(SINK_NUMBER_MASK << ARGUMENT_SHIFT);
    return put_operand(operation, OPERAND_SINK,
                       bits | (number & SINK_NUMBER_MASK) << ARGUMENT_SHIFT);
}

// A field's value: 32 bits of argument, 8 of handle, 5 of flags, from the low end.
uint64_t operation_field_value(struct operation operation) {
    return operation.bits >> 32 | (operation.bits >> 16 & 0xff) << 32 |
           (operation.bits >> 11 & 0x1f) << 40;
}

struct operation operation_set_field(struct operation operation, uint32_t field, uint64_t value) {
    uint64_t bits = operation.bits & 0xff;
    bits |= (value & UINT32_MAX) << 32 | (value >> 32 & 0xff) << 16 | (value >> 40 & 0x1f) << 11;
    return operation_from_bits(raw_put(bits, OPERAND_FIELD, field));
}
