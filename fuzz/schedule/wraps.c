// wraps: the calls of pthreads and of the system as points of choice, by --wrap
// (cmake/schedule.cmake).
//
// The mutexes stay what they are, so that one is recursive or not as it was made; who would wait
// for one waits here.
#define _GNU_SOURCE
#include "fuzz/schedule/state.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#define PLACE     ((uintptr_t)__builtin_return_address(0))
#define SECOND_NS UINT64_C(1000000000)

#define WRAP(result, name, ...)                                                                    \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

// ---- mutexes

static void acquire(pthread_mutex_t *mutex) {
    order_acquire((uintptr_t)mutex);
}

static void release(pthread_mutex_t *mutex) {
    order_release_more((uintptr_t)mutex);
    buffer_drain(turns.buffer);
}

WRAP(int, pthread_mutex_trylock, pthread_mutex_t *mutex) {
    if (!turns.is_on) {
        return __real_pthread_mutex_trylock(mutex);
    }
    baton_point_of_locks();
    buffer_drain(turns.buffer);
    int error = __real_pthread_mutex_trylock(mutex);
    if (error == 0) {
        acquire(mutex);
    }
    return error;
}

WRAP(int, pthread_mutex_lock, pthread_mutex_t *mutex) {
    if (!turns.is_on) {
        return __real_pthread_mutex_lock(mutex);
    }
    baton_point_of_locks();
    buffer_drain(turns.buffer);
    int error;
    while ((error = __real_pthread_mutex_trylock(mutex)) == EBUSY) {
        baton_await(mutex);
    }
    acquire(mutex);
    return error;
}

WRAP(int, pthread_mutex_unlock, pthread_mutex_t *mutex) {
    if (!turns.is_on) {
        return __real_pthread_mutex_unlock(mutex);
    }
    release(mutex);
    int error = __real_pthread_mutex_unlock(mutex);
    baton_wake(mutex);
    baton_point_of_locks();
    return error;
}

int __wrap_pthread_cond_wait(pthread_cond_t *lifted, pthread_mutex_t *mutex);
int __wrap_pthread_cond_wait(pthread_cond_t *lifted, pthread_mutex_t *mutex) {
    release(mutex);
    (void)__real_pthread_mutex_unlock(mutex);
    baton_wake(mutex);
    baton_await(lifted);
    return __wrap_pthread_mutex_lock(mutex);
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *lifted);
int __wrap_pthread_cond_broadcast(pthread_cond_t *lifted) {
    baton_wake(lifted);
    return 0;
}

// ---- threads

struct birth {
    void *(*run)(void *context);
    void *context;
    pthread_t handle;
    uintptr_t rounds; // of destructors
};

static struct birth births[SCHEDULE_THREADS];
static pthread_key_t end_key;

// Comes first in each round of destructors: when it comes a third time, those of all others have
// run.
static void end(void *context) {
    struct birth *birth = context;
    if (++birth->rounds < 3) {
        (void)pthread_setspecific(end_key, birth);
    } else {
        baton_end();
    }
}

// The pages of all threads change.
static void before_fork(void) {
    if (turns.is_on) {
        baton_flush_all();
    }
}

static void begin_child(void) {
    if (turns.is_on) {
        baton_forked();
    }
}

// Before anybody else's: before the fork ours is the last to come, in a child the first.
static __attribute__((constructor)) void make_key(void) {
    if (pthread_key_create(&end_key, end) != 0 ||
        pthread_atfork(before_fork, NULL, begin_child) != 0) {
        abort();
    }
}

static void *run(void *context) {
    struct birth *birth = context;
    baton_start((uint32_t)(birth - births));
    (void)pthread_setspecific(end_key, birth);
    return birth->run(birth->context);
}

WRAP(int, pthread_create, pthread_t *handle, const pthread_attr_t *attributes,
     void *(*start)(void *context), void *context) {
    if (!turns.is_on) {
        return __real_pthread_create(handle, attributes, start, context);
    }
    uint32_t id = baton_make();
    if (id == SCHEDULE_THREADS) {
        return EAGAIN;
    }
    buffer_drain(turns.buffer);
    births[id] = (struct birth){.run = start, .context = context};
    int error = __real_pthread_create(handle, attributes, run, &births[id]);
    if (error != 0) {
        baton_unmake(id);
        return error;
    }
    births[id].handle = *handle;
    baton_point();
    return 0;
}

