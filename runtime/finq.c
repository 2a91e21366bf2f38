// finq: the queue of finalizers to run, whose entries are reserved when finalizers are set: a sweep
// has nobody to tell that there is no memory.
#include "runtime/runtime_internal.h"

#include "allocator/check.h"

static void finq_lock(struct finq *finq) {
    CHECK_EQUAL(pthread_mutex_lock(&finq->lock), 0);
}

static void finq_unlock(struct finq *finq) {
    CHECK_EQUAL(pthread_mutex_unlock(&finq->lock), 0);
}

// ---- reserve

static void put_free(struct finq *finq, struct finq_entry *entry) {
    finq_lock(finq);
    entry->next = finq->free;
    finq->free = entry;
    finq->free_count++;
    finq_unlock(finq);
}

// A reserved entry; one that nobody reserved when there is none. NULL: no memory. With the queue's
// lock held.
static struct finq_entry *take_free(struct runtime *runtime) {
    struct finq *finq = &runtime->finq;
    struct finq_entry *entry = finq->free;
    if (entry == NULL) {
        return heap_metadata_alloc(runtime->heap, sizeof(*entry));
    }
    finq->free = entry->next;
    finq->free_count--;
    return entry;
}

static size_t free_count(struct finq *finq) {
    finq_lock(finq);
    size_t count = finq->free_count;
    finq_unlock(finq);
    return count;
}

static bool reserve(struct runtime *runtime, size_t entry_count) {
    while (free_count(&runtime->finq) < entry_count) {
        struct finq_entry *entry = pool_alloc(runtime, sizeof(*entry));
        if (entry == NULL) {
            return false;
        }
        put_free(&runtime->finq, entry);
    }
    return true;
}

static void count_finalizer(void *context, const struct finalizer *finalizer) {
    (void)finalizer;
    (*(size_t *)context)++;
}

bool finq_reserve_all(struct runtime *runtime) {
    size_t count = 0;
    heap_stop_world(runtime->heap);
    heap_visit_finalizers(runtime->heap, count_finalizer, &count);
    heap_start_world(runtime->heap);
    runtime->finq.set_count = count;
    return reserve(runtime, count);
}

// ---- set

static void shade_finalizer(struct runtime *runtime, const struct finalizer *finalizer) {
    if (runtime->gc.marking) {
        heap_stop_world(runtime->heap);
        mark_shade(runtime, finalizer->function);
        mark_shade_fields(runtime, finalizer->object);
        heap_start_world(runtime->heap);
    }
}

enum special_status runtime_set_finalizer(struct runtime *runtime,
                                          const struct finalizer *finalizer) {
    runtime_lock(runtime);
    enum special_status status = SPECIAL_NO_MEMORY;
    if (reserve(runtime, runtime->finq.set_count + 1)) {
        status = heap_add_finalizer(runtime->heap, finalizer);
    }
    if (status == SPECIAL_OK) {
        runtime->finq.set_count++;
        shade_finalizer(runtime, finalizer);
    }
    runtime_unlock(runtime);
    return status;
}

// ---- queue and run

// Called by a sweep, in whatever thread.
static void queue(void *context, const struct finalizer *finalizer) {
    struct runtime *runtime = context;
    struct finq *finq = &runtime->finq;
    finq_lock(finq);
    struct finq_entry *entry = take_free(runtime);
    if (entry != NULL) {
        *entry = (struct finq_entry){.finalizer = *finalizer};
        if (finq->last == NULL) {
            finq->first = entry;
        } else {
            finq->last->next = entry;
        }
        finq->last = entry;
    }
    finq_unlock(finq);
}

bool runtime_start_finalizer(struct runtime *runtime, struct finalizer *running) {
    struct finq *finq = &runtime->finq;
    finq_lock(finq);
    struct finq_entry *entry = finq->running == NULL ? finq->first : NULL;
    if (entry != NULL) {
        finq->first = entry->next;
        if (finq->first == NULL) {
            finq->last = NULL;
        }
        entry->next = NULL;
        finq->running = entry;
        *running = entry->finalizer;
    }
    finq_unlock(finq);
    return entry != NULL;
}

void runtime_finish_finalizer(struct runtime *runtime) {
    struct finq *finq = &runtime->finq;
    finq_lock(finq);
    struct finq_entry *entry = finq->running;
    finq->running = NULL;
    finq_unlock(finq);
    if (entry != NULL) {
        put_free(finq, entry);
    }
}

size_t runtime_finalizer_queue_length(const struct runtime *runtime) {
    const struct finq *finq = &runtime->finq;
    size_t length = finq->running == NULL ? 0 : 1;
    for (const struct finq_entry *at = finq->first; at != NULL; at = at->next) {
        length++;
    }
    return length;
}

void runtime_visit_queued_finalizers(const struct runtime *runtime,
                                     void (*visit)(void *context,
                                                   const struct finalizer *finalizer),
                                     void *context) {
    const struct finq *finq = &runtime->finq;
    if (finq->running != NULL) {
        visit(context, &finq->running->finalizer);
    }
    for (const struct finq_entry *at = finq->first; at != NULL; at = at->next) {
        visit(context, &at->finalizer);
    }
}

void finq_init(struct runtime *runtime) {
    CHECK_EQUAL(pthread_mutex_init(&runtime->finq.lock, NULL), 0);
    heap_set_finalizer_queue(runtime->heap, queue, runtime);
}

void finq_fini(struct runtime *runtime) {
    heap_set_finalizer_queue(runtime->heap, NULL, NULL);
    CHECK_EQUAL(pthread_mutex_destroy(&runtime->finq.lock), 0);
}
