// child: waitpid(), again when it was interrupted.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/child.h"

#include <errno.h>
#include <sys/wait.h>

int child_wait(pid_t child) {
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}
