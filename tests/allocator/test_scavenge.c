// test_scavenge: what goes back to the system, what the numbers say, and what the kernel says.
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "allocator/fault.h"
#include "tests/allocator/one_heap.h"
#include "tests/test.h"

static void *touched_pages(size_t page_count) {
    void *base = heap_alloc_manual(heap, page_count, MANUAL_OTHER);
    assert_non_null(base);
    memset(base, 0xab, page_count * HEAP_PAGE_BYTES);
    return base;
}

static bool is_resident(uintptr_t page) {
    unsigned char residence[HEAP_PAGE_BYTES / 4096];
    assert_int_equal(mincore((void *)page, HEAP_PAGE_BYTES, residence), 0);
    size_t count = HEAP_PAGE_BYTES / (size_t)sysconf(_SC_PAGESIZE);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any = any || (residence[i] & 1) != 0;
    }
    return any;
}

TEST_FIXTURE(setup, teardown)

TEST(released_pages_move_from_free_to_released_and_are_gone) {
    unsigned char *base = touched_pages(100);
    heap_free_manual(heap, base, MANUAL_OTHER);
    assert_true(is_resident((uintptr_t)base));
    assert_int_equal(heap->stats.heap_free_bytes, 100 * HEAP_PAGE_BYTES);
    assert_int_equal(heap_scavenge(heap, SIZE_MAX), 100 * HEAP_PAGE_BYTES);
    assert_int_equal(heap->stats.heap_free_bytes, 0);
    assert_int_equal(heap->stats.heap_released_bytes, 512 * HEAP_PAGE_BYTES);
    for (size_t page = 0; page < 512; page++) {
        assert_false(is_resident((uintptr_t)base + page * HEAP_PAGE_BYTES));
    }
    assert_ptr_equal(heap_alloc_manual(heap, 100, MANUAL_OTHER), base);
    for (size_t i = 0; i < 100 * HEAP_PAGE_BYTES; i += 64) {
        assert_int_equal(base[i], 0);
    }
    assert_int_equal(heap_scavenge(heap, SIZE_MAX), 0);
}

TEST(the_fewest_idle_pages_since_the_last_question_are_told) {
    unsigned char *first = touched_pages(10);
    unsigned char *second = touched_pages(20);
    assert_int_equal(heap_take_idle_low(heap), 0);
    heap_free_manual(heap, second, MANUAL_OTHER);
    assert_int_equal(heap_take_idle_low(heap), 0); // it was so at first
    assert_int_equal(heap_take_idle_low(heap), 20 * HEAP_PAGE_BYTES);
    second = touched_pages(15);
    heap_free_manual(heap, first, MANUAL_OTHER);
    heap_free_manual(heap, second, MANUAL_OTHER);
    assert_int_equal(heap_take_idle_low(heap), 5 * HEAP_PAGE_BYTES);
    assert_int_equal(heap_scavenge(heap, 7 * HEAP_PAGE_BYTES), 7 * HEAP_PAGE_BYTES);
    assert_int_equal(heap_take_idle_low(heap), 23 * HEAP_PAGE_BYTES);
    assert_int_equal(heap_take_idle_low(heap), 23 * HEAP_PAGE_BYTES);
}

TEST(as_many_pages_as_asked_go_from_the_top) {
    unsigned char *base = touched_pages(10);
    unsigned char *kept = touched_pages(1);
    unsigned char *upper = touched_pages(10);
    heap_free_manual(heap, base, MANUAL_OTHER);
    heap_free_manual(heap, upper, MANUAL_OTHER);
    assert_int_equal(heap_scavenge(heap, 0), 0);
    assert_int_equal(heap_scavenge(heap, 1), HEAP_PAGE_BYTES);
    assert_false(is_resident((uintptr_t)upper + 9 * HEAP_PAGE_BYTES));
    assert_true(is_resident((uintptr_t)upper + 8 * HEAP_PAGE_BYTES));
    assert_int_equal(heap_scavenge(heap, 11 * HEAP_PAGE_BYTES), 11 * HEAP_PAGE_BYTES);
    assert_true(is_resident((uintptr_t)base));
    assert_false(is_resident((uintptr_t)base + 9 * HEAP_PAGE_BYTES));
    assert_int_equal(heap_scavenge(heap, SIZE_MAX), 8 * HEAP_PAGE_BYTES);
    assert_int_equal(kept[0], 0xab);
    assert_true(is_resident((uintptr_t)kept));
}

