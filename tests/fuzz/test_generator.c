// test_generator: programs are the same for the same seed, stay in bounds, and mostly do something.
// holds: fuzz/generate/operand.c
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

#include "fuzz/go/machine.h"
#include "fuzz/generate/generator.h"

#define EFFECTIVE_PERCENT 30 // as in cli/cmd_soak.c

static struct program a, b;

TEST(the_same_seed_draws_the_same_program) {
    for (uint32_t seed = 0; seed < 200; seed++) {
        generator_program(&a, seed, 512);
        generator_program(&b, seed, 512);
        assert_true(program_equal(&a, &b));
    }
    generator_program(&b, 7, 512);
    generator_program(&a, 8, 512);
    assert_false(program_equal(&a, &b));
}

TEST(operations_are_canonical_and_within_the_limit) {
    for (uint32_t seed = 0; seed < 500; seed++) {
        generator_program(&a, seed, 100);
        assert_true(a.count > 0 && a.count <= 100);
        for (size_t i = 0; i < a.count; i++) {
            struct operation operation = a.operations[i];
            assert_true(operation_is_narrow(operation));
            assert_true(operation_equal(operation, operation_narrowed(operation)));
        }
    }
}

TEST(groups_that_the_swarm_turns_off_are_not_drawn) {
    struct random random = {5};
    program_clear(&a);
    a.header.groups_off = (uint16_t) ~(1u << GROUP_SCAVENGE);
    for (int i = 0; i < 1000; i++) {
        struct operation operation = generator_operation(&random, &a, 0);
        assert_int_equal(operation_code(operation), OP_SCAVENGE);
    }
    a.header.groups_off = UINT16_MAX;
    assert_int_equal(operation_code(generator_operation(&random, &a, 0)), OP_ALLOC);
}

// What costs much, or is new, leaves the results of other seeds as they are.
static bool is_drawn_wide(size_t code) {
    return code == OP_FORK || code == OP_SUBPROGRAM;
}

TEST(wide_programs_alone_fork_and_run_operations_inside_calls) {
    size_t drawn[OP_COUNT] = {0};
    for (uint32_t seed = 0; seed < 400; seed++) {
        generator_program(&a, seed, 512);
        generator_program_wide(&b, seed, 512);
        for (size_t i = 0; i < a.count; i++) {
            assert_false(is_drawn_wide(operation_code(a.operations[i])));
        }
        for (size_t i = 0; i < b.count; i++) {
            drawn[operation_code(b.operations[i])]++;
        }
    }
    assert_in_range(drawn[OP_FORK], 10, 200);
    assert_in_range(drawn[OP_SUBPROGRAM], 500, 20000);
}

TEST(every_operation_is_drawn_and_does_something_in_three_of_ten) {
    struct executor *executor =
        executor_create(&machine_go, NULL, &(struct executor_options){.level = ORACLE_CHEAP});
    assert_non_null(executor);
    for (uint32_t seed = 0; seed < 1500; seed++) {
        generator_program(&a, seed, 512);
        enum verdict verdict = executor_run(executor, &a, false);
        assert_true(verdict == VERDICT_CLEAN || verdict == VERDICT_WORK_BOUND);
    }
    const struct executor_counts *counts = executor_counts(executor);
    for (size_t code = 0; code < OP_COUNT; code++) {
        uint64_t executed = counts->executed[code];
        uint64_t effective = counts->effective[code];
        const struct operation_description *d = &operation_descriptions[code];
        if (d->weight != 0 && !is_drawn_wide(code) && language_has(&language_go, d->capability) &&
            (executed == 0 || effective * 100 < executed * EFFECTIVE_PERCENT)) {
            fail_msg("%s was drawn %llu times and did something %llu times",
                     operation_descriptions[code].name, (unsigned long long)executed,
                     (unsigned long long)effective);
        }
    }
    executor_destroy(executor);
}
