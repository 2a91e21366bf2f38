// pacer: how large the heap may grow before the next cycle.
#include "runtime/pacer.h"

#include "runtime/runtime_internal.h"

#define PERCENT_DEFAULT 100
#define HEAP_MIN_BYTES  ((uint64_t)4 << 20) // at 100 %, as Go's heapMinimum

// bytes * percent / 100, rounded down, without overflow for all heaps that fit the window.
static uint64_t share_of(uint64_t bytes, uint64_t percent) {
    return bytes / 100 * percent + bytes % 100 * percent / 100;
}

uint64_t pacer_next_gc(const struct runtime *runtime) {
    const struct collector *gc = &runtime->gc;
    if (gc->percent < 0) {
        return UINT64_MAX;
    }
    uint64_t percent = (uint64_t)gc->percent;
    uint64_t next_gc_bytes = gc->marked_bytes + share_of(gc->marked_bytes, percent);
    uint64_t least_bytes = share_of(HEAP_MIN_BYTES, percent);
    return next_gc_bytes < least_bytes ? least_bytes : next_gc_bytes;
}

static void set_percent(struct runtime *runtime, int32_t percent) {
    struct collector *gc = &runtime->gc;
    gc->percent = percent;
    gc->next_gc_bytes = pacer_next_gc(runtime);
    heap_set_next_gc(runtime->heap, gc->next_gc_bytes);
}

void pacer_init(struct runtime *runtime) {
    set_percent(runtime, PERCENT_DEFAULT);
}

int32_t runtime_set_gc_percent(struct runtime *runtime, int32_t percent) {
    runtime_lock(runtime);
    int32_t old = runtime->gc.percent;
    set_percent(runtime, percent);
    runtime_unlock(runtime);
    return old;
}

bool runtime_gc_is_due(struct runtime *runtime) {
    runtime_lock(runtime);
    bool due = !runtime->gc.marking && heap_live_bytes(runtime->heap) >= runtime->gc.next_gc_bytes;
    runtime_unlock(runtime);
    return due;
}
