// test_world: stopping the world under threads that use the heap; nesting, waiting inside a call,
// fork.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/allocator/one_heap.h"
#include "tests/test.h"

#define THREAD_COUNT 4
#define STOP_COUNT   60

static atomic_uint barrier_count, register_count;

// Stands before libc's: all that the heap asks this way is membarrier.
long syscall(long number, ...) {
    va_list arguments;
    va_start(arguments, number);
    int command = va_arg(arguments, int);
    va_end(arguments);
    assert_int_equal(number, SYS_membarrier);
    if (command == MEMBARRIER_CMD_PRIVATE_EXPEDITED) {
        atomic_fetch_add(&barrier_count, 1);
    } else {
        atomic_fetch_add(&register_count, 1);
    }
    long (*real)(long, ...);
    *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    return real(number, command, 0, 0);
}

static atomic_bool quit;

// One owner's own data, written inside the heap alone: a stopper may read it, and it stands still.
struct owner {
    pthread_t thread;
    struct mcache *cache;
    uint64_t left, right; // equal whenever the owner is outside
    atomic_uint round_count;
};

static void touch(struct owner *owner) {
    world_enter(heap, owner->cache);
    owner->left++;
    world_enter(heap, owner->cache);
    owner->right++;
    world_leave(owner->cache);
    world_leave(owner->cache);
}

static void *own(void *context) {
    struct owner *owner = context;
    while (!atomic_load(&quit)) {
        for (size_t i = 0; i < 100; i++) {
            touch(owner);
        }
        (void)sched_yield();
        atomic_fetch_add(&owner->round_count, 1);
    }
    return NULL;
}

static void start_owners(struct owner *owners, void *(*body)(void *)) {
    atomic_store(&quit, false);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        owners[i] = (struct owner){.cache = heap_acquire_cache(heap)};
        assert_non_null(owners[i].cache);
        assert_int_equal(pthread_create(&owners[i].thread, NULL, body, &owners[i]), 0);
    }
}

static void join_owners(struct owner *owners) {
    atomic_store(&quit, true);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(pthread_join(owners[i].thread, NULL), 0);
    }
}

static void stop_and_look(struct owner *owners) {
    heap_stop_world(heap);
    uint64_t sum = 0;
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(owners[i].left, owners[i].right);
        sum += owners[i].left;
        owners[i].left += 1000; // the stopper may write as well
        owners[i].right += 1000;
    }
    heap_stop_world(heap);
    heap_start_world(heap);
    (void)sched_yield();
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        sum -= owners[i].right - 1000;
    }
    assert_int_equal(sum, 0);
    heap_start_world(heap);
}

static void stop_often(void) {
    struct owner owners[THREAD_COUNT];
    start_owners(owners, own);
    for (size_t i = 0; i < STOP_COUNT; i++) {
        stop_and_look(owners);
        (void)sched_yield();
    }
    join_owners(owners);
}

TEST_FIXTURE(setup, teardown)

TEST(a_stopped_world_stands_still_with_membarrier) {
    assert_true(heap->fence_free);
    stop_often();
}

TEST(a_stopped_world_stands_still_without_membarrier) {
    heap->fence_free = false;
    stop_often();
}

static void *enter_and_leave(void *context) {
    world_enter(heap, context);
    world_leave(context);
    return NULL;
}

static void enter_by_another(struct mcache *cache) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, enter_and_leave, cache), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static unsigned barriers_of_two_stops(void) {
    atomic_store(&barrier_count, 0);
    heap_stop_world(heap);
    heap_stop_world(heap);
    heap_start_world(heap);
    heap_start_world(heap);
    return atomic_load(&barrier_count);
}

// A kernel without it fails the call.
TEST(a_barrier_is_asked_of_the_kernel_once_a_stop_where_it_has_one) {
    enter_by_another(heap_acquire_cache(heap));
    for (unsigned fence_free = 0; fence_free <= 1; fence_free++) {
        heap->fence_free = fence_free != 0;
        assert_int_equal(barriers_of_two_stops(), fence_free);
    }
}

TEST(no_barrier_is_asked_by_a_thread_that_alone_has_caches) {
    assert_int_equal(barriers_of_two_stops(), 0);
    struct mcache *first = heap_acquire_cache(heap);
    struct mcache *second = heap_acquire_cache(heap);
    (void)enter_and_leave(second);
    assert_int_equal(barriers_of_two_stops(), 0);
    enter_by_another(first);
    assert_int_equal(barriers_of_two_stops(), 1);
    (void)enter_and_leave(first);
    assert_int_equal(barriers_of_two_stops(), 0);
    enter_by_another(second);
    assert_int_equal(barriers_of_two_stops(), 1);
    heap_release_cache(heap, second);
    assert_int_equal(barriers_of_two_stops(), 0);
}

