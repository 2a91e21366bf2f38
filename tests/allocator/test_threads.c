// test_threads: real threads allocate, free each other's objects, collect and read; nothing is
// lost.
#include "tests/allocator/fixture.h"
#include "tests/test.h"

#include <pthread.h>

#define THREADS FIXTURE_CACHES
#define ROUNDS  20000
#define SLOTS   256

static const uint8_t mask[] = {3};
static const struct gc_layout layout = {16, 16, mask};

struct shared {
    struct fixture *f;
    _Atomic(void *) slots[SLOTS]; // an object for whoever takes it
};

struct worker {
    struct shared *shared;
    struct mcache *cache;
    uint64_t seed;
};

// Puts a new object into a slot, and frees whatever was there, whoever made it.
static void *work(void *argument) {
    struct worker *worker = argument;
    struct heap *heap = worker->shared->f->heap;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t r = draw(&worker->seed);
        size_t size = r % 64 == 0 ? 40000 : 8 + r % 500;
        bool scan = (r >> 20) % 2 == 0;
        void *object = heap_alloc(heap, worker->cache, size, scan ? &layout : NULL, 0);
        assert_non_null(object);
        memset(object, 0, size);
        if ((r >> 32) % 32 == 0) {
            object = heap_realloc(heap, worker->cache, object, size + 40, scan ? &layout : NULL, 0);
        }
        (void)heap_free(heap, worker->cache,
                        atomic_exchange(&worker->shared->slots[(r >> 40) % SLOTS], object));
        if (r % 997 == 0) {
            heap_flush_cache(heap, worker->cache);
        }
    }
    return NULL;
}

static void start(pthread_t *threads, struct worker *workers, struct shared *shared) {
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){shared, shared->f->cache[i], i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
}

static void finish(const pthread_t *threads, struct shared *shared) {
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    check_account(shared->f->heap);
    for (size_t i = 0; i < SLOTS; i++) {
        (void)heap_free(shared->f->heap, shared->f->cache[0], shared->slots[i]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        heap_flush_cache(shared->f->heap, shared->f->cache[i]);
    }
    check_account(shared->f->heap);
    assert_int_equal(stats_of(shared->f->heap).HeapObjects, 0);
    assert_int_equal(stats_of(shared->f->heap).HeapInuse, 0);
}

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(threads_free_each_others_objects_and_all_come_home) {
    static struct shared shared;
    shared = (struct shared){.f = *state};
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    start(threads, workers, &shared);
    finish(threads, &shared);
}

TEST(a_reader_sees_a_consistent_account_while_they_run) {
    static struct shared shared;
    shared = (struct shared){.f = *state};
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    start(threads, workers, &shared);
    for (int i = 0; i < 200; i++) {
        heap_stop_world(shared.f->heap);
        check_account(shared.f->heap);
        heap_start_world(shared.f->heap);
    }
    finish(threads, &shared);
}

// Every object that is there is marked, so that none dies that a thread still has.
static void mark_all(struct heap *heap) {
    struct heap_object found;
    for (size_t i = 0; i < inspect_span_count(heap); i++) {
        struct inspect_span span;
        assert_true(inspect_span(heap, i, &span));
        for (uint32_t object = 0; object < span.object_count; object++) {
            (void)heap_mark(heap, span.base + object * span.element_bytes, &found);
        }
    }
}

TEST(cycles_pass_while_they_run) {
    static struct shared shared;
    shared = (struct shared){.f = *state};
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    struct mcache *cache = heap_acquire_cache(shared.f->heap);
    start(threads, workers, &shared);
    for (int i = 0; i < 50; i++) {
        heap_stop_world(shared.f->heap);
        heap_mark_begin(shared.f->heap);
        mark_all(shared.f->heap);
        heap_mark_end(shared.f->heap);
        heap_start_world(shared.f->heap);
        if (i % 2 == 0) {
            heap_sweep_finish(shared.f->heap, i % 4 == 0 ? cache : NULL);
        }
    }
    finish(threads, &shared);
}
