// test_mutexes: a lock is taken as before, about one time in eight the thread steps aside first,
// and who watches hears when the last one is given back.
//
// wrap: sched_yield
// holds: fuzz/execute/gap.c
#include "tests/test.h"

#define MUTEXES_YIELD // as under TSan
#include "fuzz/execute/mutexes.c"

int __wrap_sched_yield(void);

static size_t yield_count, gap_count;
static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_mutex_t *const outer = &locks[0], *const inner = &locks[1];
static pthread_mutex_t foreign = PTHREAD_MUTEX_INITIALIZER;

int __wrap_sched_yield(void) {
    yield_count++;
    return 0;
}

TEST(one_lock_in_eight_yields_and_each_is_taken) {
    for (size_t i = 0; i < 8000; i++) {
        assert_int_equal(pthread_mutex_lock(outer), 0);
        assert_int_not_equal(pthread_mutex_trylock(outer), 0);
        assert_int_equal(pthread_mutex_unlock(outer), 0);
    }
    assert_in_range(yield_count, 900, 1100);
}

static void visit(void *context) {
    assert_ptr_equal(context, &gap_count);
    gap_count++;
}

TEST(a_gap_is_where_the_last_lock_is_given_back) {
    struct gap_watch watch = {.visit = visit,
                              .context = &gap_count,
                              .base = (uintptr_t)locks,
                              .size_bytes = sizeof locks};
    gap_begin(&watch);
    (void)pthread_mutex_lock(outer);
    (void)pthread_mutex_trylock(outer); // refused: nothing is taken
    (void)pthread_mutex_trylock(inner);
    (void)pthread_mutex_unlock(outer);
    assert_int_equal(gap_count, 0);
    (void)pthread_mutex_unlock(inner);
    assert_int_equal(gap_count, 1);
    (void)pthread_mutex_lock(&foreign);
    (void)pthread_mutex_unlock(&foreign);
    assert_int_equal(gap_count, 1);
    gap_end();
    (void)pthread_mutex_lock(outer);
    (void)pthread_mutex_unlock(outer);
    assert_int_equal(gap_count, 1);
}
