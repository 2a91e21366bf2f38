// objects: operations that allocate, free and resize objects, and that write pointers.
#include "fuzz/go/state.h"

#include "allocator/fault.h"
#include "oracle/go/model/foresight.h"

#define BYTES_PER_UNIT 256 // of work: zeroing and patterns; four times as much with pointers

bool executor_has_handle(struct executor *executor) {
    if (executor->next_handle == MODEL_HANDLE_COUNT) {
        executor_work(executor, executor->options.work_limit);
        return false;
    }
    return true;
}

bool executor_memory_failed(struct executor *executor) {
    uint64_t before = executor->failed_before;
    executor->failed_before = heap_fault_count(executor->heap);
    return executor->failed_before != before;
}

// Whether it is an object: the zero base counts nowhere.
static bool counts(const struct executor *executor, const void *object) {
    return object != NULL && object != heap_zero_base(executor->heap);
}

bool executor_allocated(struct executor *executor, uint32_t slot,
                        const struct model_request *request, const void *object,
                        size_t usable_bytes) {
    bool has_failed = executor_memory_failed(executor);
    executor_note(executor, (uintptr_t)object);
    (void)oracle_rule_text(executor->oracle, RULE_MODEL_STATUS, object != NULL || has_failed, 0,
                           "out of memory, though the system refused nothing");
    executor->handles[slot] = executor->next_handle;
    executor->allocated += counts(executor, object);
    struct model_request told = *request;
    told.memory_failed = has_failed;
    (void)model_allocated(executor->model, executor->next_handle, &told, (uintptr_t)object,
                          usable_bytes);
    executor->next_handle += object != NULL;
    return object != NULL;
}

static void work_for_bytes(struct executor *executor, const struct model_request *request) {
    size_t units = request->size_bytes / BYTES_PER_UNIT;
    executor_work(executor, request->layout == NULL ? units : 4 * units);
}

static bool allocate(struct executor *executor, uint32_t slot, struct mcache *cache,
                     const struct model_request *request) {
    if (!executor_has_handle(executor)) {
        return false;
    }
    work_for_bytes(executor, request);
    void *object = request->align_bytes == 0
                       ? heap_alloc(executor->heap, cache, request->size_bytes, request->layout,
                                    request->flags)
                       : heap_alloc_aligned(executor->heap, cache, request->size_bytes,
                                            request->align_bytes, request->layout, request->flags);
    size_t usable = object == NULL ? 0 : heap_usable_bytes(executor->heap, object);
    return executor_allocated(executor, slot, request, object, usable);
}

static struct model_request request_of(const struct mcache *cache, struct operation operation) {
    enum operation_code code = operation_code(operation);
    unsigned flags = operation_get(operation, OPERAND_ZERO) != 0 ? HEAP_ALLOC_ZERO : 0u;
    if (operation_has(code, OPERAND_TINY) && operation_get(operation, OPERAND_TINY) != 0) {
        flags |= HEAP_ALLOC_TINY;
    }
    return (struct model_request){
        .cache_id = heap_cache_id(cache),
        .size_bytes = operation_get(operation, OPERAND_SIZE),
        .layout = executor_layout(operation_get(operation, OPERAND_TYPE)),
        .flags = flags,
    };
}

bool exec_alloc(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    if (cache == NULL) {
        return false;
    }
    struct model_request request = request_of(cache, operation);
    return allocate(executor, operation_get(operation, OPERAND_HANDLE), cache, &request);
}

bool exec_alloc_aligned(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    if (cache == NULL) {
        return false;
    }
    struct model_request request = request_of(cache, operation);
    request.align_bytes = (size_t)1 << operation_get(operation, OPERAND_ALIGN);
    return allocate(executor, operation_get(operation, OPERAND_HANDLE), cache, &request);
}

bool exec_alloc_run(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    bool effective = false;
    for (uint32_t count = operation_get(operation, OPERAND_RUN); cache != NULL && count > 0;
         count--) {
        struct model_request request = request_of(cache, operation);
        effective |= allocate(executor, slot, cache, &request);
        slot = (slot + 1) % EXECUTOR_HANDLES;
        executor_work(executor, 1);
    }
    return effective;
}

