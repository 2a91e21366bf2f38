// state: what the executor's files share. Internal to fuzz/exec*.c.
#ifndef FUZZ_GO_STATE_H
#define FUZZ_GO_STATE_H

#include "allocator/memstats.h"
#include "fuzz/go/executor.h"
#include "oracle/go/model/model.h"
#include "runtime/runtime.h"

#define EXECUTOR_HANDLES    256
#define EXECUTOR_GOROUTINES 16
#define EXECUTOR_THREADS    16
#define EXECUTOR_ROOTS      16
#define EXECUTOR_MANUALS    64
#define EXECUTOR_TYPES      16
#define EXECUTOR_FUNCS      8
#define EXECUTOR_DATA_WORDS 64
#define EXECUTOR_BSS_WORDS  64
#define EXECUTOR_NO_HANDLE  UINT32_MAX
#define HEAPS_BESIDE_MAX    5 // more than there are strides to try
#define EXECUTOR_MADE_MAX   4 // operations of a program that have the system make threads or heaps

struct manual_slot {
    void *base; // NULL: empty
    enum manual_stat stat;
};

struct dump_buffer { // what a sink took
    uint8_t *bytes;  // from malloc
    size_t size_bytes, capacity_bytes;
};

struct executor {
    struct executor_options options;
    struct heap *heap;
    struct runtime *runtime; // NULL: no program runs
    struct oracle *oracle;
    struct model *model;

    const struct program *program;
    size_t position;
    size_t checked_at; // position of the last check at the cadence
    bool was_effective;
    bool heap_is_new;   // when the program began; else reset
    bool heap_is_reset; // and nothing was done to it since
    uint64_t work_done;
    uint64_t hash;
    uint64_t clock_ns;
    uint64_t refusals_before; // of memory, when the program began
    struct memstats stats;
    struct executor_counts counts;

    struct mcache *caches[PROGRAM_CACHES_MAX];
    uint32_t handles[EXECUTOR_HANDLES]; // the model's name of what the slot holds
    uint32_t next_handle;
    uint64_t allocated, freed; // objects, by calls of the operation that runs
    struct goroutine *goroutines[EXECUTOR_GOROUTINES];
    struct osthread *threads[EXECUTOR_THREADS];
    struct other_root *roots[EXECUTOR_ROOTS];
    struct manual_slot manuals[EXECUTOR_MANUALS];
    const struct type *types[EXECUTOR_TYPES]; // defined when first used
    bool funcs_defined;
    uint32_t stop_depth;    // of the world
    uint32_t made_count;    // of EXECUTOR_MADE_MAX
    uint64_t failed_before; // calls that had failed when it was last asked, in this operation or at
                            // its start
    struct dump_buffer dump;
    bool dump_is_whole;
};

// Every operation: true when it did something. exec_<name>() stands in the exec_*.c of its noun.
#define OPERATION(code, id, name, form, operands, weight, group, moves, effect)                    \
    bool exec_##name(struct executor *executor, struct operation operation);
#include "fuzz/program/ops.def"

// The slot's cache, or the lowest one that is there; NULL: none is.
struct mcache *executor_cache(struct executor *executor, struct operation operation);

// What the slot names now, NULL: nothing. Until the next event of the model.
const struct model_handle *executor_handle(struct executor *executor, uint32_t slot);

// The address that the operation's target stands for; false: its handle names nothing.
bool executor_target(struct executor *executor, struct operation operation, uintptr_t *address);

// The layout of an operation's type; NULL for "none".
const struct gc_layout *executor_layout(uint32_t type);

// The runtime's type, defined now if it was not; NULL: no memory.
const struct type *executor_type(struct executor *executor, uint32_t type);

// A code address that depends on `choice` alone; some lie in no function. Defines the functions at
// first use.
uintptr_t executor_pc(struct executor *executor, uint32_t choice);

// Whether the system failed a call since this operation began, or since this was asked in it.
bool executor_memory_failed(struct executor *executor);

// Room for one more name in the model; false: the program ends at its bound.
bool executor_has_handle(struct executor *executor);

// Tells the model that `object` (NULL: no memory) was allocated for the slot. False: it is NULL.
bool executor_allocated(struct executor *executor, uint32_t slot,
                        const struct model_request *request, const void *object,
                        size_t usable_bytes);

// Undoes what is left of the program's stops of the world.
void executor_let_world_run(struct executor *executor);

// Whether the program may have the system make a thread or heaps once more: that costs as much as a
// hundred other operations.
bool executor_may_make(struct executor *executor);

// Counts work; mixes a result into the hash.
void executor_work(struct executor *executor, uint64_t units);
void executor_note(struct executor *executor, uint64_t value);

// Dumps to memory and compares. False: a finding.
bool executor_dump_and_compare(struct executor *executor);

// The segment's n-th word that may hold a pointer.
size_t executor_segment_word(uint32_t choice, bool is_bss);

#endif
