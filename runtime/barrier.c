// barrier: what the collector learns of a pointer that is stored while it marks.
#include "runtime/barrier_internal.h"

#include "runtime/frame.h"
#include "runtime/mark.h"
#include "runtime/runtime_internal.h"

static void shade_all(struct runtime *runtime, const uintptr_t *values, size_t count) {
    if (!runtime->gc.marking) {
        return;
    }
    heap_stop_world(runtime->heap);
    for (size_t i = 0; i < count; i++) {
        mark_shade(runtime, values[i]);
    }
    heap_start_world(runtime->heap);
}

void barrier_shade(struct runtime *runtime, uintptr_t value) {
    shade_all(runtime, &value, 1);
}

void barrier_store(struct runtime *runtime, uintptr_t old_value, uintptr_t new_value) {
    const uintptr_t values[] = {old_value, new_value};
    shade_all(runtime, values, 2);
}

static void shade_slot(void *context, uintptr_t slot) {
    mark_shade(context, *(const uintptr_t *)slot);
}

void barrier_callee_changed(struct runtime *runtime, const struct frame *frame,
                            const struct frame *callee) {
    if (runtime->gc.marking && frame != NULL) {
        heap_stop_world(runtime->heap);
        frame_visit_slots(frame, callee, shade_slot, runtime);
        heap_start_world(runtime->heap);
    }
}

void runtime_write_pointer(struct runtime *runtime, uintptr_t slot, uintptr_t value) {
    runtime_lock(runtime);
    uintptr_t *word = (uintptr_t *)slot;
    barrier_store(runtime, *word, value);
    *word = value;
    runtime_unlock(runtime);
}

void *runtime_realloc(struct runtime *runtime, struct mcache *cache, void *pointer,
                      size_t size_bytes, const struct gc_layout *layout, unsigned flags) {
    runtime_lock(runtime);
    void *moved = heap_realloc(runtime->heap, cache, pointer, size_bytes, layout, flags);
    if (runtime->gc.marking) {
        heap_stop_world(runtime->heap);
        mark_shade_fields(runtime, (uintptr_t)moved); // of nothing when there was no memory
        heap_start_world(runtime->heap);
    }
    runtime_unlock(runtime);
    return moved;
}
