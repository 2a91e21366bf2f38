// osthread: the records of OS threads, their system stacks, and the caches of real threads.
#include "runtime/runtime_internal.h"

#include "allocator/check.h"

struct osthread_record {
    struct osthread thread; // first
    struct runtime *runtime;
    bool attached; // by runtime_attach: the cache is given back with it
};

// A stack, when asked a cache, and with them room for a record: all or nothing.
static bool obtain(struct runtime *runtime, bool wants_cache, struct osthread *parts) {
    bool needs_record = runtime->osthreads.free == NULL;
    const struct pool_need need = {sizeof(struct osthread_record), needs_record ? 1 : 0};
    heap_begin_transaction(runtime->heap);
    bool complete = pool_reserve(runtime, &need, 1);
    if (complete) {
        parts->stack = heap_map_os_stack(runtime->heap, OSTHREAD_STACK_BYTES);
        complete = parts->stack != NULL;
    }
    if (complete && wants_cache) {
        parts->cache = heap_acquire_cache(runtime->heap);
        complete = parts->cache != NULL;
    }
    heap_end_transaction(runtime->heap, complete);
    return complete;
}

static struct osthread_record *take_record(struct runtime *runtime) {
    struct osthread_table *table = &runtime->osthreads;
    struct osthread_record *record = (struct osthread_record *)table->free;
    if (record != NULL) {
        table->free = record->thread.next;
    } else {
        record = pool_take_reserved(runtime, sizeof(*record));
    }
    return record;
}

static struct osthread *start(struct runtime *runtime, uint64_t process_id, bool wants_cache) {
    struct osthread_table *table = &runtime->osthreads;
    struct osthread parts = {.process_id = process_id};
    if (!obtain(runtime, wants_cache, &parts)) {
        return NULL;
    }
    struct osthread_record *record = take_record(runtime);
    record->runtime = runtime;
    record->attached = wants_cache;
    parts.id = table->next_id++;
    parts.next = table->first;
    record->thread = parts;
    table->first = &record->thread;
    ASSERT(record->thread.stack != NULL);
    ASSERT((record->thread.cache != NULL) == wants_cache);
    return &record->thread;
}

struct osthread *runtime_start_osthread(struct runtime *runtime, uint64_t process_id) {
    runtime_lock(runtime);
    struct osthread *thread = start(runtime, process_id, false);
    runtime_unlock(runtime);
    return thread;
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
    ASSERT(thread->stack != NULL);
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

// At a thread's end, or before. The cache and the record go together, so that nobody sees a record
// whose cache is gone.
static void detach(void *context) {
    struct osthread_record *record = context;
    struct runtime *runtime = record->runtime;
    runtime_lock(runtime);
    heap_release_cache(runtime->heap, record->thread.cache);
    runtime_exit_osthread(runtime, &record->thread);
    runtime_unlock(runtime);
}

static bool obtain_key(struct runtime *runtime) {
    struct osthread_table *table = &runtime->osthreads;
    if (!table->has_key) {
        table->has_key = pthread_key_create(&table->key, detach) == 0;
    }
    return table->has_key;
}

static struct osthread *attach(struct runtime *runtime) {
    if (pthread_setspecific(runtime->osthreads.key, runtime) != 0) { // makes room for it
        return NULL;
    }
    struct osthread *thread = start(runtime, runtime->osthreads.next_id, true);
    CHECK_EQUAL(pthread_setspecific(runtime->osthreads.key, thread), 0);
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

// Nobody is inside a heap call, as the fork was prepared. A thread that somebody started by hand
// has no cache of ours and stays.
void osthreads_fork_child(struct runtime *runtime) {
    struct osthread_table *table = &runtime->osthreads;
    const struct osthread *own = table->has_key ? pthread_getspecific(table->key) : NULL;
    struct osthread *next;
    for (struct osthread *at = table->first; at != NULL; at = next) {
        next = at->next;
        if (at != own && ((struct osthread_record *)at)->attached) {
            detach(at);
        }
    }
}

void osthreads_fini(struct runtime *runtime) {
    if (runtime->osthreads.has_key) {
        CHECK_EQUAL(pthread_key_delete(runtime->osthreads.key), 0);
    }
}
