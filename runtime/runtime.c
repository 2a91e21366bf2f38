// runtime: the instance: how it begins, ends, and goes through a fork. Each of its parts has a file
// of its own.
#include "runtime/pacer.h"
#include "runtime/runtime_internal.h"

#include "allocator/check.h"

static bool options_init(struct runtime *runtime, const struct runtime_options *options) {
    if (options != NULL) {
        runtime->options = *options;
    }
    struct runtime_options *own = &runtime->options;
    own->cpu_count = own->cpu_count == 0 ? 1 : own->cpu_count;
    const char *version = own->go_version == NULL ? "countercheck" : own->go_version;
    const struct pool_need need = {pool_string_bytes(version), 1};
    bool reserved = pool_reserve(runtime, &need, 1);
    own->go_version = reserved ? pool_copy_string(runtime, version) : NULL;
    return reserved;
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

static void take_up(struct runtime *runtime, const struct runtime_start *start) {
    uint64_t now_ns = runtime_now_ns(runtime);
    runtime->options.start = NULL;
    runtime->created_ns = start == NULL ? now_ns : start->created_ns;
    if (start != NULL) {
        CHECK(start->created_ns <= now_ns);
        CHECK(start->pause_total_ns <= now_ns - start->created_ns);
        runtime->gc.pause_total_ns = start->pause_total_ns;
        runtime->goroutines.last_id = start->goroutine_count;
        runtime->osthreads.next_id = start->osthread_count;
    }
}

struct runtime *runtime_create(struct heap *heap, const struct runtime_options *options) {
    heap_begin_transaction(heap);
    struct runtime *runtime = obtain(heap, options);
    heap_end_transaction(heap, runtime != NULL);
    if (runtime == NULL) {
        return NULL;
    }
    lock_init_recursive(&runtime->lock);
    finq_init(runtime);
    pacer_init(runtime);
    take_up(runtime, runtime->options.start);
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

void runtime_stop_world(struct runtime *runtime) {
    runtime_lock(runtime);
    heap_stop_world(runtime->heap);
}

void runtime_start_world(struct runtime *runtime) {
    heap_start_world(runtime->heap);
    runtime_unlock(runtime);
}

bool runtime_is_sound(const struct runtime *runtime) {
    bool sound = pool_is_valid(&runtime->pool);
    sound &= finq_is_valid(&runtime->finq);
    sound &= mark_queue_is_valid(&runtime->gc.queue, runtime->gc.marking);
    for (const struct goroutine *g = runtime->goroutines.first; g != NULL; g = g->next) {
        sound &= goroutine_is_valid(g);
    }
    return sound;
}

// ---- through a fork, whatever the other threads were doing
//
// Order: the runtime's lock, the world, the heap's locks, the finalizer queue's lock; a sweep takes
// the last inside the world.

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
