// fork: a real child, made while the workers run: all that they had begun is whole in it, and it
// goes on alone. It says by a pipe what it found; what it dies of is a finding as well.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/stress/state.h"

#include "fuzz/execute/child.h"
#include "oracle/core/harness_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_SECONDS 60 // it does a thousandth of that

// ---- the child

// The line fits into a pipe at once.
static void answer(int pipe_end, const char *line) {
    ssize_t written;
    do {
        written = write(pipe_end, line, strlen(line) + 1);
    } while (written < 0 && errno == EINTR);
    _exit(written < 0);
}

static void live_on(struct crew *crew) {
    struct finalizer running;
    if (runtime_start_finalizer(crew->runtime, &running)) {
        runtime_finish_finalizer(crew->runtime);
    }
    crew_use_own_cache(crew);
    (void)runtime_collect(crew->runtime, crew->cache, true);
}

static void run_child(struct crew *crew, int pipe_end) {
    char line[THREADS_LINE_BYTES] = "";
    (void)alarm(CHILD_SECONDS);
    runtime_fork_child(crew->runtime);
    runtime_stop_world(crew->runtime);
    if (!runtime_is_sound(crew->runtime)) {
        answer(pipe_end, "what the runtime keeps is not sound");
    }
    bool clean = crew_check_stopped(crew);
    runtime_start_world(crew->runtime);
    if (clean) {
        live_on(crew);
        (void)crew_check_stopped(crew);
    }
    if (crew->book.found) {
        (void)finding_line(&crew->book.finding, line, sizeof line);
    }
    answer(pipe_end, line);
}

// ---- the parent

// False: it ended without an answer.
static bool read_answer(int pipe_end, char *line) {
    size_t length = 0;
    ssize_t count;
    do {
        count = read(pipe_end, line + length, THREADS_LINE_BYTES - 1 - length);
        length += count < 0 ? 0 : (size_t)count;
    } while (count > 0 || (count < 0 && errno == EINTR));
    line[length] = 0;
    return length > 0;
}

static void judge(struct crew *crew, int pipe_end, pid_t child) {
    char line[THREADS_LINE_BYTES];
    char told[THREADS_LINE_BYTES + 32];
    bool has_answer = read_answer(pipe_end, line);
    int status = child_wait(child);
    if (!has_answer) {
        (void)snprintf(line, sizeof line, "it ended with %s %d",
                       WIFSIGNALED(status) ? "signal" : "status",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    if (line[0] != 0) {
        (void)snprintf(told, sizeof told, "in a child: %s", line);
        crew_take_line(crew, told);
    }
}

void crew_fork(struct crew *crew) {
    int ends[2];
    if (pipe(ends) != 0) {
        harness_refused();
        return;
    }
    runtime_fork_prepare(crew->runtime);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(crew, ends[1]);
    }
    runtime_fork_parent(crew->runtime);
    (void)close(ends[1]);
    if (child < 0) {
        harness_refused();
    } else {
        judge(crew, ends[0], child);
        crew->report->fork_count++;
    }
    (void)close(ends[0]);
}
