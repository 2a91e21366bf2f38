// apart: a child goes on, and says in shared memory that it came to its own end, and how.
#define _GNU_SOURCE // MAP_ANONYMOUS
#include "cli/run/apart.h"

#include "cli/io/cli.h"
#include "cli/run/crash.h"
#include "fuzz/execute/child.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct told { // by the child
    bool has_ended;
    int status;
    bool is_left; // another program goes on there
    struct crash_prepared prepared;
};

static struct told *told; // NULL: nobody waits for this process

// A debugger stays with the process that it started.
static bool is_looked_at(void) {
    static const char key[] = "TracerPid:\t";
    char line[128];
    bool is_traced = false;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, sizeof key - 1) == 0) {
            is_traced = line[sizeof key - 1] != '0';
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return is_traced;
}

static _Noreturn void end_as(int status) {
    if (WIFSIGNALED(status)) {
        (void)signal(WTERMSIG(status), SIG_DFL);
        (void)raise(WTERMSIG(status));
    }
    if (told->is_left) {
        _exit(WEXITSTATUS(status));
    }
    if (told->has_ended) { // what comes behind it (a sanitizer) may say worse, and no better
        _exit(WEXITSTATUS(status) == 0 ? told->status : WEXITSTATUS(status));
    }
    if (!told->prepared.is_told) {
        cli_message("the subject ended the process, with status %d", WEXITSTATUS(status));
        crash_tell(&told->prepared);
    }
    _exit(CLI_FINDING);
}

int apart_begin(void) {
    if (is_looked_at()) {
        return CLI_CLEAN;
    }
    pid_t parent = getpid();
    void *memory =
        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = memory == MAP_FAILED ? -1 : fork();
    if (child < 0) {
        return cli_refused("a process for the subject");
    }
    told = memory;
    if (child > 0) {
        end_as(child_wait(child));
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // nobody would wait for it any more
    if (getppid() != parent) {
        _exit(CLI_ENVIRONMENT);
    }
    crash_prepare_in(&told->prepared);
    return CLI_CLEAN;
}

void apart_leave(void) {
    if (told != NULL) {
        told->is_left = true;
    }
}

int apart_end(int status) {
    if (told != NULL) {
        told->status = status;
        told->has_ended = true;
    }
    return status;
}
