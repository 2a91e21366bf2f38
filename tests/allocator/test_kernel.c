// test_kernel: what the heap asks of the kernel, call by call, beside what its tables say; and a
// kernel that refuses, whichever call it is.
// wrap: mmap munmap mprotect madvise syscall
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "allocator/fault.h"
#include "tests/allocator/kernel.h"
#include "tests/allocator/support_snapshot.h"

#define STACKS       140 // twice more than the tables begin with
#define NOSCAN_LARGE 1

// ---- the tables beside the table

static struct heap *heap;

static size_t table_bytes(uintptr_t table, bool is_inline, size_t size_bytes) {
    size_t wanted = is_inline ? 0 : sysmem_round_up(size_bytes);
    assert_int_equal(kernel_bytes(table, table + wanted, true), wanted);
    return wanted;
}

static void check_kernel(void) {
    const struct sysmem *sys = heap->sysmem;
    size_t mapped = 0;
    size_t obtained = 0;
    for (size_t i = 0; i < sys->mapping_count; i++) {
        const struct sysmem_mapping *mapping = &sys->mappings[i];
        size_t size_bytes = mapping->end - mapping->base;
        assert_int_equal(kernel_bytes(mapping->base, mapping->end, false), size_bytes);
        assert_int_equal(kernel_bytes(mapping->base, mapping->end, true),
                         mapping->writable ? size_bytes : 0);
        mapped += size_bytes;
    }
    for (size_t i = 0; i < sys->range_count; i++) {
        const struct sysmem_range *range = &sys->ranges[i];
        uintptr_t prepared_end = range->base + range->prepared_bytes;
        assert_int_equal(kernel_bytes(range->base, range->base + range->size_bytes, false),
                         range->size_bytes);
        assert_int_equal(kernel_bytes(range->base, prepared_end, true), range->prepared_bytes);
        obtained += range->size_bytes;
    }
    size_t tables = table_bytes((uintptr_t)sys->ranges, sys->ranges == sys->inline_ranges,
                                sys->range_capacity * sizeof(sys->ranges[0])) +
                    table_bytes((uintptr_t)sys->mappings, sys->mappings == sys->inline_mappings,
                                sys->mapping_capacity * sizeof(sys->mappings[0]));
    size_t all = kernel_bytes(0, UINTPTR_MAX, false); // a table that the kernel keeps is lost
    assert_in_range(all, mapped + tables, mapped + tables + kernel.kept_bytes);
    if (!sys->warm && kernel.refused_count == 0) { // nothing is kept that is in no account
        assert_int_equal(mapped, obtained);
        assert_int_equal(kernel_bytes(0, UINTPTR_MAX, true), prepared_bytes(heap) + tables);
    }
}

// What stays mapped and is in no account must be zero: it is handed out as new.
static void check_zero(uintptr_t base, uintptr_t end) {
    static unsigned char bytes[SYSMEM_UNIT_BYTES], zeros[SYSMEM_UNIT_BYTES], residence[4096];
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    for (uintptr_t at = base; at < end; at += SYSMEM_UNIT_BYTES) {
        size_t page = (at - base) / page_bytes % sizeof(residence);
        if (page == 0) {
            uintptr_t most = sizeof(residence) * page_bytes;
            size_t size_bytes = end - at < most ? end - at : most;
            assert_int_equal(mincore((void *)at, size_bytes, residence), 0);
        }
        if (((residence[page] | residence[page + 1]) & 1) != 0) { // others are zero by nature
            heap_peek(bytes, (const void *)at, SYSMEM_UNIT_BYTES);
            if (memcmp(bytes, zeros, SYSMEM_UNIT_BYTES) != 0) { // cmocka's own goes byte by byte
                assert_memory_equal(bytes, zeros, SYSMEM_UNIT_BYTES);
            }
        }
    }
}

