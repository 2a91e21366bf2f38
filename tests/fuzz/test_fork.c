// test_fork: a real child goes on with the program; what it finds is its parent's, and nothing else
// of it.
//
// wrap: runtime_fork_child
// holds: fuzz/execute/fork.c fuzz/go/fork.c
#include "tests/fuzz/one_executor.h"

#include "runtime/runtime.h"

TEST_FIXTURE(open_executor, close_executor)

void __real_runtime_fork_child(struct runtime *runtime);
void __wrap_runtime_fork_child(struct runtime *runtime);

static bool is_wrong;

void __wrap_runtime_fork_child(struct runtime *runtime) {
    __real_runtime_fork_child(runtime);
    if (is_wrong) {
        (void)runtime_start_osthread(runtime, 1); // whom nobody has asked for
    }
}

TEST(a_child_goes_on_and_its_parent_does_the_same_operations_itself) {
    assert_int_equal(run_text("h0 = alloc c0 size=48\n"
                              "fork operations=2\n"
                              "free c0 h0\nh1 = alloc c0 size=64\n"
                              "expect Mallocs=2\nexpect Frees=1\n"),
                     VERDICT_CLEAN);
    assert_int_equal(executor_counts(executor)->effective[OP_FORK], 1);
    assert_int_equal(executor_run_again(executor), VERDICT_CLEAN);
}

TEST(what_the_child_finds_is_its_parents_finding) {
    is_wrong = true;
    assert_int_equal(run_text("h0 = alloc c0 size=48\nfork operations=0\n"), VERDICT_FINDING);
    is_wrong = false;
    assert_int_equal(executor_position(executor), 2);
}

TEST(the_operation_that_the_child_ran_is_named) {
    assert_int_equal(run_text("nop\nfork operations=1\nexpect Mallocs=1\n"), VERDICT_FINDING);
    assert_int_equal(executor_finding(executor)->operation, 2);
    assert_int_equal(executor_position(executor), 2); // the parent has not come so far
}

TEST(nobody_forks_who_has_stopped_the_world_or_where_the_process_says_no) {
    static const char *const texts[] = {"world stop\nfork operations=1\nh0 = alloc c0 size=48\n",
                                        "fork operations=1\nh0 = alloc c0 size=48\n"};
    uint64_t before = executor_counts(executor)->effective[OP_FORK];
    assert_int_equal(run_text(texts[0]), VERDICT_CLEAN);
    go_is_never_forked = true;
    assert_int_equal(run_text(texts[1]), VERDICT_CLEAN);
    go_is_never_forked = false;
    assert_int_equal(executor_counts(executor)->effective[OP_FORK], before);
    assert_int_equal(run_text(texts[1]), VERDICT_CLEAN);
    assert_int_equal(executor_counts(executor)->effective[OP_FORK], before + 1);
}
