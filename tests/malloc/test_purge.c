// test_purge: what a burst leaves goes back to the system while the program allocates a little;
// what it takes again and again stays; the statistics say both.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "allocator/memstats.h"
#include "malloc/purge.h"
#include "tests/malloc/checked.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct memstats now(void) {
    struct memstats stats;
    assert_true(countercheck_malloc_memstats(&stats));
    return stats;
}

static size_t resident_bytes(void) {
    char text[128], *end;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    (void)fclose(file);
    (void)strtoul(text, &end, 10); // all that is mapped
    return strtoul(end, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static void wait_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0) {
    }
}

static double seconds(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// ---- bursts

static const struct burst {
    size_t count, least_bytes, most_bytes;
} bursts[] = {
    {3000000, 64, 127},
    {400, 1 << 20, 1 << 20},
    {300000, 1000, 1000},
};

static void *objects[3000000];

static bool fill(const struct burst *burst) {
    size_t size_bytes = burst->least_bytes;
    for (size_t i = 0; i < burst->count; i++) {
        objects[i] = malloc(size_bytes);
        if (objects[i] == NULL) {
            return false;
        }
        memset(objects[i], 1, size_bytes);
        size_bytes += size_bytes == burst->most_bytes ? burst->least_bytes - size_bytes : 1;
    }
    return true;
}

static void *empty(void *context) {
    const struct burst *burst = context;
    for (size_t i = 0; i < burst->count; i++) {
        free(objects[i]);
    }
    return NULL;
}

// Three seconds with a few small objects in each twentieth of one.
static void rest(void) {
    double end = seconds() + 3;
    while (seconds() < end) {
        for (size_t size_bytes = 16; size_bytes < 400; size_bytes += 37) {
            free(malloc(size_bytes));
        }
        wait_ms(50);
    }
}

enum { HALF = 0, MORE_THAN_HALF = 1, FAILED = 2 };

// Whether half of the peak is gone after three seconds, and the statistics say how much.
static int burst_and_rest(const struct burst *burst, bool by_thread) {
    if (!fill(burst)) {
        return FAILED;
    }
    size_t peak_bytes = resident_bytes();
    pthread_t thread;
    if (!by_thread) {
        (void)empty((void *)(uintptr_t)burst);
    } else if (pthread_create(&thread, NULL, empty, (void *)(uintptr_t)burst) != 0 ||
               pthread_join(thread, NULL) != 0) {
        return FAILED;
    }
    rest();
    struct memstats stats;
    if (!countercheck_malloc_memstats(&stats) || !countercheck_malloc_check()) {
        return FAILED;
    }
    bool is_told = stats.HeapIdle - stats.HeapReleased <= peak_bytes / 8 &&
                   stats.HeapReleased >= peak_bytes / 2;
    return resident_bytes() <= peak_bytes / 2 && is_told ? HALF : MORE_THAN_HALF;
}

static pid_t begin_again(const char *number, const char *by_thread) {
    pid_t child = fork();
    if (child == 0) {
        (void)execl("/proc/self/exe", "test_purge", number, by_thread, (char *)NULL);
        _exit(FAILED);
    }
    return child;
}

static void expect_half(size_t first, const char *by_thread) {
    static const char *const numbers[] = {"0", "1", "2"};
    pid_t children[3];
    for (size_t i = first; i < 3; i++) {
        children[i] = begin_again(numbers[i], by_thread);
        assert_true(children[i] > 0);
    }
    for (size_t i = first; i < 3; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

static void what_a_burst_leaves_goes_back_within_three_seconds(void **unused) {
    (void)unused;
    expect_half(0, "0");
}

static void so_does_what_another_thread_has_freed(void **unused) {
    (void)unused;
    expect_half(1, "1");
}

// ---- what stays

static void *large[64];

static void take_and_give(void) {
    for (size_t i = 0; i < 64; i++) {
        large[i] = malloc((size_t)256 << 10);
        assert_non_null(large[i]);
    }
    for (size_t i = 0; i < 64; i++) {
        free(large[i]);
    }
}

static void what_is_taken_again_at_once_stays(void **unused) {
    (void)unused;
    take_and_give();
    uint64_t released_bytes = now().HeapReleased;
    double end = seconds() + 2;
    while (seconds() < end) {
        take_and_give();
    }
    // 16 MiB were idle at times and never for long
    assert_true(now().HeapReleased <= released_bytes + ((uint64_t)4 << 20));
}

static void a_child_of_fork_gives_back_as_well(void **unused) {
    (void)unused;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        take_and_give();
        rest();
        struct memstats stats;
        bool is_idle = countercheck_malloc_memstats(&stats) &&
                       stats.HeapIdle - stats.HeapReleased > 2 * PURGE_KEPT_BYTES;
        _exit(is_idle ? 1 : 0);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(int argc, char **argv) {
    if (argc > 2) {
        return burst_and_rest(&bursts[strtoul(argv[1], NULL, 10) % 3], argv[2][0] == '1');
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_burst_leaves_goes_back_within_three_seconds),
        cmocka_unit_test(so_does_what_another_thread_has_freed),
        cmocka_unit_test(what_is_taken_again_at_once_stays),
        cmocka_unit_test(a_child_of_fork_gives_back_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