static void check_kept_memory(void) {
    const struct sysmem *sys = heap->sysmem;
    uintptr_t root_end = (uintptr_t)heap + heap->stats.other_sys_bytes;
    for (size_t i = 0; i < sys->mapping_count; i++) {
        uintptr_t base = sys->mappings[i].base;
        uintptr_t end = sys->mappings[i].end;
        if (sys->mappings[i].writable) { // the root is its first, since it came first
            check_zero(base <= (uintptr_t)heap && (uintptr_t)heap < end ? root_end : base, end);
        }
    }
}

// ---- what is done

static void *stacks[STACKS];
static struct mspan *spans[3];

static size_t stack_bytes(size_t i) {
    return 8192 * (1 + i % 5);
}

static bool make_cache(void) {
    return heap_acquire_cache(heap) != NULL;
}
static bool grow_in_first_arena(void) {
    spans[0] = mheap_alloc_span(heap, HEAP_ARENA_PAGES - 1024, 0, NOSCAN_LARGE);
    return spans[0] != NULL;
}
static bool grow_apart(void) { // somebody is behind the first arena
    spans[1] = mheap_alloc_span(heap, 1536, 0, NOSCAN_LARGE);
    return spans[1] != NULL;
}
static bool grow_behind(void) {
    spans[2] = mheap_alloc_span(heap, 2 * HEAP_ARENA_PAGES, 0, NOSCAN_LARGE);
    return spans[2] != NULL;
}

// What is refused leaves no trace, and is done when it is asked again.
static void expect_done(bool (*act)(void)) {
    char *before = snapshot_of(heap);
    uint64_t refused_count = kernel.refused_count;
    bool done = act();
    check_kernel();
    if (!done) {
        assert_true(kernel.refused_count > refused_count);
        assert_snapshot(heap, before);
        stop_refusing();
        assert_true(act());
        check_kernel();
    }
    free(before);
}

// Both ends of it: each page that is touched is a fault, of which a run would have a thousand, and
// what is mapped or given back as one is so to its ends.
static void dirty(void *memory, size_t size_bytes) {
    memset(memory, 0xab, 64);
    memset((char *)memory + size_bytes - 64, 0xab, 64);
}

static void map_stack(size_t i) {
    size_t before = prepared_bytes(heap);
    stacks[i] = heap_map_os_stack(heap, stack_bytes(i));
    if (stacks[i] == NULL) {
        assert_int_equal(prepared_bytes(heap), before);
        check_kernel();
        stop_refusing();
        stacks[i] = heap_map_os_stack(heap, stack_bytes(i));
    }
    assert_non_null(stacks[i]);
    assert_int_equal(prepared_bytes(heap), before + stack_bytes(i));
    dirty(stacks[i], stack_bytes(i));
}

static void scavenge(void) {
    uint64_t free_bytes = heap->stats.heap_free_bytes;
    size_t done_bytes = heap_scavenge(heap, SIZE_MAX);
    assert_int_equal(heap->stats.heap_free_bytes, free_bytes - done_bytes);
    if (done_bytes < free_bytes) {
        assert_true(kernel.refused_count > 0);
        stop_refusing();
        assert_int_equal(heap_scavenge(heap, SIZE_MAX), free_bytes - done_bytes);
    }
    assert_int_equal(heap->stats.heap_free_bytes, 0);
}

static void scribble(const struct mspan *span, size_t page_count) {
    heap_unpoison(span->base, page_count * HEAP_PAGE_BYTES);
    memset((void *)span->base, 0xab, page_count * HEAP_PAGE_BYTES);
}

