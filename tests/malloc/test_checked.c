// test_checked: the check finds nothing where nothing is wrong, however many spans the program has
// at its end, and takes nothing from the heap that it checks.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "allocator/memstats.h"
#include "tests/malloc/checked.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void *objects[5000];

// Each has a span of its own.
static void make_spans(size_t count) {
    for (size_t i = 0; i < count; i++) {
        objects[i] = malloc(40000);
    }
}

static void free_spans(size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(objects[i]);
    }
}

static void a_process_with_any_number_of_spans_ends_without_a_finding(void **unused) {
    (void)unused;
    for (int count = 1; count <= 130; count++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", count);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)execl("/proc/self/exe", "test_checked", text, (char *)NULL);
            _exit(2);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0) {
            fail_msg("%d spans: status 0x%x", count, (unsigned)status);
        }
    }
}

// The first check of a heap that has grown needs more than any before.
static void a_check_takes_nothing_from_the_heap_that_it_checks(void **unused) {
    (void)unused;
    for (size_t count = 10; count <= sizeof objects / sizeof objects[0]; count *= 5) {
        struct memstats before;
        struct memstats after;
        make_spans(count);
        assert_true(countercheck_malloc_memstats(&before));
        assert_true(countercheck_malloc_check());
        assert_true(countercheck_malloc_memstats(&after));
        assert_int_equal(after.Mallocs, before.Mallocs);
        assert_int_equal(after.Frees, before.Frees);
        assert_int_equal(after.HeapInuse, before.HeapInuse);
        assert_int_equal(after.Sys, before.Sys);
        free_spans(count);
    }
}

int main(int argc, char **argv) {
    if (argc > 1) {
        make_spans(strtoul(argv[1], NULL, 10));
        return 0; // and is checked
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_with_any_number_of_spans_ends_without_a_finding),
        cmocka_unit_test(a_check_takes_nothing_from_the_heap_that_it_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
