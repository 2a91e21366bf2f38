// begin: starts recording when COUNTERCHECK_RECORD=FILE names a trace, by an absolute path; with
// call stacks when COUNTERCHECK_RECORD_STACKS=1.
#define _GNU_SOURCE // environ
#include "record/file.h"
#include "record/stacks.h"
#include "record/writer.h"
#include "unwind/unwind.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

// Before the other libraries begin, and maybe before the C library does: it is told where the
// environment is.
static const char *value_of(char **environment, const char *name) {
    size_t length = strlen(name);
    for (char **at = environment; at != NULL && *at != NULL; at++) {
        if (strncmp(*at, name, length) == 0 && (*at)[length] == '=') {
            return *at + length + 1;
        }
    }
    return NULL;
}

static void say(const char *what, const char *why) {
    char line[512];
    int length = snprintf(line, sizeof line, "countercheck: record: %.300s: %s\n", what, why);
    (void)!write(STDERR_FILENO, line, length < 0 ? 0 : (size_t)length);
}

// A program that is to be trusted more than its caller writes nothing for it.
static __attribute__((constructor)) void begin(int argc, char **argv, char **environment) {
    (void)argc;
    (void)argv;
    const char *path =
        getauxval(AT_SECURE) == 0 ? value_of(environment, "COUNTERCHECK_RECORD") : NULL;
    if (path == NULL || *path == 0) {
        return;
    }
    const char *stacks = value_of(environment, "COUNTERCHECK_RECORD_STACKS");
    bool is_asked = stacks != NULL && strcmp(stacks, "1") == 0;
    bool has_stacks = is_asked && stacks_begin();
    if (is_asked && !has_stacks) {
        say("COUNTERCHECK_RECORD_STACKS", UNWIND_NONE);
    }
    writer_begin();
    int error = file_begin(path, has_stacks ? TRACE_VERSION_STACKS : TRACE_VERSION);
    if (error != 0) {
        say(path, strerror(error));
    }
}

static __attribute__((destructor)) void end(void) {
    file_end();
}
