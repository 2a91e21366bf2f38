// probe: a child runs the part and tells through shared memory how far it came.
#define _GNU_SOURCE // MAP_ANONYMOUS, strsignal
#include "fuzz/subject/probe.h"

#include "fuzz/execute/child.h"
#include "fuzz/subject/host.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct told {
    const char *calls; // the child is a copy: its texts lie where ours do
    bool has_ended;
    enum subject_status status;
    char message[SUBJECT_MESSAGE_BYTES];
};

static struct told *told; // NULL: nothing is tried

void probe_calls(const char *what) {
    if (told != NULL) {
        told->calls = what;
    }
}

enum subject_status probe_create(const struct countercheck_subject *table,
                                 char message[SUBJECT_MESSAGE_BYTES]) {
    struct host host = {.mappings = NULL};
    if (table->create == NULL) {
        return SUBJECT_OPEN;
    }
    if (!host_init(&host, table->arena_bytes)) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "no memory for its arena");
        return SUBJECT_ENVIRONMENT;
    }
    host_begin(&host, NULL);
    probe_calls("create()");
    void *self = table->create(&host.shown);
    if (self == NULL) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "create() gives NULL");
    } else if (table->destroy != NULL) {
        probe_calls("destroy()");
        table->destroy(self);
    }
    host_fini(&host);
    return self == NULL ? SUBJECT_UNUSABLE : SUBJECT_OPEN;
}

static _Noreturn void run_child(probe_part *part, void *context, uint32_t milliseconds) {
    static const int deaths[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        (void)signal(deaths[i], SIG_DFL); // a sanitizer's report would be more than one line
    }
    child_alarm(milliseconds);
    told->status = part(context, told->message);
    told->has_ended = true;
    _exit(0);
}

// How a child ended that came to no end of its own.
static void describe_death(int status, uint32_t milliseconds, char message[SUBJECT_MESSAGE_BYTES]) {
    if (WIFEXITED(status)) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "%s ends the process, with status %d",
                       told->calls, WEXITSTATUS(status));
    } else if (WTERMSIG(status) == SIGALRM) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "%s does not return within %g s",
                       told->calls, milliseconds / 1000.0);
    } else {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "%s dies: %s", told->calls,
                       strsignal(WTERMSIG(status)));
    }
}

enum subject_status subject_probe(probe_part *part, void *context, uint32_t milliseconds,
                                  char message[SUBJECT_MESSAGE_BYTES]) {
    void *shared =
        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = -1;
    int status = 0;
    if (shared != MAP_FAILED) {
        told = shared;
        told->calls = "its table";
        child = fork();
        if (child == 0) {
            run_child(part, context, milliseconds);
        }
        status = child_wait(child);
    }
    enum subject_status result = SUBJECT_UNUSABLE;
    if (child < 0) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "no process, or no memory");
        result = SUBJECT_ENVIRONMENT;
    } else if (told->has_ended) {
        memcpy(message, told->message, SUBJECT_MESSAGE_BYTES);
        result = told->status;
    } else {
        describe_death(status, milliseconds, message);
    }
    if (told != NULL) {
        (void)munmap(told, sizeof *told);
        told = NULL;
    }
    return result;
}
