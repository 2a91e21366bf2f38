// objects: operations that allocate, free and resize objects, and that write pointers.
#include "fuzz/go/state.h"

#include "allocator/fault.h"
#include "oracle/go/view/prediction.h"
#include "oracle/go/rules.h"

#define BYTES_PER_UNIT  256 // of work: zeroing and patterns; four times as much with pointers
#define BYTES_UNTOUCHED (256 * HEAP_PAGE_BYTES) // the page table

bool go_has_handle(struct go_machine *machine) {
    uint32_t taken = machine->is_in_gap ? 1 : 0; // by the call, once it returns
    if (machine->next_handle + taken >= MODEL_HANDLE_COUNT) {
        executor_work(machine->executor, executor_options(machine->executor)->work_limit);
        return false;
    }
    return true;
}

bool go_memory_failed(struct go_machine *machine) {
    uint64_t before = machine->failed_before;
    machine->failed_before = heap_fault_count(machine->heap);
    return machine->failed_before != before;
}

// Whether it is an object: the zero base counts nowhere.
static bool counts(const struct go_machine *machine, const void *object) {
    return object != NULL && object != heap_zero_base(machine->heap);
}

bool go_allocated(struct go_machine *machine, uint32_t slot, const struct model_request *request,
                  const void *object, size_t usable_bytes) {
    bool has_failed = go_memory_failed(machine);
    executor_note(machine->executor, (uintptr_t)object);
    bool may_fail = object != NULL || has_failed ||
                    !predict_has_room(machine->heap, request->size_bytes, request->align_bytes);
    (void)oracle_rule_text(machine->oracle, RULE_MODEL_STATUS, may_fail, 0,
                           "out of memory, though the system refused nothing");
    machine->handles[slot] = machine->next_handle;
    machine->allocated += counts(machine, object);
    struct model_request told = *request;
    told.memory_failed = has_failed;
    observe_sweeps(machine->observer, (uintptr_t)object);
    (void)model_allocated(machine->model, machine->next_handle, &told, (uintptr_t)object,
                          usable_bytes);
    (void)observe_sample(machine->observer);
    machine->next_handle += object != NULL;
    return object != NULL;
}

static void work_for_bytes(struct go_machine *machine, const struct model_request *request) {
    size_t bytes =
        request->size_bytes < HEAP_WINDOW_BYTES ? request->size_bytes : HEAP_WINDOW_BYTES;
    size_t units = bytes / (request->untouched ? BYTES_UNTOUCHED : BYTES_PER_UNIT);
    executor_work(machine->executor, request->layout == NULL ? units : 4 * units);
}

static bool allocate(struct go_machine *machine, uint32_t slot, struct mcache *cache,
                     const struct model_request *request) {
    bool is_vast = request->size_bytes > GO_TOUCHED_MAX;
    if ((is_vast && (heap_is_poisoned() || !request->untouched)) || !go_has_handle(machine)) {
        return false;
    }
    work_for_bytes(machine, request);
    machine->has_vast |= is_vast;
    void *object =
        request->align_bytes == 0
            ? heap_alloc(machine->heap, cache, request->size_bytes, request->layout, request->flags)
            : heap_alloc_aligned(machine->heap, cache, request->size_bytes, request->align_bytes,
                                 request->layout, request->flags);
    size_t usable = object == NULL ? 0 : heap_usable_bytes(machine->heap, object);
    return go_allocated(machine, slot, request, object, usable);
}

static struct model_request request_of(const struct mcache *cache, struct operation operation) {
    enum operation_code code = operation_code(operation);
    unsigned flags = operation_get(operation, OPERAND_ZERO) != 0 ? HEAP_ALLOC_ZERO : 0u;
    if (operation_has(code, OPERAND_TINY) && operation_get(operation, OPERAND_TINY) != 0) {
        flags |= HEAP_ALLOC_TINY;
    }
    return (struct model_request){
        .cache_id = heap_cache_id(cache),
        .size_bytes = operation_size(operation),
        .layout = go_layout(operation_get(operation, OPERAND_TYPE)),
        .flags = flags,
    };
}

bool exec_alloc(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    if (cache == NULL) {
        return false;
    }
    struct model_request request = request_of(cache, operation);
    if (operation_get(operation, OPERAND_UNTOUCHED) != 0) { // without pointers, and not zeroed
        request.untouched = true;
        request.layout = NULL;
        request.flags = 0;
    }
    return allocate(machine, operation_get(operation, OPERAND_HANDLE), cache, &request);
}

bool exec_alloc_aligned(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    if (cache == NULL) {
        return false;
    }
    struct model_request request = request_of(cache, operation);
    request.align_bytes = (size_t)1 << operation_get(operation, OPERAND_ALIGN);
    return allocate(machine, operation_get(operation, OPERAND_HANDLE), cache, &request);
}

