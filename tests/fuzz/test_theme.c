// test_theme: a program that has a theme does one thing often, and drives what grows past the size
// that it begins with, however narrow the program is.
#include <stdlib.h>
#include "tests/test.h"

#include "allocator/inspect.h"
#include "fuzz/generate/generator.h"
#include "fuzz/generate/theme.h"
#include "fuzz/go/machine.h"
#include "fuzz/go/state.h"

#define SPAN_TABLE_FIRST 1024 // FIRST_SPAN_CAPACITY of mheap.c
#define FUNC_TABLE_FIRST 16   // CAPACITY_MIN of func.c
#define SEEDS            2000

static struct program program;

static size_t times_of(enum operation_code code) {
    size_t times = 0;
    for (size_t i = 0; i < program.count; i++) {
        times += operation_code(program.operations[i]) == code;
    }
    return times;
}

TEST(one_program_in_a_few_has_a_theme_and_does_it_as_often_as_that_says) {
    size_t themed = 0;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        generator_program(&program, seed, 512);
        struct theme theme = theme_of(&program);
        if (theme.is_on) {
            themed++;
            assert_true(program.count >= THEME_LENGTH);
            assert_true(theme.left >= 3);
            assert_true(times_of(operation_code(theme.operation)) >= theme.left);
        }
    }
    assert_in_range(themed, SEEDS / 80, SEEDS / 32); // of one in 32 some are switched off
}

TEST(the_next_time_it_is_in_the_next_slot) {
    struct symbolic_state symbols;
    struct random random = {1};
    program_clear(&program);
    symbolic_begin(&symbols, &program.header);
    struct theme theme = {true, operation_from_bits(OP_ALLOC_RUN), 100};
    theme.operation = operation_set(theme.operation, OPERAND_RUN, 100);
    static const uint32_t run_slots[] = {0, 100, 200, 44, 144}; // of 256
    for (size_t i = 0; i < sizeof run_slots / sizeof run_slots[0]; i++) {
        struct operation now = theme_next(&theme, &program, &symbols, &random);
        assert_int_equal(operation_get(now, OPERAND_HANDLE), run_slots[i]);
    }
    theme.operation = operation_from_bits(OP_FUNC);
    for (uint32_t i = 0; i < 40; i++) {
        struct operation now = theme_next(&theme, &program, &symbols, &random);
        assert_int_equal(operation_get(now, OPERAND_NUMBER), i);
    }
}

// The most that one program of the first seeds makes.
TEST(narrow_programs_drive_the_list_of_spans_and_the_functions_past_their_first_size) {
    struct executor *executor =
        executor_create(&machine_go, NULL, &(struct executor_options){.level = ORACLE_CHEAP});
    assert_non_null(executor);
    size_t most_spans = 0;
    uint64_t most_funcs = 0;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        generator_program(&program, seed, 512);
        if (!theme_of(&program).is_on) {
            continue;
        }
        uint64_t before = executor_counts(executor)->effective[OP_FUNC];
        enum verdict verdict = executor_run(executor, &program, false);
        assert_true(verdict == VERDICT_CLEAN || verdict == VERDICT_WORK_BOUND);
        uint64_t funcs = executor_counts(executor)->effective[OP_FUNC] - before;
        most_funcs = funcs > most_funcs ? funcs : most_funcs;
        struct inspect_span span;
        size_t spans = 0;
        while (inspect_span(runtime_heap(go_runtime(executor)), spans, &span)) {
            spans++;
        }
        most_spans = spans > most_spans ? spans : most_spans;
    }
    executor_destroy(executor);
    assert_true(most_spans > SPAN_TABLE_FIRST);
    assert_true(most_funcs > FUNC_TABLE_FIRST);
}
