// ending: handlers of exit() and quick_exit(), and this process's own _exit() and _Exit().
#define _GNU_SOURCE // syscall
#include "fuzz/execute/ending.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void (*listener)(const char *by, int status); // NULL: nobody
static pid_t listens_to;

static void notice(const char *by, int status) {
    void (*tell)(const char *by, int status) = listener;
    if (tell != NULL && getpid() == listens_to) {
        listener = NULL;
        tell(by, status);
    }
}

static void at_exit_call(void) {
    notice("exit()", ENDING_UNKNOWN);
}

static void at_quick_exit_call(void) {
    notice("quick_exit()", ENDING_UNKNOWN);
}

void ending_listen(void (*tell)(const char *by, int status)) {
    static bool is_registered;
    if (tell != NULL && !is_registered) {
        // where there is no room for them, that call alone is not told
        is_registered = atexit(at_exit_call) == 0 && at_quick_exit(at_quick_exit_call) == 0;
    }
    listens_to = tell == NULL ? 0 : getpid();
    listener = tell;
}

static _Noreturn void end(const char *by, int status) {
    notice(by, status);
    for (;;) {
        (void)syscall(SYS_exit_group, status);
    }
}

void _exit(int status) {
    end("_exit()", status);
}

void _Exit(int status) {
    end("_Exit()", status);
}
