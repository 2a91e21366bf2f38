// test_executor: a program's run: what it checks, where it stops, and that it is the same every
// time.
//
// holds: fuzz/go/dump.c fuzz/go/machine.c fuzz/go/statistics.c
#define _GNU_SOURCE
#include <sys/mman.h>

#include "fuzz/generate/generator.h"
#include "tests/fuzz/one_executor.h"
#include "tests/test.h"

static void assert_finding(unsigned rule, const char *field, uint64_t operation) {
    const struct finding *finding = executor_finding(executor);
    assert_non_null(finding);
    assert_string_equal(go_rules.rows[finding->rule].name, go_rules.rows[rule].name);
    assert_string_equal(finding->field, field);
    assert_int_equal(finding->operation, operation);
}

TEST_FIXTURE(open_executor, close_executor)

TEST(an_expectation_that_fails_names_field_and_operation) {
    assert_int_equal(run_text("h0 = alloc size=8\nexpect Mallocs=1\nexpect Frees=3\nnop\n"),
                     VERDICT_FINDING);
    assert_finding(RULE_EXPECTED, "Frees", 2);
    assert_string_equal(executor_finding(executor)->operation_text, "expect Frees=3");
    assert_int_equal(run_text("nop\n"), VERDICT_CLEAN); // forgotten with the next program
    assert_null(executor_finding(executor));
}

TEST(expectations_mean_nothing_to_a_fuzzer) {
    executor_set_options(executor, &(struct executor_options){.level = ORACLE_FULL});
    assert_int_equal(run_text("expect Mallocs=99\n"), VERDICT_CLEAN);
    executor_set_options(executor, &plain);
}

TEST(work_is_bounded_and_told_apart) {
    const struct executor_options little = {.level = ORACLE_FULL, .work_limit = 1000};
    executor_set_options(executor, &little);
    assert_int_equal(run_text("h0 = alloc size=4000000\nh1 = alloc size=8\nh2 = alloc size=8\n"),
                     VERDICT_WORK_BOUND);
    assert_int_equal(executor_position(executor), 1);
    executor_set_options(executor, &plain);
}

TEST(results_do_not_depend_on_what_ran_before) {
    for (uint32_t seed = 0; seed < 40; seed++) {
        generator_program(&program, seed, 128);
        enum verdict verdict = executor_run_twice(executor, &program);
        assert_true(verdict == VERDICT_CLEAN || verdict == VERDICT_WORK_BOUND);
    }
}

