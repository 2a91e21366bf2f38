// message: writes one line on stderr, and tells when stdout is broken or full.
#include "cli/io/cli.h"

#include "cli/io/escape.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 8192 // a path and what is wrong with it

void cli_message(const char *format, ...) {
    char text[MESSAGE_BYTES];
    char line[2 * MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)escape_text(line, sizeof line, text);
    (void)fprintf(stderr, "countercheck: %s\n", line);
}

bool cli_progress(const char *format, ...) {
    if (isatty(STDERR_FILENO) != 1) {
        return false;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("\r", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputs("\033[K", stderr);
    va_end(arguments);
    return true;
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
