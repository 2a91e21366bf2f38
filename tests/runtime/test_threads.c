// test_threads: real threads allocate, free and link objects while another one collects.
#define _POSIX_C_SOURCE 200809L // pthread_rwlock, nanosleep

#include "tests/runtime/program.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { MUTATORS = 2, ROUNDS = 3000, ROOTS_EACH = 8, CYCLES = 60 };

// A thread's own variables are no roots: between an allocation and the store that makes it
// reachable no cycle may end.
static pthread_rwlock_t publishing = PTHREAD_RWLOCK_INITIALIZER;

struct mutator {
    struct program *program;
    size_t first_root; // its own words of the data segment
    uint64_t random;
    pthread_t thread;
    uint64_t allocated;
};

// An object that only this thread's roots lead to; it tells its owner in a word that is no pointer.
static const uint8_t first_word[1] = {0x01};
static const struct gc_layout tagged = {32, 32, first_word};

static void *mutate(void *context) {
    struct mutator *mutator = context;
    struct program *program = mutator->program;
    struct mcache *cache = runtime_attach(program->runtime);
    assert_non_null(cache);
    uintptr_t roots[ROOTS_EACH] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        size_t i = (size_t)(program_random(&mutator->random) >> 20) % ROOTS_EACH;
        assert_int_equal(pthread_rwlock_rdlock(&publishing), 0);
        void *memory = heap_alloc(program->heap, cache, 32, &tagged, 0);
        assert_non_null(memory);
        uintptr_t object = (uintptr_t)memory;
        mutator->allocated++;
        ((uintptr_t *)object)[3] = mutator->first_root;
        runtime_write_pointer(program->runtime, object, roots[i]); // a list, of which all is held
        roots[i] = object;
        program_set_data(program, mutator->first_root + i, object);
        assert_int_equal(pthread_rwlock_unlock(&publishing), 0);
        if (round % 50 == 49) { // drops a list
            program_set_data(program, mutator->first_root + i, 0);
            roots[i] = 0;
        }
        for (uintptr_t at = roots[i]; at != 0; at = *(uintptr_t *)at) {
            assert_int_equal(((uintptr_t *)at)[3], mutator->first_root);
        }
    }
    return NULL;
}

static void *collect(void *context) {
    struct program *program = context;
    struct mcache *cache = runtime_attach(program->runtime);
    assert_non_null(cache);
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        assert_true(runtime_gc_start(program->runtime, cache, false));
        while (!runtime_gc_mark_step(program->runtime, 64)) {
        }
        assert_int_equal(pthread_rwlock_wrlock(&publishing), 0);
        assert_true(runtime_gc_finish(program->runtime, cache));
        assert_int_equal(pthread_rwlock_unlock(&publishing), 0);
        struct memstats stats;
        heap_read_memstats(program->heap, &stats);
        assert_true(stats.Mallocs >= stats.Frees);
    }
    return NULL;
}

static uint64_t list_length(uintptr_t object) {
    uint64_t length = 0;
    for (; object != 0; object = *(uintptr_t *)object) {
        length++;
    }
    return length;
}

TEST_FIXTURE(program_setup, program_teardown)

TEST(two_threads_allocate_while_a_third_collects) {
    struct program *program = *state;
    struct mutator mutators[MUTATORS];
    pthread_t collector;
    for (size_t i = 0; i < MUTATORS; i++) {
        mutators[i] = (struct mutator){
            .program = program, .first_root = i * ROOTS_EACH, .random = 88172645463325252U + i};
        assert_int_equal(pthread_create(&mutators[i].thread, NULL, mutate, &mutators[i]), 0);
    }
    assert_int_equal(pthread_create(&collector, NULL, collect, program), 0);
    uint64_t allocated = 0;
    for (size_t i = 0; i < MUTATORS; i++) {
        assert_int_equal(pthread_join(mutators[i].thread, NULL), 0);
        allocated += mutators[i].allocated;
    }
    assert_int_equal(pthread_join(collector, NULL), 0);
    assert_null(runtime_first_osthread(program->runtime));
    program_collect(program);
    uint64_t live = 0;
    for (size_t word = 0; word < MUTATORS * ROOTS_EACH; word++) {
        live += list_length(*(uintptr_t *)program_data_slot(program, word));
    }
    struct memstats stats = program_stats(program);
    assert_int_equal(stats.Mallocs, allocated);
    assert_int_equal(stats.HeapObjects, live);
}

