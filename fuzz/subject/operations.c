// operations: what each operation of a program means to a foreign allocator.
#include "fuzz/subject/state.h"

#include <string.h>

#define BYTES_PER_UNIT 256  // of work
#define BYTES_MAX      4096 // that count as work: of larger objects both ends are filled

// ---- slots

static uint32_t lane_of(const struct subject_machine *machine, struct operation operation) {
    uint32_t lane = operation_get(operation, OPERAND_CACHE);
    return lanes_is_alive(machine->lanes, lane) ? lane : 0;
}

static uint32_t block_of(struct subject_machine *machine, uint32_t slot) {
    uint32_t id = machine->handles[slot];
    if (id != LIVE_NONE && live_block(machine->live, id) == NULL) {
        machine->handles[slot] = id = LIVE_NONE;
    }
    return id;
}

// Its slot does not name the block any more: its number may be given to another.
static void forget(struct subject_machine *machine, uint32_t id, uint32_t slot) {
    if (machine->handles[slot] == id) {
        machine->handles[slot] = LIVE_NONE;
    }
}

static uint64_t work_of(size_t size_bytes) {
    return 1 + (size_bytes < BYTES_MAX ? size_bytes : BYTES_MAX) / BYTES_PER_UNIT;
}

// ---- moments

static void note_moment(struct subject_machine *machine, uint32_t moment) {
    struct relations_facts *facts = judge_facts(machine->judge);
    facts->moment = moment | (lanes_count(machine->lanes) == 1 ? RELATIONS_ONE_LANE : 0) |
                    (live_count(machine->live) == 0 ? RELATIONS_EMPTY : 0);
    host_tell(&machine->host, facts->backing);
}

static void note(struct subject_machine *machine, enum relations_operation operation,
                 uint32_t moment) {
    judge_facts(machine->judge)->operations[operation]++;
    note_moment(machine, moment);
}

static void failed(struct subject_machine *machine, bool is_legal) {
    note(machine, RELATIONS_FAILED, RELATIONS_ON_FAILED);
    if (is_legal) {
        (void)judge_failed(machine->judge);
        return;
    }
    if (!judge_verify(machine->judge)) { // it says itself why
        return;
    }
    rule_count(&machine->book, RULE_SUBJECT_FAILED);
    (void)rule_fail(&machine->book, RULE_SUBJECT_FAILED, (struct rule_place){0},
                    "nothing was given without a fault, and the table says no "
                    "COUNTERCHECK_MAY_FAIL");
}

// ---- allocation

static struct live_block block_from(const struct subject_machine *machine, const struct call *call,
                                    uint32_t slot) {
    return (struct live_block){
        .slot = slot,
        .address = (uintptr_t)call->result,
        .requested_bytes = call->size_bytes,
        .usable_bytes = call->usable_bytes,
        .footprint_bytes = call->footprint_bytes,
        .row = call->row,
        .is_touched = (machine->table->capabilities & COUNTERCHECK_REMOTE) == 0,
    };
}

// An address is a result only where it is the same in every run.
static void note_address(struct subject_machine *machine, const void *address) {
    bool is_arena = machine->host.shown.arena != NULL;
    executor_note(machine->executor, is_arena ? (uintptr_t)address : address != NULL);
}

// What a call gave; of an object that had `old_bytes`, the bytes that both sizes share.
static void tell(struct subject_machine *machine, const struct call *call, size_t alignment,
                 size_t old_bytes) {
    struct results *results = machine->results;
    if (results == NULL) {
        return;
    }
    struct result result = {.operation = (uint32_t)executor_position(machine->executor),
                            .values[RESULT_GIVEN] = call->result != NULL};
    if (call->result != NULL) {
        bool has_end = old_bytes <= call->size_bytes;
        result.values[RESULT_ALIGNED] = (uintptr_t)call->result % alignment == 0;
        result.values[RESULT_USABLE] = call->usable_bytes >= call->size_bytes;
        if (!results->has_no_contents) {
            result.values[RESULT_CONTENTS] =
                results_contents(call->result, has_end ? old_bytes : call->size_bytes, has_end);
        }
    }
    results_add(results, &result);
}