TEST(the_stopper_may_enter_its_own_and_others_caches) {
    struct mcache *first = heap_acquire_cache(heap);
    struct mcache *second = heap_acquire_cache(heap);
    heap_stop_world(heap);
    world_enter(heap, first);
    world_enter(heap, second);
    world_enter(heap, NULL);
    assert_non_null(heap_alloc_manual(heap, 1, MANUAL_OTHER));
    world_leave(NULL);
    world_leave(second);
    world_leave(first);
    heap_start_world(heap);
    assert_int_equal(atomic_load(&first->inside), 0);
}

struct reading {
    struct memstats stats;
    atomic_bool is_done;
};

static void *read_statistics(void *context) {
    struct reading *reading = context;
    heap_read_memstats(heap, &reading->stats);
    atomic_store(&reading->is_done, true);
    return NULL;
}

// The reader comes between an allocation and its count, and has to wait.
TEST(statistics_are_read_between_operations) {
    struct reading reading = {.is_done = false};
    struct mcache *cache = heap_acquire_cache(heap);
    pthread_t thread;
    world_enter(heap, cache);
    assert_int_equal(pthread_create(&thread, NULL, read_statistics, &reading), 0);
    while (atomic_load(&heap->stopping) == 0 && !atomic_load(&reading.is_done)) {
        (void)sched_yield();
    }
    stat_add(&cache->stats.small_alloc_count[7], 2);
    stat_add(&cache->stats.small_free_count[7], 1);
    world_leave(cache);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(reading.stats.BySize[7].Mallocs, 2);
    assert_int_equal(reading.stats.BySize[7].Frees, 1);
    assert_int_equal(reading.stats.HeapObjects, 1);
}

TEST(a_thread_that_waits_for_a_stopped_world_is_seen) {
    pthread_t thread;
    struct mcache *cache = heap_acquire_cache(heap);
    heap_stop_world(heap);
    assert_false(heap_is_waiting(heap, cache));
    assert_int_equal(pthread_create(&thread, NULL, enter_and_leave, cache), 0);
    while (!heap_is_waiting(heap, cache)) {
        (void)sched_yield();
    }
    heap_start_world(heap);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(heap_is_waiting(heap, cache));
}

// The last place of the table is looked at, and none behind it.
TEST(the_world_stops_with_all_caches_that_there_can_be) {
    struct mcache *last = NULL;
    for (size_t i = 0; i < HEAP_CACHE_MAX; i++) {
        last = heap_acquire_cache(heap);
        assert_non_null(last);
    }
    assert_null(heap_acquire_cache(heap));
    enter_by_another(last);
    pthread_t thread;
    heap_stop_world(heap);
    assert_int_equal(pthread_create(&thread, NULL, enter_and_leave, last), 0);
    while (!heap_is_waiting(heap, last)) {
        (void)sched_yield();
    }
    heap_start_world(heap);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&last->inside), 0);
}

TEST(a_thread_inside_a_call_may_stop_the_world) {
    struct mcache *cache = heap_acquire_cache(heap);
    world_enter(heap, cache);
    heap_stop_world(heap);
    heap_start_world(heap);
    world_leave(cache);
    assert_int_equal(atomic_load(&cache->inside), 0);
}

// Stops the world from inside its own call, as a callback of the heap may.
static void *own_and_stop(void *context) {
    struct owner *owner = context;
    while (!atomic_load(&quit)) {
        world_enter(heap, owner->cache);
        world_enter(heap, owner->cache);
        heap_stop_world(heap);
        owner->left++;
        owner->right++;
        heap_start_world(heap);
        assert_int_equal(atomic_load(&owner->cache->inside), 2);
        world_leave(owner->cache);
        world_leave(owner->cache);
        for (size_t i = 0; i < 20; i++) {
            touch(owner);
        }
        atomic_fetch_add(&owner->round_count, 1);
    }
    return NULL;
}

TEST(threads_that_stop_each_other_from_inside_do_not_wait_for_ever) {
    struct owner owners[THREAD_COUNT];
    start_owners(owners, own_and_stop);
    for (size_t i = 0; i < STOP_COUNT; i++) {
        stop_and_look(owners);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        while (atomic_load(&owners[i].round_count) < 3) {
            (void)sched_yield();
        }
    }
    join_owners(owners);
}

