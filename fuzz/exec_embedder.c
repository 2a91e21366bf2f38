// exec_embedder: operations that only an embedder makes: the world stopped, a fork, real threads,
// other heaps, memory and functions of its own, and calls that must be refused.
#include "fuzz/executor_state.h"

#include "allocator/collect.h"
#include "allocator/special.h"
#include "allocator/sysmem.h"

#include <pthread.h>
#include <string.h>

#define BYTES_PER_UNIT   256 // of work
#define STOP_DEPTH_MAX   3
#define THREAD_WORK      200
#define HEAP_WORK        200
#define UNKNOWN_PC       ((uintptr_t)0x10)
#define WORDS_OF_NO_HEAP (SIZE_MAX / sizeof(uintptr_t) + 1)

static bool must(struct executor *executor, bool holds, uint64_t value, const char *sentence) {
    return oracle_rule_text(executor->oracle, RULE_MODEL_STATUS, holds, value, "%s", sentence);
}

// ---- the world

void executor_let_world_run(struct executor *executor) {
    for (; executor->stop_depth > 0; executor->stop_depth--) {
        runtime_start_world(executor->runtime);
    }
}

bool exec_world(struct executor *executor, struct operation operation) {
    enum { STOP, START, FORK_PARENT, FORK_CHILD };
    switch (operation_get(operation, OPERAND_WORLD)) {
    case STOP:
        if (executor->stop_depth == STOP_DEPTH_MAX) {
            return false;
        }
        runtime_stop_world(executor->runtime);
        executor->stop_depth++;
        return true;
    case START:
        if (executor->stop_depth == 0) {
            return false;
        }
        runtime_start_world(executor->runtime);
        executor->stop_depth--;
        return true;
    case FORK_PARENT:
        heap_fork_prepare(executor->heap);
        heap_fork_parent(executor->heap);
        return true;
    default: // what a child does is done here: nothing of it asks for another process
        heap_fork_prepare(executor->heap);
        heap_fork_child(executor->heap);
        return true;
    }
}

bool exec_gc_poll(struct executor *executor, struct operation operation) {
    bool is_marking = runtime_gc_is_marking(executor->runtime);
    bool is_due = runtime_gc_is_due(executor->runtime);
    const struct memstats *stats = executor_stats(executor);
    (void)must(executor, !is_due || (!is_marking && stats->HeapInuse >= stats->NextGC), is_due,
               "a cycle is due, though less than NextGC is in use");
    (void)must(executor,
               is_due || is_marking || !heap_is_swept(executor->heap) ||
                   stats->HeapAlloc < stats->NextGC,
               is_due, "no cycle is due, though NextGC is reached");
    if (is_due) {
        (void)exec_collect(executor, operation);
    }
    return true;
}

// ---- a real thread: it attaches, allocates, and ends; nobody else runs meanwhile

struct thread_run {
    struct executor *executor;
    struct model_request request;
    bool detaches; // before it ends
    struct mcache *cache, *cache_again;
    uint32_t cache_id;
    struct model_osthread thread;
    void *object;
    size_t usable_bytes;
};

static void *thread_main(void *context) {
    struct thread_run *run = context;
    struct executor *executor = run->executor;
    const struct model_request *request = &run->request;
    run->cache = runtime_attach(executor->runtime);
    if (run->cache == NULL) {
        return NULL;
    }
    run->cache_again = runtime_attach(executor->runtime);
    run->cache_id = heap_cache_id(run->cache);
    const struct osthread *thread = runtime_first_osthread(executor->runtime);
    run->thread = (struct model_osthread){(uintptr_t)thread, thread->id, thread->process_id,
                                          (uintptr_t)thread->stack};
    run->object = heap_alloc(executor->heap, run->cache, request->size_bytes, request->layout,
                             request->flags);
    run->usable_bytes = run->object == NULL ? 0 : heap_usable_bytes(executor->heap, run->object);
    if (run->detaches) {
        runtime_detach(executor->runtime);
    }
    return NULL;
}

