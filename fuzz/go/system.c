// system: operations on pages, threads, the system's failures, itabs; and those that read and
// check.
#include "fuzz/go/state.h"

#include "allocator/fault.h"
#include "fuzz/go/statistics.h"
#include "oracle/go/view/prediction.h"
#include "oracle/go/rules.h"

// nop, and what only other heaps have: the executor's language leaves these out, a file may still
// hold them.
#define DOES_NOTHING(name)                                                                         \
    bool exec_##name(struct go_machine *machine, struct operation operation) {                     \
        (void)machine;                                                                             \
        (void)operation;                                                                           \
        return false;                                                                              \
    }
DOES_NOTHING(nop)
DOES_NOTHING(expand)
DOES_NOTHING(free_sized)
DOES_NOTHING(drop)
DOES_NOTHING(reset)
DOES_NOTHING(settle)
DOES_NOTHING(reset_peaks)

bool exec_manual_alloc(struct go_machine *machine, struct operation operation) {
    struct manual_slot *slot = &machine->manuals[operation_get(operation, OPERAND_MANUAL)];
    size_t pages = operation_get(operation, OPERAND_PAGES);
    bool is_vast = heap_is_poisoned() && pages > GO_TOUCHED_MAX / HEAP_PAGE_BYTES;
    if (slot->base != NULL || is_vast) {
        return false;
    }
    slot->stat = (enum manual_stat)operation_get(operation, OPERAND_STAT);
    uintptr_t fit = predict_fit(machine->heap, pages);
    slot->base = heap_alloc_manual(machine->heap, pages, slot->stat);
    executor_note(machine->executor, (uintptr_t)slot->base);
    if (slot->base == NULL) {
        return false;
    }
    (void)oracle_rule(machine->oracle, RULE_PAGE_FIT, fit == 0 || (uintptr_t)slot->base == fit,
                      "address", "lowest fit", fit, "heap", (uintptr_t)slot->base);
    observe_sweeps(machine->observer, 0);
    (void)model_manual_allocated(machine->model, (uintptr_t)slot->base, pages, slot->stat);
    return true;
}

bool exec_manual_free(struct go_machine *machine, struct operation operation) {
    struct manual_slot *slot = &machine->manuals[operation_get(operation, OPERAND_MANUAL)];
    if (slot->base == NULL) {
        return false;
    }
    heap_free_manual(machine->heap, slot->base, slot->stat);
    (void)model_manual_freed(machine->model, (uintptr_t)slot->base);
    slot->base = NULL;
    return true;
}

bool exec_thread_start(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_THREAD);
    if (machine->threads[slot] != NULL) {
        return false;
    }
    uint64_t process_id = machine->first_process + 1000 + slot;
    struct osthread *thread = runtime_start_osthread(machine->runtime, process_id);
    if (thread == NULL) {
        return false;
    }
    machine->threads[slot] = thread;
    const struct model_osthread started = {(uintptr_t)thread, thread->id, process_id,
                                           (uintptr_t)thread->stack};
    (void)model_osthread_started(machine->model, &started);
    return true;
}

bool exec_thread_exit(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_THREAD);
    struct osthread *thread = machine->threads[slot];
    if (thread == NULL) {
        return false;
    }
    runtime_exit_osthread(machine->runtime, thread);
    machine->threads[slot] = NULL;
    (void)model_osthread_exited(machine->model, (uintptr_t)thread);
    return true;
}

// All that was asked for, or all there was; less only when the system refused.
static void check_released(struct go_machine *machine, size_t size_bytes, size_t idle_before,
                           size_t released) {
    size_t idle_after = predict_idle_pages(machine->heap);
    size_t wanted = size_bytes / HEAP_PAGE_BYTES + (size_bytes % HEAP_PAGE_BYTES != 0);
    size_t due = wanted < idle_before ? wanted : idle_before;
    size_t done = idle_before - idle_after;
    bool has_failed = go_memory_failed(machine);
    (void)oracle_rule(machine->oracle, RULE_PAGE_RELEASE, done == due || (has_failed && done < due),
                      "pages", "due", due, "heap", done);
    (void)oracle_rule(machine->oracle, RULE_PAGE_RELEASE, released == done * HEAP_PAGE_BYTES,
                      "bytes", "pages' bits", done * HEAP_PAGE_BYTES, "heap", released);
}

bool exec_scavenge(struct go_machine *machine, struct operation operation) {
    size_t bytes = operation_get(operation, OPERAND_ALL) != 0
                       ? SIZE_MAX
                       : operation_get(operation, OPERAND_RELEASE_PAGES) * HEAP_PAGE_BYTES;
    size_t idle_pages = predict_idle_pages(machine->heap);
    size_t released = heap_scavenge(machine->heap, bytes);
    (void)model_scavenged(machine->model, bytes, released);
    check_released(machine, bytes, idle_pages, released);
    executor_note(machine->executor, released);
    executor_work(machine->executor, 4 + released / (HEAP_PAGE_BYTES * 16));
    return released != 0;
}

bool exec_fault(struct go_machine *machine, struct operation operation) {
    enum sysmem_call call = (enum sysmem_call)operation_get(operation, OPERAND_CALL);
    bool and_on = operation_get(operation, OPERAND_AND_ON) != 0;
    // A reset heap makes the calls that a new one makes.
    executor_note(machine->executor, heap_call_count(machine->heap, call));
    heap_set_faults(machine->heap, call, operation_get(operation, OPERAND_AT),
                    and_on ? UINT64_MAX : 1 + (uint64_t)operation_get(operation, OPERAND_MORE));
    return operation_get(operation, OPERAND_AT) != 0;
}

bool exec_itab(struct go_machine *machine, struct operation operation) {
    const struct type *type = go_type(machine, operation_get(operation, OPERAND_TYPE));
    bool negative = operation_get(operation, OPERAND_NEGATIVE) != 0;
    const struct itab *itab =
        type == NULL ? NULL : runtime_define_itab(machine->runtime, type, negative);
    if (itab == NULL) {
        return false;
    }
    (void)model_itab_defined(machine->model, (uintptr_t)itab, (uintptr_t)type, negative);
    return true;
}

bool exec_stats(struct go_machine *machine, struct operation operation) {
    (void)operation;
    (void)go_check(machine, ORACLE_CHEAP);
    return true;
}

bool exec_check(struct go_machine *machine, struct operation operation) {
    static const enum oracle_level levels[] = {ORACLE_CHEAP, ORACLE_FULL, ORACLE_PARANOID};
    uint32_t level = operation_get(operation, OPERAND_LEVEL);
    executor_work(machine->executor, level == 2 ? 100 : 0);
    (void)go_check(machine, levels[level]);
    if (levels[level] == ORACLE_PARANOID) {
        bool sound = inspect_is_sound(machine->heap) && runtime_is_sound(machine->runtime) &&
                     oracle_is_sound(machine->oracle);
        (void)oracle_rule_text(machine->oracle, RULE_MODEL_STATUS, sound, 0,
                               "heap, runtime or ledger break an invariant of their own");
    }
    return true;
}

bool exec_expect(struct go_machine *machine, struct operation operation) {
    if (!executor_options(machine->executor)->keeps_expectations) {
        return false;
    }
    enum statistic statistic = (enum statistic)operation_get(operation, OPERAND_FIELD);
    uint64_t actual = statistic_value(go_stats(machine), statistic);
    uint64_t expected = operation_field_value(operation);
    (void)oracle_rule(machine->oracle, RULE_EXPECTED, actual == expected,
                      statistic_names[statistic], "expected", expected, "fast account", actual);
    return true;
}
