// test_symbolic_state: what a program's text tells of the slots that it fills, and the slots that
// mend an operation.
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

#include "fuzz/go/machine.h"
#include "fuzz/generate/generator.h"
#include "fuzz/generate/symbolic_state.h"
#include "fuzz/program/text.h"

static struct program program;
static struct program one; // an operation, read as a program

static struct operation operation_of(const char *text) {
    struct text_error error;
    assert_true(text_parse_program(&one, text, strlen(text), &error));
    assert_int_equal(one.count, 1);
    return one.operations[0];
}

static bool allows(const char *before, const char *operation) {
    struct symbolic_state symbolic;
    struct text_error error;
    assert_true(text_parse_program(&program, before, strlen(before), &error));
    symbolic_of(&symbolic, &program, program.count);
    return symbolic_allows(&symbolic, operation_of(operation));
}

TEST(what_nobody_made_allows_nothing) {
    static const char *const operations[] = {
        "free c0 h1",
        "write h1 word=0 to=nil",
        "go_exit g0",
        "frame_pop g0",
        "manual_free m0",
        "thread_exit t0",
        "root_remove r0",
        "gc_step objects=1",
        "gc_finish c0",
        "sweep_one c0",
        "finalizer_start",
        "finalizer_finish",
        "write_data word=0 to=h1",
        "release c3",
        "c0 = acquire",
        "world start",
        "go_thread g0 t0",
    };
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        assert_false(allows("", operations[i]));
    }
    assert_true(allows("", "h1 = alloc c0 size=8"));
    assert_true(allows("", "write_data word=0 to=nil"));
    assert_true(allows("", "write_stray word=0 to=h1 at=below"));
}

TEST(what_was_made_may_be_used_until_it_is_gone) {
    assert_true(allows("h1 = alloc size=24 type=node\n", "write h1 word=0 to=h1"));
    assert_false(allows("h1 = alloc size=24\n", "write h1 word=0 to=h1"));
    assert_false(allows("h1 = alloc size=8 tiny\n", "free h1"));
    assert_false(allows("h1 = alloc size=24\nfree h1\n", "realloc h1 size=9"));
    assert_true(allows("h1 = alloc_run size=24 count=9\n", "free h9"));
    assert_false(
        allows("h1 = alloc_run size=24 count=9\nfree_run h1 count=5 stride=2\n", "free h9"));
    assert_true(allows("h1 = alloc size=24\nfinalizer_set h1 to=nil\n", "finalizer_remove h1"));
    assert_false(allows("c3 = acquire\nrelease c3\n", "release c3"));
    assert_false(allows("t0 = thread_start\nthread_exit t0\n", "thread_exit t0"));
    assert_false(allows("h1 = alloc size=24\nreset\n", "free h1"));
    assert_true(allows("h1 = alloc size=24\nreset\nh1 = alloc size=24\n", "free h1"));
    assert_true(allows("world stop\n", "world start"));
    assert_false(allows("world stop\n", "h0 = thread_run size=8"));
}

TEST(goroutines_have_what_was_pushed) {
    assert_true(allows("g0 = go_start\n", "frame_push g0 words=4"));
    assert_false(allows("g0 = go_start\n", "frame_pop g0"));
    assert_true(allows("g0 = go_start\nframe_push g0 words=4\n", "write_frame g0 to=nil"));
    assert_false(allows("g0 = go_start\nframe_push g0 words=4\nframe_pop g0\n", "frame_pop g0"));
    assert_true(allows("g0 = go_start\ndefer_push g0 to=nil\n", "defer_pop g0"));
    assert_false(
        allows("g0 = go_start\npanic_push g0 to=nil\ngo_exit g0\ng0 = go_start\n", "panic_pop g0"));
    assert_true(allows("g0 = go_start\ngo_grow g0\n", "go_shrink g0"));
    assert_false(allows("g0 = go_start\ngo_grow g0\nframe_push g0 words=255\n"
                        "frame_push g0 words=255\nframe_push g0 words=255\n",
                        "go_shrink g0"));
    assert_true(allows("g0 = go_start\nt1 = thread_start\n", "go_thread g0 t1"));
    assert_false(allows("g0 = go_start\nt1 = thread_start\ngo_thread g0 t1\nthread_exit t1\n",
                        "go_thread g0 t1"));
}