bool exec_thread_run(struct executor *executor, struct operation operation) {
    pthread_t thread;
    struct thread_run run = {
        .executor = executor,
        .request = {.size_bytes = operation_get(operation, OPERAND_SIZE),
                    .layout = executor_layout(operation_get(operation, OPERAND_TYPE))},
        .detaches = operation_get(operation, OPERAND_DETACH) != 0,
    };
    executor_work(executor, THREAD_WORK + run.request.size_bytes / BYTES_PER_UNIT);
    if (executor->stop_depth > 0 || !executor_has_handle(executor) ||
        pthread_create(&thread, NULL, thread_main, &run) != 0) {
        return false;
    }
    (void)pthread_join(thread, NULL);
    if (run.cache == NULL) {
        (void)model_osthread_failed(executor->model);
        return false;
    }
    (void)must(executor, run.cache == run.cache_again, run.cache_id, "a thread has two caches");
    run.request.cache_id = run.cache_id;
    (void)must(executor, run.thread.process_id == run.thread.id, run.thread.id,
               "a thread that attached has another's number");
    (void)model_osthread_started(executor->model, &run.thread);
    (void)model_cache_acquired(executor->model, run.cache_id);
    bool effective = executor_allocated(executor, operation_get(operation, OPERAND_HANDLE),
                                        &run.request, run.object, run.usable_bytes);
    (void)model_cache_released(executor->model, run.cache_id);
    (void)model_osthread_exited(executor->model, run.thread.address);
    return effective;
}

bool exec_go_thread(struct executor *executor, struct operation operation) {
    uint32_t id = operation_get(operation, OPERAND_GOROUTINE);
    struct goroutine *g = executor->goroutines[id];
    struct osthread *thread = executor->threads[operation_get(operation, OPERAND_ON_THREAD)];
    if (g == NULL || g->thread == thread) {
        return false;
    }
    g->thread = thread;
    (void)model_thread_set(executor->model, id, (uintptr_t)thread);
    return true;
}

// ---- other heaps

static bool use_heap(struct executor *executor, struct heap *heap) {
    struct memstats stats;
    struct mcache *cache = heap_acquire_cache(heap);
    void *object = cache == NULL ? NULL : heap_alloc(heap, cache, 48, NULL, 0);
    struct runtime *runtime = runtime_create(heap, NULL);
    const struct runtime_options too_much = {.data_words = WORDS_OF_NO_HEAP};
    if (object == NULL || runtime == NULL) {
        return false; // the machine's memory is used up
    }
    uint64_t now_ns = runtime_now_ns(runtime);
    heap_read_memstats(heap, &stats);
    (void)must(executor, runtime_now_ns(runtime) > now_ns, now_ns, "a clock stands still");
    (void)must(executor, heap_base(heap) != heap_base(executor->heap), heap_base(heap),
               "two heaps have one base");
    (void)must(executor, stats.Mallocs == 1 && stats.HeapAlloc == 48, stats.Mallocs,
               "a heap counts what was allocated in another");
    (void)must(executor, runtime_create(heap, &too_much) == NULL, 0,
               "a segment is larger than the address space");
    runtime_destroy(runtime);
    return true;
}

