// threads: operations on the world and on real threads: one that attaches and ends, one that
// waits for a stopped world.
//
// At no moment do two threads run in the heap: what they do, and in which order, is the same in
// every run.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/go/state.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define STOP_DEPTH_MAX     3
#define THREAD_WORK        500 // of work
#define THREAD_STACK_BYTES ((size_t)256 << 10)
#define BYTES_PER_UNIT     256

// ---- the world

void go_let_world_run(struct go_machine *machine) {
    for (; machine->stop_depth > 0; machine->stop_depth--) {
        runtime_start_world(machine->runtime);
    }
}

// The runtime's moments of a fork; who has stopped the world has but the heap's.
static void fork_here(struct go_machine *machine, void (*runtime_goes_on)(struct runtime *runtime),
                      void (*heap_goes_on)(struct heap *heap)) {
    if (machine->stop_depth == 0) {
        runtime_fork_prepare(machine->runtime);
        runtime_goes_on(machine->runtime);
    } else {
        heap_fork_prepare(machine->heap);
        heap_goes_on(machine->heap);
    }
}

bool exec_world(struct go_machine *machine, struct operation operation) {
    switch ((enum world_change)operation_get(operation, OPERAND_WORLD)) {
    case WORLD_STOP:
        if (machine->stop_depth == STOP_DEPTH_MAX) {
            return false;
        }
        runtime_stop_world(machine->runtime);
        machine->stop_depth++;
        return true;
    case WORLD_START:
        if (machine->stop_depth == 0) {
            return false;
        }
        runtime_start_world(machine->runtime);
        machine->stop_depth--;
        return true;
    case WORLD_FORK_PARENT:
        fork_here(machine, runtime_fork_parent, heap_fork_parent);
        return true;
    case WORLD_FORK_CHILD: // done here: nothing that a child does asks for another process
        fork_here(machine, runtime_fork_child, heap_fork_child);
        return true;
    case WORLD_CHANGE_COUNT:
        break;
    }
    return false;
}

// A small stack: a sanitizer looks after all of it.
static bool start_thread(pthread_t *thread, void *(*run)(void *context), void *context) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        harness_refused();
        return false;
    }
    bool started = pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES) == 0 &&
                   pthread_create(thread, &attributes, run, context) == 0;
    (void)pthread_attr_destroy(&attributes);
    if (!started) {
        harness_refused();
    }
    return started;
}

// ---- a real thread: it attaches, allocates, and ends; nobody else runs meanwhile

struct thread_run {
    struct go_machine *machine;
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
    struct go_machine *machine = run->machine;
    const struct model_request *request = &run->request;
    run->cache = runtime_attach(machine->runtime);
    if (run->cache == NULL) {
        return NULL;
    }
    run->cache_again = runtime_attach(machine->runtime);
    run->cache_id = heap_cache_id(run->cache);
    const struct osthread *thread = runtime_first_osthread(machine->runtime);
    run->thread = (struct model_osthread){(uintptr_t)thread, thread->id, thread->process_id,
                                          (uintptr_t)thread->stack};
    run->object =
        heap_alloc(machine->heap, run->cache, request->size_bytes, request->layout, request->flags);
    run->usable_bytes = run->object == NULL ? 0 : heap_usable_bytes(machine->heap, run->object);
    if (run->detaches) {
        runtime_detach(machine->runtime);
    }
    return NULL;
}

