// test_contain: a heap that crashes on large objects and hangs on some: what the commands make of
// it ends in time, and tells each.
//
// holds: cli/run/batch.c cli/run/processes.c cli/run/shrink.c cli/run/trial.c fuzz/execute/child.c
// wrap: mheap_alloc_span
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "allocator/pages/mheap.h"
#include "cli/io/cli.h"

#define CRASH_PAGES 200
#define HANG_PAGES  100

struct mspan *__real_mheap_alloc_span(struct heap *heap, size_t page_count, size_t align_pages,
                                      uint8_t span_class);
struct mspan *__wrap_mheap_alloc_span(struct heap *heap, size_t page_count, size_t align_pages,
                                      uint8_t span_class);

struct mspan *__wrap_mheap_alloc_span(struct heap *heap, size_t page_count, size_t align_pages,
                                      uint8_t span_class) {
    if (page_count >= CRASH_PAGES) {
        abort();
    }
    while (page_count == HANG_PAGES) {
        (void)pause();
    }
    return __real_mheap_alloc_span(heap, page_count, align_pages, span_class);
}

static char out[65536], err[65536]; // of the last call

static void read_text(const char *path, char *text, size_t size_bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, size_bytes - 1, file)] = 0;
    (void)fclose(file);
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

// Calls a subcommand as main() does; argv ends with NULL. Its status; 128 + N: a signal ended it.
static int call(int (*command)(int argc, char **argv), char **argv) {
    int argc = 0;
    while (argv[argc] != NULL) {
        argc++;
    }
    pid_t child = fork();
    if (child == 0) {
        (void)alarm(120);
        if (freopen("out", "w", stdout) == NULL || freopen("err", "w", stderr) == NULL) {
            _exit(99);
        }
        exit(command(argc, argv));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    read_text("out", out, sizeof out);
    read_text("err", err, sizeof err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static double seconds_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

TEST(a_crash_near_a_hang_is_minimised_in_time) {
    write_text("near.ops", "h0 = alloc size=64\nh3 = alloc size=3000000\nh2 = alloc size=100\n");
    char *argv[] = {"minimize", "near.ops", "-o", "small.ops", NULL};
    double begin = seconds_now();
    assert_int_equal(call(cmd_minimize, argv), CLI_CLEAN);
    assert_true(seconds_now() - begin < 60);
    assert_non_null(strstr(out, ": crash "));
    assert_non_null(strstr(out, ": 1 operation of 3, "));
    assert_null(strstr(out, ": : ")); // a crash without words
    assert_null(strstr(out, "not minimal"));
    read_text("small.ops", out, sizeof out);
    assert_string_equal(out, "h0 = alloc c0 size=1630209\n"); // 200 pages
}

TEST(what_hangs_is_minimised_until_the_time_is_over) {
    write_text("hang.ops", "h0 = alloc size=64\nh1 = alloc size=819200\nh2 = alloc size=100\n"
                           "h3 = alloc size=8\nh4 = alloc size=8\nh5 = alloc size=8\n");
    char *argv[] = {"minimize", "--timeout", "3",         "--total", "10",
                    "hang.ops", "-o",        "small.ops", NULL};
    double begin = seconds_now();
    assert_int_equal(call(cmd_minimize, argv), CLI_CLEAN);
    assert_true(seconds_now() - begin <
                14); // ends at 9, and at 15 where a run is begun that has no time
    assert_non_null(strstr(out, "hang.ops: hang: "));
    assert_non_null(strstr(out, "; not minimal: the time was over\n"));
    assert_non_null(strstr(err, "countercheck: 2 s: ")); // a line every two seconds
    assert_non_null(strstr(err, " operations left\n"));
    read_text("small.ops", out, sizeof out);
    assert_non_null(strstr(out, " size=819200\n"));
}

TEST(what_hangs_is_tried_within_a_short_time) {
    write_text("hang.ops", "nop\nh1 = alloc size=819200\nh2 = alloc size=100\n");
    char *argv[] = {"minimize", "--total", "4", "hang.ops", "-o", "small.ops", NULL};
    double begin = seconds_now();
    assert_int_equal(call(cmd_minimize, argv), CLI_CLEAN);
    assert_true(seconds_now() - begin < 9); // and 10 where the first run has its usual time
    assert_non_null(strstr(out, "hang.ops: hang: "));
    assert_null(strstr(out, ", after 0 trials"));
}

static void count_lines(const char *text, const char *with, int wanted) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, with)) != NULL; at++) {
        count++;
    }
    assert_int_equal(count, wanted);
}

