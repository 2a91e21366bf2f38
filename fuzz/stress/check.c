// check: all ledgers together against the heap's account, and the heap's structure and
// scan, whatever the threads have done.
#include "fuzz/stress/state.h"

#include "allocator/collect.h"
#include "allocator/mprof.h"
#include "oracle/go/verify/identities.h"
#include "oracle/go/verify/kernel.h"
#include "oracle/go/verify/scan.h"
#include "oracle/go/verify/verifier.h"
#include "oracle/go/rules.h"

#include <string.h>

// ---- a stopped world

static bool check_stats(struct crew *crew) {
    struct memstats now;
    heap_read_memstats(crew->heap, &now);
    bool clean = identities_check(&crew->book, &now, true) &&
                 (!crew->has_stats || identities_check_since(&crew->book, &crew->stats, &now));
    crew->stats = now;
    crew->has_stats = true;
    return clean;
}

bool crew_check_stopped(struct crew *crew) {
    struct rule_book *book = &crew->book;
    crew->has_scan = false;
    if (!check_stats(crew)) {
        return false;
    }
    if (!view_take(crew->view, crew->heap)) {
        return true; // refused: this round proves nothing
    }
    if (!verifier_check(crew->verifier, book, crew->view, true)) {
        return false;
    }
    scan_heap(crew->scan, crew->view);
    crew->has_scan = true;
    return scan_compare(book, crew->scan, &crew->stats);
}

// ---- the ledgers' sum

// Nothing leads to what was dropped: a whole cycle frees it.
static bool check_reach(struct crew *crew) {
    rule_count(&crew->book, RULE_REACH_KEPT);
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        const struct worker *worker = &crew->workers[i];
        for (uint32_t k = 0; k < worker->dropped_count; k++) {
            if (!worker->dropped[k].lingers) {
                return rule_fail(&crew->book, RULE_REACH_KEPT,
                                 (struct rule_place){.object = worker->dropped[k].base},
                                 "nothing leads to it, and a whole cycle has left it");
            }
        }
    }
    return true;
}

static void add_ledger(struct ledger *sum, const struct ledger *part) {
    for (size_t class = 0; class < SIZE_CLASS_COUNT; class ++) {
        sum->malloc_count[class] += part->malloc_count[class];
        sum->free_count[class] += part->free_count[class];
    }
    sum->large_alloc_bytes += part->large_alloc_bytes;
    sum->large_free_bytes += part->large_free_bytes;
    sum->tiny_hit_count += part->tiny_hit_count;
    sum->finalizers_set += part->finalizers_set;
    sum->finalizers_dropped += part->finalizers_dropped;
    sum->finalizers_run += part->finalizers_run;
}

static bool same(struct crew *crew, unsigned rule, const char *field, uint64_t fast,
                 uint64_t ledger) {
    return rule_equal(&crew->book, rule, field, (struct rule_value){"fast account", fast},
                      (struct rule_value){"ledgers", ledger});
}

static bool check_sums(struct crew *crew, const struct ledger *sum) {
    const struct memstats *fast = &crew->stats;
    uint64_t mallocs = sum->tiny_hit_count;
    uint64_t frees = sum->tiny_hit_count;
    uint64_t total_bytes = sum->large_alloc_bytes;
    uint64_t freed_bytes = sum->large_free_bytes;
    bool clean = true;
    for (size_t class = 0; class < SIZE_CLASS_COUNT; class ++) {
        mallocs += sum->malloc_count[class];
        frees += sum->free_count[class];
        total_bytes += sum->malloc_count[class] * fast->BySize[class].Size;
        freed_bytes += sum->free_count[class] * fast->BySize[class].Size;
        if (class != 0) {
            const struct memstats_by_size *row = &fast->BySize[class];
            clean =
                clean &&
                same(crew, RULE_MODEL_BY_SIZE, "BySize.Mallocs", row->Mallocs,
                     sum->malloc_count[class]) &&
                same(crew, RULE_MODEL_BY_SIZE, "BySize.Frees", row->Frees, sum->free_count[class]);
        }
    }
    return clean && same(crew, RULE_MODEL_FIELD, "Mallocs", fast->Mallocs, mallocs) &&
           same(crew, RULE_MODEL_FIELD, "Frees", fast->Frees, frees) &&
           same(crew, RULE_MODEL_FIELD, "TotalAlloc", fast->TotalAlloc, total_bytes) &&
           same(crew, RULE_MODEL_FIELD, "HeapAlloc", fast->HeapAlloc, total_bytes - freed_bytes) &&
           same(crew, RULE_MODEL_FIELD, "HeapObjects", fast->HeapObjects, mallocs - frees);
}

