// collect: operations on the collection cycle, the sweep, the caches.
#include "fuzz/go/state.h"

#include "allocator/collect.h"

// Marking walks what lives, in the heap and once more in the model.
static void work_of_cycle(struct go_machine *machine) {
    executor_work(machine->executor, 16 + model_object_count(machine->model) / 4);
}

bool exec_gc_start(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    bool forced = operation_get(operation, OPERAND_FORCED) != 0;
    if (cache == NULL || runtime_gc_is_marking(machine->runtime)) {
        return false;
    }
    work_of_cycle(machine);
    (void)model_gc_will_start(machine->model);
    if (!runtime_gc_start(machine->runtime, cache, forced)) {
        return false;
    }
    (void)observe_gc_started(machine->observer, forced);
    return true;
}

bool exec_gc_step(struct go_machine *machine, struct operation operation) {
    if (!runtime_gc_is_marking(machine->runtime)) {
        return false;
    }
    bool is_done =
        runtime_gc_mark_step(machine->runtime, operation_get(operation, OPERAND_OBJECTS));
    executor_note(machine->executor, is_done);
    if (is_done) {
        (void)observe_marking_done(machine->observer);
    }
    return true;
}

bool exec_gc_finish(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    if (cache == NULL || !runtime_gc_is_marking(machine->runtime)) {
        return false;
    }
    work_of_cycle(machine);
    (void)model_gc_will_finish(machine->model);
    if (!runtime_gc_finish(machine->runtime, cache)) {
        return false;
    }
    (void)observe_gc_finished(machine->observer);
    return true;
}

bool exec_collect(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    if (cache == NULL || runtime_gc_is_marking(machine->runtime)) {
        return false;
    }
    work_of_cycle(machine);
    (void)model_gc_will_start(machine->model);
    (void)model_gc_will_finish(machine->model);
    bool sweeps = operation_get(operation, OPERAND_SWEEP) != 0;
    if (!runtime_collect(machine->runtime, cache, sweeps)) {
        return false;
    }
    (void)observe_gc_started(machine->observer, true);
    (void)observe_gc_finished(machine->observer);
    if (sweeps) {
        (void)observe_sweep_finished(machine->observer);
    }
    return true;
}

bool exec_sweep_one(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    size_t pages = cache == NULL ? 0 : heap_sweep_one(machine->heap, cache);
    executor_note(machine->executor, pages);
    return pages != 0;
}

bool exec_sweep_finish(struct go_machine *machine, struct operation operation) {
    bool was_swept = heap_is_swept(machine->heap);
    struct mcache *cache =
        operation_get(operation, OPERAND_NOBODY) != 0 ? NULL : go_cache(machine, operation);
    heap_sweep_finish(machine->heap, cache);
    (void)observe_sweep_finished(machine->observer);
    return !was_swept;
}

bool exec_flush(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    if (cache == NULL) {
        return false;
    }
    heap_flush_cache(machine->heap, cache);
    (void)model_cache_flushed(machine->model, heap_cache_id(cache));
    return true;
}

bool exec_acquire(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_CACHE);
    if (machine->caches[slot] != NULL) {
        return false;
    }
    machine->caches[slot] = heap_acquire_cache(machine->heap);
    if (machine->caches[slot] == NULL) {
        return false;
    }
    uint32_t id = heap_cache_id(machine->caches[slot]);
    (void)model_cache_acquired(machine->model, id);
    executor_note(machine->executor, id);
    return true;
}

bool exec_release(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_CACHE);
    if (machine->caches[slot] == NULL) {
        return false;
    }
    uint32_t id = heap_cache_id(machine->caches[slot]);
    heap_release_cache(machine->heap, machine->caches[slot]);
    machine->caches[slot] = NULL;
    (void)model_cache_released(machine->model, id);
    return true;
}

bool exec_gc_percent(struct go_machine *machine, struct operation operation) {
    int32_t percent = operation_get(operation, OPERAND_OFF) != 0
                          ? -1
                          : (int32_t)operation_get(operation, OPERAND_PERCENT);
    int32_t old = runtime_set_gc_percent(machine->runtime, percent);
    (void)model_gc_percent_set(machine->model, percent);
    executor_note(machine->executor, (uint64_t)(int64_t)old);
    return old != percent;
}
