// test_pool: what the free lists and the slab of the runtime's records may not say.
#include "tests/runtime/program.h"

#include "runtime/runtime_internal.h"
#include "tests/breaks.h"

static void a_pool_is_valid_as_records_come_and_go(void **state) {
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
    struct pool_transaction transaction;
    const struct pool_need need = {100, 40};
    assert_true(pool_begin(program->runtime, &transaction, &need, 1));
    assert_true(pool_is_valid(pool));
    pool_end(program->runtime, &transaction, false);
    assert_true(pool_is_valid(pool));
}

static void validity_sees_each_broken_invariant(void **state) {
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
    BREAKS(size_t, pool->promised_count, 1000, pool_is_valid(pool));            // L3
    BREAKS(size_t, pool->promised_count, 1000, runtime_is_sound(program->runtime));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        program_test(a_pool_is_valid_as_records_come_and_go),
        program_test(validity_sees_each_broken_invariant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
