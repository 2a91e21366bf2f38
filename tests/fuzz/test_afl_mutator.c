// test_afl_mutator: what AFL++ gets is a program within its bounds and a function of its seed, and
// trimming leaves what the path needs, in as many steps as were announced.
#include <string.h>
#include "tests/test.h"

#include "fuzz/generate/generator.h"
#include "fuzz/targets/afl_mutator.c" // a module: no library has it

static struct program program;
static uint8_t bytes[PROGRAM_BYTES_MAX + 8];

static size_t draw(uint32_t seed, size_t operation_count) {
    generator_program(&program, seed, operation_count);
    return program_encode(&program, bytes, sizeof bytes);
}

TEST(what_is_fuzzed_is_a_function_of_the_seed_and_in_bounds) {
    struct afl_state *one = afl_custom_init(NULL, 7), *two = afl_custom_init(NULL, 7);
    struct afl_state *other_seed = afl_custom_init(NULL, 8);
    size_t changed = 0, other_count = 0;
    for (uint32_t round = 0; round < 500; round++) {
        size_t size = draw(round, 30);
        static uint8_t other[PROGRAM_BYTES_MAX];
        memcpy(other, bytes, size);
        size_t max = PROGRAM_HEADER_BYTES + round % 400;
        uint8_t *first, *second;
        size_t first_size =
            afl_custom_fuzz(one, bytes, size, &first, round % 2 ? other : NULL, size, max);
        size_t second_size =
            afl_custom_fuzz(two, bytes, size, &second, round % 2 ? other : NULL, size, max);
        assert_true(first_size >= PROGRAM_HEADER_BYTES && first_size <= max);
        assert_int_equal(first_size, second_size);
        assert_memory_equal(first, second, first_size);
        uint8_t *third;
        size_t third_size =
            afl_custom_fuzz(other_seed, bytes, size, &third, round % 2 ? other : NULL, size, max);
        other_count += third_size != first_size || memcmp(first, third, first_size) != 0;
        changed += first_size != size || memcmp(first, bytes, size) != 0;
    }
    assert_true(changed > 450);
    assert_true(other_count > 450);
    afl_custom_deinit(other_seed);
    afl_custom_deinit(one);
    afl_custom_deinit(two);
}

TEST(more_bytes_than_a_program_has_are_cut) {
    struct afl_state *afl = afl_custom_init(NULL, 1);
    memset(bytes, 1, sizeof bytes);
    uint8_t *out;
    size_t size = afl_custom_fuzz(afl, bytes, sizeof bytes, &out, NULL, 0, sizeof bytes);
    assert_true(size <= PROGRAM_BYTES_MAX);
    assert_int_equal(afl->trimmed.header.seed, 0); // what lies behind the bytes
    assert_int_equal(afl->trimmed.count, 0);
    afl_custom_deinit(afl);
}

static size_t count_of(enum operation_code code) {
    size_t count = 0;
    for (size_t i = 0; i < program.count; i++) {
        count += operation_code(program.operations[i]) == code;
    }
    return count;
}

// As AFL++ calls it; the path is the same as long as no operation of the code is gone.
static size_t trim(struct afl_state *afl, size_t size, enum operation_code code, size_t wanted) {
    int32_t steps = afl_custom_init_trim(afl, bytes, size);
    for (int32_t stage = 0; stage < INT32_MAX; steps--) {
        assert_true(steps > 0); // no more than were announced
        uint8_t *out;
        size_t candidate_size = afl_custom_trim(afl, &out);
        program_decode(&program, out, candidate_size);
        bool is_same = count_of(code) == wanted;
        if (is_same) {
            memcpy(bytes, out, candidate_size);
            size = candidate_size;
        }
        stage = afl_custom_post_trim(afl, is_same);
    }
    return size;
}

TEST(trimming_leaves_the_operations_that_the_path_needs) {
    struct afl_state *afl = afl_custom_init(NULL, 1);
    for (uint32_t seed = 0; seed < 50; seed++) {
        size_t size = draw(seed, 100), wanted = count_of(OP_ALLOC);
        size = trim(afl, size, OP_ALLOC, wanted);
        program_decode(&program, bytes, size);
        assert_int_equal(program.count, wanted);
    }
    afl_custom_deinit(afl);
}
