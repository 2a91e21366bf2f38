// begin: starts recording when COUNTERCHECK_RECORD=FILE names a trace, by an absolute path.
#define _GNU_SOURCE // environ
#include "record/file.h"
#include "record/writer.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

// Before the other libraries begin, and maybe before the C library does: it is told where the
// environment is.
static const char *asked_path(char **environment) {
    static const char name[] = "COUNTERCHECK_RECORD=";
    for (char **at = environment; at != NULL && *at != NULL; at++) {
        if (strncmp(*at, name, sizeof name - 1) == 0) {
            return *at + sizeof name - 1;
        }
    }
    return NULL;
}

// A program that is to be trusted more than its caller writes nothing for it.
static __attribute__((constructor)) void begin(int argc, char **argv, char **environment) {
    (void)argc;
    (void)argv;
    const char *path = getauxval(AT_SECURE) == 0 ? asked_path(environment) : NULL;
    if (path == NULL || *path == 0) {
        return;
    }
    writer_begin();
    int error = file_begin(path);
    if (error != 0) {
        char line[512];
        int length = snprintf(line, sizeof line, "countercheck: record: %.300s: %s\n", path,
                              strerror(error));
        (void)!write(STDERR_FILENO, line, length < 0 ? 0 : (size_t)length);
    }
}

static __attribute__((destructor)) void end(void) {
    file_end();
}
