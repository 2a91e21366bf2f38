// osthread: the records of OS threads, their system stacks, and the caches of real threads.
#include "runtime/runtime_internal.h"

#include "allocator/check.h"

struct osthread_record {
    struct osthread thread; // first
    struct runtime *runtime;
};

struct osthread *runtime_start_osthread(struct runtime *runtime, uint64_t process_id) {
    runtime_lock(runtime);
    struct osthread_table *table = &runtime->osthreads;
    struct osthread_record *record = (struct osthread_record *)table->free;
    if (record != NULL) {
        table->free = record->thread.next;
    } else {
        record = pool_alloc(runtime, sizeof(*record));
    }
    void *stack = record == NULL ? NULL : heap_map_os_stack(runtime->heap, OSTHREAD_STACK_BYTES);
    if (stack == NULL && record != NULL) {
        record->thread.next = table->free;
        table->free = &record->thread;
        record = NULL;
    }
    if (record != NULL) {
        record->runtime = runtime;
        record->thread = (struct osthread){
            .id = table->next_id++,
            .process_id = process_id,
            .stack = stack,
            .next = table->first,
        };
        table->first = &record->thread;
    }
    runtime_unlock(runtime);
    return record == NULL ? NULL : &record->thread;
}

static struct osthread **link_of(struct osthread_table *table, const struct osthread *thread) {
    struct osthread **link = &table->first;
    while (*link != thread) {
        if (*link == NULL) {
            check_misuse("exit of a thread that is not there", (uintptr_t)thread);
        }
        link = &(*link)->next;
    }
    return link;
}

static void leave_goroutines(struct runtime *runtime, const struct osthread *thread) {
    for (struct goroutine *g = runtime->goroutines.first; g != NULL; g = g->next) {
        if (g->thread == thread) {
            g->thread = NULL;
        }
    }
}

void runtime_exit_osthread(struct runtime *runtime, struct osthread *thread) {
    runtime_lock(runtime);
    struct osthread_table *table = &runtime->osthreads;
    *link_of(table, thread) = thread->next;
    leave_goroutines(runtime, thread);
    heap_unmap_os_stack(runtime->heap, thread->stack, OSTHREAD_STACK_BYTES);
    thread->stack = NULL;
    thread->cache = NULL;
    thread->next = table->free;
    table->free = thread;
    runtime_unlock(runtime);
}

const struct osthread *runtime_first_osthread(const struct runtime *runtime) {
    return runtime->osthreads.first;
}

// ---- real threads

static void detach(void *context) {
    struct osthread_record *record = context;
    heap_release_cache(record->runtime->heap, record->thread.cache);
    runtime_exit_osthread(record->runtime, &record->thread);
}

static bool obtain_key(struct runtime *runtime) {
    struct osthread_table *table = &runtime->osthreads;
    if (!table->has_key) {
        table->has_key = pthread_key_create(&table->key, detach) == 0;
    }
    return table->has_key;
}

static struct osthread *attach(struct runtime *runtime) {
    struct osthread *thread = runtime_start_osthread(runtime, runtime->osthreads.next_id);
    if (thread == NULL) {
        return NULL;
    }
    bool known = pthread_setspecific(runtime->osthreads.key, thread) == 0;
    thread->cache = known ? heap_acquire_cache(runtime->heap) : NULL;
    if (thread->cache == NULL) {
        (void)pthread_setspecific(runtime->osthreads.key, NULL);
        runtime_exit_osthread(runtime, thread);
        return NULL;
    }
    return thread;
}

struct mcache *runtime_attach(struct runtime *runtime) {
    struct osthread *thread = NULL;
    runtime_lock(runtime);
    if (obtain_key(runtime)) {
        thread = pthread_getspecific(runtime->osthreads.key);
        if (thread == NULL) {
            thread = attach(runtime);
        }
    }
    runtime_unlock(runtime);
    return thread == NULL ? NULL : thread->cache;
}

void runtime_detach(struct runtime *runtime) {
    struct osthread *thread = NULL;
    runtime_lock(runtime);
    if (runtime->osthreads.has_key) {
        thread = pthread_getspecific(runtime->osthreads.key);
    }
    if (thread != NULL) {
        (void)pthread_setspecific(runtime->osthreads.key, NULL);
        detach(thread);
    }
    runtime_unlock(runtime);
}

void osthreads_fini(struct runtime *runtime) {
    if (runtime->osthreads.has_key) {
        CHECK_EQUAL(pthread_key_delete(runtime->osthreads.key), 0);
    }
}
