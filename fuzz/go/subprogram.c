// subprogram: operations that run inside the call of another one, where its thread holds no lock.
//
// At such a point another thread could do anything that does not stop the world. Here the same
// thread does it, at the same point in each run. An operation that only the calling thread may do,
// or that the ledger could not tell apart, is put off and runs in its own turn.
#include "fuzz/go/state.h"

#include "allocator/mprof.h"
#include "fuzz/execute/gap.h"
#include "fuzz/go/effects.h"
#include "oracle/core/bits.h"
#include "oracle/go/view/prediction.h"

#include <string.h>

// What an operation may be: the call with the gap, and what runs inside.
enum { HOST = 1, GUEST = 2 };

static const uint8_t roles[OP_COUNT] = {
    [OP_ALLOC] = HOST | GUEST,     [OP_ALLOC_ALIGNED] = HOST | GUEST,
    [OP_ALLOC_RUN] = HOST | GUEST, [OP_FREE] = HOST | GUEST,
    [OP_FREE_RUN] = HOST | GUEST,  [OP_REALLOC] = HOST,
    [OP_FLUSH] = HOST | GUEST,     [OP_RELEASE] = HOST | GUEST,
    [OP_SWEEP_ONE] = HOST | GUEST, [OP_ACQUIRE] = GUEST,
    [OP_MANUAL_ALLOC] = GUEST,     [OP_MANUAL_FREE] = GUEST,
    [OP_SCAVENGE] = GUEST,         [OP_METADATA] = GUEST,
};

// The call, and what is to run inside it.
struct call {
    struct go_machine *machine;
    struct operation host;
    struct mcache *cache;                        // the host's
    uint64_t handles[OPERATION_SLOTS_WIDE / 64]; // a bit for each that the host names
    uint32_t gaps_left;                          // until the guests run; 0: they have
    size_t guests_at, guest_count;               // in the program
    struct gap_watch watch;
};

static bool allocates(enum operation_code code) {
    return code == OP_ALLOC || code == OP_ALLOC_ALIGNED || code == OP_ALLOC_RUN;
}

static bool frees(enum operation_code code) {
    return code == OP_FREE || code == OP_FREE_RUN || code == OP_REALLOC;
}

// ---- the handles that an operation names, one after the other

struct walk {
    uint32_t slot, left, stride, handle_count;
};

static struct walk walk_of(struct operation operation) {
    enum operation_code code = operation_code(operation);
    struct walk walk = {operation_get(operation, OPERAND_HANDLE), 1, 1,
                        operation_handle_count(operation)};
    if (code == OP_ALLOC_RUN) {
        walk.left = operation_get(operation, OPERAND_RUN);
    } else if (code == OP_FREE_RUN) {
        walk.left = operation_get(operation, OPERAND_FREE_RUN);
        walk.stride = operation_get(operation, OPERAND_STRIDE);
    } else if (!operation_has(code, OPERAND_HANDLE)) {
        walk.left = 0;
    }
    return walk;
}

static bool walk_on(struct walk *walk, uint32_t *slot) {
    *slot = walk->slot;
    walk->slot = (walk->slot + walk->stride) % walk->handle_count;
    return walk->left > 0 && walk->left-- > 0;
}

// ---- who may run inside

// Whether the call names what the slot holds, by this slot or by another: when an allocation fails,
// its slot and the next one that is filled hold the same.
static bool is_named(const struct call *call, uint32_t slot) {
    const uint32_t *handles = call->machine->handles;
    for (uint32_t word = 0; word < OPERATION_SLOTS_WIDE / 64; word++) {
        for (uint64_t left = call->handles[word]; left != 0; left &= left - 1) {
            uint32_t named = word * 64 + bits_lowest(left);
            if (named == slot ||
                (handles[named] == handles[slot] && handles[slot] != GO_NO_HANDLE)) {
                return true;
            }
        }
    }
    return false;
}

// Not an object that the call is about, nor one that waits for a sweep which waits for the guest.
static bool may_have_handles(const struct call *call, struct operation guest) {
    struct walk walk = walk_of(guest);
    bool is_free = frees(operation_code(guest));
    for (uint32_t slot; walk_on(&walk, &slot);) {
        const struct model_handle *shown = go_handle(call->machine, slot);
        if (is_named(call, slot) || (is_free && shown != NULL &&
                                     predict_is_being_swept(call->machine->heap, shown->address))) {
            return false;
        }
    }
    return true;
}

// What the call frees may be taken before the ledger hears that it is free. Of two
// allocations that are sampled, it does not know which one's bucket was there first.
static bool may_allocate(const struct call *call, struct operation guest) {
    enum operation_code host = operation_code(call->host);
    struct go_machine *machine = call->machine;
    const struct mcache *cache = go_cache(machine, guest);
    bool is_run = operation_code(guest) == OP_ALLOC_RUN;
    const struct model_request request = {
        .cache_id = cache == NULL ? 0 : heap_cache_id(cache),
        .size_bytes = operation_size(guest),
        .align_bytes = operation_code(guest) == OP_ALLOC_ALIGNED
                           ? (size_t)1 << operation_get(guest, OPERAND_ALIGN)
                           : 0,
    };
    return !frees(host) &&
           (!allocates(host) || !model_will_sample(machine->model, &request,
                                                   is_run ? operation_get(guest, OPERAND_RUN) : 1));
}

