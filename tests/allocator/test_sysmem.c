// test_sysmem: where memory is looked for, what the two tables say of it, and faults.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/test.h"

#include "allocator/fault.h"
#include "allocator/system/sysmap.h"
#include "tests/allocator/support_snapshot.h"
#include "tests/sanitizer.h"

// ---- the tables

#define CELLS 64 // of the naive row

static struct sysmem *new_tables(void) {
    struct sysmem *sys = calloc(1, sizeof(*sys));
    sys->ranges = sys->inline_ranges;
    sys->range_capacity = SYSMEM_INLINE_RANGES;
    sys->mappings = calloc(CELLS + SYSMAP_SLACK, sizeof(sys->mappings[0]));
    sys->mapping_capacity = CELLS + SYSMAP_SLACK;
    return sys;
}

static void free_tables(struct sysmem *sys) {
    free(sys->mappings);
    free(sys);
}

TEST(mappings_agree_with_a_row_of_cells) {
    struct sysmem *sys = new_tables();
    enum sysmap_state row[CELLS] = {SYSMAP_NONE};
    uint64_t random = 88172645463325252;
    for (size_t step = 0; step < 20000; step++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        size_t first = random >> 33 & (CELLS - 1);
        size_t count = 1 + (random >> 40) % (CELLS - first);
        enum sysmap_state wanted = (enum sysmap_state)((random >> 50) % 3);
        sysmap_set(sys, first * 10, count * 10, wanted);
        for (size_t i = first; i < first + count; i++) {
            row[i] = wanted;
        }
        size_t border_count = 0;
        for (size_t i = 0; i < CELLS; i++) {
            size_t run_bytes = (CELLS - i) * 10;
            assert_int_equal(sysmap_state_of(sys, i * 10, &run_bytes), row[i]);
            size_t run = 1;
            while (i + run < CELLS && row[i + run] == row[i]) {
                run++;
            }
            assert_int_equal(run_bytes, run * 10);
            border_count += row[i] != SYSMAP_NONE && (i == 0 || row[i - 1] != row[i]);
        }
        assert_int_equal(sys->mapping_count, border_count); // neighbours are one
    }
    free_tables(sys);
}

TEST(the_lowest_gap_between_ranges_is_found) {
    struct sysmem *sys = new_tables();
    assert_int_equal(sysmap_lowest_gap(sys, 100, 50), 100);
    sysmap_insert_range(sys, &(struct sysmem_range){.base = 300, .size_bytes = 100});
    sysmap_insert_range(sys, &(struct sysmem_range){.base = 100, .size_bytes = 100});
    assert_int_equal(sysmap_lowest_gap(sys, 0, 100), 0);
    assert_int_equal(sysmap_lowest_gap(sys, 1, 100), 200);
    assert_int_equal(sysmap_lowest_gap(sys, 100, 101), 400);
    assert_int_equal(sysmap_lowest_gap(sys, 150, 100), 200);
    assert_int_equal(sysmap_range_index(sys, 199), 0);
    assert_int_equal(sysmap_range_index(sys, 200), 1);
    sysmap_remove_range(sys, 0);
    assert_int_equal(sysmap_lowest_gap(sys, 100, 200), 100);
    free_tables(sys);
}

// ---- places

