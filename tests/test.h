// test: a test stands where it is written and is listed nowhere; main() runs those of a program in
// their order.
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// What is done before and after; either may be NULL.
struct test_fixture {
    int (*setup)(void **state);
    int (*teardown)(void **state);
};

// Called before main() by the macros below.
void test_add(const char *name, void (*run)(void **state), const struct test_fixture *own,
              int line);
void test_fixture(struct test_fixture each);
void test_group(struct test_fixture all);

#define TEST_BEFORE_MAIN(name) __attribute__((constructor)) static void name(void)
#define TEST_ADDED(name, own)                                                                      \
    static void name(void **state);                                                                \
    TEST_BEFORE_MAIN(name##_is_added) {                                                            \
        test_add(#name, name, own, __LINE__);                                                      \
    }                                                                                              \
    static void name(__attribute__((unused)) void **state)

// TEST(sentence) { ... }: a test, with the program's fixture; `state` is the fixture's.
#define TEST(name) TEST_ADDED(name, NULL)
// One with a fixture of its own.
#define TEST_WITH(name, setup, teardown)                                                           \
    TEST_ADDED(name, (&(const struct test_fixture){setup, teardown}))
// The fixture of each test of the program, and of all of them together.
#define TEST_FIXTURE(setup, teardown)                                                              \
    TEST_BEFORE_MAIN(test_fixture_is_set) {                                                        \
        test_fixture((struct test_fixture){setup, teardown});                                      \
    }
#define TEST_GROUP(setup, teardown)                                                                \
    TEST_BEFORE_MAIN(test_group_is_set) {                                                          \
        test_group((struct test_fixture){setup, teardown});                                        \
    }

#endif
