// test_mheap: spans of pages and growth over arenas.
//
// holds: allocator/pages/grow.c allocator/pages/manual.c
#define _GNU_SOURCE
#include <sys/mman.h>

#include "allocator/fault.h"
#include "allocator/poison.h"
#include "tests/allocator/one_heap.h"
#include "tests/test.h"

#define NOSCAN_LARGE 1

static struct mspan *alloc_span(size_t page_count) {
    struct mspan *span = mheap_alloc_span(heap, page_count, 0, NOSCAN_LARGE);
    assert_non_null(span);
    return span;
}

TEST_FIXTURE(setup, teardown)

TEST(a_new_heap_has_its_structure_in_other_sys_and_no_page) {
    struct memstats stats;
    heap_read_memstats(heap, &stats);
    assert_int_equal(stats.HeapSys, 0);
    assert_int_equal(stats.Sys, stats.OtherSys);
    assert_int_equal(inspect_arena_count(heap), 0);
    assert_true(inspect_is_cold(heap));
    assert_int_equal(heap_base(heap) % HEAP_ARENA_BYTES, 0);
}

TEST(the_first_span_grows_a_chunk_and_takes_its_first_pages) {
    struct mspan *span = alloc_span(3);
    assert_int_equal(span->base, heap_base(heap));
    assert_int_equal(span->page_count, 3);
    assert_false(span->needzero);
    assert_int_equal(heap->stats.heap_inuse_bytes, 3 * HEAP_PAGE_BYTES);
    assert_int_equal(heap->stats.heap_released_bytes, (512 - 3) * HEAP_PAGE_BYTES);
    assert_int_equal(heap->stats.heap_free_bytes, 0);
}

TEST(freed_pages_are_free_reused_and_need_zeroing) {
    struct mspan *first = alloc_span(2);
    struct mspan *second = alloc_span(1);
    uintptr_t base = first->base;
    free_span(heap, first);
    assert_int_equal(heap->stats.heap_free_bytes, 2 * HEAP_PAGE_BYTES);
    struct mspan *again = alloc_span(1);
    assert_int_equal(again->base, base);
    assert_true(again->needzero);
    struct mspan *mixed = alloc_span(509);
    assert_false(mixed->needzero);
    free_span(heap, mixed);
    free_span(heap, second);
    struct mspan *whole = alloc_span(511);
    assert_int_equal(whole->base, base + HEAP_PAGE_BYTES);
    assert_true(whole->needzero);
}

TEST(every_page_of_a_span_names_it_and_none_after_its_death) {
    struct mspan *span = alloc_span(HEAP_ARENA_PAGES + 100);
    uintptr_t base = span->base;
    for (size_t page = 0; page < span->page_count; page += 7) {
        assert_ptr_equal(mheap_span_of(heap, base + page * HEAP_PAGE_BYTES + 5), span);
    }
    assert_ptr_equal(mheap_span_of(heap, base + span->page_count * HEAP_PAGE_BYTES - 1), span);
    assert_null(mheap_span_of(heap, base + span->page_count * HEAP_PAGE_BYTES));
    assert_null(mheap_span_of(heap, base - 1));
    assert_null(mheap_span_of(heap, base + HEAP_WINDOW_BYTES));
    assert_null(mheap_span_of(heap, base + HEAP_WINDOW_BYTES - 1));
    assert_null(mheap_span_of(heap, 0));
    free_span(heap, span);
    assert_null(mheap_span_of(heap, base));
    assert_null(mheap_span_of(heap, base + HEAP_ARENA_BYTES));
}

TEST(pointer_bits_have_one_bit_for_each_word) {
    uintptr_t base = alloc_span(HEAP_ARENA_PAGES + 1)->base;
    unsigned bit;
    uint64_t *first = mheap_pointer_bits(heap, base, &bit);
    assert_int_equal(bit, 0);
    assert_ptr_equal(mheap_pointer_bits(heap, base + 63 * 8, &bit), first);
    assert_int_equal(bit, 63);
    assert_ptr_equal(mheap_pointer_bits(heap, base + 64 * 8, &bit), first + 1);
    assert_int_equal(bit, 0);
    uint64_t *last = mheap_pointer_bits(heap, base + HEAP_ARENA_BYTES - 8, &bit);
    assert_ptr_equal(last, first + HEAP_ARENA_BYTES / 512 - 1);
    *last = UINT64_MAX;
    assert_int_equal(*mheap_pointer_bits(heap, base + HEAP_ARENA_BYTES, &bit), 0);
}