// ---- memory that is no object, finalizers, samples

static size_t round_up(size_t size_bytes) {
    return (size_bytes + HEAP_PAGE_BYTES - 1) / HEAP_PAGE_BYTES * HEAP_PAGE_BYTES;
}

static bool check_stacks(struct crew *crew) {
    uint64_t inuse_bytes = 0;
    uint64_t os_bytes = OSTHREAD_STACK_BYTES; // the conductor's
    uint64_t cache_count = 1;
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        const struct worker *worker = &crew->workers[i];
        for (size_t k = 0; k < THREADS_GOROUTINES; k++) {
            inuse_bytes += worker->goroutines[k] == NULL ? 0 : worker->goroutines[k]->stack_bytes;
        }
        for (size_t k = 0; k < THREADS_MANUALS; k++) {
            const struct manual *manual = &worker->manuals[k];
            bool counts = manual->base != 0 && manual->stat == MANUAL_STACK;
            inuse_bytes += counts ? manual->page_count * HEAP_PAGE_BYTES : 0;
        }
        for (size_t k = 0; k < THREADS_STACKS; k++) {
            const struct os_stack *stack = &worker->os_stacks[k];
            os_bytes += stack->base == NULL ? 0 : round_up(stack->size_bytes);
        }
        os_bytes += worker->os_thread == NULL ? 0 : OSTHREAD_STACK_BYTES;
        os_bytes += worker->cache == NULL ? 0 : OSTHREAD_STACK_BYTES;
        cache_count += worker->cache != NULL;
    }
    struct inspect_fix fix;
    inspect_fix(crew->heap, INSPECT_FIX_MCACHE, &fix);
    const struct memstats *fast = &crew->stats;
    return same(crew, RULE_MODEL_FIELD, "StackInuse", fast->StackInuse, inuse_bytes) &&
           same(crew, RULE_MODEL_FIELD, "StackSys", fast->StackSys, inuse_bytes + os_bytes) &&
           same(crew, RULE_MODEL_FIELD, "MCacheInuse", fast->MCacheInuse,
                cache_count * fix.block_bytes);
}

static void count_finalizer(void *context, const struct finalizer *finalizer) {
    (void)finalizer;
    (*(uint64_t *)context)++;
}

static bool check_finalizers(struct crew *crew, const struct ledger *sum) {
    uint64_t count = 0;
    heap_visit_finalizers(crew->heap, count_finalizer, &count);
    runtime_visit_queued_finalizers(crew->runtime, count_finalizer, &count);
    return rule_equal(&crew->book, RULE_FINALIZER_SET, "finalizers",
                      (struct rule_value){"set or queued", count},
                      (struct rule_value){"ledgers", sum->finalizers_set - sum->finalizers_dropped -
                                                         sum->finalizers_run});
}

// Between operations alone: the world may stop within one that has moved a span and not yet its
// bytes.
static bool check_pace(struct crew *crew) {
    return !crew->has_scan ||
           scan_compare_live(&crew->book, crew->scan, heap_live_bytes(crew->heap));
}

static void count_sample(void *context, uintptr_t object, uintptr_t bucket) {
    (void)object;
    (void)bucket;
    (*(uint64_t *)context)++;
}

static void add_bucket(void *context, const struct mprof_bucket_record *bucket) {
    *(uint64_t *)context += bucket->alloc_count - bucket->free_count;
}

// When three cycles have published all that was counted, what is sampled and not freed is what is
// there.
static bool check_samples(struct crew *crew) {
    uint64_t live = 0;
    uint64_t counted = 0;
    for (int i = 0; i < 3; i++) {
        heap_profile_next_cycle(crew->heap);
        heap_profile_flush(crew->heap);
    }
    heap_visit_samples(crew->heap, count_sample, &live);
    heap_visit_buckets(crew->heap, add_bucket, &counted);
    return rule_equal(&crew->book, RULE_PROFILE_SAMPLES, "samples",
                      (struct rule_value){"specials", live},
                      (struct rule_value){"allocs - frees", counted});
}

