// operation: one operation of a program: a 64-bit record, and the tables of what its bits mean.
//
// A record is always canonical in memory: an unknown code is nop, operands lie in their ranges,
// unused bits are 0. So equal operations are equal words, and the text of an operation is its
// record.
#ifndef FUZZ_PROGRAM_OPERATION_H
#define FUZZ_PROGRAM_OPERATION_H

#include "fuzz/program/language.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum operation_code {
#define OPERATION(code, id, name, form, operands, capability, requires, makes, weight, group,      \
                  moves, effect)                                                                   \
    OP_##id = (code),
#include "fuzz/program/ops.def"
    OP_COUNT,
};

enum operand {
    OPERAND_NONE,
#define OPERAND(id, key, kind, shift, bits, min, max, table) OPERAND_##id,
#include "fuzz/program/operands.def"
    OPERAND_COUNT,
};

enum operand_kind {
    OPERAND_KIND_SLOT,   // c2
    OPERAND_KIND_NUMBER, // word=5
    OPERAND_KIND_OPTION, // more=5; 0 is left out
    OPERAND_KIND_SIZE,   // size=48
    OPERAND_KIND_FLAG,   // zero
    OPERAND_KIND_CHOICE, // type=node
    OPERAND_KIND_WORD,   // full
    OPERAND_KIND_POWER,  // align=64
    OPERAND_KIND_TARGET, // to=h5+8, to=nil
    OPERAND_KIND_MASK,   // bits=0x2d
    OPERAND_KIND_SINK,   // sink=short:7
    OPERAND_KIND_FIELD,  // HeapInuse=16384
};

enum word_table {
    TABLE_NONE,
    TABLE_TYPES,
    TABLE_STATUSES,
    TABLE_REASONS,
    TABLE_MAPS,
    TABLE_MANUAL_STATS,
    TABLE_SYSTEM_CALLS,
    TABLE_LEVELS,
    TABLE_SINKS,
    TABLE_FIELDS,
    TABLE_WORLDS,
    TABLE_STRAYS,
    TABLE_REFUSALS,
};

enum operation_group { // what a swarm turns off
    GROUP_ALLOC,
    GROUP_FREE,
    GROUP_REALLOC,
    GROUP_POINTER,
    GROUP_COLLECT,
    GROUP_CACHE,
    GROUP_GOROUTINE,
    GROUP_FRAME,
    GROUP_MANUAL,
    GROUP_THREAD,
    GROUP_SCAVENGE,
    GROUP_FINALIZER,
    GROUP_PROFILE,
    GROUP_STATS,
    GROUP_DUMP,
    GROUP_FAULT,
    GROUP_COUNT,
};

enum sink_kind { // what a dump is written to; those from SINK_SHORT on have a number
    SINK_MEMORY,
    SINK_PATH,
    SINK_SHORT,  // a write takes at most n bytes
    SINK_EINTR,  // each n-th write is interrupted
    SINK_EAGAIN, // each n-th write would block, and can be waited for
    SINK_ENOSPC, // after n bytes the disk is full
    SINK_EPIPE,  // after n bytes the reader is gone
};

enum fault_call { // what can be made to fail; what that means is the heap's affair
    FAULT_MMAP,
    FAULT_MADVISE,
    FAULT_MPROTECT,
    FAULT_PLACE,
    FAULT_METADATA,
    FAULT_BARRIER,
    FAULT_PAGES,
    FAULT_CALL_COUNT,
};

#define OPERATION_OPERANDS_MAX 8
#define OPERATION_BYTES        8

struct operation {
    uint64_t bits; // canonical; see fuzz/program/operands.def
};

struct operand_description {
    const char *key;
    enum operand_kind kind;
    uint8_t shift, width;
    uint32_t min, max;
    enum word_table table;
};

struct operation_description {
    const char *name;
    bool has_result; // the first operand stands before the name: "h17 = alloc"
    uint8_t operands[OPERATION_OPERANDS_MAX]; // enum operand; ends with OPERAND_NONE
    enum capability capability;
    uint16_t weight;
    enum operation_group group;
    const char *effect;
};

extern const struct operand_description operand_descriptions[OPERAND_COUNT];
extern const struct operation_description operation_descriptions[OP_COUNT];
extern const char *const group_names[GROUP_COUNT];

// The words of a choice, ended by NULL.
const char *const *word_table_words(enum word_table table);

// Any word, made canonical.
struct operation operation_from_bits(uint64_t bits);

enum operation_code operation_code(struct operation operation);
bool operation_has(enum operation_code code, enum operand operand);

// The operand's value. Of a target: its handle; of a sink: its kind; of a field: its index.
uint32_t operation_get(struct operation operation, enum operand operand);
struct operation operation_set(struct operation operation, enum operand operand, uint32_t value);

// Second halves of the operands that have one.
#define TARGET_OFFSET_MAX 4095
#define FIELD_VALUE_MAX   (((uint64_t)1 << 45) - 1)
bool operation_target_is_nil(struct operation operation);
uint32_t operation_target_offset(struct operation operation);
struct operation operation_set_target(struct operation operation, bool nil, uint32_t handle,
                                      uint32_t offset_bytes);
uint32_t operation_sink_number(struct operation operation);
struct operation operation_set_sink(struct operation operation, enum sink_kind kind,
                                    uint32_t number);
uint64_t operation_field_value(struct operation operation);
struct operation operation_set_field(struct operation operation, uint32_t field, uint64_t value);

// A size that allocators get wrong: class bounds and their neighbours, tiny ones, whole pages and
// their neighbours, large ones. Any `choice` gives one.
uint32_t operation_interesting_size(uint32_t choice);

#endif
