// test_ending: however a process ends itself, who listens is told, and nobody of a child or later.
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/execute/child.h"
#include "fuzz/execute/ending.h"
#include "tests/child.h"

#define TOLD 77 // the status of who was told

static const struct {
    const char *by;
    void (*end)(int status);
    int status;
} ways[] = {
    {"exit()", exit, ENDING_UNKNOWN},
    {"quick_exit()", quick_exit, ENDING_UNKNOWN},
    {"_exit()", _exit, 3},
    {"_Exit()", _Exit, 3},
};

static void tell(const char *by, int status) {
    (void)dprintf(STDERR_FILENO, "%s %d", by, status);
    _exit(TOLD); // of which nothing is told
}

static void listen_and_end(void *way) {
    ending_listen(tell);
    ways[*(const size_t *)way].end(3);
}

static void listen_no_more_and_end(void *way) {
    ending_listen(tell);
    ending_listen(NULL);
    ways[*(const size_t *)way].end(3);
}

static void have_a_child_end(void *way) {
    ending_listen(tell);
    pid_t child = fork();
    if (child == 0) {
        ways[*(const size_t *)way].end(3);
    }
    int status = child_wait(child);
    ending_listen(NULL);
    _exit(WEXITSTATUS(status));
}

static void expect(void (*act)(void *way), size_t way, int wanted, const char *said) {
    char text[64];
    int status = child_says(act, &way, text, sizeof text);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), wanted);
    assert_string_equal(text, said);
}

TEST(each_way_to_end_is_told) {
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char said[64];
        (void)snprintf(said, sizeof said, "%s %d", ways[i].by, ways[i].status);
        expect(listen_and_end, i, TOLD, said);
    }
}

TEST(nobody_is_told_who_listens_no_more) {
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        expect(listen_no_more_and_end, i, 3, "");
    }
}

TEST(the_end_of_a_child_is_not_told) {
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        expect(have_a_child_end, i, 3, "");
    }
}
