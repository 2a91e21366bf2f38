// test_misuse: what no correct program does ends in one sentence.
#define _POSIX_C_SOURCE 200809L // fork, pipe

#include "tests/runtime/program.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs `misuse` in a child and expects its abort, and the sentence on stderr.
static void expect_misuse(struct program *program, void (*misuse)(struct program *program),
                          const char *sentence) {
    int ends[2];
    char text[4096] = {0};
    size_t length = 0;
    int status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        misuse(program);
        _exit(0);
    }
    (void)close(ends[1]);
    for (ssize_t taken = 1; taken > 0 && length < sizeof(text) - 1; length += (size_t)taken) {
        taken = read(ends[0], text + length, sizeof(text) - 1 - length);
        assert_true(taken >= 0);
    }
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, sentence));
}

static void use_dead_goroutine(struct program *program) {
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    runtime_exit_goroutine(program->runtime, g);
    (void)runtime_grow_stack(program->runtime, g);
}

static void exit_thread_twice(struct program *program) {
    struct osthread *thread = runtime_start_osthread(program->runtime, 1);
    runtime_exit_osthread(program->runtime, thread);
    runtime_exit_osthread(program->runtime, thread);
}

static void remove_root_twice(struct program *program) {
    struct other_root *root = runtime_add_other_root(program->runtime, "root", 0);
    runtime_remove_other_root(program->runtime, root);
    runtime_remove_other_root(program->runtime, root);
}

static void misuse_aborts_with_its_sentence(void **state) {
    expect_misuse(*state, use_dead_goroutine, "misuse: use of a dead goroutine");
    expect_misuse(*state, exit_thread_twice, "misuse: exit of a thread that is not there");
    expect_misuse(*state, remove_root_twice, "misuse: removal of a root that is not there");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        program_test(misuse_aborts_with_its_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
