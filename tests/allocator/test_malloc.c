// test_malloc: where objects come from, where frees count, what is zero, and which misuse ends in
// which sentence.
//
// holds: allocator/spans/object.c
#include "tests/allocator/fixture.h"
#include "tests/test.h"

static const uint8_t all_pointers[] = {0xff};
static const struct gc_layout pointers = {16, 16, all_pointers};

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(zero_size_gives_the_zero_base_and_counts_nowhere) {
    struct fixture *f = *state;
    assert_ptr_equal(heap_alloc(f->heap, f->cache[0], 0, NULL, 0), heap_zero_base(f->heap));
    assert_ptr_equal(heap_alloc_aligned(f->heap, f->cache[0], 0, 8, NULL, 0),
                     heap_zero_base(f->heap));
    assert_int_equal(heap_free(f->heap, f->cache[0], heap_zero_base(f->heap)), HEAP_FREE_DEFERRED);
    assert_int_equal(heap_free(f->heap, f->cache[0], NULL), HEAP_FREE_DEFERRED);
    assert_int_equal(heap_usable_bytes(f->heap, heap_zero_base(f->heap)), 0);
    assert_int_equal(stats_of(f->heap).Mallocs, 0);
}

TEST(each_class_counts_its_objects_and_bytes) {
    struct fixture *f = *state;
    uint64_t bytes = 0;
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        size_t size = size_class_bytes[class - 1] + 1u;
        void *object = heap_alloc(f->heap, f->cache[0], size, NULL, 0);
        assert_int_equal(heap_usable_bytes(f->heap, object), size_class_bytes[class]);
        bytes += size_class_bytes[class];
        struct memstats stats = stats_of(f->heap);
        assert_int_equal(stats.BySize[class].Mallocs, 1);
        assert_int_equal(stats.TotalAlloc, bytes);
        assert_int_equal(stats.HeapAlloc, bytes);
        assert_int_equal(stats.Mallocs, class);
    }
    check_account(f->heap);
}

TEST(free_in_an_own_span_gives_the_slot_back_at_once) {
    struct fixture *f = *state;
    void *a = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    void *b = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    assert_int_equal(heap_free(f->heap, f->cache[0], a), HEAP_FREED);
    assert_ptr_equal(heap_alloc(f->heap, f->cache[0], 64, NULL, 0), a);
    assert_int_equal(heap_free(f->heap, f->cache[0], b), HEAP_FREED);
    struct memstats stats = stats_of(f->heap);
    assert_int_equal(stats.Mallocs, 3);
    assert_int_equal(stats.Frees, 2);
    assert_int_equal(stats.BySize[6].Frees, 2);
    check_account(f->heap);
}

TEST(free_by_another_cache_is_dead_at_once_and_reused_later) {
    struct fixture *f = *state;
    void *objects[128];
    for (size_t i = 0; i < 128; i++) { // the span is full then
        objects[i] = heap_alloc(f->heap, f->cache[0], 64, &pointers, 0);
    }
    assert_int_equal(heap_free(f->heap, f->cache[1], objects[5]), HEAP_FREE_REMOTE);
    struct memstats stats = stats_of(f->heap);
    assert_int_equal(stats.HeapObjects, 127);
    struct heap_object object;
    assert_true(heap_find_object(f->heap, (uintptr_t)objects[5], &object));
    assert_false(object.allocated);
    assert_int_equal(heap_usable_bytes(f->heap, objects[5]), 0);
    check_account(f->heap);
    assert_ptr_equal(heap_alloc(f->heap, f->cache[0], 64, &pointers, 0), objects[5]);
    check_account(f->heap);
}

TEST(free_in_a_span_of_nobody_moves_it_between_the_lists_and_home) {
    struct fixture *f = *state;
    void *objects[129];
    for (size_t i = 0; i < 129; i++) { // one more than a span: the full one leaves the cache
        objects[i] = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    }
    uint64_t inuse = stats_of(f->heap).HeapInuse;
    for (size_t i = 0; i < 128; i++) {
        assert_int_equal(stats_of(f->heap).HeapInuse, inuse);
        assert_int_equal(heap_free(f->heap, f->cache[i % FIXTURE_CACHES], objects[i]), HEAP_FREED);
        check_account(f->heap);
    }
    assert_int_equal(stats_of(f->heap).HeapInuse, inuse - HEAP_PAGE_BYTES);
}

