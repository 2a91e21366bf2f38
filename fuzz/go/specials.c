// specials: operations on finalizers and the memory profile.
#include "fuzz/go/state.h"

#include "allocator/mprof.h"

#define STACK_FRAMES_LIMIT 40 // some are longer than what a bucket keeps

bool exec_finalizer_set(struct executor *executor, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = executor_handle(executor, slot);
    uintptr_t function;
    if (shown == NULL || shown->size_bytes == 0 ||
        !executor_target(executor, operation, &function)) {
        return false;
    }
    uintptr_t object = shown->address;
    const struct type *type = executor_type(executor, 2 + slot % 8);
    struct finalizer finalizer = {
        .object = object,
        .function = function,
        .entry = executor_pc(executor, 5),
        .function_type = (uintptr_t)type,
        .object_type = (uintptr_t)type,
    };
    enum special_status status = runtime_set_finalizer(executor->runtime, &finalizer);
    executor_note(executor, (uint64_t)status);
    (void)oracle_rule_text(executor->oracle, RULE_MODEL_STATUS, status != SPECIAL_NO_OBJECT, object,
                           "a finalizer found no object at a live object's address");
    if (status == SPECIAL_OK || status == SPECIAL_EXISTS) {
        (void)model_finalizer_added(executor->model, executor->handles[slot], &finalizer,
                                    status == SPECIAL_EXISTS);
    }
    return status == SPECIAL_OK;
}

bool exec_finalizer_remove(struct executor *executor, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = executor_handle(executor, slot);
    if (shown == NULL || shown->size_bytes == 0) {
        return false;
    }
    bool existed = heap_remove_finalizer(executor->heap, shown->address);
    (void)model_finalizer_removed(executor->model, executor->handles[slot], existed);
    executor_note(executor, existed);
    return existed;
}

bool exec_finalizer_start(struct executor *executor, struct operation operation) {
    (void)operation;
    struct finalizer running;
    if (!runtime_start_finalizer(executor->runtime, &running)) {
        (void)model_finalizer_not_started(executor->model);
        return false;
    }
    executor_note(executor, running.object);
    (void)model_finalizer_started(executor->model, &running);
    return true;
}

bool exec_finalizer_finish(struct executor *executor, struct operation operation) {
    (void)operation;
    size_t before = runtime_finalizer_queue_length(executor->runtime);
    runtime_finish_finalizer(executor->runtime);
    if (runtime_finalizer_queue_length(executor->runtime) == before) {
        return false;
    }
    (void)model_finalizer_finished(executor->model);
    return true;
}

bool exec_profile_rate(struct executor *executor, struct operation operation) {
    uint64_t rate = operation_get(operation, OPERAND_RATE);
    bool differs = heap_profile_rate(executor->heap) != rate;
    heap_set_profile_rate(executor->heap, rate);
    (void)model_profile_rate_set(executor->model, rate);
    return differs;
}

bool exec_call_stack(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    if (cache == NULL) {
        return false;
    }
    uint32_t stack = operation_get(operation, OPERAND_STACK);
    uintptr_t frames[STACK_FRAMES_LIMIT];
    size_t count = stack % STACK_FRAMES_LIMIT;
    for (size_t i = 0; i < count; i++) {
        frames[i] = executor_pc(executor, stack * 7 + (uint32_t)i * 3);
    }
    heap_set_call_stack(cache, frames, count);
    (void)model_call_stack_set(executor->model, heap_cache_id(cache), frames, count);
    return true;
}

bool exec_profile_cycle(struct executor *executor, struct operation operation) {
    (void)operation;
    heap_profile_next_cycle(executor->heap);
    heap_profile_flush(executor->heap);
    (void)model_profile_cycled(executor->model);
    return true;
}