TEST(aligned_spans_lie_on_their_alignment_and_leave_the_gap_free) {
    (void)alloc_span(1);
    for (size_t align_pages = 1; align_pages <= HEAP_ARENA_PAGES; align_pages *= 2) {
        struct mspan *span = mheap_alloc_span(heap, 3, align_pages, NOSCAN_LARGE);
        assert_non_null(span);
        assert_int_equal(span->base % (align_pages * HEAP_PAGE_BYTES), 0);
    }
    struct mspan *low = alloc_span(1);
    assert_true(low->base < heap_base(heap) + 16 * HEAP_PAGE_BYTES);
}

TEST(a_span_may_cross_arenas_and_the_rest_goes_on_behind) {
    struct mspan *first = alloc_span(HEAP_ARENA_PAGES - 512);
    struct mspan *across = alloc_span(1024 + 512);
    assert_int_equal(across->base, first->base + (HEAP_ARENA_PAGES - 512) * HEAP_PAGE_BYTES);
    assert_int_equal(inspect_arena_count(heap), 2);
    struct mspan *next = alloc_span(512);
    assert_int_equal(next->base, across->base + 1536 * HEAP_PAGE_BYTES);
    assert_int_equal(heap->stats.heap_released_bytes, 0);
}

TEST(an_arena_taken_by_somebody_else_is_skipped_and_the_rest_before_it_used) {
    uintptr_t base = heap_base(heap);
    void *foreign = mmap((void *)(base + HEAP_ARENA_BYTES + HEAP_PAGE_BYTES), HEAP_PAGE_BYTES,
                         PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_not_equal(foreign, MAP_FAILED);
    (void)alloc_span(HEAP_ARENA_PAGES - 1024);
    struct mspan *apart = alloc_span(2048);
    assert_int_equal(apart->base, base + 2 * HEAP_ARENA_BYTES);
    assert_int_equal(heap->stats.heap_released_bytes, 1024 * HEAP_PAGE_BYTES);
    struct mspan *rest = alloc_span(1024);
    assert_int_equal(rest->base, base + HEAP_ARENA_BYTES - 1024 * HEAP_PAGE_BYTES);
    struct mspan *long_run = alloc_span(3 * HEAP_ARENA_PAGES);
    assert_int_equal(long_run->base, apart->base + 2048 * HEAP_PAGE_BYTES);
    struct inspect_arena arena;
    assert_true(inspect_arena(heap, 1, &arena));
    assert_int_equal(arena.base, base + 2 * HEAP_ARENA_BYTES);
    assert_pages_are_sound(heap);
    char *before = snapshot_of(heap);
    assert_true(heap_reset(heap));
    (void)alloc_span(HEAP_ARENA_PAGES - 1024);
    (void)alloc_span(2048);
    (void)alloc_span(1024);
    (void)alloc_span(3 * HEAP_ARENA_PAGES);
    assert_snapshot(heap, before);
    free(before);
    assert_int_equal(munmap(foreign, HEAP_PAGE_BYTES), 0);
}

TEST(the_first_arena_may_be_left_behind_whole) {
    uintptr_t base = heap_base(heap);
    void *foreign = mmap((void *)(base + HEAP_ARENA_BYTES + HEAP_PAGE_BYTES), HEAP_PAGE_BYTES,
                         PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_not_equal(foreign, MAP_FAILED);
    struct mspan *apart = alloc_span(HEAP_ARENA_PAGES + 1); // nothing was needed before
    assert_int_equal(apart->base, base + 2 * HEAP_ARENA_BYTES);
    assert_int_equal(alloc_span(1)->base, base);
    assert_pages_are_sound(heap);
    assert_int_equal(munmap(foreign, HEAP_PAGE_BYTES), 0);
}

TEST(a_span_of_4_GiB_costs_nothing_until_it_is_touched) {
    size_t page_count = ((size_t)4 << 30) / HEAP_PAGE_BYTES;
#if !HEAP_POISON_ACTIVE // whose shadow would be an eighth of it
    struct mspan *span = alloc_span(page_count);
    assert_int_equal(heap->stats.heap_inuse_bytes, (uint64_t)4 << 30);
    assert_int_equal(heap->stats.heap_released_bytes, 0);
    *(volatile char *)(span->base + ((uintptr_t)4 << 30) - 1) = 1;
    free_span(heap, span);
    assert_int_equal(heap_scavenge(heap, SIZE_MAX), (uint64_t)4 << 30);
    span = alloc_span(page_count);
    assert_false(span->needzero);
    assert_int_equal(*(volatile char *)(span->base + ((uintptr_t)4 << 30) - 1), 0);
    assert_true(heap_reset(heap));
#endif
    assert_null(mheap_alloc_span(heap, HEAP_WINDOW_BYTES / HEAP_PAGE_BYTES + 1, 0, NOSCAN_LARGE));
    assert_null(mheap_alloc_span(heap, SIZE_MAX, 0, NOSCAN_LARGE));
    assert_null(mheap_alloc_span(heap, 0, 0, NOSCAN_LARGE));
    (void)page_count;
}

TEST(more_spans_than_the_list_holds_move_it_and_keep_their_order) {
    struct mspan *spans[3000];
    for (size_t i = 0; i < 3000; i++) {
        spans[i] = alloc_span(1);
    }
    for (size_t i = 0; i < 3000; i++) {
        assert_ptr_equal(heap->all_spans[i], spans[i]);
    }
    assert_int_equal(heap->all_span_count, 3000);
    free_span(heap, spans[7]);
    assert_int_equal(heap->all_spans[7]->state, MSPAN_DEAD);
    assert_ptr_equal(alloc_span(1), spans[7]);
    assert_int_equal(heap->all_span_count, 3000);
}

TEST(manual_spans_are_charged_to_their_statistic_alone) {
    const uint64_t *stats[] = {&heap->stats.stack_inuse_bytes, &heap->stats.workbuf_inuse_bytes,
                               &heap->stats.pointer_bits_inuse_bytes,
                               &heap->stats.other_inuse_bytes};
    void *bases[MANUAL_STAT_COUNT];
    for (unsigned stat = 0; stat < MANUAL_STAT_COUNT; stat++) {
        bases[stat] = heap_alloc_manual(heap, stat + 1, (enum manual_stat)stat);
        assert_non_null(bases[stat]);
        memset(bases[stat], 0xff, (stat + 1) * HEAP_PAGE_BYTES);
        assert_int_equal(*stats[stat], (stat + 1) * HEAP_PAGE_BYTES);
        assert_int_equal(heap->stats.heap_inuse_bytes, 0);
    }
    assert_int_equal(heap->stats.heap_released_bytes, (512 - 10) * HEAP_PAGE_BYTES);
    assert_pages_are_sound(heap);
    for (unsigned stat = 0; stat < MANUAL_STAT_COUNT; stat++) {
        heap_free_manual(heap, bases[stat], (enum manual_stat)stat);
        assert_int_equal(*stats[stat], 0);
    }
    assert_int_equal(heap->stats.heap_free_bytes, 10 * HEAP_PAGE_BYTES);
    assert_null(heap_alloc_manual(heap, 0, MANUAL_STACK));
    assert_null(heap_alloc_manual(heap, SIZE_MAX, MANUAL_STACK));
}

TEST(stacks_of_threads_are_mapped_zeroed_and_unmapped) {
    unsigned char *small = heap_map_os_stack(heap, 1);
    unsigned char *large = heap_map_os_stack(heap, 2 << 20);
    assert_int_equal(heap->stats.stack_sys_bytes, 8192 + (2 << 20));
    small[0] = 1;
    large[12345] = 1;
    assert_pages_are_sound(heap);
    heap_unmap_os_stack(heap, small, 1);
    heap_unmap_os_stack(heap, large, 2 << 20);
    assert_int_equal(heap->stats.stack_sys_bytes, 0);
    assert_ptr_equal(heap_map_os_stack(heap, 2 << 20), small);
    assert_int_equal(small[0], 0);
    assert_null(heap_map_os_stack(heap, 0));
    assert_null(heap_map_os_stack(heap, SIZE_MAX));
    assert_null(heap_map_os_stack(heap, SIZE_MAX - 8192));
}

TEST(soundness_sees_a_broken_span_and_broken_page_bits) {
    struct mspan *span =
        heap_alloc_manual(heap, 1, MANUAL_OTHER) == NULL ? NULL : heap->all_spans[0];
    assert_non_null(span);
    assert_true(inspect_is_sound(heap));
    span->object_count = 1; // a manual span has none
    assert_false(inspect_is_sound(heap));
    span->object_count = 0;
    heap->palloc.search_address += 2 * HEAP_PAGE_BYTES;
    assert_false(inspect_is_sound(heap));
    heap->palloc.search_address -= 2 * HEAP_PAGE_BYTES;
    assert_true(inspect_is_sound(heap));
}

TEST(an_arena_that_the_plan_calls_taken_is_skipped) {
    uintptr_t first = alloc_span(HEAP_ARENA_PAGES)->base;
    heap_set_faults(heap, SYSMEM_PLACE, 1, 3);
    uintptr_t second = alloc_span(HEAP_ARENA_PAGES)->base; // behind, there once more, one further
    assert_int_equal(second, first + 3 * HEAP_ARENA_BYTES);
    assert_int_equal(heap_fault_count(heap), 3);
    assert_true(palloc_is_valid(&heap->palloc));
}

TEST(metadata_is_refused_by_plan_and_nothing_moves) {
    struct memstats before, after;
    heap_read_memstats(heap, &before);
    heap_set_fault(heap, SYSMEM_METADATA, 2, false);
    assert_non_null(heap_metadata_alloc(heap, 16));
    heap_read_memstats(heap, &before);
    assert_null(heap_metadata_alloc(heap, 16));
    heap_read_memstats(heap, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_non_null(heap_metadata_alloc(heap, 16));
}

static size_t arena_range_count(void) {
    size_t count = 0;
    struct inspect_range range;
    for (size_t i = 0; inspect_range(heap, i, &range); i++) {
        count += range.kind == INSPECT_RANGE_ARENA;
    }
    return count;
}

TEST(growth_reserves_and_prepares_what_is_needed_and_no_more) {
    (void)alloc_span(HEAP_ARENA_PAGES);
    assert_int_equal(arena_range_count(), 1);
    (void)alloc_span(HEAP_ARENA_PAGES);
    assert_int_equal(arena_range_count(), 2);
    (void)alloc_span(2 * HEAP_ARENA_PAGES);
    assert_int_equal(arena_range_count(), 4);
    (void)alloc_span(HEAP_ARENA_PAGES + 1);
    assert_int_equal(arena_range_count(), 6);
    assert_int_equal(heap_call_count(heap, SYSMEM_MPROTECT), 4);
    heap_set_faults(heap, SYSMEM_PLACE, 1, 2); // as continuation, and as the next one
    uintptr_t base = heap_base(heap) + 7 * HEAP_ARENA_BYTES;
    assert_int_equal(alloc_span(HEAP_ARENA_PAGES)->base, base);
    assert_int_equal(heap_call_count(heap, SYSMEM_MPROTECT), 6); // the rest of the sixth as well
    assert_int_equal(heap->stats.heap_released_bytes, (HEAP_ARENA_PAGES - 1) * HEAP_PAGE_BYTES);
    assert_int_equal(alloc_span(HEAP_ARENA_PAGES)->base, base + HEAP_ARENA_BYTES);
    assert_int_equal(arena_range_count(), 8);
    assert_int_equal(heap->bits_fix.chunks.count, 0); // no span of many objects
}

TEST(a_manual_span_has_no_class_and_is_null_when_refused) {
    heap_set_fault(heap, SYSMEM_PAGES, 1, false);
    assert_null(heap_alloc_manual(heap, 1, MANUAL_STACK));
    void *base = heap_alloc_manual(heap, 1, MANUAL_STACK);
    assert_non_null(base);
    assert_int_equal(mheap_span_of(heap, (uintptr_t)base)->span_class, 0);
}

TEST(a_heap_lies_where_its_options_say) {
    struct heap_options options = {.base = HEAP_BASE_DEFAULT + 2 * HEAP_STRIDE_BYTES};
    struct heap *other = heap_create(&options);
    assert_non_null(other);
    assert_int_equal(heap_base(other), options.base);
    heap_destroy(other);
}
