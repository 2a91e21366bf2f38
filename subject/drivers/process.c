// process: one driver at a time, in a child that dies with its parent.
#include "subject/drivers/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEATH_MS 3000 // from the end of its output to its own: a loaded machine takes its time

static struct {
    pid_t pid, owner; // 0: none; whose child it is
    int socket;
    size_t begin, end; // of what was read and not yet given out
    char bytes[PROCESS_LINE_BYTES];
    char wrong[PROCESS_WRONG_BYTES];
} driver;

// ---- start and end

static _Noreturn void become(char *const *command, pid_t parent, int own, int report_to) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) { // dead before it was asked for
        _exit(126);
    }
    (void)alarm(0);
    if (dup2(own, STDIN_FILENO) >= 0 && dup2(own, STDOUT_FILENO) >= 0) {
        (void)execvp(command[0], command);
    }
    int error = errno;
    ssize_t written = write(report_to, &error, sizeof error);
    _exit(written == (ssize_t)sizeof error ? 127 : 126);
}

bool process_start(char *const *command) {
    int ends[2] = {-1, -1};
    int report[2] = {-1, -1};
    int error = 0;
    pid_t parent = getpid();
    process_end(NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
        pipe2(report, O_CLOEXEC) != 0 || (driver.pid = fork()) < 0) {
        error = errno;
        driver.pid = 0;
    } else if (driver.pid == 0) {
        become(command, parent, ends[1], report[1]);
    }
    (void)close(ends[1]);
    (void)close(report[1]);
    if (error == 0 && read(report[0], &error, sizeof error) != (ssize_t)sizeof error) {
        error = 0; // closed by its start
    }
    (void)close(report[0]);
    driver.socket = ends[0];
    driver.owner = parent;
    driver.begin = driver.end = 0;
    if (error != 0) {
        char why[PROCESS_WRONG_BYTES];
        (void)snprintf(why, sizeof why, "%.80s does not start: %s", command[0], strerror(error));
        process_end(why);
    }
    return error == 0;
}

bool process_is_alive(void) {
    return driver.pid != 0 && driver.owner == getpid();
}

void process_end(const char *why) {
    if (process_is_alive()) {
        (void)kill(driver.pid, SIGKILL);
        while (waitpid(driver.pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (driver.owner != 0) {
        (void)close(driver.socket);
    }
    driver.pid = driver.owner = 0;
    (void)snprintf(driver.wrong, sizeof driver.wrong, "%s", why == NULL ? "" : why);
}

const char *process_wrong(void) {
    return driver.wrong[0] == 0 ? NULL : driver.wrong;
}

// ---- a question

// "the driver died at alloc: Killed". The request's first word says at what.
static void end_with(const char *what, const char *request, const char *how) {
    char why[PROCESS_WRONG_BYTES];
    (void)snprintf(why, sizeof why, "the driver %s %.*s%s", what, (int)strcspn(request, " "),
                   request, how);
    process_end(why);
}

// It has closed its end: says how it died.
static void note_death(const char *request) {
    char how[64];
    int status = 0;
    (void)shutdown(driver.socket, SHUT_RDWR);
    pid_t ended = 0;
    for (int i = 0; i < DEATH_MS && (ended = waitpid(driver.pid, &status, WNOHANG)) == 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    if (ended == 0) {
        end_with("closed its output at", request, "");
        return;
    }
    driver.pid = 0;
    if (WIFSIGNALED(status)) {
        (void)snprintf(how, sizeof how, ": %s", strsignal(WTERMSIG(status)));
        end_with("died at", request, how);
    } else {
        (void)snprintf(how, sizeof how, " with status %d", WEXITSTATUS(status));
        end_with("ended at", request, how);
    }
}

static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Waits until there is more, or says what is wrong.
static bool receive(const char *request, int64_t end_ms) {
    if (driver.end == sizeof driver.bytes) {
        end_with("answers", request, " with an endless line");
        return false;
    }
    struct pollfd one = {.fd = driver.socket, .events = POLLIN};
    int64_t left_ms = end_ms - now_ms();
    int ready = left_ms <= 0 ? 0 : poll(&one, 1, (int)left_ms);
    if (ready < 0 && errno == EINTR) {
        return true;
    }
    if (ready <= 0) {
        end_with("does not answer", request, "");
        return false;
    }
    ssize_t count =
        recv(driver.socket, driver.bytes + driver.end, sizeof driver.bytes - driver.end, 0);
    if (count <= 0) {
        note_death(request);
        return false;
    }
    driver.end += (size_t)count;
    return true;
}

static const char *next_line(const char *request, uint32_t timeout_ms) {
    int64_t end_ms = now_ms() + (int64_t)timeout_ms;
    memmove(driver.bytes, driver.bytes + driver.begin, driver.end - driver.begin);
    driver.end -= driver.begin;
    driver.begin = 0;
    char *feed = NULL;
    while ((feed = memchr(driver.bytes, '\n', driver.end)) == NULL) {
        if (!receive(request, end_ms)) {
            return NULL;
        }
    }
    *feed = 0;
    driver.begin = (size_t)(feed - driver.bytes) + 1;
    if (strlen(driver.bytes) + 1 != driver.begin) {
        end_with("answers", request, " with a byte that is 0");
        return NULL;
    }
    return driver.bytes;
}

// Whether there is more than was asked for: each later answer would be taken for another's.
static bool has_spoken(const char *request) {
    char byte;
    if (driver.begin == driver.end && recv(driver.socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) {
        return false; // its end is met when it is asked
    }
    end_with("has spoken before", request, " was asked");
    return true;
}

const char *process_line(uint32_t timeout_ms) {
    return process_is_alive() ? next_line("start", timeout_ms) : NULL;
}

const char *process_ask(const char *request, uint32_t timeout_ms) {
    char line[256];
    if (!process_is_alive() || has_spoken(request)) {
        return NULL;
    }
    int length = snprintf(line, sizeof line, "%s\n", request);
    for (int at = 0; at < length;) {
        ssize_t sent = send(driver.socket, line + at, (size_t)(length - at), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            note_death(request);
            return NULL;
        }
        at += sent < 0 ? 0 : (int)sent;
    }
    return next_line(request, timeout_ms);
}