static void *occupy(uintptr_t base, size_t size_bytes) {
    void *memory = mmap((void *)base, size_bytes, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_equal(memory, (void *)base);
    return memory;
}

TEST(a_heap_lies_at_the_base_asked_for_or_a_stride_further) {
    struct heap *first = heap_create(NULL);
    struct heap *second = heap_create(NULL);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(heap_base(first), HEAP_BASE_DEFAULT);
    assert_true(heap_base(second) > heap_base(first));
    assert_int_equal((heap_base(second) - heap_base(first)) % HEAP_STRIDE_BYTES, 0);
    heap_destroy(first);
    struct heap_options options = {.base = HEAP_BASE_DEFAULT};
    first = heap_create(&options);
    assert_int_equal(heap_base(first), HEAP_BASE_DEFAULT);
    heap_destroy(second);
    heap_destroy(first);
}

TEST(with_all_strides_taken_the_kernel_picks_the_base) {
    struct heap *heaps[6];
    for (size_t i = 0; i < 6; i++) {
        heaps[i] = heap_create(NULL);
        assert_non_null(heaps[i]);
        assert_int_equal(heap_base(heaps[i]) % HEAP_ARENA_BYTES, 0);
    }
    uintptr_t last = heap_base(heaps[5]);
    assert_true(last < HEAP_BASE_DEFAULT || last > HEAP_BASE_DEFAULT + 3 * HEAP_STRIDE_BYTES);
    for (size_t i = 0; i < 6; i++) {
        assert_non_null(mheap_alloc_span(heaps[i], 2 * HEAP_ARENA_PAGES, 0, 1));
        assert_pages_are_sound(heaps[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        heap_destroy(heaps[i]);
    }
}

TEST(metadata_goes_round_what_lies_behind_the_window) {
    uintptr_t meta_base = HEAP_BASE_DEFAULT + HEAP_WINDOW_BYTES;
    void *foreign = occupy(meta_base + ((uintptr_t)4 << 20), 8192);
    struct heap *heap = heap_create(NULL);
    assert_int_equal((uintptr_t)heap, meta_base);
    for (size_t i = 0; i < 40; i++) {
        uintptr_t base = (uintptr_t)heap_map_os_stack(heap, 256 << 10);
        assert_true(base > meta_base && base < meta_base + HEAP_METADATA_BYTES);
    }
    assert_pages_are_sound(heap);
    heap_destroy(heap);
    assert_int_equal(munmap(foreign, 8192), 0);
}

TEST(a_root_whose_place_is_taken_goes_further_up) {
    uintptr_t meta_base = HEAP_BASE_DEFAULT + HEAP_WINDOW_BYTES;
    void *foreign = occupy(meta_base, 8192);
    struct heap *heap = heap_create(NULL);
    assert_int_equal(heap_base(heap), HEAP_BASE_DEFAULT);
    assert_true((uintptr_t)heap > meta_base);
    assert_true((uintptr_t)heap < meta_base + HEAP_METADATA_BYTES);
    heap_destroy(heap);
    assert_int_equal(munmap(foreign, 8192), 0);
}

TEST(without_a_place_behind_the_window_metadata_goes_anywhere) {
    uintptr_t meta_base = HEAP_BASE_DEFAULT + HEAP_WINDOW_BYTES;
    struct heap *heap = heap_create(NULL);
    uintptr_t free_base = meta_base + ((uintptr_t)16 << 20);
    size_t size_bytes = HEAP_METADATA_BYTES - ((uintptr_t)16 << 20);
    void *foreign = occupy(free_base, size_bytes);
    for (size_t round = 0; round < 3; round++) {
        void *stacks[20];
        size_t outside_count = 0;
        for (size_t i = 0; i < 20; i++) {
            stacks[i] = heap_map_os_stack(heap, 2 << 20);
            assert_non_null(stacks[i]);
            memset(stacks[i], 1, 100);
            uintptr_t base = (uintptr_t)stacks[i];
            outside_count += base < meta_base || base >= meta_base + HEAP_METADATA_BYTES;
        }
        assert_in_range(outside_count, 12, 14);
        assert_pages_are_sound(heap);
        for (size_t i = 0; i < 20; i += 1 + round) {
            heap_unmap_os_stack(heap, stacks[i], 2 << 20);
        }
        assert_true(heap_reset(heap));
        for (size_t i = 0; i < heap->sysmem->mapping_count; i++) { // a warm heap keeps only its own
            uintptr_t base = heap->sysmem->mappings[i].base;
            assert_in_range(base, heap_base(heap), heap_base(heap) + HEAP_STRIDE_BYTES);
        }
    }
    heap_destroy(heap);
    assert_int_equal(munmap(foreign, size_bytes), 0);
}

TEST(without_a_place_behind_the_window_the_root_goes_anywhere) {
    uintptr_t meta_base = HEAP_BASE_DEFAULT + HEAP_WINDOW_BYTES;
    void *foreign = occupy(meta_base, HEAP_METADATA_BYTES);
    struct heap *heap = heap_create(NULL);
    assert_non_null(heap);
    assert_int_equal(heap_base(heap), HEAP_BASE_DEFAULT);
    uintptr_t root = (uintptr_t)heap;
    assert_true(root < HEAP_BASE_DEFAULT || root >= HEAP_BASE_DEFAULT + HEAP_STRIDE_BYTES);
    assert_non_null(mheap_alloc_span(heap, 100, 0, 1));
    assert_pages_are_sound(heap);
    assert_true(heap_reset(heap));
    assert_pages_are_sound(heap);
    assert_non_null(mheap_alloc_span(heap, 100, 0, 1));
    heap_destroy(heap);
    assert_int_equal(munmap(foreign, HEAP_METADATA_BYTES), 0);
}

// ---- the account

TEST(many_ranges_outgrow_the_inline_table) {
    struct heap *heap = heap_create(NULL);
    void *stacks[500];
    char *before = snapshot_of(heap);
    for (size_t i = 0; i < 500; i++) {
        stacks[i] = heap_map_os_stack(heap, 8192 * (1 + i % 3));
        assert_non_null(stacks[i]);
    }
    assert_pages_are_sound(heap);
    for (size_t i = 0; i < 500; i += 2) { // holes: the mappings outgrow theirs, too
        heap_unmap_os_stack(heap, stacks[i], 8192 * (1 + i % 3));
    }
    assert_true(heap->sysmem->mapping_count > SYSMEM_INLINE_MAPPINGS);
    assert_pages_are_sound(heap);
    uintptr_t last_end = 0;
    struct inspect_range range;
    for (size_t i = 0; inspect_range(heap, i, &range); i++) {
        assert_true(range.base >= last_end);
        last_end = range.base + range.size_bytes;
    }
    for (size_t i = 1; i < 500; i += 2) {
        heap_unmap_os_stack(heap, stacks[i], 8192 * (1 + i % 3));
    }
    assert_snapshot(heap, before);
    free(before);
    heap_destroy(heap);
}

// Bytes of the process's mappings in [base, end) that can be written.
static size_t writable_bytes(uintptr_t base, uintptr_t end) {
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    size_t sum = 0;
    char line[600];
    while (fgets(line, sizeof(line), maps) != NULL) {
        char *rest;
        uintptr_t low = strtoull(line, &rest, 16);
        uintptr_t high = strtoull(rest + 1, &rest, 16);
        if (low >= base && high <= end && rest[2] == 'w') {
            sum += high - low;
        }
    }
    (void)fclose(maps);
    return sum;
}

TEST(sys_is_what_the_kernel_has_mapped_for_the_heap) {
    struct heap *heap = heap_create(NULL);
    uintptr_t end = heap_base(heap) + HEAP_STRIDE_BYTES;
    void *stack = heap_map_os_stack(heap, 12345);
    assert_non_null(mheap_alloc_span(heap, 20000, 0, 1));
    assert_non_null(persistent_alloc(heap, 1 << 20, INSPECT_METADATA_BUCKHASH));
    assert_int_equal(writable_bytes(heap_base(heap), end), prepared_bytes(heap));
    heap_unmap_os_stack(heap, stack, 12345);
    heap_set_fault(heap, SYSMEM_MPROTECT, 1, false);
    assert_null(mheap_alloc_span(heap, 20000, 0, 1));
    assert_int_equal(writable_bytes(heap_base(heap), end), prepared_bytes(heap));
    assert_pages_are_sound(heap);
    heap_destroy(heap);
    assert_int_equal(writable_bytes(HEAP_BASE_DEFAULT, end), 0);
}

TEST(a_fault_hits_the_nth_call_once_or_from_then_on) {
    struct heap *heap = heap_create(NULL);
    heap_set_fault(heap, SYSMEM_MMAP, 2, false);
    assert_non_null(heap_map_os_stack(heap, 1));
    assert_null(heap_map_os_stack(heap, 1));
    assert_non_null(heap_map_os_stack(heap, 1));
    assert_int_equal(heap_call_count(heap, SYSMEM_MMAP), 3);
    heap_set_fault(heap, SYSMEM_MMAP, 2, true);
    assert_non_null(heap_map_os_stack(heap, 1));
    assert_null(heap_map_os_stack(heap, 1));
    assert_null(heap_map_os_stack(heap, 1));
    assert_int_equal(heap_fault_count(heap), 3);
    heap_set_fault(heap, SYSMEM_MMAP, 0, true);
    assert_non_null(heap_map_os_stack(heap, 1));
    assert_int_equal(heap_fault_count(heap), 3);
    heap_set_fault(heap, SYSMEM_MMAP, 1, true);
    assert_true(heap_reset(heap));
    assert_int_equal(heap_fault_count(heap), 0);
    assert_int_equal(heap_call_count(heap, SYSMEM_MPROTECT), 0);
    assert_non_null(heap_map_os_stack(heap, 1));
    heap_destroy(heap);
}

TEST(a_reset_heap_counts_the_same_calls) {
    uint64_t counts[2][SYSMEM_CALL_COUNT];
    struct heap *heap = heap_create(NULL);
    for (unsigned round = 0; round < 2; round++) {
        void *stack = heap_map_os_stack(heap, 100000);
        struct mspan *span = mheap_alloc_span(heap, 9000, 0, 1);
        heap_unmap_os_stack(heap, stack, 100000);
        free_span(heap, span);
        (void)heap_scavenge(heap, SIZE_MAX);
        assert_non_null(mheap_alloc_span(heap, 10000, 0, 1));
        for (unsigned call = 0; call < SYSMEM_CALL_COUNT; call++) {
            counts[round][call] = heap_call_count(heap, (enum sysmem_call)call);
        }
        assert_true(heap_reset(heap));
    }
    assert_memory_equal(counts[0], counts[1], sizeof(counts[0]));
    assert_int_equal(counts[0][SYSMEM_MADVISE], 1);
    heap_destroy(heap);
}

// ---- a system that has no more

// Runs `act`, which limits the process for a while, and must return true. Not under ASan and TSan,
// whose shadow counts.
static void expect_under_limits(bool (*act)(void)) {
#if SANITIZER_HAS_SHADOW
    (void)act;
    skip();
#else
    assert_true(act());
#endif
}

// Size of the process in bytes: all of it (field 0), or what is writable and private (field 5).
static size_t process_bytes(unsigned field) {
    FILE *statm = fopen("/proc/self/statm", "r");
    unsigned long pages[7] = {0};
    if (statm != NULL) {
        int count = fscanf(statm, "%lu %lu %lu %lu %lu %lu %lu", &pages[0], &pages[1], &pages[2],
                           &pages[3], &pages[4], &pages[5], &pages[6]);
        (void)fclose(statm);
        if (count == 7) {
            return pages[field] * (size_t)sysconf(_SC_PAGESIZE);
        }
    }
    abort();
}

static void limit_address_space(size_t size_bytes) {
    if (setrlimit(RLIMIT_AS, &(struct rlimit){size_bytes, RLIM_INFINITY}) != 0) {
        abort();
    }
}

static void limit_data(size_t size_bytes) {
    if (setrlimit(RLIMIT_DATA, &(struct rlimit){size_bytes, RLIM_INFINITY}) != 0) {
        abort();
    }
}

// A heap is made with ever more room; as long as it fails, it must leave nothing behind.
static bool creation_leaves_nothing_behind(void) {
    size_t before = process_bytes(0);
    before = process_bytes(0);
    size_t failure_count = 0;
    for (size_t room = 0; room < (size_t)80 << 20;
         room += room < HEAP_ARENA_BYTES ? 1 << 20 : 8192) {
        limit_address_space(before + room);
        struct heap *heap = heap_create(NULL);
        limit_address_space(RLIM_INFINITY);
        if (heap != NULL) {
            heap_destroy(heap);
            return failure_count > 64 + 32 && process_bytes(0) == before;
        }
        failure_count++;
        if (process_bytes(0) != before) {
            return false;
        }
    }
    return false;
}

TEST(a_heap_that_cannot_be_made_leaves_nothing_behind) {
    expect_under_limits(creation_leaves_nothing_behind);
}

// As many stacks as there is room for: the tables need more room as well.
static bool stacks_end_in_null(void) {
    struct heap *heap = heap_create(NULL);
    size_t before = process_bytes(0);
    for (size_t room = 0; room < (size_t)2 << 20; room += 8192) {
        size_t count = 0;
        limit_address_space(before + room);
        while (heap_map_os_stack(heap, 8192) != NULL) {
            count++;
        }
        limit_address_space(RLIM_INFINITY);
        bool right = count <= room / 8192 && count + 40 >= room / 8192 &&
                     heap->stats.stack_sys_bytes == count * 8192;
        heap_destroy(heap);
        heap = heap_create(NULL);
        if (!right || heap == NULL || process_bytes(0) != before) {
            return false;
        }
    }
    heap_destroy(heap);
    return true;
}

TEST(stacks_without_room_for_their_records_are_no_memory) {
    expect_under_limits(stacks_end_in_null);
}

// Memory that is reserved but may not be made writable.
static bool preparing_fails(void) {
    struct heap *heap = heap_create(NULL);
    if (mheap_alloc_span(heap, 1, 0, 1) == NULL) {
        return false;
    }
    limit_data(process_bytes(5) + ((size_t)3 << 20));
    uint64_t before = prepared_bytes(heap);
    bool right = mheap_alloc_span(heap, 512, 0, 1) == NULL && prepared_bytes(heap) == before;
    limit_data(RLIM_INFINITY);
    right = right && mheap_alloc_span(heap, 512, 0, 1) != NULL;
    heap_destroy(heap);
    return right;
}

TEST(memory_that_may_not_be_written_is_no_memory) {
    expect_under_limits(preparing_fails);
}
