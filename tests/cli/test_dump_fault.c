// test_dump_fault: a fault of the dump is shown with its record and byte, and without statistics.
//
// wrap: write_Object
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

#include <sys/wait.h>
#include <unistd.h>

#include "cli/io/cli.h"
#include "dump/write/records.h"

void __real_write_Object(struct out *out, const struct writer_Object *record);
void __wrap_write_Object(struct out *out, const struct writer_Object *record);
void __wrap_write_Object(struct out *out, const struct writer_Object *record) {
    struct writer_Object changed = *record;
    changed.address += 8;
    __real_write_Object(out, &changed);
}

static char said[8192];

// Bisects standard input; what it prints is in `said`.
static void bisect(const char *program, bool is_json) {
    char *argv[] = {"bisect", "-", is_json ? "--json" : NULL, NULL};
    int in[2];
    int out[2];
    assert_true(pipe(in) == 0 && pipe(out) == 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)close(in[1]);
        (void)close(out[0]);
        exit(cmd_bisect(is_json ? 3 : 2, argv));
    }
    (void)close(in[0]);
    (void)close(out[1]);
    assert_int_equal(write(in[1], program, strlen(program)), strlen(program));
    (void)close(in[1]);
    size_t at = 0;
    for (ssize_t count; (count = read(out[0], said + at, sizeof said - 1 - at)) > 0;) {
        at += (size_t)count;
    }
    said[at] = 0;
    (void)close(out[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), CLI_FINDING);
}

TEST(the_record_is_shown_and_no_statistic) {
    bisect("h0 = alloc size=400000\ndump\n", false);
    assert_non_null(strstr(said, "\nrecord     Object, at byte "));
    assert_non_null(strstr(said, " of the dump\n"));
    assert_null(strstr(said, "statistics before this operation"));
    bisect("h0 = alloc size=400000\ndump\n", true);
    assert_non_null(strstr(said, ",\"record\":\"Object\",\"record_offset\":"));
}

TEST(other_faults_show_what_moved) {
    bisect("h0 = alloc size=64\nexpect Frees=1\n", false);
    assert_null(strstr(said, "\nrecord "));
    assert_non_null(strstr(said, "statistics before this operation"));
}