TEST(reused_memory_is_zero_where_that_is_promised) {
    struct fixture *f = *state;
    static const uint8_t zeros[1024];
    static const size_t sizes[] = {8, 24, 100, 1000};
    for (size_t i = 0; i < 4; i++) {
        void *object = heap_alloc(f->heap, f->cache[0], sizes[i], NULL, 0);
        memset(object, 0xaa, sizes[i]);
        (void)heap_free(f->heap, f->cache[0], object);
        void *again = heap_alloc(f->heap, f->cache[0], sizes[i], NULL, HEAP_ALLOC_ZERO);
        assert_ptr_equal(again, object);
        assert_memory_equal(again, zeros, sizes[i]);
        object = heap_alloc(f->heap, f->cache[0], sizes[i], &pointers, 0);
        memset(object, 0xaa, sizes[i]);
        (void)heap_free(f->heap, f->cache[0], object);
        again = heap_alloc(f->heap, f->cache[0], sizes[i], &pointers, 0);
        assert_ptr_equal(again, object);
        assert_memory_equal(again, zeros, sizes[i]);
    }
}

TEST(aligned_objects_are_aligned_up_to_an_arena) {
    struct fixture *f = *state;
    static const size_t sizes[] = {1, 24, 100, 4097, 8192, 32768, 100000};
    for (size_t align = 1; align <= (size_t)1 << 20; align *= 2) {
        for (size_t i = 0; i < 7; i++) {
            void *object = heap_alloc_aligned(f->heap, f->cache[0], sizes[i], align, NULL, 0);
            assert_non_null(object);
            assert_int_equal((uintptr_t)object % align, 0);
            assert_true(heap_usable_bytes(f->heap, object) >= sizes[i]);
            assert_int_equal(heap_free(f->heap, f->cache[0], object), HEAP_FREED);
        }
    }
    void *object = heap_alloc_aligned(f->heap, f->cache[0], 100, HEAP_ARENA_BYTES, NULL, 0);
    assert_non_null(object);
    assert_int_equal((uintptr_t)object % HEAP_ARENA_BYTES, 0);
    assert_int_equal(heap_usable_bytes(f->heap, object), HEAP_PAGE_BYTES);
    assert_null(heap_alloc_aligned(f->heap, f->cache[0], 8, HEAP_ARENA_BYTES * 2, NULL, 0));
    object = heap_alloc_aligned(f->heap, f->cache[0], 0, 64, NULL, 0);
    assert_int_equal((uintptr_t)object % 64, 0);
    check_account(f->heap);
}

TEST(a_remotely_freed_slot_is_zeroed_for_its_next_object) {
    struct fixture *f = *state;
    unsigned char *object = heap_alloc(f->heap, f->cache[0], 32768, NULL, 0);
    memset(object, 0xaa, 32768);
    assert_int_equal(heap_free(f->heap, f->cache[1], object), HEAP_FREE_REMOTE);
    assert_ptr_equal(heap_alloc(f->heap, f->cache[0], 32768, NULL, HEAP_ALLOC_ZERO), object);
    for (size_t i = 0; i < 32768; i++) {
        assert_int_equal(object[i], 0);
    }
}

static void count_samples(void *context, uintptr_t object, uintptr_t bucket) {
    (void)object;
    (void)bucket;
    ++*(size_t *)context;
}

TEST(every_object_but_a_tiny_hit_is_a_sample_at_rate_one) {
    struct fixture *f = *state;
    size_t count = 0;
    heap_set_profile_rate(f->heap, 1);
    void *small = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    void *large = heap_alloc(f->heap, f->cache[0], 64000, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[0], 4, NULL, HEAP_ALLOC_TINY);
    (void)heap_alloc(f->heap, f->cache[0], 4, NULL, HEAP_ALLOC_TINY);
    heap_visit_samples(f->heap, count_samples, &count);
    assert_int_equal(count, 3);
    (void)heap_free(f->heap, f->cache[0], small);
    (void)heap_free(f->heap, f->cache[0], large);
    heap_set_profile_rate(f->heap, 0);
    (void)heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    count = 0;
    heap_visit_samples(f->heap, count_samples, &count);
    assert_int_equal(count, 1);
}

