// test: gathers the tests before main() and hands them to cmocka.
#include "tests/test.h"

#include <stdbool.h>
#include <stdlib.h>

#define TESTS_MAX 128

static struct test {
    struct CMUnitTest unit;
    int line;
    bool has_own;
} tests[TESTS_MAX];
static size_t test_count;
static struct test_fixture fixture, group;

void test_add(const char *name, void (*run)(void **state), const struct test_fixture *own,
              int line) {
    if (test_count == TESTS_MAX) {
        abort();
    }
    tests[test_count++] = (struct test){
        .unit = {.name = name,
                 .test_func = run,
                 .setup_func = own == NULL ? NULL : own->setup,
                 .teardown_func = own == NULL ? NULL : own->teardown},
        .line = line,
        .has_own = own != NULL,
    };
}

void test_fixture(struct test_fixture each) {
    fixture = each;
}

void test_group(struct test_fixture all) {
    group = all;
}

// Compilers call what comes before main() in any order.
static int by_line(const void *a, const void *b) {
    return ((const struct test *)a)->line - ((const struct test *)b)->line;
}

int main(void) {
    struct CMUnitTest units[TESTS_MAX];
    qsort(tests, test_count, sizeof tests[0], by_line);
    for (size_t i = 0; i < test_count; i++) {
        units[i] = tests[i].unit;
        if (!tests[i].has_own) {
            units[i].setup_func = fixture.setup;
            units[i].teardown_func = fixture.teardown;
        }
    }
    return _cmocka_run_group_tests("tests", units, test_count, group.setup, group.teardown);
}