bool exec_heap_beside(struct executor *executor, struct operation operation) {
    struct heap *heaps[HEAPS_BESIDE_MAX] = {NULL};
    uint32_t count = operation_get(operation, OPERAND_HEAPS);
    bool effective = true;
    for (uint32_t i = 0; i < count && effective; i++) {
        const struct heap_options options = {.base = heap_base(executor->heap)};
        executor_work(executor, HEAP_WORK);
        heaps[i] = heap_create(i % 2 == 0 ? &options : NULL);
        effective = heaps[i] != NULL && use_heap(executor, heaps[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (heaps[i] != NULL) {
            heap_destroy(heaps[i]);
        }
    }
    return effective;
}

// ---- what the embedder keeps in the heap's metadata, and what it says of its code

bool exec_metadata(struct executor *executor, struct operation operation) {
    size_t size_bytes = operation_get(operation, OPERAND_BYTES);
    executor_work(executor, size_bytes / BYTES_PER_UNIT);
    uint8_t *memory = heap_metadata_alloc(executor->heap, size_bytes);
    executor_note(executor, (uintptr_t)memory);
    if (memory == NULL) {
        return false;
    }
    bool is_zero = memory[0] == 0 && memcmp(memory, memory + 1, size_bytes - 1) == 0;
    (void)must(executor, (uintptr_t)memory % 16 == 0, (uintptr_t)memory, "metadata is misaligned");
    (void)oracle_rule_text(executor->oracle, RULE_CONTENTS_ZERO, is_zero, (uintptr_t)memory,
                           "fresh metadata holds something");
    memset(memory, 0x5a, size_bytes);
    return true;
}

// Every other function overlaps the one before it, and is refused then.
bool exec_func(struct executor *executor, struct operation operation) {
    uint32_t number = operation_get(operation, OPERAND_NUMBER);
    uintptr_t entry = 0x600000 + (uintptr_t)number * 0xc0;
    const struct func func = {
        entry, entry + (number % 2 == 0 ? 0x100 : 0xc0), "main.more", "more.go", number, number % 4,
    };
    bool defined = runtime_define_func(executor->runtime, &func);
    const struct func *found = runtime_find_func(executor->runtime, func.end - 1);
    (void)must(executor, !defined || (found != NULL && found->entry == entry), entry,
               "a function that was defined is not found");
    if (defined) {
        (void)model_func_defined(executor->model, &func);
    }
    return defined;
}

// ---- words that point to no object

static uintptr_t stray_address(struct executor *executor, struct operation operation) {
    enum { NULL_PAGE, BELOW, BEHIND, LAST, METADATA, IDLE, MANUAL, PAGE_END };
    uintptr_t base = heap_base(executor->heap);
    const struct model_handle *handle =
        executor_handle(executor, operation_get(operation, OPERAND_TO));
    switch (operation_get(operation, OPERAND_STRAY)) {
    case NULL_PAGE:
        return sizeof(uintptr_t);
    case BELOW:
        return base - sizeof(uintptr_t);
    case BEHIND:
        return base + HEAP_WINDOW_BYTES;
    case LAST:
        return base + HEAP_WINDOW_BYTES - sizeof(uintptr_t);
    case METADATA:
        return runtime_data_segment(executor->runtime)->base;
    case IDLE:
        return base + HEAP_ARENA_BYTES - sizeof(uintptr_t);
    case MANUAL:
        return (uintptr_t)executor->manuals[operation_get(operation, OPERAND_TO) % 4].base;
    default: // what is left of a span behind its last object, or an object
        return handle == NULL ? 0 : (handle->address | (HEAP_PAGE_BYTES - 1)) - 7;
    }
}

bool exec_write_stray(struct executor *executor, struct operation operation) {
    uintptr_t value = stray_address(executor, operation);
    const struct segment *segment = runtime_data_segment(executor->runtime);
    size_t word = executor_segment_word(operation_get(operation, OPERAND_WORD), false);
    runtime_write_pointer(executor->runtime, segment->base + word * sizeof(uintptr_t), value);
    (void)model_segment_wrote(executor->model, MODEL_SEGMENT_DATA, word, value);
    return true;
}

// ---- calls that must be refused, and change nothing

static bool refuses_sizes(struct executor *executor, struct mcache *cache) {
    struct heap *heap = executor->heap;
    size_t window_pages = HEAP_WINDOW_BYTES / HEAP_PAGE_BYTES;
    return heap_alloc(heap, cache, HEAP_WINDOW_BYTES + 1, NULL, 0) == NULL &&
           heap_alloc_aligned(heap, cache, 64, 2 * HEAP_ARENA_BYTES, NULL, 0) == NULL &&
           heap_alloc_aligned(heap, cache, 0, 8, NULL, 0) == heap_zero_base(heap) &&
           heap_alloc_manual(heap, 0, MANUAL_STACK) == NULL &&
           heap_alloc_manual(heap, window_pages + 1, MANUAL_OTHER) == NULL &&
           heap_map_os_stack(heap, 0) == NULL &&
           heap_map_os_stack(heap, HEAP_METADATA_BYTES + 1) == NULL;
}

static bool refuses_nothing(struct executor *executor, struct mcache *cache) {
    struct heap *heap = executor->heap;
    void *zero = heap_zero_base(heap);
    return heap_free(heap, cache, NULL) == HEAP_FREE_DEFERRED &&
           heap_free(heap, cache, zero) == HEAP_FREE_DEFERRED &&
           heap_realloc(heap, cache, zero, 0, NULL, 0) == zero &&
           heap_realloc(heap, cache, NULL, 0, NULL, 0) == zero &&
           heap_usable_bytes(heap, zero) == 0 && heap_usable_bytes(heap, NULL) == 0 &&
           heap_usable_bytes(heap, heap) == 0;
}

static bool refuses_finalizer_at(struct executor *executor, uintptr_t object) {
    const struct finalizer finalizer = {.object = object};
    enum special_status status = runtime_set_finalizer(executor->runtime, &finalizer);
    return (status == SPECIAL_NO_OBJECT || status == SPECIAL_NO_MEMORY) &&
           !heap_remove_finalizer(executor->heap, object);
}

static bool refuses_finalizers(struct executor *executor) {
    uintptr_t base = heap_base(executor->heap);
    bool refuses = refuses_finalizer_at(executor, base - 1) &&
                   refuses_finalizer_at(executor, base + HEAP_WINDOW_BYTES - 1);
    for (size_t i = 0; i < EXECUTOR_MANUALS && refuses; i++) {
        uintptr_t manual = (uintptr_t)executor->manuals[i].base;
        refuses = manual == 0 || refuses_finalizer_at(executor, manual);
    }
    for (uint32_t i = 0; i < EXECUTOR_HANDLES && refuses; i++) {
        const struct model_handle *handle = executor_handle(executor, i);
        if (handle != NULL && handle->size_bytes > 16) { // the inside of what is no tiny block
            refuses = refuses_finalizer_at(executor, handle->address + 1);
        }
    }
    return refuses;
}

static bool refuses_cycle(struct executor *executor, struct mcache *cache) {
    struct runtime *runtime = executor->runtime;
    if (runtime_gc_is_marking(runtime)) {
        return !runtime_gc_start(runtime, cache, false) && !runtime_collect(runtime, cache, true);
    }
    return runtime_gc_mark_step(runtime, 1) && !runtime_gc_finish(runtime, cache);
}

static bool refuses_code(struct executor *executor) {
    const struct func backward = {0x2000, 0x1000, "main.backward", "", 1, 1};
    return !runtime_define_func(executor->runtime, &backward) &&
           runtime_find_func(executor->runtime, UNKNOWN_PC) == NULL;
}

bool exec_refused(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor_cache(executor, operation);
    uint32_t what = operation_get(operation, OPERAND_REFUSED);
    if (cache == NULL) {
        return false;
    }
    bool refuses = what == 0   ? refuses_sizes(executor, cache)
                   : what == 1 ? refuses_nothing(executor, cache)
                   : what == 2 ? refuses_finalizers(executor)
                   : what == 3 ? refuses_cycle(executor, cache)
                               : refuses_code(executor);
    (void)must(executor, refuses, what, "a call that must be refused was not");
    return true;
}
