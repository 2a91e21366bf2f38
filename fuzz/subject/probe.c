// probe: a child calls create() and says by its status what came of it.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/subject/probe.h"

#include "fuzz/execute/child.h"
#include "fuzz/subject/host.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { // statuses that a create() which ends the process is unlikely to choose
    PROBE_MADE = 101,
    PROBE_NULL = 102,
    PROBE_NO_ARENA = 103,
};

static _Noreturn void make(const struct countercheck_subject *table) {
    static const int deaths[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    struct host host = {.mappings = NULL};
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        (void)signal(deaths[i], SIG_DFL); // a sanitizer's report would be more than one line
    }
    (void)alarm(subject_hang_seconds(table));
    if (!host_init(&host, table->arena_bytes)) {
        _exit(PROBE_NO_ARENA);
    }
    host_begin(&host, NULL);
    _exit(table->create(&host.shown) == NULL ? PROBE_NULL : PROBE_MADE);
}

enum subject_status subject_probe(const struct countercheck_subject *table,
                                  char message[SUBJECT_MESSAGE_BYTES]) {
    if (table->create == NULL) {
        return SUBJECT_OPEN;
    }
    pid_t child = fork();
    if (child == 0) {
        make(table);
    }
    int status = child_wait(child);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (child < 0 || code == PROBE_NO_ARENA) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "no process, or no memory for its arena");
        return SUBJECT_ENVIRONMENT;
    }
    if (code == PROBE_MADE) {
        return SUBJECT_OPEN;
    }
    if (code == PROBE_NULL) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "create() gives NULL");
    } else if (code >= 0) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "create() ends the process, with status %d",
                       code);
    } else if (WTERMSIG(status) == SIGALRM) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "create() does not return within %u s",
                       subject_hang_seconds(table));
    } else {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "create() dies: %s",
                       strsignal(WTERMSIG(status)));
    }
    return SUBJECT_UNUSABLE;
}