static bool may_fail(const struct subject_machine *machine) {
    return (machine->table->capabilities & COUNTERCHECK_MAY_FAIL) != 0 ||
           machine->host.fail_at != 0;
}

static bool allocate(struct subject_machine *machine, uint32_t lane, uint32_t slot,
                     struct call call, size_t alignment) {
    if (live_count(machine->live) == LIVE_BLOCKS_MAX) {
        return false;
    }
    judge_before(machine->judge, may_fail(machine));
    executor_work(machine->executor, work_of(call.size_bytes));
    lanes_do(machine->lanes, lane, &call);
    note_address(machine, call.result);
    tell(machine, &call, alignment, call.kind == CALL_ALLOCATE_ZEROED ? call.size_bytes : 0);
    if (call.result == NULL) {
        if (call.size_bytes != 0) {
            failed(machine, may_fail(machine));
        }
        return call.size_bytes != 0;
    }
    struct live_block block = block_from(machine, &call, slot);
    if (!judge_object(machine->judge, &block, alignment, call.kind == CALL_ALLOCATE_ZEROED,
                      LIVE_NONE)) {
        return true;
    }
    machine->handles[slot] = live_enter(machine->live, &block);
    note(machine, RELATIONS_ALLOC, RELATIONS_ON_ALLOC);
    struct relations_facts *facts = judge_facts(machine->judge);
    facts->operations[RELATIONS_ZEROED] += call.kind == CALL_ALLOCATE_ZEROED;
    facts->operations[RELATIONS_ALIGNED] += call.kind == CALL_ALLOCATE_ALIGNED;
    judge_observe(machine->judge, true);
    return true;
}

static bool allocate_plain(struct subject_machine *machine, struct operation operation,
                           uint32_t slot) {
    bool is_zeroed =
        operation_get(operation, OPERAND_ZERO) != 0 && machine->table->allocate_zeroed != NULL;
    struct call call = {.kind = is_zeroed ? CALL_ALLOCATE_ZEROED : CALL_ALLOCATE,
                        .size_bytes = subject_size_for(machine->table, operation_size(operation))};
    return allocate(machine, lane_of(machine, operation), slot, call, machine->table->alignment);
}

static bool do_alloc(struct subject_machine *machine, struct operation operation) {
    return allocate_plain(machine, operation, operation_get(operation, OPERAND_HANDLE));
}

static bool do_alloc_run(struct subject_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    bool did = false;
    for (uint32_t i = 0; i < operation_get(operation, OPERAND_RUN) && !machine->book.found; i++) {
        did = allocate_plain(machine, operation, (slot + i) % operation_handle_count(operation)) ||
              did;
    }
    return did;
}

static bool do_alloc_aligned(struct subject_machine *machine, struct operation operation) {
    size_t most = subject_alignment_max(machine->table);
    struct call call = {.kind = CALL_ALLOCATE_ALIGNED,
                        .alignment = (size_t)1 << operation_get(operation, OPERAND_ALIGN),
                        .size_bytes = subject_size_for(machine->table, operation_size(operation))};
    while (call.alignment > most) {
        call.alignment /= 2;
    }
    if (machine->table->allocate_aligned == NULL || call.size_bytes == 0) {
        return false;
    }
    return allocate(machine, lane_of(machine, operation), operation_get(operation, OPERAND_HANDLE),
                    call, call.alignment);
}

// ---- the end of an object

