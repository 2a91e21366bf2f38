// test_fork: a process that forks while its threads allocate, collect and run finalizers: the
// child's heap and runtime work and are sound, and the parent's go on.
#define _GNU_SOURCE
#include "tests/runtime/program.h"
#include "tests/test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator/inspect.h"

enum { THREADS = 3, OBJECTS = 64, FORKS = 300 };

struct worker {
    struct program *program;
    pthread_t thread;
    uint64_t random;
    void *objects[OBJECTS];
};

static atomic_bool quit;

static void start_goroutine(struct program *program) {
    struct goroutine *g = runtime_start_goroutine(program->runtime, 1, false);
    const struct frame_description frame = {.size_bytes = 512, .locals_map = FRAME_MAP_EMPTY};
    assert_non_null(g);
    assert_non_null(runtime_push_frame(program->runtime, g, &frame));
    runtime_exit_goroutine(program->runtime, g);
}

static void replace_object(struct worker *worker, struct mcache *cache) {
    struct program *program = worker->program;
    void **place = &worker->objects[program_random(&worker->random) % OBJECTS];
    if (*place != NULL) {
        (void)heap_free(program->heap, cache, *place);
    }
    *place = heap_alloc(program->heap, cache, 1 + program_random(&worker->random) % 40000, NULL, 0);
    assert_non_null(*place);
    memset(*place, 1, 1);
}

static void finalize(struct program *program, void *object) {
    struct finalizer finalizer = {.object = (uintptr_t)object};
    struct finalizer running;
    (void)runtime_set_finalizer(program->runtime, &finalizer);
    if (runtime_start_finalizer(program->runtime, &running)) {
        (void)sched_yield();
        runtime_finish_finalizer(program->runtime);
    }
}

static void *work(void *context) {
    struct worker *worker = context;
    struct program *program = worker->program;
    struct mcache *cache = runtime_attach(program->runtime);
    assert_non_null(cache);
    while (!atomic_load(&quit)) {
        replace_object(worker, cache);
        switch (program_random(&worker->random) % 64) {
        case 0:
            start_goroutine(program);
            break;
        case 1:
            (void)heap_scavenge(program->heap, 65536);
            break;
        case 2:
            heap_flush_cache(program->heap, cache);
            break;
        case 3:
            finalize(program, worker->objects[program_random(&worker->random) % OBJECTS]);
            break;
        case 4:
            runtime_detach(program->runtime);
            cache = runtime_attach(program->runtime);
            break;
        default:
            break;
        }
    }
    return NULL;
}

// What the numbers say against what stands in spans and ranges.
static bool is_sound(struct program *program) {
    struct memstats stats = program_stats(program);
    uint64_t sys = 0, inuse = 0, objects = 0;
    struct inspect_range range;
    for (size_t i = 0; inspect_range(program->heap, i, &range); i++) {
        sys += range.prepared_bytes;
    }
    struct inspect_span span;
    for (size_t i = 0; inspect_span(program->heap, i, &span); i++) {
        if (span.state != INSPECT_SPAN_IN_USE) {
            continue;
        }
        inuse += span.page_count * HEAP_PAGE_BYTES;
        for (size_t object = 0; object < span.object_count; object++) {
            uint64_t live = span.alloc_bits[object / 64] & ~span.remote_bits[object / 64];
            objects += live >> (object % 64) & 1;
        }
    }
    return stats.Sys == sys && stats.HeapInuse == inuse && stats.HeapObjects == objects &&
           stats.Mallocs - stats.Frees == objects;
}

// The child's life: exit status 0 when all is well, else the number of the step that failed.
static int live_on(struct program *program, struct worker *workers) {
    struct mcache *cache = runtime_attach(program->runtime);
    if (cache == NULL || !is_sound(program)) {
        return 1;
    }
    const struct osthread *thread = runtime_first_osthread(program->runtime);
    if (thread == NULL || thread->cache != cache || thread->next != NULL) {
        return 2; // the others' are gone
    }
    for (size_t i = 0; i < 200; i++) {
        void *object = heap_alloc(program->heap, cache, 1 + i * 100, NULL, HEAP_ALLOC_ZERO);
        if (object == NULL || heap_free(program->heap, cache, object) == HEAP_FREE_DEFERRED) {
            return 3;
        }
    }
    start_goroutine(program);
    struct finalizer running;
    while (runtime_start_finalizer(program->runtime, &running)) {
        runtime_finish_finalizer(program->runtime);
    }
    if (runtime_finalizer_queue_length(program->runtime) != 0) {
        return 4; // a finalizer that another thread was running is due again
    }
    (void)workers; // their objects are in nobody's roots: a cycle frees them all
    for (int i = 0; i < 3; i++) {
        if (!runtime_collect(program->runtime, cache, true)) {
            return 5;
        }
        while (runtime_start_finalizer(program->runtime, &running)) {
            runtime_finish_finalizer(program->runtime);
        }
    }
    (void)heap_scavenge(program->heap, SIZE_MAX);
    return is_sound(program) && program_stats(program).HeapObjects == 0 ? 0 : 6;
}