TEST(a_span_that_mixes_released_and_kept_pages_needs_zeroing) {
    void *base = touched_pages(10);
    heap_free_manual(heap, base, MANUAL_OTHER);
    assert_int_equal(heap_scavenge(heap, 4 * HEAP_PAGE_BYTES), 4 * HEAP_PAGE_BYTES);
    struct mspan *mixed = mheap_alloc_span(heap, 10, 0, 1);
    assert_ptr_equal((void *)mixed->base, base);
    assert_true(mixed->needzero);
    assert_int_equal(heap->stats.heap_free_bytes, 0);
    assert_int_equal(heap->stats.heap_released_bytes, 502 * HEAP_PAGE_BYTES);
    free_span(heap, mixed);
    (void)heap_scavenge(heap, SIZE_MAX);
    assert_false(mheap_alloc_span(heap, 10, 0, 1)->needzero);
}

TEST(a_system_that_refuses_ends_it_early_and_nothing_is_miscounted) {
    void *bases[5];
    for (size_t i = 0; i < 5; i++) {
        bases[i] = touched_pages(2);
        (void)touched_pages(1);
    }
    for (size_t i = 0; i < 5; i++) {
        heap_free_manual(heap, bases[i], MANUAL_OTHER);
    }
    heap_set_fault(heap, SYSMEM_MADVISE, 3, false);
    assert_int_equal(heap_scavenge(heap, SIZE_MAX), 4 * HEAP_PAGE_BYTES);
    assert_int_equal(heap->stats.heap_free_bytes, 6 * HEAP_PAGE_BYTES);
    assert_pages_are_sound(heap);
    heap_set_fault(heap, SYSMEM_MADVISE, 1, true);
    char *before = snapshot_of(heap);
    assert_int_equal(heap_scavenge(heap, SIZE_MAX), 0);
    assert_snapshot(heap, before);
    free(before);
    heap_set_fault(heap, SYSMEM_MADVISE, 0, false);
    assert_int_equal(heap_scavenge(heap, SIZE_MAX), 6 * HEAP_PAGE_BYTES);
}

TEST(runs_over_arenas_are_released_whole) {
    struct mspan *span = mheap_alloc_span(heap, 2 * HEAP_ARENA_PAGES, 0, 1);
    free_span(heap, span);
    assert_int_equal(heap_scavenge(heap, SIZE_MAX), 2 * HEAP_ARENA_BYTES);
    assert_int_equal(heap_call_count(heap, SYSMEM_MADVISE), 1);
}

TEST(a_run_from_the_first_page_of_an_arena_ends_at_the_gap_before_it) {
    void *foreign = mmap((void *)(heap_base(heap) + HEAP_ARENA_BYTES), HEAP_PAGE_BYTES, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_not_equal(foreign, MAP_FAILED);
    (void)mheap_alloc_span(heap, HEAP_ARENA_PAGES - 1024, 0, 1);
    struct mspan *apart = mheap_alloc_span(heap, 2048, 0, 1);
    assert_int_equal(apart->base, heap_base(heap) + 2 * HEAP_ARENA_BYTES);
    free_span(heap, apart);
    assert_int_equal(heap_scavenge(heap, SIZE_MAX), 2048 * HEAP_PAGE_BYTES);
    assert_int_equal(heap->stats.heap_free_bytes, 0);
    assert_pages_are_sound(heap);
    assert_int_equal(munmap(foreign, HEAP_PAGE_BYTES), 0);
}

TEST(a_reset_heap_releases_zeroed_pages_as_a_new_one_does) {
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(inspect_is_cold(heap), round == 0);
        unsigned char *base = touched_pages(20);
        heap_free_manual(heap, base, MANUAL_OTHER);
        assert_int_equal(heap_scavenge(heap, 3 * HEAP_PAGE_BYTES), 3 * HEAP_PAGE_BYTES);
        assert_int_equal(heap_scavenge(heap, SIZE_MAX), 17 * HEAP_PAGE_BYTES);
        assert_ptr_equal(heap_alloc_manual(heap, 20, MANUAL_STACK), base);
        for (size_t i = 0; i < 20 * HEAP_PAGE_BYTES; i += 8) {
            assert_int_equal(base[i], 0);
        }
        assert_true(heap_reset(heap));
    }
}
