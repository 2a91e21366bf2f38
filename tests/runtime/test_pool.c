// test_pool: what the free lists and the slab of the runtime's records may not say.
#include "tests/runtime/program.h"

#include <string.h>

#include "runtime/runtime_internal.h"
#include "tests/breaks.h"
#include "tests/test.h"

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_pool_is_valid_as_records_come_and_go) {
    struct program *program = *state;
    struct pool *pool = &program->runtime->pool;
    void *blocks[300];
    for (size_t i = 0; i < 300; i++) {
        blocks[i] = pool_alloc(program->runtime, 1 + i * 7);
        assert_non_null(blocks[i]);
        assert_true(pool_is_valid(pool));
    }
    for (size_t i = 0; i < 300; i++) {
        pool_free(program->runtime, blocks[i], 1 + i * 7);
        assert_true(pool_is_valid(pool));
    }
    const struct pool_need need = {100, 40};
    assert_true(pool_begin(program->runtime, &need, 1));
    assert_true(pool_is_valid(pool));
    pool_end(program->runtime, false);
    assert_true(pool_is_valid(pool));
}

// Seven blocks of 64 bytes, of which three are free, and one of 8 KiB.
static const struct pool_need several[] = {{64, 5}, {5000, 1}, {40, 2}};

static void begin_several(struct program *program, const struct pool_block *blocks[8]) {
    assert_true(pool_begin(program->runtime, several, 3));
    const struct pool_block *block = program->runtime->pool.free[6];
    for (size_t i = 0; i < 7; i++, block = block->next) {
        blocks[i] = block;
    }
    assert_null(block);
    blocks[7] = program->runtime->pool.free[13];
}

TEST(what_is_given_back_is_found_again_where_it_was) {
    struct program *program = *state;
    struct pool *pool = &program->runtime->pool;
    for (size_t i = 0; i < 3; i++) {
        pool_free(program->runtime, heap_metadata_alloc(program->heap, 64), 64);
    }
    while (pool->slab_left < 128 || pool->slab_left >= 8192) { // not enough for all
        assert_non_null(pool_alloc(program->runtime, 4000));
    }
    struct pool before;
    memcpy(&before, pool, sizeof before);
    const struct pool_block *first[8], *again[8];
    begin_several(program, first);
    pool_end(program->runtime, false);
    assert_memory_equal(pool, &before, sizeof before);
    assert_int_equal(runtime_free_block_count(program->runtime, 6, 100), 3);
    heap_set_fault(program->heap, SYSMEM_METADATA, 9,
                   false); // behind those that are asked for: a slab
    assert_false(pool_begin(program->runtime, several, 3));
    assert_int_equal(heap_fault_count(program->heap), 1);
    assert_memory_equal(pool, &before, sizeof before);
    assert_int_equal(runtime_free_block_count(program->runtime, 6, 100), 3);
    begin_several(program, again);
    assert_memory_equal(first, again, sizeof first);
    pool_end(program->runtime, true);
    for (size_t i = 0; i < 7; i++) { // taken in this order
        assert_ptr_equal(pool_take_reserved(program->runtime, 50), first[i]);
    }
    assert_ptr_equal(pool_take_reserved(program->runtime, 5000), first[7]);
}

TEST(nothing_is_begun_when_all_is_at_hand) {
    struct program *program = *state;
    begin_several(program, (const struct pool_block *[8]){0});
    pool_end(program->runtime, true);
    assert_true(pool_begin(program->runtime, several, 3));
    assert_false(program->runtime->pool.is_open); // the world runs
    pool_end(program->runtime, false);
    assert_int_equal(runtime_free_block_count(program->runtime, 6, 100), 7);
}

TEST(validity_sees_each_broken_invariant) {
    struct program *program = *state;
    struct pool *pool = &program->runtime->pool;
    struct pool_block *blocks[4];
    for (size_t i = 0; i < 4; i++) {
        blocks[i] = pool_alloc(program->runtime, 64);
        assert_non_null(blocks[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        pool_free(program->runtime, blocks[i], 64);
    }
    BREAKS(size_t, pool->slab_left, pool->slab_left - 8, pool_is_valid(pool)); // L1
    BREAKS(size_t, pool->slab_left, 32768, pool_is_valid(pool));
    BREAKS(uintptr_t, pool->slab_next, pool->slab_next + 8, pool_is_valid(pool));
    BREAKS(uintptr_t, pool->slab_next, 0, pool_is_valid(pool));
    BREAKS(struct pool_block *, blocks[0]->next, blocks[0], pool_is_valid(pool)); // L2: rings
    BREAKS(struct pool_block *, blocks[0]->next, blocks[1], pool_is_valid(pool));
    BREAKS(struct pool_block *, blocks[0]->next, blocks[2], pool_is_valid(pool));
    BREAKS(struct pool_block *, blocks[0]->next, blocks[3], pool_is_valid(pool));
    BREAKS(struct pool_block *, pool->free[6], (struct pool_block *)((char *)blocks[0] + 8),
           pool_is_valid(pool));
    BREAKS(struct pool_block *, pool->free[4], blocks[0], pool_is_valid(pool)); // of 16 bytes
    BREAKS(size_t, pool->slab_left, 32768, runtime_is_sound(program->runtime));
}
