// runtime: the instance: options, clock and lock; what else it consists of stands in a file of its
// own each.
#define _POSIX_C_SOURCE 200809L // recursive mutexes

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

static bool options_init(struct runtime *runtime, const struct runtime_options *options) {
    if (options != NULL) {
        runtime->options = *options;
    }
    struct runtime_options *own = &runtime->options;
    own->cpu_count = own->cpu_count == 0 ? 1 : own->cpu_count;
    own->go_version =
        pool_copy_string(runtime, own->go_version == NULL ? "countercheck" : own->go_version);
    return own->go_version != NULL;
}

// Everything that it begins with. NULL: no memory.
static struct runtime *obtain(struct heap *heap, const struct runtime_options *options) {
    struct runtime *runtime = heap_metadata_alloc(heap, sizeof(*runtime));
    if (runtime != NULL) {
        runtime->heap = heap;
    }
    bool complete = runtime != NULL && options_init(runtime, options) && roots_init(runtime);
    return complete ? runtime : NULL;
}

struct runtime *runtime_create(struct heap *heap, const struct runtime_options *options) {
    heap_begin_attempt(heap);
    struct runtime *runtime = obtain(heap, options);
    heap_end_attempt(heap, runtime != NULL);
    if (runtime == NULL) {
        return NULL;
    }
    lock_init_recursive(&runtime->lock);
    finq_init(runtime);
    pacer_init(runtime);
    runtime->created_ns = runtime_now_ns(runtime);
    return runtime;
}

void runtime_destroy(struct runtime *runtime) {
    osthreads_fini(runtime);
    finq_fini(runtime);
    CHECK_EQUAL(pthread_mutex_destroy(&runtime->lock), 0);
}

struct heap *runtime_heap(const struct runtime *runtime) {
    return runtime->heap;
}

const struct runtime_options *runtime_options(const struct runtime *runtime) {
    return &runtime->options;
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

void runtime_stop_world(struct runtime *runtime) {
    runtime_lock(runtime);
    heap_stop_world(runtime->heap);
}

void runtime_start_world(struct runtime *runtime) {
    heap_start_world(runtime->heap);
    runtime_unlock(runtime);
}