WRAP(int, pthread_join, pthread_t handle, void **result) {
    uint32_t id = 1;
    while (turns.is_on && id < SCHEDULE_THREADS &&
           (births[id].run == NULL || !pthread_equal(births[id].handle, handle))) {
        id++;
    }
    if (turns.is_on && id < SCHEDULE_THREADS) {
        while (!baton_has_ended(id)) {
            baton_await(baton_of(id));
        }
        births[id].run = NULL;
        baton_release(id);
    }
    return __real_pthread_join(handle, result);
}

// ---- time

WRAP(int, sched_yield, void) {
    if (!turns.is_on) {
        return __real_sched_yield();
    }
    baton_yield();
    return 0;
}

WRAP(void, thrd_yield, void) {
    if (!turns.is_on) {
        __real_thrd_yield();
    } else {
        baton_yield();
    }
}

WRAP(int, nanosleep, const struct timespec *time, struct timespec *left) {
    if (!turns.is_on) {
        return __real_nanosleep(time, left);
    }
    baton_sleep((uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_nsec);
    return 0;
}

WRAP(int, clock_gettime, clockid_t clock, struct timespec *now) {
    if (!turns.is_on) {
        return __real_clock_gettime(clock, now);
    }
    uint64_t ns = baton_now_ns();
    *now = (struct timespec){.tv_sec = (time_t)(ns / SECOND_NS), .tv_nsec = (long)(ns % SECOND_NS)};
    return 0;
}

// ---- the system

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
    va_list arguments;
    va_start(arguments, number);
    long first = va_arg(arguments, long);
    long second = va_arg(arguments, long);
    long third = va_arg(arguments, long);
    va_end(arguments);
    if (number != SYS_membarrier || !turns.is_on) {
        return __real_syscall(number, first, second, third);
    }
    if (first == MEMBARRIER_CMD_PRIVATE_EXPEDITED) {
        baton_point();
        baton_flush_all();
        return 0;
    }
    return turns.refuses_membarrier ? -1 : 0;
}

// Others see what was stored before pages change.
static void drain(void) {
    if (turns.is_on) {
        buffer_drain(turns.buffer);
    }
}

WRAP(int, munmap, void *base, size_t size_bytes) {
    drain();
    return __real_munmap(base, size_bytes);
}

WRAP(int, mprotect, void *base, size_t size_bytes, int protection) {
    drain();
    return __real_mprotect(base, size_bytes, protection);
}

WRAP(int, madvise, void *base, size_t size_bytes, int advice) {
    drain();
    return __real_madvise(base, size_bytes, advice);
}

// ---- ranges

// Of the heap: what the harness and the scheduler copy is theirs.
static void watch_range(const void *base, size_t size_bytes, unsigned access, uintptr_t place) {
    if (turns.is_on && size_bytes > 0 && race_is_of_heap((uintptr_t)base)) {
        baton_point();
        buffer_drain(turns.buffer);
        race_check_range((uintptr_t)base, size_bytes, access, place);
    }
}

// Beside an atomic access it is none of the races that are told: malloc's lane asks whose a span
// is, whatever became of it, while the structure of a dead one, which is nobody's, is zeroed once
// more.
WRAP(void *, memset, void *to, int value, size_t size_bytes) {
    watch_range(to, size_bytes, ACCESS_WRITE | ACCESS_ATOMIC, PLACE);
    return __real_memset(to, value, size_bytes);
}

WRAP(void *, memcpy, void *restrict to, const void *restrict from, size_t size_bytes) {
    watch_range(from, size_bytes, ACCESS_READ, PLACE);
    watch_range(to, size_bytes, ACCESS_WRITE, PLACE);
    return __real_memcpy(to, from, size_bytes);
}

WRAP(void *, memmove, void *to, const void *from, size_t size_bytes) {
    watch_range(from, size_bytes, ACCESS_READ, PLACE);
    watch_range(to, size_bytes, ACCESS_WRITE, PLACE);
    return __real_memmove(to, from, size_bytes);
}
