// build: processes and the pipes that they answer through; nothing is written to a disk.
#define _POSIX_C_SOURCE 200809L
#include "cli/accounts/build.h"

#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "fuzz/execute/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUESTIONS_MAX 4
#define PIPES_MAX     ((size_t)2 * QUESTIONS_MAX)
#define STEP_BYTES    65536
#define DUMP_PATH     "/dev/fd/9" // a pipe is written to as it is, and not replaced by a file
#define DUMP_NUMBER   9

// How builds set their truths aside, and how they judge, the newest way first.
static const char *const aside[][3] = {
    {"--no-expect", "--without=all", NULL},
    {"--no-expect", "--without=scan,model,identities,delta,kernel,dump,twin,reach,poison,contents",
     NULL},
    {"--no-expect", NULL},
    {NULL},
};
static const char *const judging[][3] = {{"--no-expect", NULL}, {NULL}};
static const unsigned dialect_counts[2] = {sizeof aside / sizeof aside[0],
                                           sizeof judging / sizeof judging[0]};

static _Noreturn void run(const struct question *question, const char *input, int out, int dump) {
    const char *arguments[16];
    unsigned number = question->build->dialects[question->is_judged];
    const char *const *dialect = question->is_judged ? judging[number] : aside[number];
    size_t count = 0;
    arguments[count++] = question->build->path;
    arguments[count++] = "replay";
    arguments[count++] = "--json";
    if (!question->is_judged) {
        arguments[count++] = "--trace";
        arguments[count++] = "--stats";
        arguments[count++] = "--dump";
        arguments[count++] = DUMP_PATH;
    }
    while (*dialect != NULL) {
        arguments[count++] = *dialect++;
    }
    arguments[count++] = "--";
    arguments[count++] = input;
    arguments[count] = NULL;
    int nowhere = open("/dev/null", O_WRONLY);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(nowhere, STDERR_FILENO);
    if (dump >= 0) {
        (void)dup2(dump, DUMP_NUMBER);
    }
    (void)execv(question->build->path, (char *const *)(uintptr_t)arguments);
    _exit(127);
}

// ---- what comes back

// Reads once. False: no more comes.
static bool take(int descriptor, struct bytes *bytes) {
    if (!ARRAY_RESERVE(bytes->at, bytes->capacity, bytes->count + STEP_BYTES + 1)) {
        return false;
    }
    ssize_t count = read(descriptor, bytes->at + bytes->count, STEP_BYTES);
    if (count < 0 && errno == EINTR) {
        return true;
    }
    bytes->count += count > 0 ? (size_t)count : 0;
    bytes->at[bytes->count] = 0;
    return count > 0;
}

// Reads all of them to their ends. False: the time was over before.
static bool read_all(struct pollfd *pipes, struct bytes **into, size_t count, int64_t end_ms) {
    size_t open_count = 0;
    for (size_t i = 0; i < count; i++) {
        open_count += pipes[i].fd >= 0;
    }
    while (open_count > 0) {
        int64_t left_ms = end_ms - clock_ms();
        if (left_ms <= 0) {
            return false;
        }
        if (poll(pipes, (nfds_t)count, (int)left_ms) < 0 && errno != EINTR) {
            break;
        }
        for (size_t i = 0; i < count; i++) {
            if (pipes[i].fd >= 0 && pipes[i].revents != 0 && !take(pipes[i].fd, into[i])) {
                (void)close(pipes[i].fd);
                pipes[i].fd = -1;
                open_count--;
            }
        }
    }
    return true;
}

// Ends those that came to no end; what they started ends as nobody reads it any more.
static void end_all(struct question **questions, const pid_t *children, struct pollfd *pipes,
                    size_t count, const char *input) {
    for (size_t i = 0; i < count; i++) {
        bool is_open = pipes[2 * i].fd >= 0 || pipes[2 * i + 1].fd >= 0;
        for (size_t end = 2 * i; end < 2 * i + 2; end++) {
            if (pipes[end].fd >= 0) {
                (void)close(pipes[end].fd);
            }
        }
        if (is_open && children[i] > 0) {
            const struct build *build = questions[i]->build;
            (void)kill(children[i], SIGKILL);
            questions[i]->reply.status = BUILD_HUNG;
            if (!questions[i]->is_judged) {
                cli_message("%s: %s: no end within %u s", input, build->path,
                            (unsigned)(build->timeout_ms / 1000));
            }
        }
    }
}

