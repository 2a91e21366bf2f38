// test_osthread: OS threads' records, their stacks, and the caches that real threads are given.
#include "tests/runtime/program.h"
#include "tests/test.h"

#include <pthread.h>

#define HEAP_CACHES_TRIED 1100

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_thread_is_charged_its_stack_until_it_exits) {
    struct program *program = *state;
    struct memstats before = program_stats(program);
    struct osthread *thread = runtime_start_osthread(program->runtime, 99);
    assert_non_null(thread);
    assert_non_null(thread->stack);
    assert_null(thread->cache);
    assert_int_equal(thread->process_id, 99);
    struct memstats during = program_stats(program);
    assert_int_equal(during.StackSys, before.StackSys + OSTHREAD_STACK_BYTES);
    assert_int_equal(during.StackInuse, before.StackInuse);
    runtime_exit_osthread(program->runtime, thread);
    assert_int_equal(program_stats(program).StackSys, before.StackSys);
    assert_null(runtime_first_osthread(program->runtime));
}

TEST(threads_are_listed_newest_first_and_records_are_used_again) {
    struct program *program = *state;
    struct osthread *threads[3];
    for (uint64_t i = 0; i < 3; i++) {
        threads[i] = runtime_start_osthread(program->runtime, i);
        assert_int_equal(threads[i]->id, i);
    }
    assert_ptr_equal(runtime_first_osthread(program->runtime), threads[2]);
    runtime_exit_osthread(program->runtime, threads[1]);
    assert_ptr_equal(threads[2]->next, threads[0]);
    assert_ptr_equal(runtime_start_osthread(program->runtime, 7), threads[1]);
    assert_ptr_equal(runtime_first_osthread(program->runtime), threads[1]);
    assert_int_equal(threads[1]->id, 3);
}

TEST(a_goroutine_leaves_the_thread_that_exits) {
    struct program *program = *state;
    struct osthread *thread = runtime_start_osthread(program->runtime, 1);
    struct osthread *other = runtime_start_osthread(program->runtime, 2);
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    struct goroutine *stays = runtime_start_goroutine(program->runtime, 0, false);
    g->thread = thread;
    stays->thread = other;
    runtime_exit_osthread(program->runtime, thread);
    assert_null(g->thread);
    assert_ptr_equal(stays->thread, other);
}

TEST(without_memory_no_thread_is_listed_or_charged) {
    struct program *program = *state;
    struct memstats before = program_stats(program);
    heap_set_fault(program->heap, SYSMEM_MMAP, 1, true);
    assert_null(runtime_start_osthread(program->runtime, 1));
    assert_null(runtime_attach(program->runtime));
    heap_set_fault(program->heap, SYSMEM_MMAP, 0, false);
    assert_null(runtime_first_osthread(program->runtime));
    assert_int_equal(program_stats(program).StackSys, before.StackSys);
    assert_int_equal(runtime_start_osthread(program->runtime, 1)->id, 0);
}

TEST(attaching_twice_gives_the_same_cache) {
    struct program *program = *state;
    struct memstats before = program_stats(program);
    runtime_detach(program->runtime); // not attached: nothing
    struct mcache *cache = runtime_attach(program->runtime);
    assert_non_null(cache);
    assert_ptr_not_equal(cache, program->cache);
    assert_ptr_equal(runtime_attach(program->runtime), cache);
    assert_ptr_equal(runtime_first_osthread(program->runtime)->cache, cache);
    runtime_detach(program->runtime);
    assert_null(runtime_first_osthread(program->runtime));
    assert_int_equal(program_stats(program).MCacheInuse, before.MCacheInuse);
    assert_non_null(runtime_attach(program->runtime)); // and once more, from the start
    assert_non_null(runtime_first_osthread(program->runtime));
    runtime_detach(program->runtime);
}

TEST(an_attached_thread_needs_memory_for_its_cache) {
    struct program *program = *state;
    struct mcache *caches[HEAP_CACHES_TRIED];
    size_t count = 0;
    struct memstats before = program_stats(program);
    while (count < HEAP_CACHES_TRIED &&
           (caches[count] = heap_acquire_cache(program->heap)) != NULL) {
        count++;
    }
    assert_true(count < HEAP_CACHES_TRIED);
    heap_set_fault(program->heap, SYSMEM_MMAP, 2, true);
    assert_null(runtime_attach(program->runtime));
    assert_null(runtime_first_osthread(program->runtime));
    assert_int_equal(program_stats(program).StackSys, before.StackSys);
}

static void *allocate_and_exit(void *context) {
    struct program *program = context;
    struct mcache *cache = runtime_attach(program->runtime);
    assert_non_null(cache);
    for (int i = 0; i < 100; i++) {
        assert_non_null(heap_alloc(program->heap, cache, 48, NULL, 0));
    }
    return NULL; // the cache is given back by the thread's end
}

TEST(a_thread_that_ends_gives_its_cache_back_and_its_counts_stay) {
    struct program *program = *state;
    struct memstats before = program_stats(program);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, allocate_and_exit, program), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    struct memstats after = program_stats(program);
    assert_int_equal(after.Mallocs, before.Mallocs + 100);
    assert_int_equal(after.MCacheInuse, before.MCacheInuse);
    assert_int_equal(after.StackSys, before.StackSys);
    assert_null(runtime_first_osthread(program->runtime));
}
