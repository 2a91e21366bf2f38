// test_fixalloc: blocks of one size: order of reuse, zeroing, chunks.

#include "allocator/fault.h"
#include "tests/allocator/one_heap.h"
#include "tests/breaks.h"
#include "tests/test.h"

TEST_FIXTURE(setup, teardown)

TEST(blocks_are_cut_in_order_and_come_back_last_in_first_out) {
    struct fixalloc fix;
    fixalloc_init(&fix, 100, INSPECT_METADATA_GC);
    assert_int_equal(fix.block_bytes, 112);
    char *blocks[3];
    for (size_t i = 0; i < 3; i++) {
        bool first = false;
        blocks[i] = fixalloc_alloc(heap, &fix, &first);
        assert_true(first);
        assert_ptr_equal(blocks[i], blocks[0] + i * 112);
        memset(blocks[i], 0xff, 112);
    }
    assert_int_equal(fix.inuse_bytes, 336);
    fixalloc_free(&fix, blocks[0]);
    fixalloc_free(&fix, blocks[2]);
    assert_int_equal(fix.inuse_bytes, 112);
    bool first = true;
    assert_ptr_equal(fixalloc_alloc(heap, &fix, &first), blocks[2]);
    assert_false(first);
    assert_ptr_equal(fixalloc_alloc(heap, &fix, NULL), blocks[0]);
    for (size_t i = 0; i < 112; i++) {
        assert_int_equal(blocks[0][i] | blocks[2][i], 0);
    }
    assert_ptr_equal(fixalloc_alloc(heap, &fix, NULL), blocks[0] + 3 * 112);
}

TEST(a_chunk_is_charged_to_its_statistic_when_it_is_taken) {
    struct fixalloc fix;
    fixalloc_init(&fix, 4000, INSPECT_METADATA_BUCKHASH);
    uint64_t chunk_bytes = FIXALLOC_CHUNK_BYTES + sizeof(struct persistent_header);
    for (size_t i = 0; i < 9; i++) {
        assert_non_null(fixalloc_alloc(heap, &fix, NULL));
        assert_int_equal(fix.chunks.count, i / 4 + 1);
        assert_int_equal(heap->stats.buckhash_sys_bytes, (i / 4 + 1) * chunk_bytes);
    }
    assert_int_equal(fix.chunks.left, FIXALLOC_CHUNK_BYTES - fix.block_bytes);
}

TEST(reserving_makes_the_next_block_certain_and_hands_out_none) {
    struct fixalloc fix;
    fixalloc_init(&fix, 16384, INSPECT_METADATA_GC);
    assert_true(fixalloc_reserve(heap, &fix));
    assert_int_equal(fix.inuse_bytes, 0);
    heap_set_fault(heap, SYSMEM_MMAP, 1, true);
    assert_true(fixalloc_reserve(heap, &fix));
    void *block = fixalloc_alloc(heap, &fix, NULL);
    assert_non_null(block);
    size_t block_count = 1;
    while (fixalloc_alloc(heap, &fix, NULL) != NULL) {
        block_count++;
    }
    assert_in_range(block_count, 10, 16);
    char *before = snapshot_of(heap);
    assert_false(fixalloc_reserve(heap, &fix));
    assert_null(fixalloc_alloc(heap, &fix, NULL));
    assert_snapshot(heap, before);
    free(before);
    fixalloc_free(&fix, block);
    assert_true(fixalloc_reserve(heap, &fix));
    assert_ptr_equal(fixalloc_alloc(heap, &fix, NULL), block);
}

TEST(inspection_counts_the_blocks_that_are_not_in_use) {
    struct inspect_fix before;
    inspect_fix(heap, INSPECT_FIX_SPECIAL, &before);
    assert_int_equal(before.chunk_count, 0);
    void *first = fixalloc_alloc(heap, &heap->special_fix, NULL);
    void *second = fixalloc_alloc(heap, &heap->special_fix, NULL);
    fixalloc_free(&heap->special_fix, first);
    struct inspect_fix fix;
    inspect_fix(heap, INSPECT_FIX_SPECIAL, &fix);
    assert_int_equal(fix.chunk_count, 1);
    assert_int_equal(fix.free_block_count, 1);
    assert_int_equal(fix.tail_block_count, fix.chunk_bytes / fix.block_bytes - 2);
    fixalloc_free(&heap->special_fix, second);
    for (unsigned which = 0; which < INSPECT_FIX_COUNT; which++) {
        inspect_fix(heap, (enum inspect_fixalloc)which, &fix);
        assert_true(fix.block_bytes > 0);
    }
}

TEST(validity_sees_each_broken_invariant) {
    struct fixalloc fix;
    fixalloc_init(&fix, 112, INSPECT_METADATA_GC);
    BREAKS(size_t, fix.chunks.left, 112, fixalloc_is_valid(&fix)); // F2: of no chunk
    struct fixalloc_block *blocks[3];
    for (size_t i = 0; i < 3; i++) {
        blocks[i] = fixalloc_alloc(heap, &fix, NULL);
        assert_non_null(blocks[i]);
    }
    fixalloc_free(&fix, blocks[0]);
    fixalloc_free(&fix, blocks[1]);
    BREAKS(size_t, fix.block_bytes, 0, fixalloc_is_valid(&fix));     // F1
    BREAKS(size_t, fix.block_bytes, 120, fixalloc_is_valid(&fix));   // F1
    BREAKS(size_t, fix.block_bytes, 16400, fixalloc_is_valid(&fix)); // F1
    BREAKS(size_t, fix.chunks.left, 16385, fixalloc_is_valid(&fix)); // F2
    BREAKS(uint64_t, fix.inuse_bytes, 113, fixalloc_is_valid(&fix)); // F3
    BREAKS(uint64_t, fix.inuse_bytes, 224, fixalloc_is_valid(&fix));
    BREAKS(size_t, fix.chunks.count, 2, fixalloc_is_valid(&fix));
    BREAKS(size_t, fix.chunks.left, fix.chunks.left - 112, fixalloc_is_valid(&fix));
    BREAKS(struct fixalloc_block *, fix.free_list, NULL, fixalloc_is_valid(&fix));
    BREAKS(struct fixalloc_block *, blocks[0]->next, blocks[1], fixalloc_is_valid(&fix)); // a ring
}