// A pipe that only the process that is to write into it inherits.
static bool open_pipe(int ends[2]) {
    if (pipe(ends) != 0) {
        ends[0] = ends[1] = -1;
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        if (ends[i] == DUMP_NUMBER) { // where the child puts another
            ends[i] = fcntl(ends[i], F_DUPFD, DUMP_NUMBER + 1);
            (void)close(DUMP_NUMBER);
        }
        (void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

// The process, or -1.
static pid_t start(struct question *question, const char *input, struct pollfd *pipes) {
    int out[2];
    int dump[2] = {-1, -1};
    bool is_open = open_pipe(out) && (question->is_judged || open_pipe(dump));
    pid_t child = is_open ? fork() : -1;
    if (child == 0) {
        run(question, input, out[1], dump[1]);
    }
    if (out[1] >= 0) {
        (void)close(out[1]);
    }
    if (dump[1] >= 0) {
        (void)close(dump[1]);
    }
    pipes[0] = (struct pollfd){.fd = out[0], .events = POLLIN};
    pipes[1] = (struct pollfd){.fd = dump[0], .events = POLLIN};
    return child;
}

static int run_all(struct question **questions, size_t count, const char *input) {
    struct pollfd pipes[PIPES_MAX];
    struct bytes *into[PIPES_MAX];
    pid_t children[QUESTIONS_MAX];
    bool is_started = true;
    for (size_t i = 0; i < count; i++) {
        struct reply *reply = &questions[i]->reply;
        into[2 * i] = &reply->text;
        into[2 * i + 1] = &reply->dump;
        children[i] = start(questions[i], input, pipes + 2 * i);
        is_started &= children[i] > 0;
    }
    if (!read_all(pipes, into, 2 * count, clock_ms() + questions[0]->build->timeout_ms)) {
        end_all(questions, children, pipes, count, input);
    }
    for (size_t i = 0; i < count; i++) {
        int status = child_wait(children[i]);
        if (questions[i]->reply.status != BUILD_HUNG) {
            questions[i]->reply.status =
                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            is_started &= questions[i]->reply.text.at != NULL;
        }
    }
    if (!is_started) {
        cli_message("accounts: a build cannot be run: no process or no memory");
    }
    return is_started ? CLI_CLEAN : CLI_ENVIRONMENT;
}

static void forget_reply(struct reply *reply) {
    free(reply->text.at);
    free(reply->dump.at);
    *reply = (struct reply){0};
}

void build_forget(struct question *questions, size_t count) {
    for (size_t i = 0; i < count; i++) {
        forget_reply(&questions[i].reply);
    }
}

int build_ask(struct question *questions, size_t count, const char *input) {
    struct question *asked[QUESTIONS_MAX];
    size_t asked_count = count;
    for (size_t i = 0; i < count; i++) {
        asked[i] = &questions[i];
    }
    while (asked_count > 0) {
        int status = run_all(asked, asked_count, input);
        if (status != CLI_CLEAN) {
            return status;
        }
        size_t again = 0;
        for (size_t i = 0; i < asked_count; i++) {
            struct question *question = asked[i];
            if (question->reply.status == 126 || question->reply.status == 127) {
                cli_message("%s: cannot be run", question->build->path);
                return CLI_UNUSABLE;
            }
            // An older build refuses options that it does not know.
            unsigned *dialect = &question->build->dialects[question->is_judged];
            if (question->reply.status == CLI_UNUSABLE &&
                *dialect + 1 < dialect_counts[question->is_judged]) {
                ++*dialect;
                forget_reply(&question->reply);
                asked[again++] = question;
            }
        }
        asked_count = again;
    }
    return CLI_CLEAN;
}
