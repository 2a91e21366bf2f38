// mutexes: pthreads' mutexes, as they are, and a word to who watches this thread's gaps.
//
// Linked in their place by --wrap, in all that runs programs on the Go-like heap. Under TSan
// threads are shifted against each other here, where they are about to take a lock: two accesses
// show as a race only when nothing has ordered them since, and on few cores a thread is seldom
// interrupted in the few instructions between an access and the next lock. Nothing here takes a
// lock itself, or is atomic, so that it orders nothing.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/execute/gap.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>

int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __real_pthread_mutex_trylock(pthread_mutex_t *mutex);
int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);

#ifdef MUTEXES_YIELD // cmake/layers.cmake, under TSan
#define YIELD_BITS 3 // once in 8 times, at places that are the thread's own

static void yield_at_times(void) {
    static _Thread_local uint32_t lock_count;
    if (++lock_count * UINT32_C(0x9e3779b9) >> (32 - YIELD_BITS) == 0) {
        (void)sched_yield();
    }
}
#else
static void yield_at_times(void) {}
#endif

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex) {
    yield_at_times();
    int error = __real_pthread_mutex_lock(mutex);
    if (error == 0 && gap_watched != NULL) {
        gap_taken(mutex);
    }
    return error;
}

int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex) {
    int error = __real_pthread_mutex_trylock(mutex);
    if (error == 0 && gap_watched != NULL) {
        gap_taken(mutex);
    }
    return error;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex) {
    int error = __real_pthread_mutex_unlock(mutex);
    if (gap_watched != NULL) {
        gap_left(mutex);
    }
    return error;
}