bool exec_thread_run(struct go_machine *machine, struct operation operation) {
    pthread_t thread;
    struct thread_run run = {
        .machine = machine,
        .request = {.size_bytes = operation_size(operation),
                    .layout = go_layout(operation_get(operation, OPERAND_TYPE))},
        .detaches = operation_get(operation, OPERAND_DETACH) != 0,
    };
    executor_work(machine->executor, THREAD_WORK + run.request.size_bytes / BYTES_PER_UNIT);
    if (run.request.size_bytes > GO_TOUCHED_MAX || machine->stop_depth > 0 ||
        !go_has_handle(machine) || !go_may_make(machine) ||
        !start_thread(&thread, thread_main, &run)) {
        return false;
    }
    (void)pthread_join(thread, NULL);
    if (run.cache == NULL) {
        (void)model_osthread_failed(machine->model);
        return false;
    }
    (void)oracle_rule_text(machine->oracle, RULE_MODEL_STATUS, run.cache == run.cache_again,
                           run.cache_id, "a thread has two caches");
    run.request.cache_id = run.cache_id;
    (void)oracle_rule_text(machine->oracle, RULE_MODEL_STATUS,
                           run.thread.process_id == run.thread.id, run.thread.id,
                           "a thread that attached has another's number");
    (void)model_osthread_started(machine->model, &run.thread);
    (void)model_cache_acquired(machine->model, run.cache_id);
    bool effective = go_allocated(machine, operation_get(operation, OPERAND_HANDLE), &run.request,
                                  run.object, run.usable_bytes);
    (void)model_cache_released(machine->model, run.cache_id);
    (void)model_osthread_exited(machine->model, run.thread.address);
    return effective;
}

// ---- a real thread that finds the world stopped

struct thread_wait {
    struct go_machine *machine;
    struct mcache *cache;
    struct model_request request;
    void *object;
    size_t usable_bytes;
    atomic_bool is_done;
};

static void *waiter_main(void *context) {
    struct thread_wait *wait = context;
    struct heap *heap = wait->machine->heap;
    const struct model_request *request = &wait->request;
    wait->object =
        heap_alloc(heap, wait->cache, request->size_bytes, request->layout, request->flags);
    wait->usable_bytes = wait->object == NULL ? 0 : heap_usable_bytes(heap, wait->object);
    atomic_store(&wait->is_done, true);
    return NULL;
}

// Until the thread has found the world stopped; one that goes on in spite of that ends.
static void await_waiting(struct thread_wait *wait) {
    while (!heap_is_waiting(wait->machine->heap, wait->cache) && !atomic_load(&wait->is_done)) {
        (void)sched_yield();
    }
}

bool exec_thread_wait(struct go_machine *machine, struct operation operation) {
    pthread_t thread;
    struct thread_wait wait = {
        .machine = machine,
        .cache = go_cache(machine, operation),
        .request = {.size_bytes = operation_size(operation),
                    .layout = go_layout(operation_get(operation, OPERAND_TYPE))},
    };
    executor_work(machine->executor, THREAD_WORK + wait.request.size_bytes / BYTES_PER_UNIT);
    if (wait.request.size_bytes > GO_TOUCHED_MAX || machine->stop_depth > 0 || wait.cache == NULL ||
        !go_has_handle(machine) || !go_may_make(machine)) {
        return false;
    }
    heap_stop_world(machine->heap);
    bool has_thread = start_thread(&thread, waiter_main, &wait);
    if (has_thread) {
        await_waiting(&wait);
    }
    heap_start_world(machine->heap);
    if (!has_thread) {
        return false;
    }
    (void)pthread_join(thread, NULL);
    wait.request.cache_id = heap_cache_id(wait.cache);
    return go_allocated(machine, operation_get(operation, OPERAND_HANDLE), &wait.request,
                        wait.object, wait.usable_bytes);
}

// ---- the thread that a goroutine runs on

bool exec_go_thread(struct go_machine *machine, struct operation operation) {
    uint32_t id = operation_get(operation, OPERAND_GOROUTINE);
    struct goroutine *g = machine->goroutines[id];
    struct osthread *thread = machine->threads[operation_get(operation, OPERAND_ON_THREAD)];
    if (g == NULL || g->thread == thread) {
        return false;
    }
    g->thread = thread;
    (void)model_thread_set(machine->model, id, (uintptr_t)thread);
    return true;
}