// Pages, stacks and caches: calls without a cache.
static void *use_pages(void *context) {
    struct owner *owner = context;
    while (!atomic_load(&quit)) {
        void *manual = heap_alloc_manual(heap, 3, MANUAL_STACK);
        void *stack = heap_map_os_stack(heap, 10000);
        struct mcache *cache = heap_acquire_cache(heap);
        assert_true(manual != NULL && stack != NULL && cache != NULL);
        world_enter(heap, cache);
        struct mspan *span = mheap_alloc_span(heap, 2, 0, 1);
        assert_ptr_equal(mheap_span_of(heap, span->base + 1), span);
        free_span(heap, span);
        world_leave(cache);
        heap_release_cache(heap, cache);
        heap_unmap_os_stack(heap, stack, 10000);
        heap_free_manual(heap, manual, MANUAL_STACK);
        (void)heap_scavenge(heap, HEAP_PAGE_BYTES);
        touch(owner);
        (void)sched_yield();
        atomic_fetch_add(&owner->round_count, 1);
    }
    return NULL;
}

TEST(no_number_moves_while_the_world_is_stopped) {
    struct owner owners[THREAD_COUNT];
    start_owners(owners, use_pages);
    for (size_t i = 0; i < 20; i++) {
        heap_stop_world(heap);
        char *before = snapshot_of(heap);
        assert_pages_are_sound(heap);
        (void)sched_yield();
        assert_snapshot(heap, before);
        free(before);
        heap_start_world(heap);
        (void)sched_yield();
    }
    join_owners(owners);
    assert_pages_are_sound(heap);
    assert_int_equal(heap->stats.stack_inuse_bytes, 0);
    assert_int_equal(heap->stats.stack_sys_bytes, 0);
    assert_int_equal(heap->stats.heap_inuse_bytes, 0);
}

TEST(a_child_of_fork_goes_on_whatever_the_threads_were_doing) {
    struct owner owners[THREAD_COUNT];
    start_owners(owners, use_pages);
    for (size_t i = 0; i < 10; i++) {
        heap_fork_prepare(heap);
        pid_t child = fork();
        if (child == 0) {
            heap_fork_child(heap);
            void *pages = heap_alloc_manual(heap, 5, MANUAL_OTHER);
            heap_stop_world(heap);
            bool sound = palloc_is_valid(&heap->palloc);
            heap_start_world(heap);
            struct mcache *cache = heap_acquire_cache(heap);
            world_enter(heap, cache);
            world_leave(cache);
            _exit(pages != NULL && cache != NULL && sound ? 0 : 1);
        }
        heap_fork_parent(heap);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    join_owners(owners);
}

static void *enter_once(void *cache) {
    world_enter(heap, cache);
    world_leave(cache);
    return NULL;
}

// The child's verdict when a thread has come to the heap as `is_there` says, and the process forks.
// A child that waits for that thread ends by its alarm.
static void assert_child_goes_on(bool (*is_there)(struct mcache *cache), bool holds_the_heap) {
    struct mcache *cache = heap_acquire_cache(heap);
    assert_non_null(cache);
    pthread_t thread;
    heap_stop_world(heap);
    if (holds_the_heap) {
        heap_fork_prepare(heap);
    }
    assert_int_equal(pthread_create(&thread, NULL, enter_once, cache), 0);
    while (!is_there(cache)) {
        (void)sched_yield();
    }
    if (!holds_the_heap) {
        heap_fork_prepare(heap);
    }
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGALRM, SIG_DFL);
        (void)alarm(20);
        heap_fork_child(heap);
        heap_start_world(heap);
        bool is_waited_for = heap_is_waiting(heap, cache);
        heap_stop_world(heap);
        heap_start_world(heap);
        world_enter(heap, cache);
        bool is_inside_once = atomic_load(&cache->inside) == 1;
        world_leave(cache);
        _exit(!is_waited_for && is_inside_once ? 0 : 1);
    }
    heap_fork_parent(heap);
    heap_start_world(heap);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    heap_release_cache(heap, cache);
}

static bool is_entering(struct mcache *cache) {
    return atomic_load(&cache->inside) == 1;
}

static bool is_parked(struct mcache *cache) {
    return heap_is_waiting(heap, cache);
}

TEST(a_child_does_not_wait_for_a_thread_that_was_entering) {
    assert_child_goes_on(is_entering, true);
}

TEST(a_child_does_not_wait_for_a_thread_that_was_waiting) {
    assert_child_goes_on(is_parked, false);
}

// As in the child of a fork, but where one can see what it does.
TEST(a_child_asks_the_kernel_for_barriers_anew) {
    heap_fork_prepare(heap);
    atomic_store(&register_count, 0);
    heap_fork_child(heap);
    assert_int_equal(atomic_load(&register_count), 1);
    assert_true(heap->fence_free);
    assert_int_equal(heap->stop_depth, 0);
}
