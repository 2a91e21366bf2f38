// test_subprogram: operations run inside another one's call, at the place that is asked for, or in
// their turn.
#include "tests/fuzz/one_executor.h"

TEST_FIXTURE(open_executor, close_executor)

#define BEFORE                                                                                     \
    "c1 = acquire\n"                                                                               \
    "h0 = alloc c0 size=48\n"                                                                      \
    "h1 = alloc c1 size=64\n"

static uint64_t objects_now(void) {
    return go_memstats(executor)->HeapObjects;
}

// Runs the program up to the operation at `position`, this one included.
static void run_to(const char *text, size_t position) {
    struct text_error error;
    assert_true(text_parse_program(&program, text, strlen(text), &error));
    assert_int_equal(executor_begin(executor, &program, false), VERDICT_CLEAN);
    while (executor_position(executor) <= position) {
        assert_int_equal(executor_step(executor), VERDICT_CLEAN);
    }
}

static void goes_on_to_its_end(void) {
    while (executor_position(executor) < program.count) {
        assert_int_equal(executor_step(executor), VERDICT_CLEAN);
    }
    assert_int_equal(executor_finish(executor), VERDICT_CLEAN);
}

TEST(a_guest_runs_inside_the_call_and_not_again_in_its_turn) {
    run_to(BEFORE "subprogram operations=1 at=1\nflush c0\nh2 = alloc c1 size=48\n", 3);
    assert_true(executor_was_effective(executor));
    assert_int_equal(objects_now(), 3); // though its turn is two operations later
    goes_on_to_its_end();
    assert_int_equal(objects_now(), 3);
    assert_int_equal(executor_counts(executor)->effective[OP_ALLOC], 3);
}

TEST(the_call_has_run_and_its_guests_wait_where_it_has_no_such_gap) {
    run_to(BEFORE "subprogram operations=1 at=64\nflush c0\nh2 = alloc c1 size=48\n", 3);
    assert_false(executor_was_effective(executor));
    assert_int_equal(objects_now(), 2);
    goes_on_to_its_end();
    assert_int_equal(objects_now(), 3);
}

// Nothing but the guest's place is left to fail it.
static void waits(const char *call, const char *guest) {
    char text[256];
    (void)snprintf(text, sizeof text, BEFORE "subprogram operations=1 at=1\n%s\n%s\n", call, guest);
    run_to(text, 3);
    if (!executor_was_effective(executor)) {
        fail_msg("%s: no gap", call);
    }
    uint64_t hash = executor_hash(executor);
    uint64_t effective = executor_sum(executor_counts(executor)->effective);
    assert_int_equal(executor_step(executor), VERDICT_CLEAN); // the call's turn, which is over
    assert_int_equal(executor_step(executor), VERDICT_CLEAN);
    if (executor_sum(executor_counts(executor)->effective) != effective + 2 ||
        executor_hash(executor) == hash) {
        fail_msg("%s, in %s: it has not run in its turn", guest, call);
    }
    goes_on_to_its_end();
}

TEST(what_another_thread_cannot_do_there_waits_for_its_turn) {
    waits("flush c0", "h2 = alloc c0 size=48");       // the call's cache
    waits("free c1 h0", "h2 = alloc c1 size=48");     // what it frees may be taken
    waits("free c1 h0", "m0 = manual_alloc pages=1"); // so may its pages
    waits("flush c0", "collect c1");                  // which stops the world
    waits("h2 = alloc_run c0 size=1024 count=64", "free c1 h2");
    waits("release c0", "c2 = acquire"); // of the number that goes
    waits("realloc c0 h0 size=4096", "flush c0");
}

TEST(an_object_that_the_call_names_by_another_slot_is_its_own) {
    assert_int_equal(run_text("program caches=2\nfault call=mmap at=1\n"
                              "h0 = alloc c0 size=1\nh1 = alloc c0 size=1\n"
                              "subprogram operations=1 at=1\nrealloc c1 h0 size=0\nfree c0 h1\n"),
                     VERDICT_CLEAN);
    assert_int_equal(executor_counts(executor)->effective[OP_FREE], 0);
}

TEST(a_sample_is_drawn_by_one_of_the_two_alone) {
    waits("h2 = alloc c0 size=80\n# all are sampled", "profile_rate rate=1");
    run_to("profile_rate rate=1\n" BEFORE
           "subprogram operations=1 at=1\nh2 = alloc c0 size=80\nh3 = alloc c1 size=80\n",
           4);
    assert_int_equal(objects_now(), 3);
    goes_on_to_its_end();
}

TEST(a_dead_objects_slot_is_the_calls_alone) {
    // the call has swept, and taken the slot, when the guest looks at what was swept
    assert_int_equal(run_text("profile_rate rate=1\nc1 = acquire\n"
                              "h0 = alloc c0 size=48\nwrite_data word=0 to=h0\n"
                              "h1 = alloc c0 size=48\nh3 = alloc c1 size=64\n"
                              "collect c0\n"
                              "subprogram operations=1 at=5\nh2 = alloc c0 size=48\nfree c1 h3\n"),
                     VERDICT_CLEAN);
}

TEST(the_same_program_has_the_same_results_on_a_heap_that_is_new) {
    assert_int_equal(run_text(BEFORE "subprogram operations=2 at=2\n"
                                     "h4 = alloc_run c0 size=1024 count=64\n"
                                     "h2 = alloc c1 size=1024\nfree c1 h0\n"),
                     VERDICT_CLEAN);
    assert_int_equal(executor_run_again(executor), VERDICT_CLEAN);
}

TEST(nothing_is_done_in_a_stopped_world_and_behind_the_end) {
    static const char *const texts[] = {
        BEFORE "world stop\nsubprogram operations=1 at=1\nflush c0\nflush c1\n",
        BEFORE "subprogram operations=0 at=1\nflush c0\nflush c1\n",
        BEFORE "subprogram operations=4 at=1\nflush c0\n",
        BEFORE "subprogram operations=1 at=1\ngc_percent percent=50\nflush c1\n",
        BEFORE "subprogram operations=4 at=1\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t before = executor_counts(executor)->effective[OP_SUBPROGRAM];
        assert_int_equal(run_text(texts[i]), VERDICT_CLEAN);
        assert_int_equal(executor_counts(executor)->effective[OP_SUBPROGRAM], before);
    }
}