TEST(a_cycle_keeps_what_something_points_to) {
    static const char *const cycle = "h1 = alloc size=24\nh2 = alloc size=24\n"
                                     "finalizer_set h2 to=nil\nwrite_data word=1 to=h1\n"
                                     "gc_start\ngc_finish\n";
    assert_true(allows(cycle, "free h1"));
    assert_false(allows(cycle, "free h2"));
    assert_true(allows(cycle, "sweep_one"));
    assert_false(allows(cycle, "finalizer_start"));
    assert_true(
        allows("h2 = alloc size=24\nfinalizer_set h2 to=nil\ncollect sweep\n", "finalizer_start"));
    assert_true(allows("h2 = alloc size=24\nfinalizer_set h2 to=nil\ncollect\nsweep_one\n"
                       "finalizer_start\n",
                       "finalizer_finish"));
}

// Of the operation's result.
static bool is_filled(const struct symbolic_state *symbolic, struct operation operation) {
    enum operand result = operation_descriptions[operation_code(operation)].operands[0];
    uint32_t slot = operation_get(operation, result);
    const uint64_t *bits =
        result == OPERAND_HANDLE ? symbolic->sets[SYMBOLIC_LIVE].words : &symbolic->slots[result];
    return (bits[slot / 64] >> slot % 64 & 1) != 0;
}

TEST(what_has_a_result_fills_its_slot) {
    const struct program_header header = {.caches = 1};
    for (unsigned code = 0; code < OP_COUNT; code++) {
        struct operation operation = operation_from_bits(code);
        struct symbolic_state symbolic;
        if (!operation_descriptions[code].has_result) {
            continue;
        }
        if (code == OP_ACQUIRE) { // the slot of the header's cache is filled
            operation = operation_set(operation, OPERAND_CACHE, 1);
        }
        if (operation_has((enum operation_code)code, OPERAND_TO)) {
            operation = operation_set_target(operation, true, 0, 0);
        }
        symbolic_begin(&symbolic, &header);
        assert_true(symbolic_allows(&symbolic, operation) && !is_filled(&symbolic, operation));
        symbolic_add(&symbolic, operation);
        if (!is_filled(&symbolic, operation)) {
            fail_msg("%s fills no slot", operation_descriptions[code].name);
        }
    }
}

TEST(mending_finds_the_slots_that_are_left) {
    struct symbolic_state symbolic;
    struct random random = {1};
    struct text_error error;
    static const char *const text = "h77 = alloc size=24 type=node\nm63 = manual_alloc pages=1\n"
                                    "g5 = go_start\nframe_push g5 words=9\n";
    assert_true(text_parse_program(&program, text, strlen(text), &error));
    symbolic_of(&symbolic, &program, program.count);
    struct operation write =
        symbolic_mend(&symbolic, operation_of("write h1 word=3 to=h2+8"), &random);
    assert_int_equal(operation_get(write, OPERAND_HANDLE), 77);
    assert_int_equal(operation_get(write, OPERAND_TO), 77);
    assert_int_equal(operation_get(write, OPERAND_WORD), 3);
    struct operation manual = symbolic_mend(&symbolic, operation_of("manual_free m1"), &random);
    assert_int_equal(operation_get(manual, OPERAND_MANUAL), 63);
    struct operation frame = symbolic_mend(&symbolic, operation_of("frame_pop g1"), &random);
    assert_int_equal(operation_get(frame, OPERAND_GOROUTINE), 5);
    struct operation none = symbolic_mend(&symbolic, operation_of("thread_exit t1"), &random);
    assert_int_equal(operation_get(none, OPERAND_THREAD), 1);
}

// The measure that the whole is for: of drawn programs, each operation does something in 30 % of
// its executions at least.
TEST(drawn_operations_do_something) {
    const struct executor_options options = {.level = ORACLE_CHEAP};
    struct executor *executor = executor_create(&machine_go, NULL, &options);
    assert_non_null(executor);
    for (uint32_t seed = 0; seed < 400; seed++) {
        generator_program(&program, seed, 512);
        program.header.check_every = 255;
        assert_true(executor_run(executor, &program, false) != VERDICT_FINDING);
    }
    const struct executor_counts *counts = executor_counts(executor);
    for (unsigned code = 0; code < OP_COUNT; code++) {
        if (counts->executed[code] * 30 > counts->effective[code] * 100) {
            fail_msg("%s did something in %u of %u executions", operation_descriptions[code].name,
                     (unsigned)counts->effective[code], (unsigned)counts->executed[code]);
        }
    }
    executor_destroy(executor);
}