#define FAN_OBJECT_BYTES 64

// Stores a pointer to the slot's object in pointer word `index` of an object; false: it has none.
static bool store(struct executor *executor, uint32_t handle, size_t index, uint32_t slot) {
    const struct model_handle *holder = model_handle(executor->model, handle);
    const struct model_handle *target = executor_handle(executor, slot);
    size_t count = holder == NULL ? 0 : model_pointer_word_count(executor->model, handle);
    if (target == NULL || index >= count) {
        return false;
    }
    uintptr_t value = target->address;
    size_t word = model_pointer_word(executor->model, handle, index);
    uintptr_t address = model_handle(executor->model, handle)->address;
    runtime_write_pointer(executor->runtime, address + word * sizeof(uintptr_t), value);
    return model_wrote_pointer(executor->model, handle, word, value);
}

// Small objects: the hub holds every second one, and that the next one. They keep no handle.
static void fan_out(struct executor *executor, struct mcache *cache, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    uint32_t hub = executor->handles[slot];
    struct model_request leaf = {.size_bytes = FAN_OBJECT_BYTES, .cache_id = heap_cache_id(cache)};
    leaf.layout = executor_layout(operation_get(operation, OPERAND_TYPE));
    size_t count = (size_t)1 << operation_get(operation, OPERAND_SPREAD);
    for (size_t i = 0; i < count; i++) {
        uint32_t before = executor->handles[slot];
        executor_work(executor, 1);
        if (!allocate(executor, slot, cache, &leaf)) {
            break;
        }
        (void)(i % 2 == 0 ? store(executor, hub, i / 2, slot) : store(executor, before, 0, slot));
    }
    executor->handles[slot] = hub;
}

bool exec_alloc_fan(struct executor *executor, struct operation operation) {
    static const uint8_t first_word[] = {1};
    static const struct gc_layout pointers = {8, 8, first_word};
    struct mcache *cache = executor_cache(executor, operation);
    size_t count = (size_t)1 << operation_get(operation, OPERAND_SPREAD);
    if (cache == NULL) {
        return false;
    }
    const struct model_request hub = {.size_bytes = (count + 1) / 2 * sizeof(uintptr_t),
                                      .layout = &pointers,
                                      .cache_id = heap_cache_id(cache)};
    if (!allocate(executor, operation_get(operation, OPERAND_HANDLE), cache, &hub)) {
        return false;
    }
    fan_out(executor, cache, operation);
    return true;
}

static bool free_slot(struct executor *executor, uint32_t slot, struct mcache *cache) {
    const struct model_handle *shown = executor_handle(executor, slot);
    if (shown == NULL || cache == NULL) {
        return false;
    }
    uintptr_t address = shown->address;
    uint32_t handle = executor->handles[slot];
    (void)model_will_free(executor->model, handle);
    bool is_remote = foresight_is_remote(executor->heap, address, heap_cache_id(cache));
    enum heap_free_status status = heap_free(executor->heap, cache, (void *)address);
    (void)oracle_rule(executor->oracle, RULE_FREE_STATUS,
                      status == HEAP_FREE_DEFERRED || (status == HEAP_FREE_REMOTE) == is_remote,
                      "status", "owner elsewhere", is_remote, "heap", (uint64_t)status);
    executor->freed += status != HEAP_FREE_DEFERRED;
    (void)model_freed(executor->model, handle, heap_cache_id(cache), status);
    executor_note(executor, (uint64_t)status);
    return status != HEAP_FREE_DEFERRED;
}

bool exec_free(struct executor *executor, struct operation operation) {
    return free_slot(executor, operation_get(operation, OPERAND_HANDLE),
                     executor_cache(executor, operation));
}

bool exec_free_run(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    bool effective = false;
    for (uint32_t count = operation_get(operation, OPERAND_FREE_RUN); count > 0; count--) {
        effective |= free_slot(executor, slot, cache);
        slot = (slot + operation_get(operation, OPERAND_STRIDE)) % EXECUTOR_HANDLES;
        executor_work(executor, 1);
    }
    return effective;
}