// Metadata that finds its places taken lies where the kernel likes, which is no part of the result.
TEST(results_do_not_depend_on_where_the_kernel_maps) {
    const char *text = "fault call=place at=1 and_on\nmetadata bytes=131071\nh0 = alloc size=8\n";
    enum { IN_THE_WAY_BYTES = 128 << 10 };
    void *in_the_way =
        mmap(NULL, IN_THE_WAY_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(in_the_way != MAP_FAILED);
    assert_int_equal(run_text(text), VERDICT_CLEAN);
    uint64_t first = executor_hash(executor);
    assert_int_equal(munmap(in_the_way, IN_THE_WAY_BYTES), 0);
    assert_int_equal(run_text(text), VERDICT_CLEAN);
    assert_true(executor_hash(executor) == first);
}

TEST(the_hash_tells_programs_apart) {
    assert_int_equal(run_text("h0 = alloc size=8\n"), VERDICT_CLEAN);
    uint64_t first = executor_hash(executor);
    assert_int_equal(run_text("h0 = alloc size=16\n"), VERDICT_CLEAN);
    assert_true(executor_hash(executor) != first);
    assert_int_equal(run_text("h0 = alloc size=8\n"), VERDICT_CLEAN);
    assert_true(executor_hash(executor) == first);
}

TEST(operations_on_empty_slots_do_nothing) {
    assert_int_equal(
        run_text("release c0\nh0 = alloc size=8\nh0 = alloc_aligned size=8 align=8\n"
                 "h0 = alloc_run size=8\nfree h0\nfree_run h0\nrealloc h0 size=9\n"
                 "write h0 to=h1\nwrite_data to=h1\nwrite_bss to=h1\nwrite_frame g0 to=nil\n"
                 "r0 = root_add to=h0\nroot_remove r0\ngc_start\ngc_step\ngc_finish\ncollect\n"
                 "sweep_one\nflush\nrelease c1\ngo_exit g0\ngo_grow g0\ngo_shrink g0\n"
                 "go_status g0\nframe_push g0\nframe_pop g0\ndefer_push g0 to=nil\n"
                 "defer_pop g0\npanic_push g0 to=nil\npanic_pop g0\nmanual_free m0\n"
                 "thread_exit t0\nfinalizer_set h0 to=nil\nfinalizer_remove h0\n"
                 "finalizer_start\nfinalizer_finish\ncall_stack\ngo_context g0 to=nil\n"),
        VERDICT_CLEAN);
    const struct executor_counts *counts = executor_counts(executor);
    uint64_t effective = 0;
    for (size_t code = 0; code < OP_COUNT; code++) {
        effective += counts->effective[code];
    }
    assert_int_equal(effective, 1); // the release
}

TEST(an_object_that_dies_loses_its_handle) {
    assert_int_equal(run_text("h0 = alloc size=8\nh1 = alloc size=8\nwrite_data to=h1\n"
                              "collect sweep\nfree h0\nfree h1\nexpect Frees=2 Mallocs=2\n"),
                     VERDICT_CLEAN);
}

TEST(steps_can_be_taken_one_by_one) {
    struct text_error error;
    const char text[] = "h0 = alloc size=100\nfree h1\n";
    assert_true(text_parse_program(&program, text, strlen(text), &error));
    assert_int_equal(executor_begin(executor, &program, true), VERDICT_CLEAN);
    assert_int_equal(go_memstats(executor)->Mallocs, 0);
    assert_int_equal(executor_step(executor), VERDICT_CLEAN);
    assert_true(executor_was_effective(executor));
    assert_int_equal(go_memstats(executor)->HeapAlloc, 112);
    assert_int_equal(executor_step(executor), VERDICT_CLEAN);
    assert_false(executor_was_effective(executor));
    assert_int_equal(executor_position(executor), 2);
    assert_int_equal(executor_finish(executor), VERDICT_CLEAN);
}

TEST(dumps_to_every_sink_hold) {
    assert_int_equal(run_text("h0 = alloc size=24 type=node\nwrite_data to=h0\n"
                              "dump sink=memory\ndump sink=short:0\ndump sink=eintr:0\n"
                              "dump sink=eagain:1\ndump sink=enospc:0\ndump sink=epipe:77\n"
                              "dump sink=enospc:65535\ndump sink=path\n"),
                     VERDICT_CLEAN);
    assert_true(oracle_evaluated(go_oracle(executor), RULE_DUMP_SINK) > 0);
    assert_true(oracle_evaluated(go_oracle(executor), RULE_DUMP_DECODE) > 0);
}

TEST(a_dump_goes_to_its_path_and_leaves_nothing) {
    struct executor_options options = plain;
    options.scratch_path = "/tmp/countercheck-test-executor-dump";
    executor_set_options(executor, &options);
    assert_int_equal(run_text("h0 = alloc size=24\ndump sink=path\n"), VERDICT_CLEAN);
    size_t size_bytes;
    assert_non_null(go_dump_bytes(executor, &size_bytes));
    assert_true(size_bytes > 1000);
    assert_null(fopen(options.scratch_path, "rb"));
    options.scratch_path = "/nowhere/at/all";
    executor_set_options(executor, &options);
    assert_int_equal(run_text("h0 = alloc size=24\ndump sink=path\nnop\n"), VERDICT_ENVIRONMENT);
    executor_set_options(executor, &plain);
}
