// test_open: a pipe that is opened in time leaves the process's own limit and handler as they were.
//
// holds: cli/io/open.c
#define _XOPEN_SOURCE 700
#include "tests/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/io/open.h"

#define LIMIT_SECONDS 1000

static void on_alarm(int number) {
    (void)number;
}

TEST(a_limit_that_ran_before_runs_on) {
    (void)state;
    char folder[] = "/tmp/countercheck-open-XXXXXX";
    char path[sizeof folder + sizeof "/pipe"];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, S_IRUSR | S_IWUSR), 0);
    struct sigaction handler = {.sa_handler = on_alarm}, after;
    assert_int_equal(sigaction(SIGALRM, &handler, NULL), 0);
    pid_t writer = fork();
    if (writer == 0) {
        _exit(open(path, O_WRONLY) < 0);
    }
    (void)alarm(LIMIT_SECONDS);
    int descriptor = open_in_time(path, O_RDONLY);
    unsigned left = alarm(0);
    assert_true(descriptor >= 0);
    assert_true(left > 0 && left <= LIMIT_SECONDS);
    assert_int_equal(sigaction(SIGALRM, NULL, &after), 0);
    assert_true(after.sa_handler == on_alarm);
    int status;
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);
    (void)close(descriptor);
    (void)unlink(path);
    (void)rmdir(folder);
}
