// fork: a runtime through a fork, whatever its threads were doing.
//
// Order: the runtime's lock, the world, the heap's locks, the finalizer queue's lock; a sweep takes
// the last inside the world.
#include "runtime/runtime_internal.h"

void runtime_fork_prepare(struct runtime *runtime) {
    runtime_lock(runtime);
    heap_fork_prepare(runtime->heap);
    finq_fork_prepare(runtime);
}

void runtime_fork_parent(struct runtime *runtime) {
    finq_fork_done(runtime);
    heap_fork_parent(runtime->heap);
    runtime_unlock(runtime);
}

void runtime_fork_child(struct runtime *runtime) {
    finq_fork_done(runtime);
    heap_fork_child(runtime->heap);
    // a recursive mutex belongs to a thread's id, and the child's thread has another: it is made
    // anew
    lock_init_recursive(&runtime->lock);
    finq_fork_child(runtime);
    osthreads_fork_child(runtime);
}