// The whole of it; at its end everything is as a reset left it, but for what is mapped.
static void run_scenario(void) {
    expect_done(make_cache);
    for (size_t i = 0; i < STACKS; i++) {
        map_stack(i);
    }
    check_kernel();
    uint64_t refused_before = kernel.refused_count;
    for (size_t i = 0; i < STACKS; i += 2) { // holes: the mappings outgrow their table
        heap_unmap_os_stack(heap, stacks[i], stack_bytes(i));
    }
    if (kernel.refused_call == CALL_RELEASE) {
        kernel.excused_count += kernel.refused_count - refused_before;
    }
    expect_done(grow_in_first_arena);
    expect_done(grow_apart);
    expect_done(grow_behind);
    for (size_t i = 0; i < 3; i++) {
        for (size_t page = 0; page < 100; page += page < 4 ? 1 : 12) { // 0..3, 4, 16 .. 88
            heap_unpoison(spans[i]->base + page * HEAP_PAGE_BYTES, HEAP_PAGE_BYTES);
            dirty((void *)(spans[i]->base + page * HEAP_PAGE_BYTES), HEAP_PAGE_BYTES);
        }
    }
    free_span(heap, spans[1]);
    scavenge();
    check_kernel();
    assert_pages_are_sound(heap);
}

// The heap's counts of what this kernel has refused since the heap began anew.
static void check_counts(enum kernel_call call) {
    static const enum sysmem_call kinds[] = {[CALL_MMAP] = SYSMEM_MMAP,
                                             [CALL_MPROTECT] = SYSMEM_MPROTECT,
                                             [CALL_RELEASE] = SYSMEM_MADVISE};
    uint64_t counted = kernel.refused_count - kernel.excused_count;
    assert_int_equal(heap_refusal_count(heap), counted);
    assert_int_equal(heap_fault_count(heap), counted);
    assert_int_equal(heap->sysmem->faults[kinds[call]].failed_count, counted);
}

// Everything in a new heap, and again in the same one when it was reset.
static void run_twice(const char *expected) {
    enum kernel_call call = kernel.refused_call;
    heap = heap_create(NULL);
    for (unsigned round = 0; heap != NULL && round < 2; round++) {
        uint64_t refused_before = kernel.refused_count;
        run_scenario();
        if (heap_base(heap) == HEAP_BASE_DEFAULT) {
            assert_snapshot(heap, expected);
        }
        if (call != CALL_MUNMAP && refused_before == 0) { // what gives back refuses nobody anything
            check_counts(call);
        }
        assert_true(heap_reset(heap));
        check_kernel();
        if (call == CALL_RELEASE || call == CALL_MUNMAP) {
            check_kept_memory();
        }
    }
    stop_refusing();
    if (heap != NULL) {
        heap_destroy(heap);
    }
    assert_true(heap != NULL || kernel.refused_count > 0);
}

// ---- tests

static void *foreign;

static int setup(void **state) {
    (void)state;
    kernel = (struct kernel){0};
    foreign = __real_mmap((void *)(HEAP_BASE_DEFAULT + HEAP_ARENA_BYTES), HEAP_PAGE_BYTES,
                          PROT_NONE, MAPPING_FLAGS | MAP_FIXED_NOREPLACE, -1, 0);
    return foreign == MAP_FAILED ? -1 : 0;
}

static int teardown(void **state) {
    (void)state;
    assert_int_equal(kernel.piece_count, 0);
    return __real_munmap(foreign, HEAP_PAGE_BYTES);
}

TEST_FIXTURE(setup, teardown)

static char *expected_snapshot(void) {
    heap = heap_create(NULL);
    run_scenario();
    char *snapshot = snapshot_of(heap);
    heap_destroy(heap);
    return snapshot;
}

static void refuse_each(enum kernel_call call, uint64_t count, uint64_t step) {
    char *expected = expected_snapshot();
    for (uint64_t at = 1;; at += step) {
        refuse(call, at, count);
        run_twice(expected);
        assert_int_equal(kernel.piece_count, 0);
        if (kernel.refused_count == 0) {
            assert_true(at > 4);
            break;
        }
    }
    free(expected);
}

TEST(a_mapping_that_is_refused_leaves_no_trace) {
    refuse_each(CALL_MMAP, 1, 1);
    refuse_each(CALL_MMAP, UINT64_MAX, 7);
}

