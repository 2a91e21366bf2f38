// say: messages of this library, on the stderr that the process began with, even when the program
// has closed or moved its own.
#define _GNU_SOURCE // F_DUPFD_CLOEXEC
#include "malloc/say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int kept = -1; // a duplicate of stderr
static dev_t kept_device;
static ino_t kept_inode;

// Above what programs count on and below what select can take; where fewer are allowed, lower.
static int duplicate(void) {
    static const int least[] = {960, 200, 20};
    int number = -1;
    for (size_t i = 0; i < sizeof least / sizeof least[0] && number < 0; i++) {
        number = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, least[i]);
    }
    return number;
}

void say_begin(void) {
    int error = errno;
    struct stat status;
    if (kept < 0 && fstat(STDERR_FILENO, &status) == 0) {
        kept = duplicate();
        kept_device = status.st_dev;
        kept_inode = status.st_ino;
    }
    errno = error;
}

static bool is_kept_file(int number) {
    struct stat status;
    return fstat(number, &status) == 0 && status.st_dev == kept_device &&
           status.st_ino == kept_inode;
}

// A program that closes all descriptors may use the number again, and stderr's, for files of its
// own: they are left alone. -1: there is nowhere to say it.
static int where(void) {
    if (kept < 0) {
        return STDERR_FILENO;
    }
    if (is_kept_file(kept)) {
        return kept;
    }
    return is_kept_file(STDERR_FILENO) ? STDERR_FILENO : -1;
}

static bool write_all(int number, const char *text, size_t size_bytes) {
    while (size_bytes > 0) {
        ssize_t count = write(number, text, size_bytes);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        text += count < 0 ? 0 : count;
        size_bytes -= count < 0 ? 0 : (size_t)count;
    }
    return true;
}

void say_text(const char *text, size_t size_bytes) {
    int error = errno;
    sigset_t pipe_only;
    sigset_t before;
    (void)sigemptyset(&pipe_only);
    (void)sigaddset(&pipe_only, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    if (!write_all(where(), text, size_bytes) && errno == EPIPE) {
        (void)sigtimedwait(&pipe_only, NULL, &(struct timespec){0, 0}); // its signal is pending
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
}

void say(const char *format, ...) {
    int error = errno;
    char line[1024] = "countercheck: malloc: ";
    size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line + used, sizeof line - used - 1, format, arguments);
    va_end(arguments);
    used += length < 0 ? 0 : (size_t)length;
    used = used < sizeof line - 1 ? used : sizeof line - 2;
    line[used] = '\n';
    say_text(line, used + 1);
    errno = error;
}
