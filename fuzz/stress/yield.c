// yield: shifts threads against each other where they are about to take a lock.
//
// Two accesses show as a race only when nothing has ordered them since, and on few cores a thread
// is seldom interrupted in the few instructions between an access and the next lock. Linked into
// the command under TSan alone, by --wrap=pthread_mutex_lock (cmake/command.cmake); it takes no
// lock itself, and nothing atomic, so that it orders nothing.
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#define YIELD_BITS 3 // once in 8 times, at places that are the thread's own

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __real_pthread_mutex_lock(pthread_mutex_t *mutex);

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex) {
    static _Thread_local uint32_t lock_count;
    if (++lock_count * UINT32_C(0x9e3779b9) >> (32 - YIELD_BITS) == 0) {
        (void)sched_yield();
    }
    return __real_pthread_mutex_lock(mutex);
}
