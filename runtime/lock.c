// lock: the runtime's lock, and the clock that it guards.
#define _POSIX_C_SOURCE 200809L // recursive mutexes

#include "runtime/lock.h"

#include "runtime/runtime_internal.h"

#include "allocator/check.h"

#define CLOCK_STEP_NS 1000

void runtime_lock(struct runtime *runtime) {
    int error = pthread_mutex_lock(&runtime->lock);
    CHECK_EQUAL(error, 0);
}

void runtime_unlock(struct runtime *runtime) {
    int error = pthread_mutex_unlock(&runtime->lock);
    CHECK_EQUAL(error, 0);
}

void lock_init_recursive(pthread_mutex_t *lock) {
    pthread_mutexattr_t attributes;
    CHECK_EQUAL(pthread_mutexattr_init(&attributes), 0);
    CHECK_EQUAL(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE), 0);
    CHECK_EQUAL(pthread_mutex_init(lock, &attributes), 0);
    CHECK_EQUAL(pthread_mutexattr_destroy(&attributes), 0);
}

uint64_t runtime_now_ns(struct runtime *runtime) {
    runtime_lock(runtime);
    uint64_t now_ns;
    if (runtime->options.clock_ns != NULL) {
        now_ns = runtime->options.clock_ns(runtime->options.clock_context);
    } else {
        now_ns = runtime->default_clock_ns += CLOCK_STEP_NS;
    }
    runtime_unlock(runtime);
    return now_ns;
}
