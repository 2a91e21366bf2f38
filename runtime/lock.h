// lock: the runtime's lock, which is recursive, and the clock that it guards.
#ifndef RUNTIME_LOCK_H
#define RUNTIME_LOCK_H

#include <pthread.h>

struct runtime;

// With a fork in mind: makes the lock, or makes it anew.
void lock_init_recursive(pthread_mutex_t *lock);

// Held by every call that changes what the runtime keeps, and taken before the world is stopped.
void runtime_lock(struct runtime *runtime);
void runtime_unlock(struct runtime *runtime);

#endif
