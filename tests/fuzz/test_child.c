// test_child: a time limit is of time in which a process could run. What the kernel says of that is
// what the test says, but in the last test.
// wrap: open
#define _GNU_SOURCE
#include "tests/test.h"

#include "fuzz/execute/child.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS 100L

// ---- a kernel that says of each process that it waited so long

static struct shared {
    atomic_uint asks;        // how often a schedstat was read
    uint64_t first_ms, more; // that it waited at the first ask, and more at each one after it
    bool speaks;             // else the kernel itself is asked
} * shared;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...) {
    if (shared == NULL || !shared->speaks || strstr(path, "/schedstat") == NULL) {
        return __real_open(path, flags);
    }
    unsigned before = atomic_fetch_add(&shared->asks, 1);
    int ends[2];
    if (pipe(ends) != 0) {
        return -1;
    }
    uint64_t waited_ms = shared->first_ms + before * shared->more;
    (void)dprintf(ends[1], "1 %" PRIu64 "000000 1\n", waited_ms);
    (void)close(ends[1]);
    return ends[0];
}

static int have_shared(void **state) {
    (void)state;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? -1 : 0;
}

static int leave_shared(void **state) {
    (void)state;
    return munmap(shared, sizeof *shared);
}

TEST_FIXTURE(have_shared, leave_shared)

static void say(uint64_t first_ms, uint64_t more) {
    shared->first_ms = first_ms;
    shared->more = more;
    shared->speaks = true;
}

static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- what a child does under an alarm

static void pause_for_ever(void) {
    for (;;) {
        (void)pause();
    }
}

static void run_for_ever(void) {
    for (volatile uint64_t count = 0;; count++) {
    }
}

static void pause_until_asked_thrice(void) {
    while (atomic_load(&shared->asks) < 3) {
        (void)pause();
    }
}

static void have_no_alarm(void) {
    child_alarm(0);
    int64_t end = now_ms() + 3 * LIMIT_MS;
    while (now_ms() < end) {
        (void)poll(NULL, 0, 10);
    }
}

static int status_of(void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        child_alarm(LIMIT_MS);
        body();
        _exit(7);
    }
    return child_wait(child);
}

static void check_hangs(void (*body)(void)) {
    int status = status_of(body);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGALRM);
}

static void check_ends(void (*body)(void)) {
    int status = status_of(body);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

TEST(who_waited_for_no_processor_hangs) {
    say(0, 0);
    check_hangs(pause_for_ever);
    check_hangs(run_for_ever);
}

#if !CHILD_ALARM_IS_FINAL
TEST(what_it_waited_is_given_to_it_again) {
    say(LIMIT_MS, LIMIT_MS);
    check_ends(pause_until_asked_thrice);
}

TEST(what_it_waited_is_given_once) {
    say(LIMIT_MS, 0);
    int64_t begin = now_ms();
    check_hangs(pause_for_ever);
    assert_true(now_ms() - begin >= 2 * LIMIT_MS);
    assert_int_equal(atomic_load(&shared->asks), 2);
}

TEST(ten_times_the_limit_is_the_end) {
    say(1000 * LIMIT_MS, 1000 * LIMIT_MS);
    check_hangs(pause_for_ever);
    assert_int_equal(atomic_load(&shared->asks), CHILD_LOADED_FACTOR);
}
#endif

TEST(an_alarm_is_taken_back) {
    check_ends(have_no_alarm);
}

TEST(late_is_what_is_left_of_the_time) {
    assert_false(child_is_late(999, 0, 1000));
    assert_true(child_is_late(1000, 0, 1000));
    assert_false(child_is_late(1000, 1, 1000));
    assert_false(child_is_late(5000, 4001, 1000));
    assert_true(child_is_late(5000, 4000, 1000));
    assert_true(child_is_late(10000, UINT64_MAX, 1000)); // whatever waited for what
    assert_false(child_is_late(-1, 0, 1000));
    assert_true(child_is_late(INT64_MAX, 0, UINT64_MAX / 4));
}

// ---- what the kernel says

static void stop(void) {
    (void)raise(SIGSTOP);
}

// One that stops itself; it has stopped when this returns.
static pid_t fork_stopped(void) {
    pid_t child = fork();
    if (child == 0) {
        stop();
        _exit(0);
    }
    int status;
    (void)waitpid(child, &status, WUNTRACED);
    return child;
}

TEST(a_process_waited_what_it_and_its_children_did) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork();
    if (parent == 0) {
        pid_t children[2] = {fork_stopped(), fork_stopped()};
        (void)!write(ends[1], children, sizeof children);
        stop();
        _exit(0);
    }
    pid_t children[2];
    assert_int_equal(read(ends[0], children, sizeof children), sizeof children);
    int status;
    assert_int_equal(waitpid(parent, &status, WUNTRACED), parent);
    say(100, 1);
    uint64_t waited_ms = child_waited_ms(parent);
    (void)kill(children[0], SIGKILL);
    (void)kill(children[1], SIGKILL);
    (void)kill(parent, SIGKILL);
    (void)child_wait(parent);
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_int_equal(waited_ms, 100 + 101 + 102);
}

// Two that share a processor.
static pid_t fork_spinning(void) {
    pid_t child = fork();
    if (child == 0) {
        cpu_set_t all, one;
        CPU_ZERO(&one);
        (void)sched_getaffinity(0, sizeof all, &all);
        size_t cpu = 0;
        while (!CPU_ISSET(cpu, &all)) {
            cpu++;
        }
        CPU_SET(cpu, &one);
        (void)sched_setaffinity(0, sizeof one, &one);
        run_for_ever();
    }
    return child;
}

static uint64_t schedstat_ms(pid_t process) {
    char path[64], line[128], *end;
    (void)snprintf(path, sizeof path, "/proc/%d/schedstat", (int)process);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    (void)strtoull(line, &end, 10); // how long it ran
    return strtoull(end, NULL, 10) / 1000000;
}

TEST(the_kernel_tells_it_in_nanoseconds) {
    pid_t children[2] = {fork_spinning(), fork_spinning()};
    while (schedstat_ms(children[0]) < LIMIT_MS) {
        (void)poll(NULL, 0, 10);
    }
    int status;
    (void)kill(children[0], SIGSTOP);
    (void)waitpid(children[0], &status, WUNTRACED);
    uint64_t expected_ms = schedstat_ms(children[0]);
    uint64_t waited_ms = child_waited_ms(children[0]);
    for (int i = 0; i < 2; i++) {
        (void)kill(children[i], SIGKILL);
        (void)child_wait(children[i]);
    }
    assert_int_equal(waited_ms, expected_ms);
}