static bool end_block(struct subject_machine *machine, uint32_t lane, uint32_t id,
                      enum call_kind kind) {
    struct live_block block = *live_block(machine->live, id);
    if (!block.is_dropped && !judge_contents(machine->judge, &block, block.address, SIZE_MAX)) {
        return false;
    }
    struct call call = {
        .kind = kind, .object = (void *)block.address, .size_bytes = block.requested_bytes};
    judge_before(machine->judge, false);
    lanes_do(machine->lanes, lane, &call);
    forget(machine, id, block.slot);
    if (kind == CALL_DROP) {
        live_drop(machine->live, id);
        note(machine, RELATIONS_DROP, RELATIONS_ON_FREE);
        if ((machine->table->capabilities & COUNTERCHECK_COLLECTS) == 0) {
            live_leave(machine->live, id);
        }
    } else {
        live_leave(machine->live, id);
        note(machine, RELATIONS_FREE, RELATIONS_ON_FREE);
    }
    executor_work(machine->executor, 1);
    judge_observe(machine->judge, true);
    return true;
}

bool subject_free_block(struct subject_machine *machine, uint32_t lane, uint32_t id) {
    const struct countercheck_subject *table = machine->table;
    if (table->release != NULL) {
        return end_block(machine, lane, id, CALL_RELEASE);
    }
    if (table->release_sized != NULL) {
        return end_block(machine, lane, id, CALL_RELEASE_SIZED);
    }
    return table->drop != NULL && end_block(machine, lane, id, CALL_DROP);
}

static bool free_slot(struct subject_machine *machine, uint32_t lane, uint32_t slot,
                      enum call_kind kind) {
    uint32_t id = block_of(machine, slot);
    return id != LIVE_NONE && (end_block(machine, lane, id, kind) || machine->book.found);
}

static bool do_free(struct subject_machine *machine, struct operation operation) {
    return free_slot(machine, lane_of(machine, operation), operation_get(operation, OPERAND_HANDLE),
                     CALL_RELEASE);
}

static bool do_free_sized(struct subject_machine *machine, struct operation operation) {
    return free_slot(machine, lane_of(machine, operation), operation_get(operation, OPERAND_HANDLE),
                     CALL_RELEASE_SIZED);
}

static bool do_drop(struct subject_machine *machine, struct operation operation) {
    return free_slot(machine, lane_of(machine, operation), operation_get(operation, OPERAND_HANDLE),
                     CALL_DROP);
}

static bool do_free_run(struct subject_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    bool did = false;
    for (uint32_t i = 0; i < operation_get(operation, OPERAND_FREE_RUN) && !machine->book.found;
         i++) {
        did = free_slot(machine, lane_of(machine, operation), slot, CALL_RELEASE) || did;
        slot =
            (slot + operation_get(operation, OPERAND_STRIDE)) % operation_handle_count(operation);
    }
    return did;
}

static bool do_reset(struct subject_machine *machine, struct operation operation) {
    (void)operation;
    struct call call = {.kind = CALL_RESET};
    judge_before(machine->judge, false);
    lanes_do(machine->lanes, 0, &call);
    live_clear(machine->live);
    memset(machine->handles, 0xff, sizeof machine->handles);
    note_moment(machine, RELATIONS_AFTER_RESET);
    judge_observe(machine->judge, true);
    return true;
}

// ---- resizing

static void resized_in_place(struct subject_machine *machine, uint32_t id,
                             const struct live_block *now, bool is_expand) {
    live_change(machine->live, id, now);
    note(machine, is_expand ? RELATIONS_EXPAND : RELATIONS_REALLOC_IN_PLACE,
         RELATIONS_ON_REALLOC_IN_PLACE);
}

// The old block and the new one are both there for a moment: that is its peak.
static void resized_by_moving(struct subject_machine *machine, uint32_t slot, uint32_t id,
                              const struct live_block *now) {
    uint32_t moved = live_enter(machine->live, now);
    judge_observe(machine->judge, false);
    live_leave(machine->live, id);
    machine->handles[slot] = moved;
    note(machine, RELATIONS_REALLOC_MOVED, RELATIONS_ON_REALLOC_MOVED);
}

