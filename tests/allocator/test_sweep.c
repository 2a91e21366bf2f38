// test_sweep: what is not marked is freed once, what is marked or born while marking stays,
// finalizers keep their object.
//
// holds: allocator/objects/collect.c
#include "tests/allocator/fixture.h"
#include "tests/test.h"

#include "allocator/spans/mcentral.h"
#include "allocator/special.h"
#include "allocator/spans/sweep.h"

#include <threads.h>

// Another thread is sweeping this span, until it gets a turn.
static struct {
    struct fixture *f;
    struct mspan *span; // NULL: none
    unsigned turn_count;
} other;

// Stands before libc's.
void thrd_yield(void) {
    other.turn_count++;
    if (other.span != NULL) {
        assert_int_not_equal(sweep_span(other.f->heap, other.f->cache[3], other.span), SWEEP_EMPTY);
        mcentral_put_swept(other.f->heap, other.span);
        other.span = NULL;
    }
}

static void mark(struct fixture *f, void *object) {
    struct heap_object found;
    assert_true(heap_mark(f->heap, (uintptr_t)object, &found));
    assert_true(found.marked);
}

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(mark_tells_only_the_first_time_and_only_of_objects) {
    struct fixture *f = *state;
    struct heap_object found;
    char *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    char *remote = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    (void)heap_free(f->heap, f->cache[1], remote);
    heap_mark_begin(f->heap);
    assert_true(heap_is_marking(f->heap));
    mark(f, object + 63);
    assert_false(heap_mark(f->heap, (uintptr_t)object, &found));
    assert_false(heap_mark(f->heap, (uintptr_t)remote, &found));
    assert_false(heap_mark(f->heap, (uintptr_t)object + 640, &found)); // a free slot
    assert_false(heap_mark(f->heap, 8, &found));
    heap_mark_end(f->heap);
    assert_false(heap_is_marking(f->heap));
}

TEST(only_newly_freed_objects_count) {
    struct fixture *f = *state;
    void *objects[10];
    for (size_t i = 0; i < 10; i++) {
        objects[i] = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    }
    (void)heap_free(f->heap, f->cache[0], objects[0]);
    (void)heap_free(f->heap, f->cache[1], objects[1]);
    heap_mark_begin(f->heap);
    mark(f, objects[2]);
    mark(f, objects[3]);
    heap_mark_end(f->heap);
    check_account(f->heap); // all is still allocated, and two are live
    assert_int_equal(heap_live_bytes(f->heap), 128);
    assert_false(heap_is_swept(f->heap));
    heap_sweep_finish(f->heap, f->cache[2]);
    assert_true(heap_is_swept(f->heap));
    struct memstats stats = stats_of(f->heap);
    assert_int_equal(stats.Frees, 8);
    assert_int_equal(stats.HeapObjects, 2);
    check_account(f->heap);
    assert_int_equal(heap_live_bytes(f->heap), 128);
}

TEST(a_swept_slot_is_zeroed_and_has_no_pointer_bits) {
    struct fixture *f = *state;
    static const uint8_t all[] = {0xff};
    static const struct gc_layout every = {8, 8, all};
    unsigned char *kept = heap_alloc(f->heap, f->cache[0], 64, &every, 0);
    unsigned char *dead = heap_alloc(f->heap, f->cache[0], 64, &every, 0);
    memset(dead, 0xaa, 64);
    heap_mark_begin(f->heap);
    mark(f, kept);
    heap_mark_end(f->heap);
    heap_sweep_finish(f->heap, NULL);
    check_account(f->heap);
    unsigned char *again = heap_alloc(f->heap, f->cache[0], 64, &every, 0);
    assert_ptr_equal(again, dead);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(again[i], 0);
    }
}

TEST(an_empty_span_goes_home_when_swept) {
    struct fixture *f = *state;
    for (size_t i = 0; i < 300; i++) {
        (void)heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    }
    heap_mark_begin(f->heap);
    heap_mark_end(f->heap);
    assert_int_equal(stats_of(f->heap).HeapInuse, 3 * HEAP_PAGE_BYTES);
    assert_int_equal(heap_sweep_one(f->heap, f->cache[0]), 1);
    assert_int_equal(stats_of(f->heap).HeapInuse, 2 * HEAP_PAGE_BYTES);
    check_account(f->heap);
    assert_int_equal(heap_sweep_one(f->heap, NULL), 1);
    assert_int_equal(heap_sweep_one(f->heap, NULL), 1);
    assert_int_equal(heap_sweep_one(f->heap, NULL), 0);
    assert_int_equal(stats_of(f->heap).HeapInuse, 0);
    check_account(f->heap);
}

