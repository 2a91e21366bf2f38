// test_taken: when somebody else's memory lies at the heap's base, soak says that its hash is
// another one than elsewhere.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator/heap.h"
#include "cli/io/cli.h"

static char said[4096];

// Soaks for a moment in a child; its stderr is in `said`.
static void soak(bool is_taken) {
    char *argv[] = {"soak", "--operations", "500", NULL};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        void *base = (void *)HEAP_BASE_DEFAULT;
        if (is_taken && mmap(base, HEAP_ARENA_BYTES, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1,
                             0) != base) {
            _exit(99);
        }
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        exit(cmd_soak(3, argv));
    }
    (void)close(ends[1]);
    size_t at = 0;
    for (ssize_t count; at + 1 < sizeof said; at += (size_t)count) {
        count = read(ends[0], said + at, sizeof said - 1 - at);
        if (count <= 0) {
            break;
        }
    }
    said[at] = 0;
    (void)close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), CLI_CLEAN);
}

TEST(a_base_that_is_taken_is_told) {
    soak(true);
    assert_non_null(
        strstr(said, "countercheck: soak: the heap's own base is taken, it lies at 0x"));
    assert_non_null(strstr(said, "another one than elsewhere\n"));
}

TEST(a_base_of_its_own_needs_no_word) {
    soak(false);
    assert_string_equal(said, "");
}
