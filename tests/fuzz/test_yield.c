// test_yield: a lock is taken as before, and about one time in eight the thread steps aside first.
//
// wrap: pthread_mutex_lock sched_yield
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fuzz/stress/yield.c" // only the command under TSan is linked with it

int __wrap_sched_yield(void);

static size_t yield_count;

int __wrap_sched_yield(void) {
    yield_count++;
    return 0;
}

static void one_lock_in_eight_yields_and_each_is_taken(void **context) {
    (void)context;
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    for (size_t i = 0; i < 8000; i++) {
        assert_int_equal(pthread_mutex_lock(&mutex), 0);
        assert_int_not_equal(pthread_mutex_trylock(&mutex), 0);
        assert_int_equal(pthread_mutex_unlock(&mutex), 0);
    }
    assert_in_range(yield_count, 900, 1100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_lock_in_eight_yields_and_each_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
