// child: waitpid(), again when it was interrupted; a child that stopped itself is ended.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/execute/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

int child_wait(pid_t child) {
    int status = 0;
    for (bool has_ended = child <= 0; !has_ended;) {
        pid_t waited = waitpid(child, &status, WUNTRACED);
        bool has_stopped = waited > 0 && WIFSTOPPED(status);
        if (has_stopped && WSTOPSIG(status) == SIGSTOP) { // a terminal's stop is SIGTSTP
            (void)kill(child, SIGKILL);
        }
        has_ended = !has_stopped && !(waited < 0 && errno == EINTR);
    }
    return status;
}

bool child_has_stopped(pid_t child) {
    siginfo_t what = {.si_pid = 0};
    return waitid(P_PID, (id_t)child, &what, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           what.si_pid == child && what.si_status == SIGSTOP;
}
