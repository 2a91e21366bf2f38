// test_threads: threads on one malloc: frees by others, threads that come and go, forks meanwhile,
// destructors after the heap's own; after each, the account holds against the scan.
//
// holds: malloc/process.c
#define _GNU_SOURCE
#include "allocator/memstats.h"
#include "tests/malloc/checked.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum { WORKERS = 4, SLOTS = 512, ROUNDS = 60000 };

static void *_Atomic slots[SLOTS]; // objects that anybody may free
static atomic_bool quit;
static _Atomic uint64_t allocated, freed;

static struct memstats now(void) {
    struct memstats stats;
    assert_true(countercheck_malloc_memstats(&stats));
    return stats;
}

static uint64_t draw(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

// Each object says how long it is, at both ends.
static void *make(size_t size_bytes) {
    unsigned char *object = malloc(size_bytes);
    if (object != NULL) {
        memcpy(object, &size_bytes, sizeof size_bytes);
        object[size_bytes - 1] = (unsigned char)size_bytes;
    }
    return object;
}

static bool unmake(void *pointer) {
    const unsigned char *object = pointer;
    size_t size_bytes;
    memcpy(&size_bytes, object, sizeof size_bytes);
    bool whole = object[size_bytes - 1] == (unsigned char)size_bytes;
    free(pointer);
    return whole;
}

static bool exchange(uint64_t *random) {
    uint64_t lot = draw(random);
    size_t size_bytes = 9 + (lot % 1000 == 0 ? 100000 : lot >> 8 & 1023);
    void *object = make(size_bytes);
    if (object == NULL) {
        return false;
    }
    atomic_fetch_add(&allocated, 1);
    void *old = atomic_exchange(&slots[lot >> 32 & (SLOTS - 1)], object);
    if (old == NULL) {
        return true;
    }
    atomic_fetch_add(&freed, 1);
    return unmake(old);
}

static void *exchange_rounds(void *context) {
    uint64_t random = 88172645463325252u + (uintptr_t)context;
    uintptr_t good = 1;
    for (size_t i = 0; i < ROUNDS; i++) {
        good &= exchange(&random);
    }
    return (void *)good;
}

static void *exchange_until_told(void *context) {
    uint64_t random = 362436069u + (uintptr_t)context;
    uintptr_t good = 1;
    while (!atomic_load(&quit)) {
        good &= exchange(&random);
    }
    return (void *)good;
}

static void start(pthread_t *threads, size_t count, void *(*work)(void *)) {
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i), 0);
    }
}

static void join(const pthread_t *threads, size_t count) {
    for (size_t i = 0; i < count; i++) {
        void *good;
        assert_int_equal(pthread_join(threads[i], &good), 0);
        assert_non_null(good);
    }
}

static void empty_slots(void) {
    for (size_t i = 0; i < SLOTS; i++) {
        void *old = atomic_exchange(&slots[i], NULL);
        if (old != NULL) {
            atomic_fetch_add(&freed, 1);
            assert_true(unmake(old));
        }
    }
}

TEST(objects_freed_by_other_threads_are_counted_once) {
    pthread_t threads[WORKERS];
    start(threads, 1, exchange_rounds); // what libc keeps of a first thread is there now
    join(threads, 1);
    empty_slots();
    struct memstats before = now();
    uint64_t allocated_before = allocated;
    uint64_t freed_before = freed;
    start(threads, WORKERS, exchange_rounds);
    join(threads, WORKERS);
    assert_true(countercheck_malloc_check());
    empty_slots();
    struct memstats after = now();
    uint64_t own_allocated = allocated - allocated_before;
    uint64_t own_freed = freed - freed_before;
    assert_int_equal(own_allocated, own_freed);
    assert_int_equal(own_allocated, (uint64_t)WORKERS * ROUNDS);
    // libc allocates as well, for threads; what it has not freed is little
    assert_true(after.Mallocs - before.Mallocs >= own_allocated);
    assert_true(after.Mallocs - before.Mallocs < own_allocated + 2000);
    uint64_t left = (after.Mallocs - after.Frees) - (before.Mallocs - before.Frees);
    assert_true(left < 1000);
    assert_true(countercheck_malloc_check());
}