static bool check_contents(struct crew *crew) {
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        const struct worker *worker = &crew->workers[i];
        for (uint32_t k = 0; k < worker->held_count; k++) {
            if (!contents_verify(&crew->book, worker->held[k], worker->held[k]->size_bytes,
                                 CONTENTS_WHOLE)) {
                return false;
            }
        }
    }
    for (size_t i = 0; i < THREADS_MAILBOXES; i++) {
        const struct object *object = atomic_load(&crew->mailboxes[i]);
        if (object != NULL &&
            !contents_verify(&crew->book, object, object->size_bytes, CONTENTS_WHOLE)) {
            return false;
        }
    }
    return true;
}

// ---- the barrier

static bool check_kernel(struct crew *crew) {
    struct memstats fast;
    heap_read_memstats(crew->heap, &fast);
    return kernel_check(&crew->book, crew->view, inspect_is_cold(crew->heap), &fast);
}

static bool check_all(struct crew *crew, struct barrier barrier) {
    struct ledger sum = {.tiny_hit_count = 0};
    if (!crew_check_stopped(crew)) {
        return false;
    }
    enum freed_check freed = crew_find_freed(crew);
    if (freed != FREED_KNOWN) {
        return freed == FREED_NO_MEMORY;
    }
    if (barrier.collects && !check_reach(crew)) {
        return false;
    }
    add_ledger(&sum, &crew->collected);
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        add_ledger(&sum, &crew->workers[i].ledger);
    }
    return check_sums(crew, &sum) && check_pace(crew) && check_stacks(crew) &&
           check_finalizers(crew, &sum) && check_samples(crew) && check_contents(crew) &&
           (!barrier.asks_kernel || check_kernel(crew));
}

bool crew_check(struct crew *crew, struct barrier barrier) {
    if (barrier.collects) {
        barrier.collects = runtime_collect(crew->runtime, crew->cache, true);
        crew->report->cycle_count += barrier.collects;
    }
    if (barrier.dumps && !crew_dump(crew)) {
        return false;
    }
    runtime_stop_world(crew->runtime);
    bool clean = check_all(crew, barrier);
    runtime_start_world(crew->runtime);
    crew->report->barrier_count++;
    crew_take_finding(crew, &crew->book);
    return clean;
}

// ---- the end

static bool is_zero(struct crew *crew, const char *field, uint64_t value) {
    return same(crew, RULE_MODEL_FIELD, field, value, 0);
}

static void empty_mailboxes(struct crew *crew) {
    for (size_t i = 0; i < THREADS_MAILBOXES; i++) {
        struct object *object = atomic_exchange(&crew->mailboxes[i], NULL);
        if (object != NULL) {
            *(uintptr_t *)object->anchor = 0;
            (void)heap_free(crew->heap, crew->cache, (void *)object->address);
            ledger_free(&crew->collected, object->size_class, object->element_bytes);
            crew->collected.finalizers_dropped += object->finalized;
        }
    }
}

bool crew_check_empty(struct crew *crew) {
    struct finalizer running;
    bool collected = true;
    empty_mailboxes(crew);
    // a finalizer keeps its object for a cycle, and what that leads to
    for (int i = 0; i < 4; i++) {
        collected = runtime_collect(crew->runtime, crew->cache, true) && collected;
        while (runtime_start_finalizer(crew->runtime, &running)) {
            runtime_finish_finalizer(crew->runtime);
            crew->collected.finalizers_run++;
        }
    }
    heap_flush_cache(crew->heap, crew->cache);
    bool clean = crew_check(crew, (struct barrier){.dumps = true, .asks_kernel = true});
    const struct memstats *fast = &crew->stats;
    if (clean && collected) { // else there is no memory even for a cycle
        clean = is_zero(crew, "HeapObjects", fast->HeapObjects) &&
                is_zero(crew, "HeapAlloc", fast->HeapAlloc) &&
                is_zero(crew, "HeapInuse", fast->HeapInuse) &&
                is_zero(crew, "StackInuse", fast->StackInuse);
    }
    crew_take_finding(crew, &crew->book);
    return clean;
}
