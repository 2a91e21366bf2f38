// finq: the queue of finalizers to run, whose entries are reserved when finalizers are set: a sweep
// has nobody to tell that there is no memory.
#include "runtime/finq_internal.h"

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

// A reserved entry; NULL: a finalizer was set behind the runtime's back, and there was no memory.
// With the queue's lock held.
static struct finq_entry *take_free(struct finq *finq) {
    struct finq_entry *entry = finq->free;
    if (entry != NULL) {
        finq->free = entry->next;
        finq->free_count--;
    }
    return entry;
}

static size_t free_count(struct finq *finq) {
    finq_lock(finq);
    size_t count = finq->free_count;
    finq_unlock(finq);
    return count;
}

static size_t missing_for(struct finq *finq, size_t wanted_count) {
    size_t count = free_count(finq);
    return count < wanted_count ? wanted_count - count : 0;
}

static void count_finalizer(void *context, const struct finalizer *finalizer) {
    (void)finalizer;
    (*(size_t *)context)++;
}

size_t finq_missing(struct runtime *runtime, size_t *set_count) {
    struct finq *finq = &runtime->finq;
    size_t count = 0;
    heap_stop_world(runtime->heap);
    heap_visit_finalizers(runtime->heap, count_finalizer, &count);
    heap_visit_cleanups(runtime->heap, count_finalizer, &count);
    heap_start_world(runtime->heap);
    *set_count = count;
    finq->set_count = count < finq->set_count ? count : finq->set_count;
    return missing_for(finq, count);
}

struct pool_need finq_need(size_t missing_count) {
    return (struct pool_need){sizeof(struct finq_entry), missing_count};
}

void finq_add_places(struct runtime *runtime, size_t missing_count, size_t set_count) {
    for (size_t i = 0; i < missing_count; i++) {
        put_free(&runtime->finq, pool_take_reserved(runtime, sizeof(struct finq_entry)));
    }
    runtime->finq.set_count = set_count;
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

// Hangs it on its object by `add`, and has a place in the queue for it.
static enum special_status
set_with_place(struct runtime *runtime, const struct finalizer *finalizer,
               enum special_status (*add)(struct heap *, const struct finalizer *)) {
    size_t missing_count = missing_for(&runtime->finq, runtime->finq.set_count + 1);
    const struct pool_need need = finq_need(missing_count);
    if (missing_count > 0 && !heap_sweep_object(runtime->heap, finalizer->object)) {
        return SPECIAL_NO_OBJECT;
    }
    if (!pool_begin(runtime, &need, 1)) {
        return SPECIAL_NO_MEMORY;
    }
    enum special_status status = add(runtime->heap, finalizer);
    pool_end(runtime, status == SPECIAL_OK);
    if (status == SPECIAL_OK) {
        finq_add_places(runtime, missing_count, runtime->finq.set_count + 1);
    }
    return status;
}

enum special_status runtime_set_finalizer(struct runtime *runtime,
                                          const struct finalizer *finalizer) {
    runtime_lock(runtime);
    enum special_status status = set_with_place(runtime, finalizer, heap_add_finalizer);
    if (status == SPECIAL_OK) {
        shade_finalizer(runtime, finalizer);
    }
    runtime_unlock(runtime);
    return status;
}

enum special_status runtime_add_cleanup(struct runtime *runtime, const struct finalizer *cleanup) {
    runtime_lock(runtime);
    enum special_status status = set_with_place(runtime, cleanup, heap_add_cleanup);
    if (status == SPECIAL_OK && runtime->gc.marking) {
        heap_stop_world(runtime->heap);
        mark_shade(runtime, cleanup->function);
        heap_start_world(runtime->heap);
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
    struct finq_entry *entry = take_free(finq);
    if (entry != NULL) {
        *entry = (struct finq_entry){.finalizer = *finalizer};
        if (finq->last == NULL) {
            finq->first = entry;
        } else {
            finq->last->next = entry;
        }
        finq->last = entry;
    }
    ASSERT_SLOW(finq_is_valid(finq));
    finq_unlock(finq);
}

// Under the runtime's lock too, which everybody holds who walks the queue: a stopped world holds up
// those who queue, since they sweep, but not those who run what is queued.
bool runtime_start_finalizer(struct runtime *runtime, struct finalizer *running) {
    struct finq *finq = &runtime->finq;
    runtime_lock(runtime);
    finq_lock(finq);
    struct finq_entry *entry = finq->running == NULL ? finq->first : NULL;
    if (entry != NULL) {
        finq->first = entry->next;
        if (finq->first == NULL) {
            finq->last = NULL;
        }
        entry->next = NULL;
        finq->running = entry;
        finq->runner = pthread_self();
        *running = entry->finalizer;
    }
    ASSERT_SLOW(finq_is_valid(finq));
    finq_unlock(finq);
    runtime_unlock(runtime);
    return entry != NULL;
}

void runtime_finish_finalizer(struct runtime *runtime) {
    struct finq *finq = &runtime->finq;
    runtime_lock(runtime);
    finq_lock(finq);
    struct finq_entry *entry = finq->running;
    finq->running = NULL;
    finq_unlock(finq);
    if (entry != NULL) {
        put_free(finq, entry);
    }
    runtime_unlock(runtime);
}

// Entries of a list, at most `most`.
static size_t count_entries(const struct finq_entry *at, size_t most) {
    size_t count = 0;
    while ((at != NULL) & (count < most)) {
        at = at->next;
        count++;
    }
    return count;
}

size_t runtime_finalizer_queue_length(const struct runtime *runtime) {
    const struct finq *finq = &runtime->finq;
    size_t length = finq->running == NULL ? 0 : 1;
    return length + count_entries(finq->first, SIZE_MAX);
}

size_t runtime_finalizer_place_count(const struct runtime *runtime) {
    return runtime_finalizer_queue_length(runtime) + count_entries(runtime->finq.free, SIZE_MAX);
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

void finq_fork_prepare(struct runtime *runtime) {
    finq_lock(&runtime->finq);
}

void finq_fork_done(struct runtime *runtime) {
    finq_unlock(&runtime->finq);
}

void finq_fork_child(struct runtime *runtime) {
    struct finq *finq = &runtime->finq;
    if (finq->running != NULL && !pthread_equal(finq->runner, pthread_self())) {
        finq->running->next = finq->first;
        finq->first = finq->running;
        finq->last = finq->last == NULL ? finq->running : finq->last;
        finq->running = NULL;
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

// ---- validity: all is looked at, so that no order of the invariants hides one

// Whether a list ends in `last` (NULL: it is empty), and is no ring: the slow one is never met
// again.
static bool ends_in(const struct finq_entry *first, const struct finq_entry *last) {
    const struct finq_entry *end = NULL;
    const struct finq_entry *slow = first;
    bool is_odd = false;
    for (const struct finq_entry *at = first; at != NULL; at = at->next) {
        end = at;
        slow = is_odd ? slow->next : slow;
        is_odd = !is_odd;
        if (at->next == slow) {
            return false;
        }
    }
    return end == last;
}

bool finq_is_valid(const struct finq *finq) {
    if (!ends_in(finq->first, finq->last)) { // Q1; what follows counts
        return false;
    }
    size_t place_count = count_entries(finq->free, finq->free_count + 1);
    bool valid = place_count == finq->free_count; // Q2
    place_count += count_entries(finq->first, SIZE_MAX) + (finq->running != NULL);
    valid &= finq->set_count <= place_count; // Q4
    if (finq->running != NULL) {             // Q3
        valid &= (finq->running->next == NULL) & (finq->running != finq->first) &
                 (finq->running != finq->free);
    }
    return valid;
}
