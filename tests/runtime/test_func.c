// test_func: functions are found by any of their pcs, whatever the order of their definition.
#include "tests/runtime/program.h"
#include "tests/test.h"

static bool define(struct program *program, uintptr_t entry, uintptr_t end) {
    struct func func = {entry, end, "main.f", "f.go", 10, 4};
    return runtime_define_func(program->runtime, &func);
}

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_pc_finds_the_function_it_lies_in) {
    struct program *program = *state;
    assert_null(runtime_find_func(program->runtime, 0x1000));
    for (uintptr_t i = 0; i < 100;
         i++) { // 37 and 100 have no common factor: each once, out of order
        uintptr_t entry = 0x1000 + i * 37 % 100 * 0x100;
        assert_true(define(program, entry, entry + 0x80));
    }
    for (uintptr_t entry = 0x1000; entry < 0x1000 + 100 * 0x100; entry += 0x100) {
        assert_int_equal(runtime_find_func(program->runtime, entry)->entry, entry);
        assert_int_equal(runtime_find_func(program->runtime, entry + 0x7f)->entry, entry);
        assert_null(runtime_find_func(program->runtime, entry + 0x80));
    }
    assert_null(runtime_find_func(program->runtime, 0xfff));
}

TEST(overlapping_and_empty_ranges_are_refused) {
    struct program *program = *state;
    assert_true(define(program, 0x1000, 0x1100));
    assert_false(define(program, 0x1000, 0x1001));
    assert_false(define(program, 0x10ff, 0x1200));
    assert_false(define(program, 0xf00, 0x1001));
    assert_false(define(program, 0xf00, 0x1200));
    assert_false(define(program, 0x2000, 0x2000));
    assert_false(define(program, 0x2000, 0x1fff));
    assert_true(define(program, 0x1100, 0x1200));
    assert_true(define(program, 0xf00, 0x1000));
}

TEST(lines_advance_with_the_pc) {
    struct func func = {.entry = 0x1000, .end = 0x1100, .first_line = 10, .bytes_per_line = 4};
    assert_int_equal(func_line(&func, 0x1000), 10);
    assert_int_equal(func_line(&func, 0x1003), 10);
    assert_int_equal(func_line(&func, 0x1004), 11);
    func.bytes_per_line = 0;
    assert_int_equal(func_line(&func, 0x10ff), 10);
}

static void without_memory_what_is_defined_stays_at(struct program *program, size_t shift) {
    program_restart(program);
    uintptr_t count = 0;
    for (; count < 1100; count++) {
        assert_true(define(program, count * 16, count * 16 + 16));
    }
    program_shift(program, shift);
    program_refuse(program, true);
    while (define(program, count * 16, count * 16 + 16)) {
        assert_true(++count < 100000);
    }
    for (uintptr_t i = 0; i < count; i++) {
        assert_int_equal(runtime_find_func(program->runtime, i * 16)->entry, i * 16);
    }
    assert_null(runtime_find_func(program->runtime, count * 16));
    program_refuse(program, false);
    assert_true(define(program, count * 16, count * 16 + 16));
    assert_string_equal(runtime_find_func(program->runtime, count * 16)->name, "main.f");
}

TEST(without_memory_what_is_defined_stays) {
    for (size_t shift = 0; shift < 8; shift++) {
        without_memory_what_is_defined_stays_at(*state, shift);
    }
}

TEST(without_memory_for_a_longer_table_the_old_one_serves) {
    struct program *program = *state;
    uintptr_t count = 0;
    for (; count < 16; count++) {
        assert_true(define(program, count * 16, count * 16 + 16));
    }
    program_burn(program);
    assert_false(define(program, count * 16, count * 16 + 16));
    program_refuse(program, false);
    for (uintptr_t i = 0; i < count; i++) {
        assert_int_equal(runtime_find_func(program->runtime, i * 16 + 15)->entry, i * 16);
    }
    assert_true(define(program, count * 16, count * 16 + 16));
}
