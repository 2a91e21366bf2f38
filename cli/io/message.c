// message: writes one line on stderr, and tells when stdout is broken or full.
#include "cli/io/cli.h"

#include "cli/io/clock.h"
#include "cli/io/escape.h"

#include <errno.h>
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

static int stdout_error; // errno of the write that failed first

bool cli_can_print(void) {
    if (ferror(stdout) == 0) {
        return true;
    }
    stdout_error = stdout_error == 0 ? errno : stdout_error;
    return false;
}

int cli_finish(int status) {
    errno = 0; // of an earlier call
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        (void)cli_can_print();
        if (stdout_error == EPIPE) {
            (void)raise(SIGPIPE); // a reader that is gone ends a filter, unless that is ignored
        }
        cli_message("cannot write results: %s",
                    stdout_error == 0 ? "write failed" : strerror(stdout_error));
        return CLI_ENVIRONMENT;
    }
    return status;
}
