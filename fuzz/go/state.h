// state: what the files of the machine for a Go-like heap share. Internal to fuzz/go.
#ifndef FUZZ_GO_STATE_H
#define FUZZ_GO_STATE_H

#include "allocator/memstats.h"
#include "fuzz/execute/executor.h"
#include "fuzz/go/statistics.h"
#include "oracle/go/model/model.h"
#include "oracle/go/oracle.h"
#include "runtime/runtime.h"

// Slots of each kind, as many as the operands can name, and words of the segments.
#define GO_SLOTS         OPERATION_SLOTS_WIDE
#define GO_TYPES         18
#define GO_FUNCS         8
#define GO_DATA_WORDS    64
#define GO_BSS_WORDS     64
#define GO_NO_HANDLE     UINT32_MAX
#define GO_TOUCHED_MAX   ((size_t)64 << 20) // of an object; more has to be untouched
#define HEAPS_BESIDE_MAX 10                 // more than twice the strides that are tried
#define GO_MADE_MAX      4 // operations of a program that have the system make threads or heaps

// Pages that the program manages.
struct manual_slot {
    void *base; // NULL: empty
    enum manual_stat stat;
};

struct dump_buffer { // what a sink took
    uint8_t *bytes;  // from malloc
    size_t size_bytes;
    uint32_t capacity_bytes;
};

// The machine of the Go-like heap: heap, runtime, oracle, and what the program's slots hold.
struct go_machine {
    struct executor *executor; // that it runs under
    struct heap *heap;
    struct runtime *runtime; // NULL: no program runs
    struct oracle *oracle;
    struct model *model;
    struct observer *observer;

    uint64_t clock_ns, clock_step_ns;
    uint64_t first_process; // added to the numbers that threads have outside
    struct memstats stats;
    uint64_t account[STATISTIC_COUNT]; // of the last read

    struct mcache *caches[GO_SLOTS];
    uint32_t handles[GO_SLOTS]; // the model's name of what the slot holds
    uint32_t next_handle;
    uint64_t allocated, freed; // objects, by calls of the operation that runs
    struct goroutine *goroutines[GO_SLOTS];
    struct osthread *threads[GO_SLOTS];
    struct other_root *roots[GO_SLOTS];
    struct manual_slot manuals[GO_SLOTS];
    uint32_t slot_limit;                // of any kind, none at or above it was filled
    const struct type *types[GO_TYPES]; // defined when first used
    uint32_t stop_depth;                // of the world
    uint32_t made_count;                // of GO_MADE_MAX
    uint64_t failed_before; // calls that had failed when it was last asked, in this operation or at
                            // its start
    uint8_t ahead[PROGRAM_OPERATIONS_MAX]; // of each operation, whether it ran before its turn
    size_t ahead_end;                      // from here on, none did
    bool is_in_gap;                        // an operation runs inside another one's call
    struct dump_buffer dump;
    bool dump_is_whole;
    bool is_ending;     // the program is over; a dump is its final one
    bool heap_is_new;   // when the program began; else reset
    bool heap_is_reset; // and nothing was done to it since
    bool funcs_defined;
    bool has_vast; // the program has made an object of more: no dump is kept any more
};

// Every operation: true when it did something. exec_<name>() stands in the file of its noun.
#define OPERATION(code, id, name, form, operands, capability, requires, makes, weight, group,      \
                  moves, effect)                                                                   \
    bool exec_##name(struct go_machine *machine, struct operation operation);
#include "fuzz/program/ops.def"

// Whether the program begins with anything of an earlier life. (start.c)
bool go_starts(const struct program *program);
// Heap and ledger take it up; `runtime` is what the runtime has to. False: no memory. (start.c)
bool go_start_from(struct go_machine *machine, const struct program *program,
                   struct runtime_start *runtime);

// Runs one operation, which the program has at `position`. Whether it did anything. (machine.c)
bool go_operate(struct go_machine *machine, size_t position, struct operation operation);
// The same, and tells the oracle how many objects its calls moved. (machine.c)
bool go_step(struct go_machine *machine, size_t position, struct operation operation);
// Whether the operation whose turn it is has run already, inside an earlier one's call.
// (subprogram.c)
bool go_has_run_ahead(const struct go_machine *machine, bool *was_effective);
void go_forget_ahead(struct go_machine *machine); // a program begins

// The slot's cache, or the lowest one that is there; NULL: none is.
struct mcache *go_cache(struct go_machine *machine, struct operation operation);

// What the slot names now, NULL: nothing. Until the next event of the model.
const struct model_handle *go_handle(struct go_machine *machine, uint32_t slot);

// The address that the operation's target stands for; false: its handle names nothing.
bool go_target(struct go_machine *machine, struct operation operation, uintptr_t *address);

// The layout of an operation's type; NULL for "none".
const struct gc_layout *go_layout(uint32_t type);

// The runtime's type, defined now if it was not; NULL: no memory.
const struct type *go_type(struct go_machine *machine, uint32_t type);

// A code address that depends on `choice` alone; some lie in no function. Defines the functions at
// first use.
uintptr_t go_pc(struct go_machine *machine, uint32_t choice);

// Whether the system failed a call since this operation began, or since this was asked in it.
bool go_memory_failed(struct go_machine *machine);

// Room for one more name in the model; false: the program ends at its bound.
bool go_has_handle(struct go_machine *machine);

// Tells the model that `object` (NULL: no memory) was allocated for the slot. False: it is NULL.
bool go_allocated(struct go_machine *machine, uint32_t slot, const struct model_request *request,
                  const void *object, size_t usable_bytes);

// Undoes what is left of the program's stops of the world.
void go_let_world_run(struct go_machine *machine);

// Whether the program may have the system make a thread or heaps once more: that costs as much as a
// hundred other operations.
bool go_may_make(struct go_machine *machine);

// Runs the oracle now. False: there is a finding.
bool go_check(struct go_machine *machine, enum oracle_level level);

// The heap's account, read now.
const struct memstats *go_stats(struct go_machine *machine);

// Compares a dump with heap, runtime and model. False: a finding.
bool go_compare_dump(void *state, const void *bytes, size_t size_bytes);

// Dumps to memory and compares. False: a finding.
bool go_dump_and_compare(struct go_machine *machine);

// The segment's n-th word that may hold a pointer.
size_t go_segment_word(uint32_t choice, bool is_bss);

#endif
