// fork: a child goes on with the program; that a rule fails there is a failure here.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void in_child(void (*run)(void), unsigned hang_seconds) {
    int status = 0;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        failure_count = 0;
        (void)alarm(hang_seconds);
        run();
        (void)fflush(stdout);
        _exit(failure_count > 0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        (void)puts("no process more");
        exit(3);
    }
    if (status != 0) {
        failure_count++;
    }
    if (WIFSIGNALED(status)) {
        (void)printf("    FAILED in the child: it ended by signal %d\n", WTERMSIG(status));
    }
}
