// gc: the cycle. Marking stops the world step by step; between the steps the program runs, under
// the barrier.
#include "runtime/pacer.h"
#include "runtime/runtime_internal.h"

#include "allocator/check.h"
#include "allocator/mprof.h"

// ---- roots

// What a finalizer needs when it runs: its function, and all that its object leads to; the object
// itself may die.
static void shade_set(void *context, const struct finalizer *finalizer) {
    struct runtime *runtime = context;
    mark_shade(runtime, finalizer->function);
    mark_shade_fields(runtime, finalizer->object);
}

// Of a cleanup its function alone: what its object leads to goes with it.
static void shade_cleanup(void *context, const struct finalizer *cleanup) {
    mark_shade(context, cleanup->function);
}

static void shade_queued(void *context, const struct finalizer *finalizer) {
    struct runtime *runtime = context;
    mark_shade(runtime, finalizer->function);
    mark_shade(runtime, finalizer->object);
}

static void shade_root(void *context, uintptr_t value) {
    mark_shade(context, value);
}

static void shade_roots(struct runtime *runtime) {
    roots_visit(runtime, shade_root, runtime);
    goroutine_visit_roots(runtime, shade_root, runtime);
    heap_visit_finalizers(runtime->heap, shade_set, runtime);
    heap_visit_cleanups(runtime->heap, shade_cleanup, runtime);
    runtime_visit_queued_finalizers(runtime, shade_queued, runtime);
}

// ---- the cycle

// Stops the world and shades the roots; the time it takes is the cycle's first pause.
static void begin_marking(struct runtime *runtime) {
    struct collector *gc = &runtime->gc;
    uint64_t stopped_ns = runtime_now_ns(runtime);
    heap_stop_world(runtime->heap);
    heap_mark_begin(runtime->heap);
    gc->marking = true;
    shade_roots(runtime);
    heap_start_world(runtime->heap);
    gc->pause_ns = runtime_now_ns(runtime) - stopped_ns;
}

// The queues' memory: places for finalizers, a first work buffer. False: none, nothing changed.
static bool reserve_queues(struct runtime *runtime) {
    size_t set_count;
    size_t missing_count = finq_missing(runtime, &set_count);
    const struct pool_need need = finq_need(missing_count);
    if (!pool_begin(runtime, &need, 1)) {
        return false;
    }
    bool reserved = mark_queue_init(runtime);
    pool_end(runtime, reserved);
    if (reserved) {
        finq_add_places(runtime, missing_count, set_count);
    }
    return reserved;
}

// Finalizers that were set behind the runtime's back while it marked: what dies now is in the sweep
// that follows.
static void reserve_late_places(struct runtime *runtime) {
    size_t set_count;
    size_t missing_count = finq_missing(runtime, &set_count);
    const struct pool_need need = finq_need(missing_count);
    if (pool_reserve(runtime, &need, 1)) {
        finq_add_places(runtime, missing_count, set_count);
    }
}

bool runtime_gc_start(struct runtime *runtime, struct mcache *cache, bool forced) {
    runtime_lock(runtime);
    struct collector *gc = &runtime->gc;
    ASSERT_SLOW(mark_queue_is_valid(&gc->queue, gc->marking));
    bool started = !gc->marking && reserve_queues(runtime);
    if (started) {
        gc->forced = forced;
        heap_sweep_finish(runtime->heap, cache);
        begin_marking(runtime);
    }
    runtime_unlock(runtime);
    return started;
}

bool runtime_gc_mark_step(struct runtime *runtime, size_t object_limit) {
    runtime_lock(runtime);
    bool drained = true;
    if (runtime->gc.marking) {
        heap_stop_world(runtime->heap);
        drained = mark_drain(runtime, object_limit);
        ASSERT_SLOW(mark_queue_is_valid(&runtime->gc.queue, true));
        heap_start_world(runtime->heap);
    }
    runtime_unlock(runtime);
    return drained;
}

// The share of the time since the runtime's creation that its pauses took, on all CPUs alike.
static double pause_share(const struct runtime *runtime, uint64_t now_ns) {
    uint64_t elapsed_ns = now_ns - runtime->created_ns;
    return elapsed_ns == 0 ? 0.0 : (double)runtime->gc.pause_total_ns / (double)elapsed_ns;
}

static void note_cycle(struct runtime *runtime, uint64_t ended_ns) {
    const struct collector *gc = &runtime->gc;
    struct gc_cycle_record record = {
        .pause_ns = gc->pause_ns,
        .end_ns = ended_ns,
        .next_gc_bytes = gc->next_gc_bytes,
        .forced = gc->forced,
        .cpu_fraction = pause_share(runtime, ended_ns),
    };
    heap_note_gc_cycle(runtime->heap, &record);
}

// Mark termination. After Go's gcMarkTermination.
static void end_marking(struct runtime *runtime) {
    struct collector *gc = &runtime->gc;
    uint64_t stopped_ns = runtime_now_ns(runtime);
    heap_stop_world(runtime->heap);
    (void)mark_drain(runtime, SIZE_MAX);
    reserve_late_places(runtime);
    gc->marked_bytes = heap_marked_bytes(runtime->heap);
    gc->next_gc_bytes = pacer_next_gc(runtime);
    heap_mark_end(runtime->heap);
    gc->marking = false;
    mark_queue_fini(runtime);
    ASSERT_SLOW(mark_queue_is_valid(&gc->queue, gc->marking));
    heap_profile_next_cycle(runtime->heap);
    uint64_t ended_ns = runtime_now_ns(runtime);
    gc->pause_ns += ended_ns - stopped_ns;
    gc->pause_total_ns += gc->pause_ns;
    note_cycle(runtime, ended_ns);
    heap_start_world(runtime->heap);
    heap_profile_flush(runtime->heap);
}

bool runtime_gc_finish(struct runtime *runtime, struct mcache *cache) {
    (void)cache; // the flush of all caches takes each one's own
    runtime_lock(runtime);
    bool running = runtime->gc.marking;
    if (running) {
        end_marking(runtime);
    }
    runtime_unlock(runtime);
    return running;
}

bool runtime_collect(struct runtime *runtime, struct mcache *cache, bool sweep) {
    runtime_lock(runtime);
    bool collected = runtime_gc_start(runtime, cache, true);
    if (collected) {
        (void)runtime_gc_finish(runtime, cache);
    }
    if (collected && sweep) {
        heap_sweep_finish(runtime->heap, cache);
    }
    runtime_unlock(runtime);
    return collected;
}

bool runtime_gc_is_marking(const struct runtime *runtime) {
    return runtime->gc.marking;
}