bool exec_alloc_run(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    uint32_t handle_count = operation_handle_count(operation);
    bool effective = false;
    for (uint32_t count = operation_get(operation, OPERAND_RUN); cache != NULL && count > 0;
         count--) {
        struct model_request request = request_of(cache, operation);
        effective |= allocate(machine, slot, cache, &request);
        slot = (slot + 1) % handle_count;
        executor_work(machine->executor, 1);
    }
    return effective;
}

#define FAN_OBJECT_BYTES 64

// Stores a pointer to the slot's object in pointer word `index` of an object; false: it has none.
static bool store(struct go_machine *machine, uint32_t handle, size_t index, uint32_t slot) {
    const struct model_handle *holder = model_handle(machine->model, handle);
    const struct model_handle *target = go_handle(machine, slot);
    size_t count = holder == NULL ? 0 : model_pointer_word_count(machine->model, handle);
    if (target == NULL || index >= count) {
        return false;
    }
    uintptr_t value = target->address;
    size_t word = model_pointer_word(machine->model, handle, index);
    uintptr_t address = model_handle(machine->model, handle)->address;
    runtime_write_pointer(machine->runtime, address + word * sizeof(uintptr_t), value);
    return model_wrote_pointer(machine->model, handle, word, value);
}

// Small objects: the hub holds every second one, and that the next one. They keep no handle.
static void fan_out(struct go_machine *machine, struct mcache *cache, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    uint32_t hub = machine->handles[slot];
    struct model_request leaf = {.size_bytes = FAN_OBJECT_BYTES, .cache_id = heap_cache_id(cache)};
    leaf.layout = go_layout(operation_get(operation, OPERAND_TYPE));
    size_t count = (size_t)1 << operation_get(operation, OPERAND_SPREAD);
    for (size_t i = 0; i < count; i++) {
        uint32_t before = machine->handles[slot];
        executor_work(machine->executor, 1);
        if (!allocate(machine, slot, cache, &leaf)) {
            break;
        }
        (void)(i % 2 == 0 ? store(machine, hub, i / 2, slot) : store(machine, before, 0, slot));
    }
    machine->handles[slot] = hub;
}

bool exec_alloc_fan(struct go_machine *machine, struct operation operation) {
    static const uint8_t first_word[] = {1};
    static const struct gc_layout pointers = {8, 8, first_word};
    struct mcache *cache = go_cache(machine, operation);
    size_t count = (size_t)1 << operation_get(operation, OPERAND_SPREAD);
    if (cache == NULL) {
        return false;
    }
    const struct model_request hub = {.size_bytes = (count + 1) / 2 * sizeof(uintptr_t),
                                      .layout = &pointers,
                                      .cache_id = heap_cache_id(cache)};
    if (!allocate(machine, operation_get(operation, OPERAND_HANDLE), cache, &hub)) {
        return false;
    }
    fan_out(machine, cache, operation);
    return true;
}

static bool free_slot(struct go_machine *machine, uint32_t slot, struct mcache *cache) {
    const struct model_handle *shown = go_handle(machine, slot);
    if (shown == NULL || cache == NULL) {
        return false;
    }
    uintptr_t address = shown->address;
    uint32_t handle = machine->handles[slot];
    (void)model_will_free(machine->model, handle);
    bool is_remote = predict_is_remote(machine->heap, address, heap_cache_id(cache));
    enum heap_free_status status = heap_free(machine->heap, cache, (void *)address);
    (void)oracle_rule(machine->oracle, RULE_FREE_STATUS,
                      status == HEAP_FREE_DEFERRED || (status == HEAP_FREE_REMOTE) == is_remote,
                      "status", "owner elsewhere", is_remote, "heap", (uint64_t)status);
    machine->freed += status != HEAP_FREE_DEFERRED;
    observe_sweeps(machine->observer, 0);
    (void)model_freed(machine->model, handle, heap_cache_id(cache), status);
    executor_note(machine->executor, (uint64_t)status);
    return status != HEAP_FREE_DEFERRED;
}

bool exec_free(struct go_machine *machine, struct operation operation) {
    return free_slot(machine, operation_get(operation, OPERAND_HANDLE),
                     go_cache(machine, operation));
}

bool exec_free_run(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    uint32_t handle_count = operation_handle_count(operation);
    bool effective = false;
    for (uint32_t count = operation_get(operation, OPERAND_FREE_RUN); count > 0; count--) {
        effective |= free_slot(machine, slot, cache);
        slot = (slot + operation_get(operation, OPERAND_STRIDE)) % handle_count;
        executor_work(machine->executor, 1);
    }
    return effective;
}