bool exec_realloc(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = executor_handle(executor, slot);
    if (cache == NULL || shown == NULL) {
        return false;
    }
    struct model_request request = {
        .cache_id = heap_cache_id(cache),
        .size_bytes = operation_get(operation, OPERAND_SIZE),
        .layout = shown->layout,
        .flags = operation_get(operation, OPERAND_ZERO) != 0 ? HEAP_ALLOC_ZERO : 0u,
    };
    void *old = (void *)shown->address;
    uint32_t handle = executor->handles[slot];
    work_for_bytes(executor, &request);
    (void)model_will_realloc(executor->model, handle);
    void *object = runtime_realloc(executor->runtime, cache, old, request.size_bytes,
                                   request.layout, request.flags);
    request.memory_failed = executor_memory_failed(executor);
    executor->allocated += object != old && counts(executor, object);
    (void)model_realloced(executor->model, handle, &request, (uintptr_t)object);
    executor_note(executor, (uintptr_t)object);
    return object != NULL;
}

bool exec_write(struct executor *executor, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = executor_handle(executor, slot);
    uintptr_t value;
    if (shown == NULL || !executor_target(executor, operation, &value)) {
        return false;
    }
    uint32_t handle = executor->handles[slot];
    uintptr_t address = shown->address;
    size_t count = model_pointer_word_count(executor->model, handle);
    if (count == 0) {
        return false;
    }
    size_t word =
        model_pointer_word(executor->model, handle, operation_get(operation, OPERAND_WORD) % count);
    runtime_write_pointer(executor->runtime, address + word * sizeof(uintptr_t), value);
    (void)model_wrote_pointer(executor->model, handle, word, value);
    return true;
}

bool exec_write_run(struct executor *executor, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    uint32_t first = operation_get(operation, OPERAND_FIRST);
    uint32_t fan = operation_get(operation, OPERAND_FAN);
    uint32_t handle = executor->handles[slot];
    const struct model_handle *shown = executor_handle(executor, slot);
    size_t count = shown == NULL ? 0 : model_pointer_word_count(executor->model, handle);
    bool effective = false;
    executor_work(executor, fan / 4);
    for (uint32_t i = 0; i < fan && i < count; i++) {
        size_t index = (operation_get(operation, OPERAND_WORD) + i) % count;
        effective |= store(executor, handle, index, (first + i) % EXECUTOR_HANDLES);
    }
    return effective;
}

static bool write_segment(struct executor *executor, struct operation operation, bool is_bss) {
    uintptr_t value;
    if (!executor_target(executor, operation, &value)) {
        return false;
    }
    const struct segment *segment =
        is_bss ? runtime_bss_segment(executor->runtime) : runtime_data_segment(executor->runtime);
    size_t word = executor_segment_word(operation_get(operation, OPERAND_WORD), is_bss);
    runtime_write_pointer(executor->runtime, segment->base + word * sizeof(uintptr_t), value);
    (void)model_segment_wrote(executor->model, is_bss ? MODEL_SEGMENT_BSS : MODEL_SEGMENT_DATA,
                              word, value);
    return true;
}

bool exec_write_data(struct executor *executor, struct operation operation) {
    return write_segment(executor, operation, false);
}

bool exec_write_bss(struct executor *executor, struct operation operation) {
    return write_segment(executor, operation, true);
}

bool exec_root_remove(struct executor *executor, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_ROOT);
    if (executor->roots[slot] == NULL) {
        return false;
    }
    runtime_remove_other_root(executor->runtime, executor->roots[slot]);
    executor->roots[slot] = NULL;
    (void)model_root_removed(executor->model, slot);
    return true;
}

bool exec_root_add(struct executor *executor, struct operation operation) {
    static const char *const descriptions[] = {"cgo handle", "profiler", "", "timer heap"};
    uint32_t slot = operation_get(operation, OPERAND_ROOT);
    uintptr_t value;
    if (executor->roots[slot] != NULL || !executor_target(executor, operation, &value)) {
        return false;
    }
    const char *description = descriptions[slot % 4];
    executor->roots[slot] = runtime_add_other_root(executor->runtime, description, value);
    if (executor->roots[slot] == NULL) {
        return false;
    }
    (void)model_root_added(executor->model, slot, description, value);
    return true;
}
