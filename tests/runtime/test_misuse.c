// test_misuse: what no correct program does ends in one sentence.
#define _POSIX_C_SOURCE 200809L // fork, pipe

#include "tests/child.h"
#include "tests/runtime/program.h"
#include "tests/test.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

struct misuse {
    void (*act)(struct program *program);
    struct program *program;
};

static void act_misuse(void *misuse) {
    const struct misuse *one = misuse;
    (void)signal(SIGABRT, SIG_DFL);
    one->act(one->program);
}

// Runs `misuse` in a child and expects its abort, and the sentence on stderr.
static void expect_misuse(struct program *program, void (*misuse)(struct program *program),
                          const char *sentence) {
    char text[4096];
    struct misuse one = {misuse, program};
    int status = child_says(act_misuse, &one, text, sizeof text);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, sentence));
}

static struct goroutine *dead_goroutine(struct program *program) {
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    runtime_exit_goroutine(program->runtime, g);
    return g;
}

#define USE_DEAD(name, call)                                                                       \
    static void name##_dead(struct program *program) {                                             \
        struct runtime *runtime = program->runtime;                                                \
        struct goroutine *g = dead_goroutine(program);                                             \
        (void)call;                                                                                \
    }
static const struct frame_description plain = {.size_bytes = 8, .locals_map = FRAME_MAP_EMPTY};

USE_DEAD(exit, (runtime_exit_goroutine(runtime, g), 0))
USE_DEAD(set_status, (runtime_set_goroutine_status(runtime, g, GOROUTINE_RUNNABLE, NULL), 0))
USE_DEAD(set_context, (runtime_set_context(runtime, g, 0), 0))
USE_DEAD(grow_stack, runtime_grow_stack(runtime, g))
USE_DEAD(shrink_stack, runtime_shrink_stack(runtime, g))
USE_DEAD(push_frame, runtime_push_frame(runtime, g, &plain))
USE_DEAD(pop_frame, runtime_pop_frame(runtime, g))
USE_DEAD(push_defer, runtime_push_defer(runtime, g, 0, 0))
USE_DEAD(pop_defer, runtime_pop_defer(runtime, g))
USE_DEAD(push_panic, runtime_push_panic(runtime, g, NULL, 0))
USE_DEAD(pop_panic, runtime_pop_panic(runtime, g))

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

TEST_FIXTURE(program_setup, program_teardown)

TEST(every_use_of_a_dead_goroutine_aborts_with_its_sentence) {
    static void (*const uses[])(struct program * program) = {
        exit_dead,         set_status_dead, set_context_dead, grow_stack_dead,
        shrink_stack_dead, push_frame_dead, pop_frame_dead,   push_defer_dead,
        pop_defer_dead,    push_panic_dead, pop_panic_dead,
    };
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        expect_misuse(*state, uses[i], "misuse: use of a dead goroutine");
    }
}

TEST(misuse_aborts_with_its_sentence) {
    expect_misuse(*state, exit_thread_twice, "misuse: exit of a thread that is not there");
    expect_misuse(*state, remove_root_twice, "misuse: removal of a root that is not there");
}