bool exec_realloc(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = go_handle(machine, slot);
    if (cache == NULL || shown == NULL || shown->untouched ||
        operation_size(operation) > GO_TOUCHED_MAX) {
        return false;
    }
    struct model_request request = {
        .cache_id = heap_cache_id(cache),
        .size_bytes = operation_size(operation),
        .layout = shown->layout,
        .flags = operation_get(operation, OPERAND_ZERO) != 0 ? HEAP_ALLOC_ZERO : 0u,
    };
    void *old = (void *)shown->address;
    uint32_t handle = machine->handles[slot];
    work_for_bytes(machine, &request);
    (void)model_will_realloc(machine->model, handle);
    void *object = runtime_realloc(machine->runtime, cache, old, request.size_bytes, request.layout,
                                   request.flags);
    request.memory_failed = go_memory_failed(machine);
    machine->allocated += object != old && counts(machine, object);
    observe_sweeps(machine->observer, (uintptr_t)object);
    (void)model_realloced(machine->model, handle, &request, (uintptr_t)object);
    (void)observe_sample(machine->observer);
    executor_note(machine->executor, (uintptr_t)object);
    return object != NULL;
}

bool exec_write(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    const struct model_handle *shown = go_handle(machine, slot);
    uintptr_t value;
    if (shown == NULL || !go_target(machine, operation, &value)) {
        return false;
    }
    uint32_t handle = machine->handles[slot];
    uintptr_t address = shown->address;
    size_t count = model_pointer_word_count(machine->model, handle);
    if (count == 0) {
        return false;
    }
    size_t word =
        model_pointer_word(machine->model, handle, operation_get(operation, OPERAND_WORD) % count);
    runtime_write_pointer(machine->runtime, address + word * sizeof(uintptr_t), value);
    (void)model_wrote_pointer(machine->model, handle, word, value);
    return true;
}

bool exec_write_run(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_HANDLE);
    uint32_t first = operation_get(operation, OPERAND_FIRST);
    uint32_t fan = operation_get(operation, OPERAND_FAN);
    uint32_t handle = machine->handles[slot];
    const struct model_handle *shown = go_handle(machine, slot);
    size_t count = shown == NULL ? 0 : model_pointer_word_count(machine->model, handle);
    uint32_t handle_count = operation_handle_count(operation);
    bool effective = false;
    executor_work(machine->executor, fan / 4);
    for (uint32_t i = 0; i < fan && i < count; i++) {
        size_t index = (operation_get(operation, OPERAND_WORD) + i) % count;
        effective |= store(machine, handle, index, (first + i) % handle_count);
    }
    return effective;
}

static bool write_segment(struct go_machine *machine, struct operation operation, bool is_bss) {
    uintptr_t value;
    if (!go_target(machine, operation, &value)) {
        return false;
    }
    const struct segment *segment =
        is_bss ? runtime_bss_segment(machine->runtime) : runtime_data_segment(machine->runtime);
    size_t word = go_segment_word(operation_get(operation, OPERAND_WORD), is_bss);
    runtime_write_pointer(machine->runtime, segment->base + word * sizeof(uintptr_t), value);
    (void)model_segment_wrote(machine->model, is_bss ? MODEL_SEGMENT_BSS : MODEL_SEGMENT_DATA, word,
                              value);
    return true;
}

bool exec_write_data(struct go_machine *machine, struct operation operation) {
    return write_segment(machine, operation, false);
}

bool exec_write_bss(struct go_machine *machine, struct operation operation) {
    return write_segment(machine, operation, true);
}

bool exec_root_remove(struct go_machine *machine, struct operation operation) {
    uint32_t slot = operation_get(operation, OPERAND_ROOT);
    if (machine->roots[slot] == NULL) {
        return false;
    }
    runtime_remove_other_root(machine->runtime, machine->roots[slot]);
    machine->roots[slot] = NULL;
    (void)model_root_removed(machine->model, slot);
    return true;
}

bool exec_root_add(struct go_machine *machine, struct operation operation) {
    static const char *const descriptions[] = {"cgo handle", "profiler", "", "timer heap"};
    uint32_t slot = operation_get(operation, OPERAND_ROOT);
    uintptr_t value;
    if (machine->roots[slot] != NULL || !go_target(machine, operation, &value)) {
        return false;
    }
    const char *description = descriptions[slot % 4];
    machine->roots[slot] = runtime_add_other_root(machine->runtime, description, value);
    if (machine->roots[slot] == NULL) {
        return false;
    }
    (void)model_root_added(machine->model, slot, description, value);
    return true;
}
