// test_program: any bytes are a program, and its canonical form survives encoding.
//
// holds: fuzz/program/operation.c fuzz/program/program.c
#include <string.h>
#include "tests/test.h"

#include "fuzz/program/program.h"

static struct program a, b;
static uint8_t bytes[PROGRAM_BYTES_MAX + 64];

static uint64_t next(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *state >> 29;
}

static void random_bytes(uint64_t *state, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)next(state);
        if (i % 8 == 0) {
            bytes[i] = (uint8_t)(bytes[i] % (OP_COUNT + 4)); // most are known codes
        }
    }
}

TEST(canonical_form_is_a_fixed_point) {
    uint64_t random = 1;
    for (int round = 0; round < 2000; round++) {
        size_t count = (size_t)(next(&random) % 800);
        random_bytes(&random, count);
        if (round % 3 != 0) {
            memcpy(bytes, round % 3 == 1 ? "CCP\1" : "CCP\2", 4);
        }
        program_decode(&a, bytes, count);
        size_t size = program_encode(&a, bytes, sizeof bytes);
        program_decode(&b, bytes, size);
        assert_true(program_equal(&a, &b));
    }
}

TEST(every_operand_of_a_canonical_record_is_in_its_range) {
    uint64_t random = 7;
    for (int round = 0; round < 100000; round++) {
        uint64_t bits = (next(&random) << 32 ^ next(&random)) & ~UINT64_C(0xff);
        bits |= next(&random) % OP_COUNT;
        struct operation operation = operation_from_bits(bits);
        enum operation_code code = operation_code(operation);
        assert_int_equal(code, bits & 0xff);
        assert_true(operation_is_narrow(operation));
        const uint8_t *operands = operation_descriptions[code].operands;
        for (int i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
            uint64_t value = operands[i] == OPERAND_SIZE ? operation_size(operation)
                                                         : operation_get(operation, operands[i]);
            assert_in_range(value, operand_descriptions[operands[i]].min,
                            operand_descriptions[operands[i]].max);
            if (operand_descriptions[operands[i]].kind != OPERAND_KIND_TARGET &&
                operand_descriptions[operands[i]].kind != OPERAND_KIND_SINK &&
                operand_descriptions[operands[i]].kind != OPERAND_KIND_FIELD) {
                assert_true(
                    operation_equal(operation_set(operation, operands[i], value), operation));
            }
        }
    }
}

TEST(operands_of_one_operation_do_not_overlap) {
    for (unsigned code = 0; code < OP_COUNT; code++) {
        uint64_t taken = 0xff;
        uint64_t wide[2] = {0xff, 0}; // in version 2
        const uint8_t *operands = operation_descriptions[code].operands;
        for (int i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
            const struct operand_description *d = &operand_descriptions[operands[i]];
            uint64_t mask = ((UINT64_C(1) << d->width) - 1) << d->shift;
            uint64_t wide_mask[2] = {0, 0};
            wide_mask[d->at / 64] = ((UINT64_C(1) << d->wide) - 1) << d->at % 64;
            if (d->kind == OPERAND_KIND_TARGET) {
                mask |= UINT64_C(0xfff) << 48 | UINT64_C(1) << 11;
                wide_mask[0] |= UINT64_C(1) << 8;
                wide_mask[1] |= TARGET_OFFSET_LIMIT << 24;
            }
            assert_true((taken & mask) == 0);
            taken |= mask;
            for (int word = 0; word < 2; word++) {
                assert_true((wide[word] & wide_mask[word]) == 0);
                wide[word] |= wide_mask[word];
            }
        }
    }
}

TEST(unknown_codes_are_nop_and_a_partial_tail_is_ignored) {
    memset(bytes, 0xff, 23);
    program_decode(&a, bytes, 23);
    assert_int_equal(a.count, 2);
    assert_int_equal(operation_code(a.operations[0]), OP_NOP);
    assert_true(program_header_is_default(&a.header));
}

TEST(operations_past_the_limit_are_ignored) {
    memset(bytes, 0, sizeof bytes);
    program_decode(&a, bytes, sizeof bytes);
    assert_int_equal(a.count, PROGRAM_OPERATIONS_MAX);
    assert_false(program_append(&a, (struct operation){0, 0}));
}

// Bytes of version 1 that are canonical stay as they are, through decoding and encoding.
TEST(version_1_is_kept_byte_for_byte) {
    static uint8_t again[PROGRAM_BYTES_MAX];
    uint64_t random = 5;
    for (int round = 0; round < 500; round++) {
        random_bytes(&random, 400);
        memcpy(bytes, "CCP\1", 4);
        program_decode(&a, bytes, 400);
        size_t size = program_encode(&a, bytes, sizeof bytes);
        assert_int_equal(bytes[3], 1);
        assert_int_equal(size, PROGRAM_HEADER_BYTES + a.count * OPERATION_BYTES);
        program_decode(&b, bytes, size);
        assert_int_equal(program_encode(&b, again, sizeof again), size);
        assert_memory_equal(bytes, again, size);
    }
}

