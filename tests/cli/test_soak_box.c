// test_soak_box: so many operations are so many, however slow the machine is; a box that ends first
// is told.
//
// wrap: clock_seconds
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "tests/child.h"

double __wrap_clock_seconds(void);

// An hour passes between two looks at the clock.
double __wrap_clock_seconds(void) {
    static double now;
    return now += 3600;
}

static void soak(void *argv) {
    char **arguments = argv;
    int argc = 0;
    while (arguments[argc] != NULL) {
        argc++;
    }
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    exit(cmd_soak(argc, arguments));
}

static void expect_last_line(char **argv, const char *begin) {
    char text[8192];
    int status = child_says(soak, argv, text, sizeof text);
    assert_int_equal(WEXITSTATUS(status), CLI_CLEAN);
    assert_non_null(strstr(text, begin));
}

TEST(so_many_operations_have_no_box_but_one_that_is_given) {
    char *endless[] = {"soak", "--operations", "9000", NULL};
    expect_last_line(endless, "\nresults ");
    char *boxed[] = {"soak", "--operations", "9000", "--seconds", "7200", NULL};
    expect_last_line(boxed, "\nno results: 7200 s were over before 9000 operations\n");
}