static void *allocate_a_little(void *context) {
    void *object = make(64 + (uintptr_t)context % 512);
    return object != NULL && unmake(object) ? (void *)1 : NULL;
}

TEST(a_thousand_threads_reuse_the_caches_of_those_before) {
    pthread_t threads[4];
    start(threads, 4, allocate_a_little);
    join(threads, 4);
    uint64_t caches_before = now().MCacheSys;
    for (size_t i = 0; i < 250; i++) {
        start(threads, 4, allocate_a_little);
        join(threads, 4);
    }
    assert_int_equal(now().MCacheSys, caches_before);
    assert_true(countercheck_malloc_check());
}

// ---- more threads than caches

static pthread_barrier_t all_are_here;

static void *wait_for_all(void *context) {
    void *object = make(100);
    (void)context;
    (void)pthread_barrier_wait(&all_are_here);
    return object != NULL && unmake(object) ? (void *)1 : NULL;
}

TEST(threads_beyond_the_caches_share_one) {
    enum { MANY = 1100 };
    static pthread_t threads[MANY];
    pthread_attr_t small;
    assert_int_equal(pthread_attr_init(&small), 0);
    assert_int_equal(pthread_attr_setstacksize(&small, 65536), 0);
    assert_int_equal(pthread_barrier_init(&all_are_here, NULL, MANY), 0);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(pthread_create(&threads[i], &small, wait_for_all, NULL), 0);
    }
    join(threads, MANY);
    assert_int_equal(pthread_barrier_destroy(&all_are_here), 0);
    (void)pthread_attr_destroy(&small);
    assert_true(countercheck_malloc_check());
}

// ---- destructors after the heap's

static pthread_key_t late_key;
static void *_Atomic of_a_destructor;

static void allocate_late(void *context) {
    free(context);
    void *object = make(200);
    free(malloc(300));
    of_a_destructor = object;
}

static void *leave_a_value(void *context) {
    (void)context;
    return pthread_setspecific(late_key, malloc(100)) == 0 ? (void *)1 : NULL;
}

TEST(destructors_after_the_heaps_own_allocate) {
    pthread_t thread;
    assert_int_equal(pthread_key_create(&late_key, allocate_late), 0);
    start(&thread, 1, leave_a_value);
    join(&thread, 1);
    assert_non_null(of_a_destructor);
    assert_true(unmake(of_a_destructor));
    assert_true(countercheck_malloc_check());
}

// ---- fork

// The child's heap is whole, its threads' caches taken back, and it can have threads of its own.
static int live_on(void) {
    uint64_t random = 521288629;
    uint64_t caches = now().MCacheInuse;
    pthread_t thread;
    void *good = NULL;
    bool clean = countercheck_malloc_check();
    for (size_t i = 0; i < 2000 && clean; i++) {
        clean = exchange(&random);
    }
    clean = clean && pthread_create(&thread, NULL, exchange_rounds, NULL) == 0;
    clean = clean && pthread_join(thread, &good) == 0 && good != NULL;
    return clean && countercheck_malloc_check() && now().MCacheInuse == caches ? 0 : 1;
}

TEST(a_child_of_busy_threads_has_a_whole_heap) {
    pthread_t threads[3];
    start(threads, 3, exchange_until_told);
    for (size_t i = 0; i < 40; i++) {
        pid_t child = fork();
        if (child == 0) {
            _exit(live_on());
        }
        assert_true(child > 0);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_true(countercheck_malloc_check());
    }
    atomic_store(&quit, true);
    join(threads, 3);
    empty_slots();
    assert_true(countercheck_malloc_check());
}