TEST(rights_that_are_refused_leave_no_trace) {
    refuse_each(CALL_MPROTECT, 1, 1);
    refuse_each(CALL_MPROTECT, UINT64_MAX, 1);
}

TEST(memory_that_is_not_taken_back_is_zeroed) {
    refuse_each(CALL_RELEASE, 1, 1);
    refuse_each(CALL_RELEASE, UINT64_MAX, 1);
}

TEST(memory_that_stays_though_it_was_given_back_is_used_again) {
    char *expected = expected_snapshot();
    for (uint64_t at = 1; at < STACKS / 2; at += 3) {
        refuse(CALL_MUNMAP, at, 1);
        run_twice(expected);
        assert_int_equal(kernel.refused_count, 1);
        assert_in_range(kernel_bytes(0, UINTPTR_MAX, false), 0, kernel.kept_bytes);
        while (kernel.piece_count > 0) {
            const struct piece *piece = &kernel.pieces[0];
            assert_int_equal(munmap((void *)piece->base, piece->end - piece->base), 0);
        }
    }
    free(expected);
}

// The new arena is prepared when the rest of the first is refused; the kernel keeps it.
TEST(an_arena_that_stays_though_it_was_given_back_is_used_again) {
    heap = heap_create(NULL);
    assert_true(grow_in_first_arena());
    char *before = snapshot_of(heap);
    heap_set_fault(heap, SYSMEM_MPROTECT, 2, false);
    refuse(CALL_MUNMAP, 1, UINT64_MAX);
    assert_false(grow_apart());
    stop_refusing();
    assert_true(kernel.refused_count > 0);
    assert_snapshot(heap, before);
    free(before);
    assert_true(grow_apart());
#if HEAP_POISON_ACTIVE
    assert_true(__asan_address_is_poisoned((void *)spans[1]->base)); // it holds no object
#endif
    check_kernel();
    heap_destroy(heap);
}

// The places of a first arena: so many strides, then one that the kernel picks, whole or small.
TEST(a_base_is_looked_for_in_order) {
    for (uint64_t count = 0; count < 7; count++) {
        refuse(CALL_MMAP, count > 0, count);
        heap = heap_create(NULL);
        stop_refusing();
        if (count < 4) {
            assert_int_equal(heap_base(heap), HEAP_BASE_DEFAULT + count * HEAP_STRIDE_BYTES);
        } else if (count < 6) {
            assert_int_equal(heap_base(heap) % HEAP_ARENA_BYTES, 0);
            assert_true(heap_base(heap) < HEAP_BASE_DEFAULT ||
                        heap_base(heap) >= HEAP_BASE_DEFAULT + 4 * HEAP_STRIDE_BYTES);
        } else {
            assert_null(heap); // and nothing is left: see teardown
            break;
        }
        check_kernel();
        run_scenario();
        heap_destroy(heap);
        assert_int_equal(kernel.piece_count, 0);
    }
}

// What should lie behind the window would lie behind the address space.
TEST(at_the_end_of_the_address_space_metadata_is_elsewhere) {
    const struct heap_options options = {.base = ((uintptr_t)1 << 47) - HEAP_WINDOW_BYTES / 2};
    heap = heap_create(&options);
    assert_non_null(heap);
    check_kernel();
    assert_non_null(heap_acquire_cache(heap));
    check_kernel();
    heap_destroy(heap);
    assert_int_equal(kernel.piece_count, 0);
}

// Before Linux 4.17 an address was a hint: another one is not the one that was asked for.
TEST(an_address_that_is_a_hint_is_taken_when_it_is_another) {
    kernel.address_is_hint = true;
    heap = heap_create(NULL);
    assert_int_equal(heap_base(heap), HEAP_BASE_DEFAULT);
    run_scenario(); // somebody is behind the first arena
    assert_true(spans[2]->base > HEAP_BASE_DEFAULT + 2 * HEAP_ARENA_BYTES);
    heap_destroy(heap);
}

