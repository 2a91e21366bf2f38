// test_crash: a subject that crashes: one line and status 1 in replay's manner, an outcome in a
// trial's.
#define _XOPEN_SOURCE 700
#include <string.h>
#include "tests/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator/poison.h"
#include "cli/run/crash.h"
#include "cli/run/trial.h"
#include "fuzz/generate/minimizer.h"
#include "fuzz/program/text.h"
#include "tests/child.h"

static struct program program;

// The scratch path of such a "heap" is no address: a dump to a path crashes.
static const struct executor_options crashing = {.level = ORACLE_FULL,
                                                 .scratch_path = (const char *)1};

static void parse(const char *text) {
    struct text_error error;
    assert_true(text_parse_program(&program, text, strlen(text), &error));
}

static void crash(void *number) {
    crash_catch();
    crash_prepare("countercheck: %s: crashed in operation %d: %s", "x.ops", 12, "free c0 h3");
    (void)raise(*(const int *)number);
}

static int status_of_crash(int number, char *text, size_t size_bytes) {
    int status = child_says(crash, &number, text, size_bytes);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void hang(void *unused) {
    (void)unused;
    crash_catch();
    crash_watch(1, 0);
    crash_prepare("countercheck: %s: crashed in operation %d: %s", "x.ops", 12, "free c0 h3");
    for (;;) {
        (void)pause();
    }
}

TEST(a_hang_is_told_and_status_1) {
    char text[256];
    int status = child_says(hang, NULL, text, sizeof text);
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_string_equal(text, "countercheck: x.ops: hang: no end within 1 s in operation 12: "
                              "free c0 h3\n");
}

TEST(a_crash_is_one_line_and_status_1) {
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        char text[256];
        assert_int_equal(status_of_crash(signals[i], text, sizeof text), 1);
        assert_string_equal(text, "countercheck: x.ops: crashed in operation 12: free c0 h3\n");
    }
}

// cmocka's own handler would go on with its tests in the child.
static void let_crashes_kill(void) {
    assert_true(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
}

TEST(a_trial_tells_clean_finding_and_crash_apart) {
    let_crashes_kill();
    parse("h0 = alloc size=8\n");
    struct outcome clean = trial_run(&program, &crashing);
    assert_int_equal(clean.kind, OUTCOME_CLEAN);

    struct executor_options options = crashing;
    options.keeps_expectations = true;
    parse("h0 = alloc size=8\nexpect Mallocs=5\n");
    struct outcome finding = trial_run(&program, &options);
    assert_int_equal(finding.kind, OUTCOME_FINDING);
    assert_string_equal(finding.field, "Mallocs");

    parse("h0 = alloc size=8\ndump sink=path\n");
    struct outcome crash = trial_run(&program, &crashing);
    assert_int_equal(crash.kind, OUTCOME_CRASH);
    struct outcome again = trial_run(&program, &crashing);
    assert_true(outcome_is_same(&crash, &again));
    assert_false(outcome_is_same(&crash, &finding));
    assert_false(outcome_is_same(&clean, &finding));
}

// A trial that is brief about it knows the place, and is as good as one that is not.
TEST(a_brief_trial_of_what_the_sanitizer_stops_is_the_same) {
#if HEAP_POISON_ACTIVE
    static const char *const texts[] = {"h0 = alloc size=8\ndump sink=path\n",
                                        "h0 = alloc size=800\nh1 = alloc size=8\ndump sink=path\n"};
    static char path[64];
    struct executor_options stopped = crashing;
    stopped.scratch_path = path;
    heap_poison((uintptr_t)path, sizeof path);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        parse(texts[i]);
        struct outcome crash = trial_run(&program, &stopped);
        struct outcome brief = trial_run_briefly(&program, &stopped);
        assert_int_equal(brief.kind, OUTCOME_CRASH);
        assert_true(crash.place != 0);
        assert_true(outcome_is_same(&crash, &brief));
        assert_string_equal(brief.crash, "exit 1: use-after-poison");
        assert_non_null(strstr(crash.crash, "AddressSanitizer: use-after-poison"));
        brief.place++;
        assert_false(outcome_is_same(&crash, &brief));
    }
#else
    skip();
#endif
}

static bool crashes(void *context, const struct program *candidate) {
    struct outcome outcome = trial_run(candidate, &crashing);
    return outcome_is_same(&outcome, context);
}

TEST(a_crashing_program_can_be_minimized) {
    let_crashes_kill();
    parse("h0 = alloc size=800 type=node\nwrite_data to=h0\nh1 = alloc_run size=8 count=4\n"
          "dump sink=path\ncollect sweep\n");
    struct outcome wanted = trial_run(&program, &crashing);
    struct minimizer minimizer = {.is_same = crashes, .context = &wanted};
    minimizer_reduce(&minimizer, &program);
    assert_int_equal(program.count, 1);
    assert_int_equal(operation_code(program.operations[0]), OP_DUMP);
}
