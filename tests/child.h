// child: what a child says before it ends: for tests of what must abort, or prints where nobody can
// ask it not to.
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include "tests/test.h"
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs act(argument) in a child, and fills `text` with what that says on stderr, cut, with a NUL.
// The child's status, as waitpid() gives it; 0 when act returned. It leaves no core file.
static inline int child_says(void (*act)(void *argument), void *argument, char *text,
                             size_t size_bytes) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        act(argument);
        _exit(0);
    }
    (void)close(ends[1]);
    size_t used = 0;
    ssize_t count = 0;
    while (used < size_bytes - 1 &&
           (count = read(ends[0], text + used, size_bytes - 1 - used)) > 0) {
        used += (size_t)count;
    }
    assert_true(count >= 0);
    text[used] = '\0';
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

#endif
