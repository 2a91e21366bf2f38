// test_tiny: small requests share blocks, count as Go counts them, and die with their block.
#include "tests/allocator/fixture.h"
#include "tests/test.h"

static void *tiny(struct fixture *f, size_t size) {
    return heap_alloc(f->heap, f->cache[0], size, NULL, HEAP_ALLOC_TINY);
}

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(requests_share_a_block_by_their_own_alignment) {
    struct fixture *f = *state;
    char *first = tiny(f, 1);
    assert_ptr_equal(tiny(f, 1), first + 1);
    assert_ptr_equal(tiny(f, 2), first + 2);
    assert_ptr_equal(tiny(f, 1), first + 4);
    assert_ptr_equal(tiny(f, 4), first + 8);
    assert_ptr_equal(tiny(f, 3), first + 12);
    assert_ptr_equal(tiny(f, 8), first + 16); // the next block
    assert_ptr_equal(tiny(f, 8), first + 24);
}

TEST(a_hit_counts_in_mallocs_and_frees_alone) {
    struct fixture *f = *state;
    for (int i = 0; i < 100; i++) {
        assert_non_null(tiny(f, 4));
    }
    struct memstats stats = stats_of(f->heap);
    assert_int_equal(stats.Mallocs, 100);
    assert_int_equal(stats.Frees, 75);
    assert_int_equal(stats.HeapObjects, 25);
    assert_int_equal(stats.HeapAlloc, 25 * TINY_SIZE_BYTES);
    assert_int_equal(stats.BySize[TINY_SIZE_CLASS].Mallocs, 25);
    assert_int_equal(stats.BySize[TINY_SIZE_CLASS].Frees, 0);
    check_account(f->heap);
}

TEST(the_block_with_more_left_is_kept) {
    struct fixture *f = *state;
    char *first = tiny(f, 3);
    char *second = tiny(f, 15); // fits nowhere, and leaves less
    assert_ptr_equal(second, first + 16);
    assert_ptr_equal(tiny(f, 1), first + 3);
    (void)tiny(f, 8);
    char *third = tiny(f, 4); // leaves more than the first
    assert_ptr_equal(third, second + 16);
    assert_ptr_equal(tiny(f, 4), third + 4);
}

TEST(a_flush_drops_the_block) {
    struct fixture *f = *state;
    char *first = tiny(f, 1);
    heap_flush_cache(f->heap, f->cache[0]);
    assert_ptr_equal(tiny(f, 1), first + 16);
}

TEST(without_the_flag_or_with_pointers_nothing_is_shared) {
    struct fixture *f = *state;
    static const uint8_t mask[] = {1};
    static const struct gc_layout pointer = {8, 8, mask};
    char *plain = heap_alloc(f->heap, f->cache[0], 8, NULL, 0);
    assert_ptr_equal(heap_alloc(f->heap, f->cache[0], 8, NULL, 0), plain + 8);
    assert_int_equal(heap_usable_bytes(f->heap, plain), 8);
    void *pointerful = heap_alloc(f->heap, f->cache[0], 8, &pointer, HEAP_ALLOC_TINY);
    assert_int_equal(heap_usable_bytes(f->heap, pointerful), 8);
    void *sixteen = tiny(f, 16);
    assert_int_equal(heap_free(f->heap, f->cache[0], sixteen), HEAP_FREED);
}

TEST(free_of_any_part_is_deferred_to_the_collector) {
    struct fixture *f = *state;
    char *first = tiny(f, 3);
    char *second = tiny(f, 4);
    assert_int_equal(heap_free(f->heap, f->cache[0], first), HEAP_FREE_DEFERRED);
    assert_int_equal(heap_free(f->heap, f->cache[1], second), HEAP_FREE_DEFERRED);
    assert_int_equal(stats_of(f->heap).HeapObjects, 1);
    void *plain = heap_alloc(f->heap, f->cache[0], 16, NULL, 0); // its neighbour is no block
    assert_int_equal(heap_free(f->heap, f->cache[0], plain), HEAP_FREED);
    heap_mark_begin(f->heap); // keeps the cache's block: more may be put into it
    heap_mark_end(f->heap);
    heap_sweep_finish(f->heap, f->cache[0]);
    assert_int_equal(stats_of(f->heap).HeapObjects, 1);
    heap_mark_begin(f->heap);
    heap_mark_end(f->heap);
    heap_sweep_finish(f->heap, f->cache[0]);
    assert_int_equal(stats_of(f->heap).HeapObjects, 0);
    plain = heap_alloc(f->heap, f->cache[0], 16, NULL, 0); // the slot is no block any more
    assert_ptr_equal(plain, first);
    assert_int_equal(heap_free(f->heap, f->cache[0], plain), HEAP_FREED);
    check_account(f->heap);
}

TEST(a_block_begins_zero) {
    struct fixture *f = *state;
    static const uint8_t zeros[TINY_SIZE_BYTES];
    void *dirty = heap_alloc(f->heap, f->cache[0], 16, NULL, 0);
    memset(dirty, 0xaa, 16);
    (void)heap_free(f->heap, f->cache[0], dirty);
    assert_ptr_equal(tiny(f, 8), dirty);
    assert_ptr_equal(tiny(f, 8), (char *)dirty + 8);
    assert_memory_equal(dirty, zeros, TINY_SIZE_BYTES);
}

TEST(no_memory_for_a_block_is_null) {
    struct fixture *f = *state;
    heap_set_fault(f->heap, SYSMEM_MMAP, 1, true);
    heap_set_fault(f->heap, SYSMEM_MPROTECT, 1, true);
    assert_null(tiny(f, 4));
    assert_int_equal(stats_of(f->heap).Mallocs, 0);
}
