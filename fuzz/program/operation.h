// operation: one operation of a program: a record of 128 bits, and the tables of what they mean.
//
// A record is always canonical in memory: an unknown code is nop, operands lie in their ranges,
// unused bits are 0. So equal operations are equal words, and the text of an operation is its
// record. In memory it has version 2's form, whatever file it came from; one is narrow when version
// 1 has a record for it, and means the same in both.
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
#define OPERAND(id, key, kind, shift, bits, min, max, at, wide, limit, table) OPERAND_##id,
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

enum world_change { // what happens to the world
    WORLD_STOP,
    WORLD_START,
    WORLD_FORK_PARENT,
    WORLD_FORK_CHILD,
    WORLD_CHANGE_COUNT,
};

enum stray_place { // where a word points to that points to no object
    STRAY_NULL,
    STRAY_BELOW,
    STRAY_BEHIND,
    STRAY_LAST,
    STRAY_METADATA,
    STRAY_IDLE,
    STRAY_MANUAL,
    STRAY_PAGE_END,
    STRAY_PLACE_COUNT,
};

enum refusal { // which calls must be refused
    REFUSAL_SIZES,
    REFUSAL_NOTHING,
    REFUSAL_FINALIZERS,
    REFUSAL_CYCLE,
    REFUSAL_CODE,
    REFUSAL_CACHES,
    REFUSAL_COUNT,
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
#define OPERATION_BYTES        8  // a record of version 1
#define OPERATION_WIDE_BYTES   16 // of version 2

// Ranges of what has to fit everywhere: of sizes, all of the address space; of handles and caches.
#define SIZE_LIMIT           ((UINT64_C(1) << 47) - 1)
#define OPERATION_HANDLES    256  // that version 1 can name
#define OPERATION_SLOTS_WIDE 1024 // that version 2 can, of each kind

struct operation {     // canonical; see fuzz/program/operands.def
    uint64_t head;     // bits 0-63 of the record: code, flags, cache, handle, index
    uint64_t argument; // bits 64-127
};

struct operand_description {
    const char *key;
    enum operand_kind kind;
    uint8_t shift, width; // in a record of version 1; no width: it is not there
    uint8_t at, wide;     // in one of version 2
    uint32_t min, max;    // what version 1 can say
    uint64_t limit;       // the most that version 2 can
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

// Any record of version 1, made canonical.
struct operation operation_from_bits(uint64_t bits);
// Any record of version 2, made canonical.
struct operation operation_from_words(uint64_t head, uint64_t argument);
// Whether version 1 has a record for it; then operation_bits() gives that.
bool operation_is_narrow(struct operation operation);
uint64_t operation_bits(struct operation operation);
// The operation that version 1 has a record for and that is the nearest: its operands folded.
struct operation operation_narrowed(struct operation operation);

static inline bool operation_equal(struct operation a, struct operation b) {
    return a.head == b.head && a.argument == b.argument;
}

enum operation_code operation_code(struct operation operation);
bool operation_has(enum operation_code code, enum operand operand);

// The operand's value; all but a size fit 32 bits. Of a target: its handle; of a sink: its kind; of
// a field: its index.
uint32_t operation_get(struct operation operation, enum operand operand);
uint64_t operation_size(struct operation operation); // OPERAND_SIZE
// Outside of what version 2 can say it is folded.
struct operation operation_set(struct operation operation, enum operand operand, uint64_t value);

// The handles that the operation goes round in, where it goes over several: the last is followed by
// the first. As many as its version has.
uint32_t operation_handle_count(struct operation operation);

// Second halves of the operands that have one.
#define TARGET_OFFSET_MAX   4095 // in version 1
#define TARGET_OFFSET_LIMIT (((uint64_t)1 << 40) - 1)
#define FIELD_VALUE_MAX     (((uint64_t)1 << 45) - 1) // in version 1
bool operation_target_is_nil(struct operation operation);
uint64_t operation_target_offset(struct operation operation);
struct operation operation_set_target(struct operation operation, bool nil, uint32_t handle,
                                      uint64_t offset_bytes);
uint32_t operation_sink_number(struct operation operation);
struct operation operation_set_sink(struct operation operation, enum sink_kind kind,
                                    uint32_t number);
uint64_t operation_field_value(struct operation operation);
struct operation operation_set_field(struct operation operation, uint32_t field, uint64_t value);

// A size that allocators get wrong: class bounds and their neighbours, tiny ones, whole pages and
// their neighbours, large ones. Any `choice` gives one.
uint32_t operation_interesting_size(uint32_t choice);

#endif
