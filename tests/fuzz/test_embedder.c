// test_embedder: operations that only an embedder makes, each seen to do what its line says.

#include "tests/fuzz/one_executor.h"
#include "tests/test.h"

// Runs the text, which is clean, and returns how often the operation did something in it.
static uint64_t effect_of(enum operation_code code, const char *text) {
    uint64_t before = executor_counts(executor)->effective[code];
    assert_int_equal(run_text(text), VERDICT_CLEAN);
    return executor_counts(executor)->effective[code] - before;
}

TEST_GROUP(open_executor, close_executor)

TEST(the_world_stops_three_times_at_most_and_runs_again_at_the_end) {
    assert_int_equal(effect_of(OP_WORLD, "world start\nworld stop\nworld stop\nworld stop\n"
                                         "world stop\nworld start\nh0 = alloc size=8\n"),
                     4);
    assert_int_equal(effect_of(OP_WORLD, "world fork_parent\nworld fork_child\nworld stop\n"), 3);
}

TEST(a_thread_allocates_unless_the_world_is_stopped) {
    assert_int_equal(effect_of(OP_THREAD_RUN, "h0 = thread_run size=48\n"
                                              "h1 = thread_run size=48 detach\n"
                                              "expect Mallocs=2 StackSys=0\n"),
                     2);
    assert_int_equal(effect_of(OP_THREAD_RUN, "world stop\nh0 = thread_run size=48\n"), 0);
    assert_int_equal(effect_of(OP_THREAD_RUN, "fault call=mmap at=1 and_on\n"
                                              "h0 = thread_run size=48\n"),
                     0);
}

TEST(a_poll_collects_when_next_gc_is_reached) {
    assert_int_equal(effect_of(OP_GC_POLL, "gc_poll\nexpect NumGC=0\n"
                                           "h0 = alloc size=4194303\nh1 = alloc size=4096\n"
                                           "gc_poll\nexpect NumGC=1\n"),
                     2);
}

TEST(other_heaps_leave_this_one_as_it_was) {
    assert_int_equal(effect_of(OP_HEAP_BESIDE, "h0 = alloc size=48\nheap_beside count=5\n"
                                               "expect Mallocs=1\n"),
                     1);
}

TEST(metadata_is_charged_and_may_be_refused) {
    assert_int_equal(effect_of(OP_METADATA, "metadata bytes=65536\nmetadata bytes=1\n"
                                            "fault call=metadata at=1\nmetadata bytes=1\n"),
                     2);
}

TEST(a_function_is_defined_once) {
    assert_int_equal(effect_of(OP_FUNC, "func number=2\nfunc number=2\nfunc number=3\n"
                                        "func number=5\n"),
                     2);
}

TEST(a_goroutine_changes_its_thread) {
    assert_int_equal(effect_of(OP_GO_THREAD, "go_thread g0 t0\ng0 = go_start\ngo_thread g0 t0\n"
                                             "t0 = thread_start\ngo_thread g0 t0\n"
                                             "go_thread g0 t0\nthread_exit t0\n"),
                     1);
}

TEST(stray_words_keep_nothing_alive) {
    static const char *const places[] = {"null", "below",    "behind", "last",
                                         "idle", "metadata", "manual"};
    char text[160];
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(text, sizeof text,
                       "m0 = manual_alloc pages=1 stat=other\nh0 = alloc size=64\n"
                       "write_stray word=1 to=h0 at=%s\ncollect sweep\nexpect HeapObjects=0\n",
                       places[i]);
        assert_int_equal(effect_of(OP_WRITE_STRAY, text), 1);
    }
    assert_int_equal(effect_of(OP_WRITE_STRAY, "h0 = alloc size=8192\n"
                                               "write_stray word=1 to=h0 at=page_end\n"
                                               "collect sweep\nexpect HeapObjects=1\n"),
                     1);
}

TEST(what_must_be_refused_is) {
    assert_int_equal(effect_of(OP_REFUSED,
                               "h0 = alloc size=64\nm0 = manual_alloc pages=1 stat=other\n"
                               "refused sizes\nrefused nothing\nrefused finalizers\n"
                               "refused cycle\ngc_start\nrefused cycle\nrefused code\n"
                               "release c0\nrefused code\n"),
                     6);
}