TEST(what_version_1_cannot_say_is_written_as_version_2) {
    const struct operation large =
        operation_set(operation_from_bits(OP_ALLOC), OPERAND_SIZE, UINT64_C(5) << 30);
    program_clear(&a);
    (void)program_append(&a, large);
    assert_false(program_is_narrow(&a));
    assert_true(operation_size(large) == UINT64_C(5) << 30);
    size_t size = program_encode(&a, bytes, sizeof bytes);
    assert_int_equal(size, PROGRAM_WIDE_HEADER_BYTES + OPERATION_WIDE_BYTES);
    assert_int_equal(bytes[3], 2);
    program_decode(&b, bytes, size);
    assert_true(program_equal(&a, &b));
    program_make_narrow(&a);
    assert_true(program_is_narrow(&a));
    a.header.start[START_Clock] = 1;
    assert_false(program_is_narrow(&a));
    program_clear(&a);
    a.header.caches = PROGRAM_CACHES_MAX + 1;
    assert_false(program_is_narrow(&a));
}

TEST(a_run_goes_round_in_the_handles_of_its_version) {
    struct operation run = operation_set(operation_from_bits(OP_ALLOC_RUN), OPERAND_RUN, 128);
    assert_int_equal(operation_handle_count(run), 256);
    assert_int_equal(operation_handle_count(operation_set(run, OPERAND_RUN, 129)), 1024);
    assert_int_equal(operation_handle_count(operation_set(run, OPERAND_HANDLE, 256)), 1024);
}

TEST(reserved_bytes_are_told_and_ignored) {
    static const size_t reserved[] = {10, 11, 15, 20, 31, 32 + 8 * START_COUNT, 223};
    program_clear(&a);
    a.header.is_wide = true;
    size_t size = program_encode(&a, bytes, sizeof bytes);
    assert_int_equal(program_bytes_reserved(bytes, size), size);
    assert_false(program_bytes_are_cut(bytes, PROGRAM_WIDE_HEADER_BYTES));
    assert_true(program_bytes_are_cut(bytes, PROGRAM_WIDE_HEADER_BYTES - 1));
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        uint8_t before = bytes[reserved[i]];
        bytes[reserved[i]] = before | 2;
        assert_int_equal(program_bytes_reserved(bytes, size), reserved[i]);
        program_decode(&b, bytes, size);
        assert_true(program_equal(&a, &b));
        bytes[reserved[i]] = before;
    }
    bytes[3] = 1; // in version 1 nothing is
    assert_int_equal(program_bytes_reserved(bytes, size), size);
}

TEST(a_starting_value_is_folded_below_its_most) {
    program_clear(&a);
    a.header.start[START_NumGC] = 1;
    size_t size = program_encode(&a, bytes, sizeof bytes);
    memset(bytes + 32, 0xff, 8 * (size_t)START_COUNT);
    program_decode(&b, bytes, size);
    for (int i = 0; i < START_COUNT; i++) {
        assert_true(b.header.start[i] <= program_start_most((enum program_start)i));
    }
}

TEST(a_buffer_too_small_gets_whole_records_or_nothing) {
    program_clear(&a);
    (void)program_append(&a, (struct operation){0, 0});
    (void)program_append(&a, (struct operation){0, 0});
    assert_int_equal(program_encode(&a, bytes, 15), 0);
    assert_int_equal(program_encode(&a, bytes, 31), 24);
    assert_int_equal(program_encode(&a, bytes, 32), 32);
}

TEST(sizes_are_literal_or_interesting) {
    struct operation operation = operation_set(operation_from_bits(OP_ALLOC), OPERAND_SIZE, 4001);
    assert_int_equal(operation_size(operation), 4001);
    for (uint32_t choice = 0; choice < 4000; choice++) {
        struct operation chosen = operation_from_bits(OP_ALLOC | (uint64_t)choice << 32);
        assert_int_equal(operation_size(chosen), operation_interesting_size(choice));
    }
}

TEST(text_and_binary_are_told_apart_by_content) {
    assert_true(program_bytes_are_text((const uint8_t *)"stats\n", 6));
    assert_false(program_bytes_are_text((const uint8_t *)"CCP\1stats", 9));
    assert_false(program_bytes_are_text((const uint8_t *)"sta\0ts", 6));
    assert_int_equal(program_bytes_control((const uint8_t *)"sta\0ts", 6), 3);
    assert_int_equal(program_bytes_control((const uint8_t *)"a\t\r\n\xc3\xa9", 6), 6);
    assert_int_equal(program_bytes_control((const uint8_t *)"a\x7f", 2), 1);
    assert_true(program_bytes_are_binary((const uint8_t *)"CCP\1", 4));
    assert_false(program_bytes_are_binary((const uint8_t *)"CCP\1", 3));
    assert_true(program_bytes_are_binary((const uint8_t *)"CCP\2", 4));
    assert_false(program_bytes_are_binary((const uint8_t *)"CCP\3", 4));
}
