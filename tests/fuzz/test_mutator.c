// test_mutator: mutation keeps programs legal, in bounds, free of expectations, and a function of
// its seed.
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

#include "fuzz/generate/generator.h"
#include "fuzz/generate/mutator.h"

static struct program a, b;
static uint8_t bytes[PROGRAM_BYTES_MAX], other[PROGRAM_BYTES_MAX], out[PROGRAM_BYTES_MAX];

static void assert_legal(const struct program *program, size_t operations_max) {
    assert_true(program->count <= operations_max);
    for (size_t i = 0; i < program->count; i++) {
        struct operation operation = program->operations[i];
        assert_true(
            operation_equal(operation, operation_from_words(operation.head, operation.argument)));
        assert_int_not_equal(operation_code(operation), OP_EXPECT);
    }
}

TEST(mutation_keeps_programs_legal_and_in_bounds) {
    struct random random = {1};
    for (uint32_t round = 0; round < 20000; round++) {
        size_t limit = round % 97;
        if (round % 50 == 0) {
            generator_program(&a, round, 64);
            (void)program_append(&a, operation_from_bits(OP_EXPECT));
        }
        mutator_mutate(&a, limit, &random);
        assert_legal(&a, limit);
    }
}

TEST(crossing_keeps_programs_legal_and_in_bounds) {
    struct random random = {2};
    for (uint32_t round = 0; round < 5000; round++) {
        generator_program(&a, round, 128);
        generator_program(&b, round + 1, 128);
        mutator_cross(&a, &b, round % 129, &random);
        assert_legal(&a, round % 129);
    }
}

TEST(mutated_bytes_are_a_function_of_the_seed) {
    const struct mutator_limits limits = {.max_bytes = 1024};
    for (uint32_t seed = 0; seed < 300; seed++) {
        generator_program(&a, seed, 60);
        size_t size = program_encode(&a, bytes, sizeof bytes);
        memcpy(other, bytes, size);
        size_t first = mutator_mutate_bytes(bytes, size, limits, seed);
        size_t second = mutator_mutate_bytes(other, size, limits, seed);
        assert_int_equal(first, second);
        assert_memory_equal(bytes, other, first);
        assert_true(first >= PROGRAM_HEADER_BYTES && first <= 1024);
    }
}

TEST(a_dump_target_always_ends_in_a_dump) {
    const struct mutator_limits limits = {.max_bytes = 200, .ends_in_dump = true};
    size_t size = 0;
    for (uint32_t seed = 0; seed < 2000; seed++) {
        size = seed % 3 == 0 ? mutator_cross_bytes(bytes, size, bytes, size, out, limits, seed)
                             : mutator_mutate_bytes(bytes, size, limits, seed);
        memcpy(bytes, seed % 3 == 0 ? out : bytes, seed % 3 == 0 ? size : 0);
        program_decode(&a, bytes, size);
        assert_true(a.count > 0 && size <= 200);
        assert_int_equal(operation_code(a.operations[a.count - 1]), OP_DUMP);
    }
}

TEST(no_room_gives_no_bytes) {
    const struct mutator_limits limits = {.max_bytes = 15, .ends_in_dump = true};
    assert_int_equal(mutator_mutate_bytes(bytes, 0, limits, 1), 0);
}