// ---- frees across threads, finalizers found by whoever sweeps

enum { HANDED = 2000 };

struct handover {
    struct program *program;
    _Atomic uintptr_t objects[HANDED];
};

static void *hand_over(void *context) {
    struct handover *handover = context;
    struct program *program = handover->program;
    struct mcache *cache = runtime_attach(program->runtime);
    for (size_t i = 0; i < HANDED; i++) {
        uintptr_t object = (uintptr_t)heap_alloc(program->heap, cache, 64, NULL, 0);
        if (i % 16 == 0) {
            struct finalizer finalizer = {.object = object};
            assert_int_equal(runtime_set_finalizer(program->runtime, &finalizer), SPECIAL_OK);
        }
        atomic_store_explicit(&handover->objects[i], object, memory_order_release);
    }
    return NULL;
}

static void *take_over(void *context) {
    struct handover *handover = context;
    struct program *program = handover->program;
    struct mcache *cache = runtime_attach(program->runtime);
    for (size_t i = 0; i < HANDED; i++) {
        uintptr_t object;
        do {
            object = atomic_load_explicit(&handover->objects[i], memory_order_acquire);
        } while (object == 0);
        assert_int_not_equal(heap_free(program->heap, cache, (void *)object), HEAP_FREE_DEFERRED);
    }
    return NULL;
}

TEST(objects_are_freed_by_another_thread_and_their_specials_with_them) {
    struct program *program = *state;
    static struct handover handover;
    pthread_t threads[2];
    handover.program = program;
    heap_set_profile_rate(program->heap, 1000);
    assert_int_equal(pthread_create(&threads[0], NULL, hand_over, &handover), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, take_over, &handover), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    struct memstats stats = program_stats(program);
    assert_int_equal(stats.Mallocs, HANDED);
    assert_int_equal(stats.Frees, HANDED);
    program_collect(program);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 0);
}

// ---- a stopped world, and a thread that runs finalizers in the meantime

enum { QUEUED = 3, PAUSES = 20 };

struct walk {
    struct runtime *runtime;
    _Atomic bool has_begun, has_taken;
    size_t seen_count;
};

static void *run_one(void *context) {
    struct walk *walk = context;
    struct finalizer running;
    atomic_store(&walk->has_begun, true);
    assert_true(runtime_start_finalizer(walk->runtime, &running));
    atomic_store(&walk->has_taken, true);
    runtime_finish_finalizer(walk->runtime);
    return NULL;
}

// Gives the other thread all the time that it could want.
static void see(void *context, const struct finalizer *finalizer) {
    struct walk *walk = context;
    (void)finalizer;
    walk->seen_count++;
    for (int i = 0; i < PAUSES && !atomic_load(&walk->has_taken); i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        i -= !atomic_load(&walk->has_begun);
    }
}

TEST(a_finalizer_waits_for_a_stopped_world) {
    struct program *program = *state;
    struct walk walk = {.runtime = program->runtime};
    pthread_t thread;
    for (size_t i = 0; i < QUEUED; i++) {
        const struct finalizer finalizer = {.object = program_node_new(program)};
        assert_int_equal(runtime_set_finalizer(program->runtime, &finalizer), SPECIAL_OK);
    }
    program_collect(program);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), QUEUED);
    runtime_stop_world(program->runtime);
    assert_int_equal(pthread_create(&thread, NULL, run_one, &walk), 0);
    runtime_visit_queued_finalizers(program->runtime, see, &walk);
    bool has_taken = atomic_load(&walk.has_taken);
    runtime_start_world(program->runtime);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(walk.seen_count, QUEUED);
    assert_false(has_taken);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), QUEUED - 1);
}