static void make_inputs(void) {
    assert_true(mkdir("inputs", 0777) == 0 || errno == EEXIST);
    write_text("inputs/a.ops", "h0 = alloc size=64\nexpect Frees=1\n");
    write_text("inputs/b.ops", "h0 = alloc size=64\nh1 = alloc size=3000000\n");
    write_text("inputs/c.ops", "h0 = alloc size=64\n");
    write_text("inputs/d.ops", "h0 = alloc size=64\nh1 = alloc size=819200\n");
    write_text("inputs/e.ops", "h0 = alloc size=64\nexpect Frees=2\n");
    write_text("inputs/f.ops", "h0 = alloc size=3000000\n");
}

TEST(a_directory_is_run_to_its_end) {
    make_inputs();
    char *argv[] = {"replay", "--timeout", "1", "inputs", NULL};
    assert_int_equal(call(cmd_replay, argv), CLI_FINDING);
    const char *a = strstr(out, "inputs/a.ops: rule expected failed: Frees: expected 1");
    const char *b = strstr(out, "inputs/b.ops: crash: crashed in operation 1: h1 = alloc c0 "
                                "size=3000000\n");
    const char *d = strstr(out, "inputs/d.ops: hang: no end within 1 s in operation 1: h1 = alloc "
                                "c0 size=819200\n");
    const char *e = strstr(out, "inputs/e.ops: rule expected failed: Frees: expected 2");
    const char *f = strstr(out, "inputs/f.ops: crash: crashed in operation 0");
    assert_true(a != NULL && a < b && b < d && d < e && e < f); // in their order
    assert_non_null(strstr(out, "6 programs, "));
    assert_non_null(strstr(out, ", 5 findings\n"));
    count_lines(err, "countercheck: inputs/b.ops: crashed in operation 1", 1);
    count_lines(err, "countercheck: inputs/d.ops: hang: no end within 1 s in operation 1", 1);
    count_lines(err, "countercheck: inputs/d.ops: ", 1);
}

TEST(one_program_that_hangs_is_told_so) {
    write_text("hang.ops", "h0 = alloc size=64\nh1 = alloc size=819200\n");
    char *argv[] = {"replay", "--timeout", "1", "hang.ops", NULL};
    assert_int_equal(call(cmd_replay, argv), CLI_FINDING);
    assert_string_equal(err, "countercheck: hang.ops: hang: no end within 1 s in operation 1: "
                             "h1 = alloc c0 size=819200\n");
}

TEST(what_crashes_is_an_object_too) {
    make_inputs();
    char *argv[] = {"replay", "--json", "--timeout", "1", "--jobs", "1", "inputs", NULL};
    assert_int_equal(call(cmd_replay, argv), CLI_FINDING);
    assert_non_null(strstr(out, "{\"file\":\"inputs/b.ops\",\"rule\":\"crash\""));
    assert_non_null(strstr(out, "{\"file\":\"inputs/d.ops\",\"rule\":\"hang\""));
    count_lines(out, "{\"file\":", 5);
}

TEST(the_first_finding_alone_ends_it) {
    make_inputs();
    char *argv[] = {"replay", "--first", "inputs/c.ops", "inputs/b.ops", "inputs/f.ops", NULL};
    assert_int_equal(call(cmd_replay, argv), CLI_FINDING);
    assert_non_null(strstr(out, "inputs/b.ops: crash: "));
    assert_null(strstr(out, "inputs/f.ops"));
}

TEST(how_often_it_crashes_is_told) {
    make_inputs();
    char *argv[] = {"replay", "--times", "7", "inputs/b.ops", NULL};
    assert_int_equal(call(cmd_replay, argv), CLI_FINDING);
    count_lines(out, "inputs/b.ops: crash: ", 1);
    assert_non_null(strstr(out, "inputs/b.ops: found in 7 of 7\n"));
}

TEST(a_race_that_crashes_leaves_its_seed) {
    char *argv[] = {"soak", "--threads", "1", "--seed", "9", "--seconds", "5", NULL};
    assert_int_equal(call(cmd_soak, argv), CLI_FINDING); // it allocates large objects
    count_lines(err, "seed 9; kept: countercheck replay --times 20 findings/threads-9.race\n", 1);
    read_text("findings/threads-9.race", out, sizeof out);
    assert_non_null(strstr(out, "\nrace threads=1 seed=9 seconds=5\n"));
    char *again[] = {"replay", "--times", "2", "findings/threads-9.race", NULL};
    assert_int_equal(call(cmd_replay, again), CLI_FINDING);
    assert_non_null(strstr(out, "findings/threads-9.race: found in 2 of 2\n"));
}

static int enter_folder(void **state) {
    static char folder[] = "/tmp/contain.XXXXXX";
    *state = folder;
    return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static int remove_folder(void **state) {
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", (const char *)*state);
    return chdir("/") != 0 || system(command) != 0 ? -1 : 0;
}

TEST_GROUP(enter_folder, remove_folder)
