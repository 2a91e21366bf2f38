// fork: the child's answer, and how its parent takes it; when a signal ends the child, its parent
// ends by the same.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/execute/fork.h"

#include "fuzz/execute/child.h"
#include "oracle/core/harness_memory.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

void (*fork_begins)(void);

struct answer {
    bool has_found;
    struct finding finding;
};

// ---- the child

static void write_whole(int pipe_end, const void *bytes, size_t size_bytes) {
    const char *at = bytes;
    while (size_bytes > 0) {
        ssize_t written = write(pipe_end, at, size_bytes);
        if (written < 0 && errno != EINTR) {
            _exit(1);
        }
        at += written < 0 ? 0 : written;
        size_bytes -= written < 0 ? 0 : (size_t)written;
    }
}

static _Noreturn void run_child(const struct fork_plan *plan, int pipe_end) {
    static struct answer answer;
    child_alarm(plan->hang_ms); // without a parent, it would hang for ever
    if (fork_begins != NULL) {
        fork_begins();
    }
    plan->run(plan->context);
    answer.has_found = plan->book->found;
    answer.finding = plan->book->finding;
    write_whole(pipe_end, &answer, sizeof answer);
    _exit(0);
}

// ---- the parent

// Whether the child answered; it may have died before.
static bool read_answer(int pipe_end, struct answer *answer) {
    char *at = (char *)answer;
    size_t left = sizeof *answer;
    while (left > 0) {
        ssize_t count = read(pipe_end, at, left);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return false;
        }
        at += count < 0 ? 0 : count;
        left -= count < 0 ? 0 : (size_t)count;
    }
    return true;
}

// What contains us sees how the child ended.
static _Noreturn void end_as(int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        for (;;) {
            (void)pause(); // it hung, and so do we
        }
    }
    if (WIFSIGNALED(status)) {
        (void)signal(WTERMSIG(status), SIG_DFL);
        (void)raise(WTERMSIG(status));
    }
    _exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1);
}

static void take(struct rule_book *book, const struct answer *answer) {
    if (answer->has_found && !book->found) {
        book->finding = answer->finding;
        book->fired[answer->finding.rule]++;
        book->found = true;
    }
}

bool fork_and_judge(const struct fork_plan *plan) {
    static struct answer answer;
    int ends[2];
    if (pipe(ends) != 0) {
        harness_refused();
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(plan, ends[1]);
    }
    (void)close(ends[1]);
    bool has_answer = child > 0 && read_answer(ends[0], &answer);
    (void)close(ends[0]);
    int status = child_wait(child);
    if (child < 0) {
        harness_refused();
    } else if (!has_answer) {
        end_as(status);
    } else {
        take(plan->book, &answer);
    }
    return child > 0;
}
