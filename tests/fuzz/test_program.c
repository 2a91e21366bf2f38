// test_program: any bytes are a program, and its canonical form survives encoding.
//
// holds: fuzz/program/operation.c fuzz/program/program.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

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

static void canonical_form_is_a_fixed_point(void **context) {
    (void)context;
    uint64_t state = 1;
    for (int round = 0; round < 2000; round++) {
        size_t count = (size_t)(next(&state) % 400);
        random_bytes(&state, count);
        if (round % 2 == 0) {
            memcpy(bytes, "CCP\1", 4);
        }
        program_decode(&a, bytes, count);
        size_t size = program_encode(&a, bytes, sizeof bytes);
        program_decode(&b, bytes, size);
        assert_true(program_equal(&a, &b));
    }
}

static void every_operand_of_a_canonical_record_is_in_its_range(void **context) {
    (void)context;
    uint64_t state = 7;
    for (int round = 0; round < 100000; round++) {
        uint64_t bits = (next(&state) << 32 ^ next(&state)) & ~UINT64_C(0xff);
        bits |= next(&state) % OP_COUNT;
        struct operation operation = operation_from_bits(bits);
        enum operation_code code = operation_code(operation);
        assert_int_equal(code, bits & 0xff);
        const uint8_t *operands = operation_descriptions[code].operands;
        for (int i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
            uint32_t value = operation_get(operation, operands[i]);
            assert_in_range(value, operand_descriptions[operands[i]].min,
                            operand_descriptions[operands[i]].max);
            if (operand_descriptions[operands[i]].kind != OPERAND_KIND_TARGET &&
                operand_descriptions[operands[i]].kind != OPERAND_KIND_SINK &&
                operand_descriptions[operands[i]].kind != OPERAND_KIND_FIELD) {
                assert_true(operation_set(operation, operands[i], value).bits == operation.bits);
            }
        }
    }
}

static void operands_of_one_operation_do_not_overlap(void **context) {
    (void)context;
    for (unsigned code = 0; code < OP_COUNT; code++) {
        uint64_t taken = 0xff;
        const uint8_t *operands = operation_descriptions[code].operands;
        for (int i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
            const struct operand_description *d = &operand_descriptions[operands[i]];
            uint64_t mask = ((UINT64_C(1) << d->width) - 1) << d->shift;
            if (d->kind == OPERAND_KIND_TARGET) {
                mask |= UINT64_C(0xfff) << 48 | UINT64_C(1) << 11;
            }
            assert_true((taken & mask) == 0);
            taken |= mask;
        }
    }
}

static void unknown_codes_are_nop_and_a_partial_tail_is_ignored(void **context) {
    (void)context;
    memset(bytes, 0xff, 23);
    program_decode(&a, bytes, 23);
    assert_int_equal(a.count, 2);
    assert_true(a.operations[0].bits == 0);
    assert_true(program_header_is_default(&a.header));
}

static void operations_past_the_limit_are_ignored(void **context) {
    (void)context;
    memset(bytes, 0, sizeof bytes);
    program_decode(&a, bytes, sizeof bytes);
    assert_int_equal(a.count, PROGRAM_OPERATIONS_MAX);
    assert_false(program_append(&a, (struct operation){0}));
}

static void a_buffer_too_small_gets_whole_records_or_nothing(void **context) {
    (void)context;
    program_clear(&a);
    (void)program_append(&a, (struct operation){0});
    (void)program_append(&a, (struct operation){0});
    assert_int_equal(program_encode(&a, bytes, 15), 0);
    assert_int_equal(program_encode(&a, bytes, 31), 24);
    assert_int_equal(program_encode(&a, bytes, 32), 32);
}

static void sizes_are_literal_or_interesting(void **context) {
    (void)context;
    struct operation operation = operation_set(operation_from_bits(OP_ALLOC), OPERAND_SIZE, 4001);
    assert_int_equal(operation_get(operation, OPERAND_SIZE), 4001);
    for (uint32_t choice = 0; choice < 4000; choice++) {
        struct operation chosen = operation_from_bits(OP_ALLOC | (uint64_t)choice << 32);
        assert_int_equal(operation_get(chosen, OPERAND_SIZE), operation_interesting_size(choice));
    }
}

static void text_and_binary_are_told_apart_by_content(void **context) {
    (void)context;
    assert_true(program_bytes_are_text((const uint8_t *)"stats\n", 6));
    assert_false(program_bytes_are_text((const uint8_t *)"CCP\1stats", 9));
    assert_false(program_bytes_are_text((const uint8_t *)"sta\0ts", 6));
    assert_int_equal(program_bytes_control((const uint8_t *)"sta\0ts", 6), 3);
    assert_int_equal(program_bytes_control((const uint8_t *)"a\t\r\n\xc3\xa9", 6), 6);
    assert_int_equal(program_bytes_control((const uint8_t *)"a\x7f", 2), 1);
    assert_true(program_bytes_are_binary((const uint8_t *)"CCP\1", 4));
    assert_false(program_bytes_are_binary((const uint8_t *)"CCP\1", 3));
    assert_false(program_bytes_are_binary((const uint8_t *)"CCP\2", 4));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_form_is_a_fixed_point),
        cmocka_unit_test(every_operand_of_a_canonical_record_is_in_its_range),
        cmocka_unit_test(operands_of_one_operation_do_not_overlap),
        cmocka_unit_test(unknown_codes_are_nop_and_a_partial_tail_is_ignored),
        cmocka_unit_test(operations_past_the_limit_are_ignored),
        cmocka_unit_test(a_buffer_too_small_gets_whole_records_or_nothing),
        cmocka_unit_test(sizes_are_literal_or_interesting),
        cmocka_unit_test(text_and_binary_are_told_apart_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