TEST(an_object_born_while_marking_lives) {
    struct fixture *f = *state;
    heap_mark_begin(f->heap);
    void *small = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    void *large = heap_alloc(f->heap, f->cache[0], 100000, NULL, 0);
    heap_mark_end(f->heap);
    heap_sweep_finish(f->heap, NULL);
    assert_int_equal(heap_usable_bytes(f->heap, small), 64);
    assert_true(heap_usable_bytes(f->heap, large) >= 100000);
    heap_mark_begin(f->heap); // marks do not last
    heap_mark_end(f->heap);
    heap_sweep_finish(f->heap, NULL);
    assert_int_equal(stats_of(f->heap).HeapObjects, 0);
    check_account(f->heap);
}

TEST(an_allocation_sweeps_before_it_grows) {
    struct fixture *f = *state;
    void *objects[256];
    for (size_t i = 0; i < 256; i++) {
        objects[i] = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    }
    heap_mark_begin(f->heap);
    for (size_t i = 0; i < 128; i++) { // the first span stays full, the second dies
        mark(f, objects[i]);
    }
    heap_mark_end(f->heap);
    void *reused = heap_alloc(f->heap, f->cache[3], 64, NULL, 0);
    assert_ptr_equal(reused, objects[128]);
    assert_true(heap_is_swept(f->heap));
    assert_int_equal(stats_of(f->heap).HeapInuse, 2 * HEAP_PAGE_BYTES);
    check_account(f->heap);
}

TEST(free_in_an_unswept_span_sweeps_it_first) {
    struct fixture *f = *state;
    void *marked = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    void *unmarked = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    void *large = heap_alloc(f->heap, f->cache[0], 50000, NULL, 0);
    heap_mark_begin(f->heap);
    mark(f, marked);
    heap_mark_end(f->heap);
    assert_int_equal(heap_free(f->heap, f->cache[1], unmarked), HEAP_FREED);
    struct memstats stats = stats_of(f->heap);
    assert_int_equal(stats.Frees, 2);
    check_account(f->heap);
    assert_int_equal(heap_free(f->heap, f->cache[1], large), HEAP_FREED);
    check_account(f->heap);
    assert_true(heap_is_swept(f->heap));
    assert_int_equal(heap_free(f->heap, f->cache[1], marked), HEAP_FREED);
    assert_int_equal(stats_of(f->heap).HeapInuse, 0);
    check_account(f->heap);
}

struct queue {
    struct finalizer entries[8];
    size_t count;
};

static void enqueue(void *context, const struct finalizer *finalizer) {
    struct queue *queue = context;
    queue->entries[queue->count++] = *finalizer;
}

TEST(a_finalizer_keeps_its_object_for_one_cycle) {
    struct fixture *f = *state;
    struct queue queue = {.count = 0};
    heap_set_finalizer_queue(f->heap, enqueue, &queue);
    void *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    struct finalizer finalizer = {.object = (uintptr_t)object, .function = 1};
    assert_int_equal(heap_add_finalizer(f->heap, &finalizer), SPECIAL_OK);
    heap_mark_begin(f->heap);
    heap_mark_end(f->heap);
    heap_sweep_finish(f->heap, f->cache[0]);
    assert_int_equal(queue.count, 1);
    assert_ptr_equal((void *)queue.entries[0].object, object);
    assert_int_equal(heap_usable_bytes(f->heap, object), 64);
    assert_int_equal(stats_of(f->heap).HeapObjects, 1);
    check_account(f->heap);
    heap_mark_begin(f->heap);
    heap_mark_end(f->heap);
    heap_sweep_finish(f->heap, f->cache[0]);
    assert_int_equal(queue.count, 1);
    assert_int_equal(stats_of(f->heap).HeapObjects, 0);
    check_account(f->heap);
}

TEST(a_finalizer_inside_a_tiny_block_keeps_the_block) {
    struct fixture *f = *state;
    struct queue queue = {.count = 0};
    heap_set_finalizer_queue(f->heap, enqueue, &queue);
    (void)heap_alloc(f->heap, f->cache[0], 4, NULL, HEAP_ALLOC_TINY);
    void *part = heap_alloc(f->heap, f->cache[0], 4, NULL, HEAP_ALLOC_TINY);
    struct finalizer finalizer = {.object = (uintptr_t)part, .function = 1};
    assert_int_equal(heap_add_finalizer(f->heap, &finalizer), SPECIAL_OK);
    heap_flush_cache(f->heap, f->cache[0]);
    heap_mark_begin(f->heap);
    heap_mark_end(f->heap);
    heap_sweep_finish(f->heap, f->cache[0]);
    assert_int_equal(queue.count, 1);
    assert_int_equal(stats_of(f->heap).HeapObjects, 1);
    check_account(f->heap);
}