TEST(without_a_place_behind_the_window_metadata_is_in_the_table) {
    void *base = (void *)(HEAP_BASE_DEFAULT + HEAP_WINDOW_BYTES);
    void *taken = __real_mmap(base, HEAP_METADATA_BYTES, PROT_NONE,
                              MAPPING_FLAGS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_equal(taken, base);
    heap = heap_create(NULL);
    run_scenario();
    assert_true(heap_reset(heap));
    check_kernel();
    refuse(CALL_MMAP, 1, 1);
    assert_null(heap_map_os_stack(heap, 8192));
    assert_int_equal(heap_refusal_count(heap), 1);
    check_kernel();
    heap_destroy(heap);
    assert_int_equal(__real_munmap(taken, HEAP_METADATA_BYTES), 0);
}

TEST(a_heap_without_a_barrier_knows_it) {
    kernel.has_no_barrier = true;
    heap = heap_create(NULL);
    assert_false(heap->fence_free);
    kernel.has_no_barrier = false;
    assert_true(sysmem_register_barrier(heap->sysmem));
    heap_set_fault(heap, SYSMEM_BARRIER, 1, false);
    assert_false(sysmem_register_barrier(heap->sysmem));
    assert_true(sysmem_register_barrier(heap->sysmem));
    assert_true(heap_reset(heap));
    assert_true(heap->fence_free);
    heap_destroy(heap);
}

// 64 ranges and some mappings fit: what is full grows when more is needed, and no sooner.
TEST(a_table_grows_when_it_is_full) {
    heap = heap_create(NULL);
    struct sysmem *sys = heap->sysmem;
    while (sys->range_count < SYSMEM_INLINE_RANGES) {
        assert_non_null(heap_map_os_stack(heap, 8192));
    }
    assert_true(sys->mapping_count < 5);
    uint64_t *stat = &heap->stats.heap_released_bytes;
    assert_true(sysmem_prepare(sys, heap_base(heap), HEAP_PAGE_BYTES, stat)); // no new range
    assert_ptr_equal(sys->ranges, sys->inline_ranges);
    assert_int_equal(*stat, HEAP_PAGE_BYTES);
    void *last = heap_map_os_stack(heap, 8192);
    assert_non_null(last);
    assert_ptr_not_equal(sys->ranges, sys->inline_ranges);
    assert_int_equal(sys->range_capacity, 2 * SYSMEM_INLINE_RANGES);
    assert_ptr_equal(sys->mappings, sys->inline_mappings);
    check_kernel();
    heap_unmap_os_stack(heap, last, 8192);
    assert_null(sysmem_range_at(sys, (uintptr_t)last)); // though the table still holds it behind
    assert_null(sysmem_range_at(sys, heap_base(heap) + HEAP_PAGE_BYTES));
    assert_int_equal(sysmem_range_at(sys, heap_base(heap))->base, heap_base(heap));
    check_kernel();
    heap_destroy(heap);
}

TEST(a_reset_asks_the_kernel_only_where_much_was_used) {
    heap = heap_create(NULL);
    for (size_t page_count = 1; page_count <= 64 + 4; page_count++) {
        struct mspan *span = mheap_alloc_span(heap, page_count, 0, NOSCAN_LARGE);
        assert_int_equal(span->base, heap_base(heap));
        scribble(span, page_count);
        kernel.call_counts[CALL_RELEASE] = 0;
        assert_true(heap_reset(heap));
        assert_int_equal(kernel.call_counts[CALL_RELEASE], 0); // the first 512 KiB, and 32 more
        check_kept_memory();
    }
    struct mspan *span = mheap_alloc_span(heap, 200, 0, NOSCAN_LARGE);
    scribble(span, 200);
    assert_true(heap_reset(heap));
    assert_int_equal(kernel.call_counts[CALL_RELEASE], 1);
    check_kept_memory();
    heap_destroy(heap);
}
