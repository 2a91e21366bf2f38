// test_prediction: what the raw bits let one foretell, on heaps whose pages are known.
#include "oracle/go/view/prediction.h"

#include "allocator/heap.h"

#include "tests/test.h"

static int setup(void **state) {
    *state = heap_create(&(struct heap_options){0});
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state) {
    heap_destroy(*state);
    return 0;
}

TEST_FIXTURE(setup, teardown)

static uintptr_t take(struct heap *heap, size_t page_count) {
    void *base = heap_alloc_manual(heap, page_count, MANUAL_STACK);
    assert_non_null(base);
    return (uintptr_t)base;
}

static void give(struct heap *heap, uintptr_t base) {
    heap_free_manual(heap, (void *)base, MANUAL_STACK);
}

TEST(nothing_fits_where_nothing_was_grown) {
    assert_int_equal(predict_fit(*state, 1), 0);
    assert_int_equal(predict_idle_pages(*state), 0);
}

TEST(a_run_fits_at_the_lowest_gap_that_is_long_enough) {
    uintptr_t one = take(*state, 1);
    uintptr_t wall = take(*state, 1);
    uintptr_t three = take(*state, 3);
    uintptr_t second_wall = take(*state, 1);
    give(*state, one);
    give(*state, three);
    assert_int_equal(predict_fit(*state, 1), one);
    assert_int_equal(predict_fit(*state, 2), three);
    assert_int_equal(predict_fit(*state, 3), three);
    assert_int_equal(predict_fit(*state, 4), second_wall + HEAP_PAGE_BYTES);
    give(*state, wall);
    assert_int_equal(predict_fit(*state, 5), one); // the gap is one now
}

TEST(a_run_may_go_on_in_the_next_word_and_chunk) {
    uintptr_t first = take(*state, 1);
    uintptr_t most = take(*state, HEAP_CHUNK_PAGES - 1); // of the first chunk
    uintptr_t next = take(*state, HEAP_CHUNK_PAGES);     // the second
    assert_int_equal(next, first + HEAP_CHUNK_PAGES * HEAP_PAGE_BYTES);
    give(*state, most);
    give(*state, next);
    assert_int_equal(predict_fit(*state, 2 * HEAP_CHUNK_PAGES - 1), most);
    assert_int_equal(predict_fit(*state, 2 * HEAP_CHUNK_PAGES), 0);
    give(*state, first);
    assert_int_equal(predict_fit(*state, 2 * HEAP_CHUNK_PAGES), first);
}

TEST(released_pages_are_not_idle_and_fit_all_the_same) {
    uintptr_t base = take(*state, HEAP_CHUNK_PAGES);
    give(*state, base);
    size_t idle = predict_idle_pages(*state);
    assert_true(heap_scavenge(*state, 5 * HEAP_PAGE_BYTES) == 5 * HEAP_PAGE_BYTES);
    assert_int_equal(predict_idle_pages(*state), idle - 5);
    assert_int_equal(predict_fit(*state, HEAP_CHUNK_PAGES), base);
}

TEST(a_free_is_remote_where_another_cache_owns_the_span) {
    struct mcache *mine = heap_acquire_cache(*state);
    struct mcache *other = heap_acquire_cache(*state);
    uintptr_t object = (uintptr_t)heap_alloc(*state, mine, 64, NULL, 0);
    assert_false(predict_is_remote(*state, object, heap_cache_id(mine)));
    assert_true(predict_is_remote(*state, object, heap_cache_id(other)));
    heap_release_cache(*state, mine);
    assert_false(predict_is_remote(*state, object, heap_cache_id(other))); // nobody owns it now
}