TEST(find_object_knows_inside_waste_and_elsewhere) {
    struct fixture *f = *state;
    uintptr_t base = (uintptr_t)heap_alloc(f->heap, f->cache[0], 24, NULL, 0);
    struct heap_object object;
    assert_true(heap_find_object(f->heap, base + 23, &object));
    assert_int_equal(object.base, base);
    assert_int_equal(object.element_bytes, 24);
    assert_true(object.noscan && object.allocated && !object.marked);
    assert_true(heap_find_object(f->heap, base + 24, &object));
    assert_false(object.allocated);
    assert_false(heap_find_object(f->heap, base + HEAP_PAGE_BYTES - 1, &object)); // waste
    assert_false(heap_find_object(f->heap, base + 64 * HEAP_PAGE_BYTES, &object));
    assert_false(heap_find_object(f->heap, 0, &object));
    assert_false(heap_find_object(f->heap, UINTPTR_MAX, &object));
    void *stack = heap_alloc_manual(f->heap, 1, MANUAL_STACK);
    assert_false(heap_find_object(f->heap, (uintptr_t)stack, &object));
}

// ---- misuse

static void free_twice_own(struct fixture *f) {
    void *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    about(object);
    (void)heap_free(f->heap, f->cache[0], object);
    (void)heap_free(f->heap, f->cache[0], object);
}

static void free_twice_remote(struct fixture *f) {
    void *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    about(object);
    (void)heap_free(f->heap, f->cache[1], object);
    (void)heap_free(f->heap, f->cache[2], object);
}

static void free_remote_then_own(struct fixture *f) {
    void *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    about(object);
    (void)heap_free(f->heap, f->cache[1], object);
    (void)heap_free(f->heap, f->cache[0], object);
}

static void free_twice_unowned(struct fixture *f) {
    void *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    heap_flush_cache(f->heap, f->cache[0]);
    about(object);
    (void)heap_free(f->heap, f->cache[0], object);
    (void)heap_free(f->heap, f->cache[0], object);
}

static void free_interior(struct fixture *f) {
    char *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    about(object + 8);
    (void)heap_free(f->heap, f->cache[0], object + 8);
}

static void free_waste(struct fixture *f) {
    char *object = heap_alloc(f->heap, f->cache[0], 24, NULL, 0);
    about(object + HEAP_PAGE_BYTES - 8);
    (void)heap_free(f->heap, f->cache[0], object + HEAP_PAGE_BYTES - 8);
}

static void free_foreign(struct fixture *f) {
    int local;
    about(&local);
    (void)heap_free(f->heap, f->cache[0], &local);
}

static void free_manual_span(struct fixture *f) {
    void *pages = heap_alloc_manual(f->heap, 1, MANUAL_STACK);
    about(pages);
    (void)heap_free(f->heap, f->cache[0], pages);
}

static void realloc_freed(struct fixture *f) {
    void *object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    about(object);
    (void)heap_free(f->heap, f->cache[0], object);
    (void)heap_realloc(f->heap, f->cache[0], object, 65, NULL, 0);
}

static void free_large_interior(struct fixture *f) {
    char *object = heap_alloc(f->heap, f->cache[0], 100000, NULL, 0);
    about(object + HEAP_PAGE_BYTES);
    (void)heap_free(f->heap, f->cache[0], object + HEAP_PAGE_BYTES);
}

TEST(misuse_ends_in_its_sentence_and_its_address) {
    expect_misuse("misuse: double free", free_twice_own, *state);
    expect_misuse("misuse: double free", free_twice_remote, *state);
    expect_misuse("misuse: double free", free_remote_then_own, *state);
    expect_misuse("misuse: double free", free_twice_unowned, *state);
    expect_misuse("misuse: double free", realloc_freed, *state);
    expect_misuse("misuse: free of an interior pointer", free_interior, *state);
    expect_misuse("misuse: free of an interior pointer", free_large_interior, *state);
    expect_misuse("misuse: free of a foreign pointer", free_waste, *state);
    expect_misuse("misuse: free of a foreign pointer", free_foreign, *state);
    expect_misuse("misuse: free of a foreign pointer", free_manual_span, *state);
}
