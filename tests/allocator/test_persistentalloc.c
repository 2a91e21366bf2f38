// test_persistentalloc: blocks, their headers, and the statistics that they are charged to.

#include "allocator/fault.h"
#include "tests/allocator/one_heap.h"
#include "tests/test.h"

TEST_FIXTURE(setup, teardown)

TEST(a_block_moves_its_bytes_and_its_header_from_other_to_its_statistic) {
    for (unsigned metadata = 0; metadata < INSPECT_METADATA_COUNT; metadata++) {
        uint64_t *stat = persistent_stat(heap, (enum inspect_metadata)metadata);
        uint64_t other_bytes = heap->stats.other_sys_bytes;
        uint64_t before = *stat;
        unsigned char *memory = persistent_alloc(heap, 100, (enum inspect_metadata)metadata);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < 100; i++) {
            assert_int_equal(memory[i], 0);
        }
        if (metadata == INSPECT_METADATA_OTHER) {
            assert_int_equal(*stat, before);
        } else {
            assert_int_equal(*stat - before, 112 + 16);
            assert_int_equal(other_bytes - heap->stats.other_sys_bytes, 112 + 16);
        }
    }
}

TEST(large_requests_have_a_mapping_of_their_own) {
    size_t range_count = heap->sysmem->range_count;
    uint64_t other_bytes = heap->stats.other_sys_bytes;
    void *memory = persistent_alloc(heap, PERSISTENT_DIRECT_BYTES, INSPECT_METADATA_BUCKHASH);
    assert_non_null(memory);
    assert_int_equal(heap->stats.buckhash_sys_bytes, PERSISTENT_DIRECT_BYTES);
    assert_int_equal(heap->stats.other_sys_bytes, other_bytes);
    assert_int_equal(heap->sysmem->range_count, range_count + 1);
    const struct sysmem_range *range = sysmem_range_at(heap->sysmem, (uintptr_t)memory);
    assert_int_equal(range->kind, INSPECT_RANGE_DIRECT);
    assert_int_equal(range->metadata, INSPECT_METADATA_BUCKHASH);
    assert_non_null(persistent_alloc(heap, PERSISTENT_DIRECT_BYTES + 1, INSPECT_METADATA_BUCKHASH));
    assert_int_equal(heap->stats.buckhash_sys_bytes, 2 * PERSISTENT_DIRECT_BYTES + 8192);
    assert_null(persistent_alloc(heap, SIZE_MAX, INSPECT_METADATA_GC));
    assert_null(persistent_alloc(heap, SIZE_MAX - 8190, INSPECT_METADATA_GC));
}

struct sums {
    uint64_t by_metadata[INSPECT_METADATA_COUNT];
    uintptr_t last_end;
};

static void add_persistent(void *context, uintptr_t base, size_t size_bytes,
                           enum inspect_metadata metadata) {
    struct sums *sums = context;
    assert_true(base >= sums->last_end);
    sums->last_end = base + size_bytes;
    sums->by_metadata[metadata] += size_bytes;
}

TEST(the_walk_over_blocks_gives_what_the_statistics_say) {
    for (size_t i = 0; i < 200; i++) {
        size_t size_bytes = i * 5077 % (PERSISTENT_DIRECT_BYTES - 1);
        assert_non_null(persistent_alloc(heap, size_bytes,
                                         (enum inspect_metadata)(i % INSPECT_METADATA_COUNT)));
    }
    assert_non_null(persistent_alloc(heap, PERSISTENT_DIRECT_BYTES - 1, INSPECT_METADATA_GC));
    struct sums sums = {0};
    inspect_persistent(heap, add_persistent, &sums);
    for (unsigned metadata = 0; metadata < INSPECT_METADATA_COUNT; metadata++) {
        if (metadata != INSPECT_METADATA_OTHER) {
            assert_int_equal(sums.by_metadata[metadata],
                             *persistent_stat(heap, (enum inspect_metadata)metadata));
        }
    }
    assert_true(heap->sysmem->range_count > 10);
}

TEST(without_memory_for_a_chunk_nothing_changes) {
    size_t taken_count = 0;
    heap_set_fault(heap, SYSMEM_MMAP, 1, true);
    while (persistent_alloc(heap, 10000, INSPECT_METADATA_GC) != NULL) {
        taken_count++;
    }
    assert_true(taken_count > 20 && taken_count < 27);
    char *before = snapshot_of(heap);
    assert_null(persistent_alloc(heap, 10000, INSPECT_METADATA_GC));
    assert_null(persistent_alloc(heap, 100000, INSPECT_METADATA_GC));
    assert_snapshot(heap, before);
    free(before);
    heap_set_fault(heap, SYSMEM_MMAP, 0, false);
    assert_non_null(persistent_alloc(heap, 10000, INSPECT_METADATA_GC));
}