// Whether the object is one that may be had, with the bytes that both sizes share.
static bool is_resized(struct subject_machine *machine, uint32_t id, const struct live_block *now) {
    struct live_block before = *live_block(machine->live, id);
    size_t kept = before.requested_bytes < now->requested_bytes ? before.requested_bytes
                                                                : now->requested_bytes;
    return judge_contents(machine->judge, &before, now->address, kept) &&
           judge_object(machine->judge, now, machine->table->alignment, false, id);
}

static bool resize(struct subject_machine *machine, struct operation operation,
                   enum call_kind kind) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    uint32_t id = block_of(machine, slot);
    if (id == LIVE_NONE) {
        return false;
    }
    const struct live_block before = *live_block(machine->live, id);
    size_t size_bytes = subject_size_for(machine->table, operation_size(operation));
    struct call call = {.kind = kind,
                        .object = (void *)before.address,
                        .size_bytes = size_bytes == 0 ? 1 : size_bytes};
    if (!judge_contents(machine->judge, &before, before.address, SIZE_MAX)) {
        return true;
    }
    judge_before(machine->judge, may_fail(machine) || kind == CALL_EXPAND);
    executor_work(machine->executor, work_of(size_bytes));
    lanes_do(machine->lanes, lane_of(machine, operation), &call);
    note_address(machine, call.result);
    tell(machine, &call, machine->table->alignment, before.requested_bytes);
    if (call.result == NULL) {
        failed(machine, may_fail(machine) || kind == CALL_EXPAND);
        return true;
    }
    struct live_block now = block_from(machine, &call, slot);
    if (!is_resized(machine, id, &now)) {
        return true;
    }
    if (now.address == before.address) {
        resized_in_place(machine, id, &now, kind == CALL_EXPAND);
    } else {
        resized_by_moving(machine, slot, id, &now);
    }
    judge_observe(machine->judge, true);
    return true;
}

static bool do_realloc(struct subject_machine *machine, struct operation operation) {
    return resize(machine, operation, CALL_REALLOCATE);
}

static bool do_expand(struct subject_machine *machine, struct operation operation) {
    return resize(machine, operation, CALL_EXPAND);
}

// ---- the whole

static bool do_nop(struct subject_machine *machine, struct operation operation) {
    (void)machine;
    (void)operation;
    return false;
}

static bool call_alone(struct subject_machine *machine, uint32_t lane, enum call_kind kind,
                       uint32_t moment) {
    struct call call = {.kind = kind};
    judge_before(machine->judge, false);
    lanes_do(machine->lanes, lane, &call);
    note_moment(machine, moment);
    judge_observe(machine->judge, true);
    executor_work(machine->executor, 8);
    return true;
}

static bool do_flush(struct subject_machine *machine, struct operation operation) {
    return call_alone(machine, lane_of(machine, operation), CALL_FLUSH, 0);
}

static bool do_collect(struct subject_machine *machine, struct operation operation) {
    return call_alone(machine, lane_of(machine, operation), CALL_COLLECT, RELATIONS_AFTER_COLLECT);
}

static bool do_scavenge(struct subject_machine *machine, struct operation operation) {
    (void)operation;
    return call_alone(machine, 0, CALL_PURGE, RELATIONS_AFTER_PURGE);
}

void subject_settle(struct subject_machine *machine) {
    judge_before(machine->judge, false);
    for (uint32_t lane = 0; lane < LANE_COUNT && machine->table->flush != NULL; lane++) {
        struct call call = {.kind = CALL_FLUSH};
        if (lanes_is_alive(machine->lanes, lane)) {
            lanes_do(machine->lanes, lane, &call);
        }
    }
    if (machine->table->settle != NULL) {
        machine->table->settle(machine->self);
    }
    uint32_t quiet = lanes_count(machine->lanes) == 1 ? RELATIONS_QUIET : 0;
    note_moment(machine, machine->has_orphans ? 0 : RELATIONS_SETTLED | quiet);
    judge_observe(machine->judge, true);
}

