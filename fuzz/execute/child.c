// child: waitpid(), again when it was interrupted; a child that stopped itself is ended.
#define _XOPEN_SOURCE 700
#include "fuzz/execute/child.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
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

void child_alarm(uint32_t milliseconds) {
    const struct timeval left = {.tv_sec = milliseconds / 1000,
                                 .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000};
    const struct itimerval once = {.it_value = left};
    (void)setitimer(ITIMER_REAL, &once, NULL);
}
