// message: one line on stderr, and the fate of stdout.
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cli_message(const char *format, ...) {
    va_list arguments;
    (void)fputs("countercheck: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
}

int cli_refused(const char *name) {
    cli_message("%s: the system refused memory, a thread or a file: nothing is shown", name);
    return CLI_ENVIRONMENT;
}

int cli_finish(int status) {
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        cli_message("cannot write results: %s", errno == 0 ? "write failed" : strerror(errno));
        return CLI_ENVIRONMENT;
    }
    return status;
}
