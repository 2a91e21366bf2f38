// lock: a mutex for the heap's few locks, and the order in which they are taken.
//
// Order: world, mcentral (one at a time), special, profile, heap. A later one may be taken with an
// earlier one held, never the other way round. The world's is taken through world_acquire alone.
#ifndef ALLOCATOR_SYSTEM_LOCK_H
#define ALLOCATOR_SYSTEM_LOCK_H

#include "allocator/check.h"

#include <pthread.h>
#include <stdbool.h>

// A mutex that can say whether it is held.
struct lock {
    pthread_mutex_t mutex;
    bool is_held; // guarded by itself: whoever takes the mutex finds it false, who gives it back
                  // true
};

// Makes it free; where it lies it stays. There is no fini: the memory goes with the heap.
static inline void lock_init(struct lock *lock) {
    (void)pthread_mutex_init(&lock->mutex, NULL);
    lock->is_held = false;
}
// Waits until it is free. Does not nest.
static inline void lock_acquire(struct lock *lock) {
    (void)pthread_mutex_lock(&lock->mutex);
    ASSERT(!lock->is_held);
    lock->is_held = true;
}
// Takes it if it is free now; false: it is held.
static inline bool lock_try(struct lock *lock) {
    if (pthread_mutex_trylock(&lock->mutex) != 0) {
        return false;
    }
    ASSERT(!lock->is_held);
    lock->is_held = true;
    return true;
}
// Gives it back, by the thread that took it.
static inline void lock_release(struct lock *lock) {
    ASSERT(lock->is_held);
    lock->is_held = false;
    (void)pthread_mutex_unlock(&lock->mutex);
}

#endif