static void fork_once(struct program *program, struct worker *workers, size_t index) {
    runtime_fork_prepare(program->runtime);
    pid_t child = fork();
    if (child == 0) {
        runtime_fork_child(program->runtime);
        _exit(live_on(program, workers));
    }
    runtime_fork_parent(program->runtime);
    assert_true(child > 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("child %zu: status 0x%x", index, (unsigned)status);
    }
}

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_child_goes_on_whatever_the_threads_were_doing) {
    struct program *program = *state;
    struct worker workers[THREADS] = {{.program = NULL}};
    heap_set_profile_rate(program->heap, 4096);
    assert_non_null(runtime_attach(program->runtime));
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.program = program, .random = 88172645463325252U + i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < FORKS; i++) {
        fork_once(program, workers, i);
        for (size_t k = 0; k < i % 8; k++) {
            (void)sched_yield();
        }
    }
    atomic_store(&quit, true);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    }
    assert_true(is_sound(program));
    runtime_detach(program->runtime);
}

TEST(a_fork_in_the_middle_of_a_cycle_and_of_a_finalizer_goes_on_in_both) {
    struct program *program = *state;
    struct finalizer finalizer = {.object = program_node_new(program)};
    struct finalizer running;
    assert_int_equal(runtime_set_finalizer(program->runtime, &finalizer), SPECIAL_OK);
    program_collect(program);
    assert_true(runtime_start_finalizer(program->runtime, &running));
    assert_true(runtime_gc_start(program->runtime, program->cache, true));
    runtime_fork_prepare(program->runtime);
    pid_t child = fork();
    if (child == 0) {
        runtime_fork_child(program->runtime);
        // this thread runs the finalizer, in the child as well
        bool still_runs = !runtime_start_finalizer(program->runtime, &running);
        runtime_finish_finalizer(program->runtime);
        bool finished = runtime_gc_finish(program->runtime, program->cache);
        program_collect(program);
        _exit(still_runs && finished && program_stats(program).HeapObjects == 0 ? 0 : 1);
    }
    runtime_fork_parent(program->runtime);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 1);
    runtime_finish_finalizer(program->runtime);
}

// ---- a finalizer that another thread runs

struct runner {
    struct program *program;
    pthread_t thread;
    pthread_barrier_t barrier; // the finalizer runs; it may end
};

static void *run_finalizer(void *context) {
    struct runner *runner = context;
    struct finalizer running;
    assert_true(runtime_start_finalizer(runner->program->runtime, &running));
    (void)pthread_barrier_wait(&runner->barrier);
    (void)pthread_barrier_wait(&runner->barrier);
    runtime_finish_finalizer(runner->program->runtime);
    return NULL;
}

static void start_runner(struct runner *runner, struct program *program) {
    runner->program = program;
    assert_int_equal(pthread_barrier_init(&runner->barrier, NULL, 2), 0);
    assert_int_equal(pthread_create(&runner->thread, NULL, run_finalizer, runner), 0);
    (void)pthread_barrier_wait(&runner->barrier);
}

static void end_runner(struct runner *runner) {
    (void)pthread_barrier_wait(&runner->barrier);
    assert_int_equal(pthread_join(runner->thread, NULL), 0);
    assert_int_equal(pthread_barrier_destroy(&runner->barrier), 0);
}

static uintptr_t die_with_finalizer(struct program *program) {
    struct finalizer finalizer = {.object = program_node_new(program)};
    assert_int_equal(runtime_set_finalizer(program->runtime, &finalizer), SPECIAL_OK);
    program_collect(program);
    return finalizer.object;
}

// Whether the finalizers of these objects run in this order, and no other.
static bool run_in_order(struct program *program, const uintptr_t *objects, size_t count) {
    struct finalizer running;
    for (size_t i = 0; i < count; i++) {
        if (runtime_finalizer_queue_length(program->runtime) != count - i ||
            !runtime_start_finalizer(program->runtime, &running) || running.object != objects[i]) {
            return false;
        }
        runtime_finish_finalizer(program->runtime);
    }
    return !runtime_start_finalizer(program->runtime, &running);
}

// In the child the one that runs comes first, then those that wait, then one that dies there.
static void assert_child_runs(struct program *program, uintptr_t *objects, size_t count) {
    runtime_fork_prepare(program->runtime);
    pid_t child = fork();
    if (child == 0) {
        runtime_fork_child(program->runtime);
        objects[count] = die_with_finalizer(program);
        _exit(run_in_order(program, objects, count + 1) ? 0 : 1);
    }
    runtime_fork_parent(program->runtime);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(a_finalizer_that_another_thread_runs_is_the_first_to_run_in_the_child) {
    struct program *program = *state;
    struct runner runner;
    uintptr_t objects[3];
    objects[0] = die_with_finalizer(program);
    start_runner(&runner, program);
    assert_child_runs(program, objects, 1);
    objects[1] = die_with_finalizer(program);
    assert_child_runs(program, objects, 2);
    end_runner(&runner);
    assert_true(run_in_order(program, objects + 1, 1)); // the parent's ran to its end
}
