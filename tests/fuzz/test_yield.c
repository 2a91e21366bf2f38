// test_yield: a lock is taken as before, and about one time in eight the thread steps aside first.
//
// wrap: pthread_mutex_lock sched_yield
#include "tests/test.h"

#include "fuzz/stress/yield.c" // only the command under TSan is linked with it

int __wrap_sched_yield(void);

static size_t yield_count;

int __wrap_sched_yield(void) {
    yield_count++;
    return 0;
}

TEST(one_lock_in_eight_yields_and_each_is_taken) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    for (size_t i = 0; i < 8000; i++) {
        assert_int_equal(pthread_mutex_lock(&mutex), 0);
        assert_int_not_equal(pthread_mutex_trylock(&mutex), 0);
        assert_int_equal(pthread_mutex_unlock(&mutex), 0);
    }
    assert_in_range(yield_count, 900, 1100);
}
