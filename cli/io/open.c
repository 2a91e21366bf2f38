// open: open(2), ended by a timer where it waits for the other end of a pipe.
#define _XOPEN_SOURCE 700 // setitimer
#include "cli/io/open.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#define WAIT_SECONDS 10

static volatile sig_atomic_t is_late;

static void be_late(int signal) {
    (void)signal;
    is_late = 1;
}

static int open_pipe(const char *path, int flags) {
    const struct itimerval limit = {
        .it_value = {.tv_sec = WAIT_SECONDS},
        .it_interval = {.tv_sec = 1}}; // should the first come too early
    struct itimerval former_limit;
    struct sigaction action = {.sa_handler = be_late}, former; // no SA_RESTART: open() ends
    sigset_t alarms, mask;
    is_late = 0;
    (void)sigemptyset(&action.sa_mask);
    (void)sigemptyset(&alarms);
    (void)sigaddset(&alarms, SIGALRM);
    (void)sigaction(SIGALRM, &action, &former);
    (void)sigprocmask(SIG_UNBLOCK, &alarms, &mask);
    (void)setitimer(ITIMER_REAL, &limit, &former_limit);
    int descriptor, error;
    do {
        descriptor = open(path, flags);
        error = errno;
    } while (descriptor < 0 && error == EINTR && !is_late);
    (void)setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL); // none ends in the former's hands
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    (void)sigaction(SIGALRM, &former, NULL);
    (void)setitimer(ITIMER_REAL, &former_limit, NULL);
    errno = error == EINTR ? ETIME : error;
    return descriptor;
}

int open_in_time(const char *path, int flags) {
    struct stat file;
    flags |= O_CLOEXEC;
    return stat(path, &file) == 0 && S_ISFIFO(file.st_mode) ? open_pipe(path, flags)
                                                            : open(path, flags);
}

const char *open_error_text(int error) {
    return error == ETIME ? "a pipe that nobody has opened at its other end within 10 s"
                          : strerror(error);
}