// A new cache draws the distance to its first sample, as the call may; and while a cache goes, the
// ledger does not know whether its number is free.
static bool may_acquire(const struct call *call) {
    enum operation_code host = operation_code(call->host);
    bool host_draws =
        (allocates(host) || host == OP_REALLOC) && heap_profile_rate(call->machine->heap) > 1;
    return host != OP_RELEASE && !host_draws;
}

static bool may_run(const struct call *call, struct operation guest) {
    struct go_machine *machine = call->machine;
    enum operation_code code = operation_code(guest);
    if ((roles[code] & GUEST) == 0 || !may_have_handles(call, guest)) {
        return false;
    }
    if (code == OP_ACQUIRE) {
        return may_acquire(call);
    }
    if (code == OP_RELEASE) {
        return machine->caches[operation_get(guest, OPERAND_CACHE)] != call->cache;
    }
    if (code == OP_MANUAL_ALLOC) {
        return !frees(operation_code(call->host));
    }
    return (!allocates(code) || may_allocate(call, guest)) &&
           (!operation_has(code, OPERAND_CACHE) || go_cache(machine, guest) != call->cache);
}

// ---- what has run before its place

enum { HAS_RUN = 1, WAS_EFFECTIVE = 2 };

bool go_has_run_ahead(const struct go_machine *machine, bool *was_effective) {
    uint8_t ahead = machine->ahead[executor_position(machine->executor)];
    *was_effective = (ahead & WAS_EFFECTIVE) != 0;
    return (ahead & HAS_RUN) != 0;
}

void go_forget_ahead(struct go_machine *machine) {
    memset(machine->ahead, 0, machine->ahead_end);
    machine->ahead_end = 0;
}

static bool has_run(const struct go_machine *machine, size_t position) {
    return (machine->ahead[position] & HAS_RUN) != 0;
}

// Runs it now; when its turn comes, it has run.
static void run_ahead(struct go_machine *machine, size_t position) {
    struct operation operation = executor_program(machine->executor)->operations[position];
    bool was_effective = go_operate(machine, position, operation);
    machine->ahead[position] = (uint8_t)(HAS_RUN | (was_effective ? WAS_EFFECTIVE : 0));
    machine->ahead_end = position < machine->ahead_end ? machine->ahead_end : position + 1;
}

// ---- the gap

static void run_guests(struct call *call) {
    struct go_machine *machine = call->machine;
    const struct program *program = executor_program(machine->executor);
    uint64_t failed_before = machine->failed_before;
    machine->is_in_gap = true;
    observer_enter_gap(machine->observer);
    for (size_t i = 0; i < call->guest_count; i++) {
        size_t position = call->guests_at + i;
        if (!has_run(machine, position) && may_run(call, program->operations[position])) {
            run_ahead(machine, position);
        }
    }
    observer_leave_gap(machine->observer);
    machine->is_in_gap = false;
    oracle_begin(machine->oracle, call->guests_at - 1, EFFECTS_NOTHING);
    machine->failed_before = failed_before;
}

static void visit(void *context) {
    struct call *call = context;
    if (--call->gaps_left == 0) {
        gap_end();
        run_guests(call);
    }
}

static void note_handles(struct call *call) {
    struct walk walk = walk_of(call->host);
    for (uint32_t slot; walk_on(&walk, &slot);) {
        call->handles[slot / 64] |= UINT64_C(1) << slot % 64;
    }
}

bool exec_subprogram(struct go_machine *machine, struct operation operation) {
    const struct program *program = executor_program(machine->executor);
    size_t host_at = executor_position(machine->executor) + 1;
    size_t left = program->count > host_at ? program->count - host_at - 1 : 0;
    size_t wanted = operation_get(operation, OPERAND_AHEAD);
    struct operation host = left == 0 ? operation_from_bits(OP_NOP) : program->operations[host_at];
    struct call call = {
        .machine = machine,
        .host = host,
        .gaps_left = operation_get(operation, OPERAND_GAP),
        .guests_at = host_at + 1,
        .guest_count = wanted < left ? wanted : left,
    };
    if (call.guest_count == 0 || machine->stop_depth > 0 || has_run(machine, host_at) ||
        (roles[operation_code(host)] & HOST) == 0) {
        return false;
    }
    call.cache = operation_code(host) == OP_RELEASE
                     ? machine->caches[operation_get(host, OPERAND_CACHE)]
                     : go_cache(machine, host);
    note_handles(&call);
    call.watch = (struct gap_watch){.visit = visit,
                                    .context = &call,
                                    .base = heap_base(machine->heap),
                                    .size_bytes = HEAP_STRIDE_BYTES};
    gap_begin(&call.watch);
    run_ahead(machine, host_at);
    gap_end();
    return call.gaps_left == 0;
}