TEST(explicit_free_drops_the_finalizer) {
    struct fixture *f = *state;
    struct queue queue = {.count = 0};
    heap_set_finalizer_queue(f->heap, enqueue, &queue);
    for (size_t i = 0; i < 3; i++) { // by the owner, remotely, and of nobody's span
        void *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
        struct finalizer finalizer = {.object = (uintptr_t)object, .function = 1};
        assert_int_equal(heap_add_finalizer(f->heap, &finalizer), SPECIAL_OK);
        if (i == 2) {
            heap_flush_cache(f->heap, f->cache[0]);
        }
        (void)heap_free(f->heap, f->cache[i == 0 ? 0 : 1], object);
    }
    heap_mark_begin(f->heap);
    heap_mark_end(f->heap);
    heap_sweep_finish(f->heap, NULL);
    assert_int_equal(queue.count, 0);
    assert_int_equal(stats_of(f->heap).HeapInuse, 0);
}

TEST(ensure_sweeps_a_span_once) {
    struct fixture *f = *state;
    void *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    heap_mark_begin(f->heap);
    mark(f, object);
    heap_mark_end(f->heap);
    struct mspan *span = mheap_span_of(f->heap, (uintptr_t)object);
    mcentral_ensure_swept(f->heap, span);
    assert_true(heap_is_swept(f->heap));
    assert_int_equal(stats_of(f->heap).Frees, 1);
    mcentral_ensure_swept(f->heap, span);
    assert_int_equal(stats_of(f->heap).Frees, 1);
    check_account(f->heap);
}

TEST(begin_finishes_the_sweep_before) {
    struct fixture *f = *state;
    (void)heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    heap_mark_begin(f->heap);
    heap_mark_end(f->heap);
    assert_false(heap_is_swept(f->heap));
    heap_mark_begin(f->heap);
    assert_true(heap_is_swept(f->heap));
    assert_int_equal(stats_of(f->heap).Frees, 1);
    heap_mark_end(f->heap);
}

// A marked object in a span that another thread sweeps.
static void *object_being_swept(struct fixture *f) {
    void *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[0], 64, NULL, 0); // dies
    heap_flush_cache(f->heap, f->cache[0]);
    heap_mark_begin(f->heap);
    mark(f, object);
    heap_mark_end(f->heap);
    struct mspan *span = mheap_span_of(f->heap, (uintptr_t)object);
    assert_int_equal(mcentral_claim(f->heap, span), MCENTRAL_CLAIMED);
    assert_int_equal(mcentral_claim(f->heap, span), MCENTRAL_BEING_SWEPT);
    other.f = f;
    other.span = span;
    other.turn_count = 0;
    return object;
}

TEST(whoever_needs_a_span_waits_for_the_thread_that_sweeps_it) {
    struct fixture *f = *state;
    struct mspan *span = mheap_span_of(f->heap, (uintptr_t)object_being_swept(f));
    mcentral_ensure_swept(f->heap, span);
    assert_int_equal(other.turn_count, 1);
    assert_int_equal(stats_of(f->heap).Frees, 1);
    mcentral_ensure_swept(f->heap, span); // there is nothing to wait for
    assert_int_equal(other.turn_count, 1);
    check_account(f->heap);
}

TEST(whoever_frees_waits_for_the_thread_that_sweeps_the_span) {
    struct fixture *f = *state;
    void *object = object_being_swept(f);
    assert_int_equal(heap_free(f->heap, f->cache[1], object), HEAP_FREED);
    assert_int_equal(other.turn_count, 1);
    assert_int_equal(stats_of(f->heap).Frees, 2);
    assert_true(heap_is_swept(f->heap));
    check_account(f->heap);
}

TEST(there_is_nothing_to_sweep_where_the_last_span_is_being_swept) {
    struct fixture *f = *state;
    (void)object_being_swept(f);
    assert_false(heap_is_swept(f->heap));
    assert_int_equal(heap_sweep_one(f->heap, f->cache[0]), 0);
    assert_int_equal(heap_sweep_one(f->heap, NULL), 0);
    assert_int_equal(other.turn_count, 0);
    thrd_yield();
    assert_true(heap_is_swept(f->heap));
}

TEST(whoever_finishes_waits_for_the_thread_that_sweeps_the_last_span) {
    struct fixture *f = *state;
    (void)object_being_swept(f);
    heap_sweep_finish(f->heap, f->cache[0]);
    assert_int_equal(other.turn_count, 1);
    assert_true(heap_is_swept(f->heap));
    check_account(f->heap);
}
