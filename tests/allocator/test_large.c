// test_large: a large object has whole pages of its own and counts them.
#include "tests/allocator/fixture.h"
#include "tests/test.h"

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(a_large_object_counts_whole_pages) {
    struct fixture *f = *state;
    void *object = heap_alloc(f->heap, f->cache[0], SMALL_SIZE_MAX + 1, NULL, 0);
    assert_int_equal(heap_usable_bytes(f->heap, object), 5 * HEAP_PAGE_BYTES);
    struct memstats stats = stats_of(f->heap);
    assert_int_equal(stats.Mallocs, 1);
    assert_int_equal(stats.HeapAlloc, 5 * HEAP_PAGE_BYTES);
    assert_int_equal(stats.HeapInuse, 5 * HEAP_PAGE_BYTES);
    assert_int_equal(stats.BySize[0].Mallocs, 0);
    check_account(f->heap);
    assert_int_equal(heap_free(f->heap, f->cache[1], object), HEAP_FREED);
    stats = stats_of(f->heap);
    assert_int_equal(stats.Frees, 1);
    assert_int_equal(stats.HeapAlloc, 0);
    assert_int_equal(stats.HeapInuse, 0);
    assert_int_equal(stats.TotalAlloc, 5 * HEAP_PAGE_BYTES);
    check_account(f->heap);
}

TEST(a_reused_large_object_is_zero_where_promised) {
    struct fixture *f = *state;
    unsigned char *object = heap_alloc(f->heap, f->cache[0], 50000, NULL, 0);
    memset(object, 0xaa, 50000);
    (void)heap_free(f->heap, f->cache[0], object);
    unsigned char *again = heap_alloc(f->heap, f->cache[0], 50000, NULL, HEAP_ALLOC_ZERO);
    assert_ptr_equal(again, object);
    for (size_t i = 0; i < 50000; i++) {
        assert_int_equal(again[i], 0);
    }
}

TEST(a_large_object_may_cross_an_arena) {
    struct fixture *f = *state;
    static const uint8_t mask[] = {1};
    static const struct gc_layout layout = {8, 8, mask};
    size_t size = HEAP_ARENA_BYTES + 3 * HEAP_PAGE_BYTES;
    void *object = heap_alloc(f->heap, f->cache[0], size, &layout, 0);
    assert_non_null(object);
    assert_int_equal(heap_usable_bytes(f->heap, object), size);
    check_account(f->heap);
    assert_int_equal(heap_free(f->heap, f->cache[0], object), HEAP_FREED);
    check_account(f->heap);
}

TEST(impossible_sizes_are_null) {
    struct fixture *f = *state;
    assert_null(heap_alloc(f->heap, f->cache[0], SIZE_MAX, NULL, 0));
    assert_null(heap_alloc(f->heap, f->cache[0], HEAP_WINDOW_BYTES + 1, NULL, 0));
    assert_int_equal(stats_of(f->heap).Mallocs, 0);
    check_account(f->heap);
}

TEST(an_unmarked_large_object_is_swept_home) {
    struct fixture *f = *state;
    struct heap_object object;
    void *kept = heap_alloc(f->heap, f->cache[0], 100000, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[0], 200000, NULL, 0);
    heap_mark_begin(f->heap);
    assert_true(heap_mark(f->heap, (uintptr_t)kept + 70000, &object));
    assert_int_equal(object.base, kept);
    heap_mark_end(f->heap);
    check_account(f->heap);
    assert_int_equal(heap_sweep_one(f->heap, f->cache[0]), 13);
    assert_int_equal(heap_sweep_one(f->heap, NULL), 25);
    assert_int_equal(heap_sweep_one(f->heap, NULL), 0);
    struct memstats stats = stats_of(f->heap);
    assert_int_equal(stats.Frees, 1);
    assert_int_equal(stats.HeapInuse, 13 * HEAP_PAGE_BYTES);
    check_account(f->heap);
}
