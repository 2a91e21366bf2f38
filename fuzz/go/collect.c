// collect: operations on the collection cycle, the sweep, the caches.
#include "fuzz/go/state.h"

#include "allocator/collect.h"

// Marking walks what lives, in the heap and once more in the model.
static void work_of_cycle(struct executor *executor) {
    executor_work(executor, 16 + model_object_count(executor->model) / 4);
}

bool exec_gc_start(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    bool forced = operation_get(operation, OPERAND_FORCED) != 0;
    if (cache == NULL || runtime_gc_is_marking(executor->runtime)) {
        return false;
    }
    work_of_cycle(executor);
    (void)model_gc_will_start(executor->model);
    if (!runtime_gc_start(executor->runtime, cache, forced)) {
        return false;
    }
    (void)model_gc_started(executor->model, executor->heap, forced);
    return true;
}

bool exec_gc_step(struct executor *executor, struct operation operation) {
    if (!runtime_gc_is_marking(executor->runtime)) {
        return false;
    }
    bool is_done =
        runtime_gc_mark_step(executor->runtime, operation_get(operation, OPERAND_OBJECTS));
    executor_note(executor, is_done);
    (void)model_gc_stepped(executor->model, executor->heap, is_done);
    return true;
}

bool exec_gc_finish(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    if (cache == NULL || !runtime_gc_is_marking(executor->runtime)) {
        return false;
    }
    work_of_cycle(executor);
    (void)model_gc_will_finish(executor->model);
    if (!runtime_gc_finish(executor->runtime, cache)) {
        return false;
    }
    (void)model_gc_finished(executor->model, executor->heap);
    return true;
}

bool exec_collect(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    if (cache == NULL || runtime_gc_is_marking(executor->runtime)) {
        return false;
    }
    work_of_cycle(executor);
    (void)model_gc_will_start(executor->model);
    (void)model_gc_will_finish(executor->model);
    bool sweeps = operation_get(operation, OPERAND_SWEEP) != 0;
    if (!runtime_collect(executor->runtime, cache, sweeps)) {
        return false;
    }
    (void)model_gc_started(executor->model, executor->heap, true);
    (void)model_gc_finished(executor->model, executor->heap);
    if (sweeps) {
        (void)model_sweep_finished(executor->model);
    }
    return true;
}

bool exec_sweep_one(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    size_t pages = cache == NULL ? 0 : heap_sweep_one(executor->heap, cache);
    executor_note(executor, pages);
    return pages != 0;
}

bool exec_sweep_finish(struct executor *executor, struct operation operation) {
    bool was_swept = heap_is_swept(executor->heap);
    struct mcache *cache =
        operation_get(operation, OPERAND_NOBODY) != 0 ? NULL : executor_cache(executor, operation);
    heap_sweep_finish(executor->heap, cache);
    (void)model_sweep_finished(executor->model);
    return !was_swept;
}

bool exec_flush(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    if (cache == NULL) {
        return false;
    }
    heap_flush_cache(executor->heap, cache);
    (void)model_cache_flushed(executor->model, heap_cache_id(cache));
    return true;
}

bool exec_acquire(struct executor *executor, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_CACHE);
    if (executor->caches[slot] != NULL) {
        return false;
    }
    executor->caches[slot] = heap_acquire_cache(executor->heap);
    if (executor->caches[slot] == NULL) {
        return false;
    }
    uint32_t id = heap_cache_id(executor->caches[slot]);
    (void)model_cache_acquired(executor->model, id);
    executor_note(executor, id);
    return true;
}

bool exec_release(struct executor *executor, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_CACHE);
    if (executor->caches[slot] == NULL) {
        return false;
    }
    uint32_t id = heap_cache_id(executor->caches[slot]);
    heap_release_cache(executor->heap, executor->caches[slot]);
    executor->caches[slot] = NULL;
    (void)model_cache_released(executor->model, id);
    return true;
}

bool exec_gc_percent(struct executor *executor, struct operation operation) {
    int32_t percent = operation_get(operation, OPERAND_OFF) != 0
                          ? -1
                          : (int32_t)operation_get(operation, OPERAND_PERCENT);
    int32_t old = runtime_set_gc_percent(executor->runtime, percent);
    (void)model_gc_percent_set(executor->model, percent);
    executor_note(executor, (uint64_t)(int64_t)old);
    return old != percent;
}
