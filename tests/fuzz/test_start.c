// test_start: a program begins with the values of its header, and the ledger with it; whatever the
// values, they are one life's.
//
// holds: fuzz/go/start.c
#include "tests/fuzz/one_executor.h"
#include "tests/test.h"

#include "fuzz/generate/generator.h"

TEST_FIXTURE(open_executor, close_executor)

TEST(values_are_taken_up_and_go_on) {
    assert_int_equal(
        run_text(
            "program caches=1 check=1\n"
            "start Small=65535 Tiny=255 Large=1 LargePages=4294967295 NumGC=255 NumForcedGC=254 "
            "PauseTotalNs=4294967295 Clock=9007199254740991 ProfileCycle=100663295 "
            "MemProf=4294967295 Goroutine=4294967295 Thread=65535 Process=4294967295\n"
            "expect NumGC=255 NumForcedGC=254 PauseTotalNs=4294967295\n"
            "expect Mallocs=4391102 Frees=4391102 LastGC=9007199254740991\n"
            "profile_rate rate=1\nh0 = alloc size=16\ng0 = go_start\n"
            "go_status g0 status=waiting\nt0 = thread_start\n"
            "collect c0 sweep\ncollect c0 sweep\nprofile_cycle\n"
            "expect NumGC=257 NumForcedGC=256\ncheck paranoid\ndump sink=memory\n"),
        VERDICT_CLEAN);
}

// What the values say is what the next program forgets.
TEST(the_next_program_begins_at_zero) {
    assert_int_equal(run_text("start NumGC=300 Clock=1000\nexpect NumGC=300 LastGC=1000\n"),
                     VERDICT_CLEAN);
    assert_int_equal(run_text("expect NumGC=0 LastGC=0 Mallocs=0\n"), VERDICT_CLEAN);
}

TEST(contradictions_are_lowered) {
    assert_int_equal(run_text("start NumGC=3 NumForcedGC=9 PauseTotalNs=50 Clock=40\n"
                              "expect NumForcedGC=3 PauseTotalNs=40\ncollect c0\n"),
                     VERDICT_CLEAN);
    assert_int_equal(run_text("start NumForcedGC=9 PauseTotalNs=50\n"
                              "expect NumGC=0 NumForcedGC=0 PauseTotalNs=0\n"),
                     VERDICT_CLEAN);
}

TEST(a_step_of_the_clock_makes_pauses_long) {
    assert_int_equal(run_text("start ClockStep=5000000000\ngc_start c0\ngc_finish c0\n"
                              "expect PauseTotalNs=10000002001\n"),
                     VERDICT_CLEAN);
}

TEST(any_drawn_values_are_clean) {
    uint64_t started = 0;
    for (uint32_t seed = 0; seed < 60; seed++) {
        generator_program_wide(&program, seed, 40);
        for (int i = 0; i < START_COUNT; i++) {
            started += program.header.start[i] != 0;
        }
        enum verdict verdict = executor_run(executor, &program, seed % 2 == 0);
        assert_true(verdict == VERDICT_CLEAN || verdict == VERDICT_WORK_BOUND);
    }
    assert_true(started > 60);
}
