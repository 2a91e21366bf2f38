// message: writes one line on stderr, and tells when stdout is broken or full.
#include "cli/io/cli.h"

#include "cli/io/clock.h"
#include "cli/io/escape.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 8192 // a path and what is wrong with it
#define TOLD_EVERY_MS 2000

// The text, fit for a terminal.
static void compose(char line[2 * MESSAGE_BYTES], const char *format, va_list arguments) {
    char text[MESSAGE_BYTES];
    (void)vsnprintf(text, sizeof text, format, arguments);
    (void)escape_text(line, 2 * sizeof text, text);
}

static void show_message(const char *line) {
    (void)fprintf(stderr, "countercheck: %s\n", line);
}

static bool show_progress(const char *line) {
    if (isatty(STDERR_FILENO) != 1) {
        return false;
    }
    (void)fprintf(stderr, "\r%s\033[K", line);
    return true;
}

void cli_message(const char *format, ...) {
    char line[2 * MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    compose(line, format, arguments);
    va_end(arguments);
    show_message(line);
}

bool cli_progress(const char *format, ...) {
    char line[2 * MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    compose(line, format, arguments);
    va_end(arguments);
    return show_progress(line);
}

void cli_tell(int64_t *told_ms, const char *format, ...) {
    char line[2 * MESSAGE_BYTES];
    int64_t now_ms = clock_ms();
    if (now_ms - *told_ms < TOLD_EVERY_MS) {
        return;
    }
    *told_ms = now_ms;
    va_list arguments;
    va_start(arguments, format);
    compose(line, format, arguments);
    va_end(arguments);
    if (!show_progress(line)) {
        show_message(line);
    }
}

int cli_refused(const char *name) {
    cli_message("%s: the system refused memory, a thread or a file: nothing is shown", name);
    return CLI_ENVIRONMENT;
}

bool cli_can_print(void) {
    return ferror(stdout) == 0;
}

// Why stdout takes no more, whoever's write it was that failed, however long ago. 0: it takes more
// now.
static int why_stdout_failed(void) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0) {
        return EPIPE;
    }
    return write(STDOUT_FILENO, "\n", 1) == 1 ? 0 : errno;
}

int cli_finish(int status) {
    if (fflush(stdout) == 0 && cli_can_print()) {
        return status;
    }
    int error = why_stdout_failed();
    if (error == EPIPE) {
        (void)raise(SIGPIPE); // a reader that is gone ends a filter, unless that is ignored
    }
    cli_message("cannot write results: %s", error == 0 ? "a write failed" : strerror(error));
    return CLI_ENVIRONMENT;
}
