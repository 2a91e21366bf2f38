// specials: operations on finalizers, cleanups and the memory profile.
#include "fuzz/go/state.h"

#include "allocator/mprof.h"
#include "oracle/go/rules.h"

#define STACK_FRAMES_LIMIT 40 // some are longer than what a bucket keeps

bool exec_finalizer_set(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = go_handle(machine, slot);
    uintptr_t function;
    if (shown == NULL || shown->size_bytes == 0 || !go_target(machine, operation, &function)) {
        return false;
    }
    uintptr_t object = shown->address;
    const struct type *type = go_type(machine, 2 + slot % 8);
    struct finalizer finalizer = {
        .object = object,
        .function = function,
        .entry = go_pc(machine, 5),
        .function_type = (uintptr_t)type,
        .object_type = (uintptr_t)type,
    };
    enum special_status status = runtime_set_finalizer(machine->runtime, &finalizer);
    executor_note(machine->executor, (uint64_t)status);
    (void)oracle_rule_text(machine->oracle, RULE_MODEL_STATUS, status != SPECIAL_NO_OBJECT, object,
                           "a finalizer found no object at a live object's address");
    if (status == SPECIAL_OK || status == SPECIAL_EXISTS) {
        observe_sweeps(machine->observer, 0);
        observe_places(machine->observer);
        (void)model_finalizer_added(machine->model, machine->handles[slot], &finalizer,
                                    status == SPECIAL_EXISTS);
    }
    return status == SPECIAL_OK;
}

bool exec_finalizer_remove(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = go_handle(machine, slot);
    if (shown == NULL || shown->size_bytes == 0) {
        return false;
    }
    bool existed = heap_remove_finalizer(machine->heap, shown->address);
    observe_sweeps(machine->observer, 0);
    (void)model_finalizer_removed(machine->model, machine->handles[slot], existed);
    executor_note(machine->executor, existed);
    return existed;
}

bool exec_cleanup_add(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = go_handle(machine, slot);
    uintptr_t function;
    if (shown == NULL || shown->size_bytes == 0 || !go_target(machine, operation, &function)) {
        return false;
    }
    struct finalizer cleanup = {
        .object = shown->address, .function = function, .entry = go_pc(machine, 6)};
    enum special_status status = runtime_add_cleanup(machine->runtime, &cleanup);
    executor_note(machine->executor, (uint64_t)status);
    (void)oracle_rule_text(machine->oracle, RULE_MODEL_STATUS,
                           status == SPECIAL_OK || status == SPECIAL_NO_MEMORY, cleanup.object,
                           "a cleanup was refused at a live object's address");
    if (status != SPECIAL_OK) {
        return false;
    }
    observe_sweeps(machine->observer, 0);
    observe_places(machine->observer);
    (void)model_cleanup_added(machine->model, machine->handles[slot], &cleanup);
    return true;
}

bool exec_cleanup_stop(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = go_handle(machine, slot);
    if (shown == NULL || shown->size_bytes == 0) {
        return false;
    }
    bool existed = heap_remove_cleanup(machine->heap, shown->address);
    observe_sweeps(machine->observer, 0);
    (void)model_cleanup_removed(machine->model, machine->handles[slot], existed);
    executor_note(machine->executor, existed);
    return existed;
}

bool exec_finalizer_start(struct go_machine *machine, struct operation operation) {
    (void)operation;
    struct finalizer running;
    bool started = runtime_start_finalizer(machine->runtime, &running);
    observe_sweeps(machine->observer, 0);
    if (!started) {
        (void)model_finalizer_not_started(machine->model);
        return false;
    }
    executor_note(machine->executor, running.object);
    (void)model_finalizer_started(machine->model, &running);
    return true;
}

bool exec_finalizer_finish(struct go_machine *machine, struct operation operation) {
    (void)operation;
    size_t before = runtime_finalizer_queue_length(machine->runtime);
    runtime_finish_finalizer(machine->runtime);
    if (runtime_finalizer_queue_length(machine->runtime) == before) {
        return false;
    }
    (void)model_finalizer_finished(machine->model);
    return true;
}

bool exec_profile_rate(struct go_machine *machine, struct operation operation) {
    uint64_t rate = operation_get(operation, OPERAND_RATE);
    bool differs = heap_profile_rate(machine->heap) != rate;
    heap_set_profile_rate(machine->heap, rate);
    (void)model_profile_rate_set(machine->model, rate);
    return differs;
}

bool exec_call_stack(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    if (cache == NULL) {
        return false;
    }
    uint32_t stack = operation_get(operation, OPERAND_STACK);
    uintptr_t frames[STACK_FRAMES_LIMIT];
    size_t count = stack % STACK_FRAMES_LIMIT;
    for (size_t i = 0; i < count; i++) {
        frames[i] = go_pc(machine, stack * 7 + (uint32_t)i * 3);
    }
    heap_set_call_stack(cache, frames, count);
    (void)model_call_stack_set(machine->model, heap_cache_id(cache), frames, count);
    return true;
}

bool exec_profile_cycle(struct go_machine *machine, struct operation operation) {
    (void)operation;
    heap_profile_next_cycle(machine->heap);
    heap_profile_flush(machine->heap);
    observe_sweeps(machine->observer, 0); // what was swept so far was in the cycle that ends
    (void)model_profile_cycled(machine->model);
    return true;
}