static bool do_settle(struct subject_machine *machine, struct operation operation) {
    (void)operation;
    subject_settle(machine);
    return true;
}

static bool do_reset_peaks(struct subject_machine *machine, struct operation operation) {
    (void)operation;
    struct call call = {.kind = CALL_RESET_PEAKS};
    judge_before(machine->judge, false);
    lanes_do(machine->lanes, 0, &call);
    note_moment(machine, 0);
    (void)judge_peaks_begin(machine->judge);
    return true;
}

static bool do_acquire(struct subject_machine *machine, struct operation operation) {
    judge_before(machine->judge, false);
    bool did = lanes_start(machine->lanes, operation_get(operation, OPERAND_CACHE));
    note_moment(machine, 0);
    return did;
}

static bool do_release(struct subject_machine *machine, struct operation operation) {
    judge_before(machine->judge, false);
    bool did = lanes_end(machine->lanes, operation_get(operation, OPERAND_CACHE));
    note_moment(machine, 0);
    judge_observe(machine->judge, true);
    return did;
}

static bool do_fault(struct subject_machine *machine, struct operation operation) {
    bool and_on = operation_get(operation, OPERAND_AND_ON) != 0;
    uint64_t more = operation_get(operation, OPERAND_MORE);
    host_set_fault(&machine->host, operation_get(operation, OPERAND_AT),
                   and_on ? UINT64_MAX : more);
    return operation_get(operation, OPERAND_AT) != 0;
}

static bool do_stats(struct subject_machine *machine, struct operation operation) {
    (void)operation;
    (void)executor_check(machine->executor, ORACLE_CHEAP);
    return true;
}

static bool do_check(struct subject_machine *machine, struct operation operation) {
    static const enum oracle_level levels[] = {ORACLE_CHEAP, ORACLE_FULL, ORACLE_PARANOID};
    (void)executor_check(machine->executor, levels[operation_get(operation, OPERAND_LEVEL)]);
    return true;
}

static bool do_expect(struct subject_machine *machine, struct operation operation) {
    if (!executor_options(machine->executor)->keeps_expectations) {
        return false;
    }
    uint32_t field = operation_get(operation, OPERAND_FIELD);
    uint64_t actual = executor_account(machine->executor)[field];
    uint64_t expected = operation_field_value(operation);
    (void)rule_judge(&machine->book, RULE_EXPECTED, actual == expected,
                     machine->subject->fields[field], (struct rule_value){"expected", expected},
                     (struct rule_value){"statistic", actual});
    return true;
}

// What does an operation here, by the capability that it asks for: only a Go-like heap has GO.
#define DOES_ALWAYS(name)  do_##name
#define DOES_FREE(name)    do_##name
#define DOES_ALIGNED(name) do_##name
#define DOES_REALLOC(name) do_##name
#define DOES_FLUSH(name)   do_##name
#define DOES_LANES(name)   do_##name
#define DOES_PURGE(name)   do_##name
#define DOES_COLLECT(name) do_##name
#define DOES_FAULT(name)   do_##name
#define DOES_EXPAND(name)  do_##name
#define DOES_SIZED(name)   do_##name
#define DOES_DROP(name)    do_##name
#define DOES_RESET(name)   do_##name
#define DOES_SETTLE(name)  do_##name
#define DOES_FORK(name)    do_nop // machine.c does it; a child forks no more
#define DOES_PEAKS(name)   do_##name
#define DOES_GO(name)      do_nop

bool subject_operate(struct subject_machine *machine, struct operation operation) {
    static bool (*const operate[OP_COUNT])(struct subject_machine *, struct operation) = {
#define OPERATION(code, id, name, form, operands, capability, requires, makes, weight, group,      \
                  moves, effect)                                                                   \
    [code] = DOES_##capability(name),
#include "fuzz/program/ops.def"
    };
    enum operation_code code = operation_code(operation);
    return language_has(&machine->subject->language, operation_descriptions[code].capability) &&
           operate[code](machine, operation);
}
