// start: the ledger's books begin where those of an earlier life ended.
#include "oracle/go/model/state.h"

#include "allocator/start.h"

#include <string.h>

static void start_objects(struct model *model, const struct heap_start *heap) {
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        model->alloc_count[class] = model->free_count[class] = heap->small_count[class];
    }
    model->alloc_count[0] = model->free_count[0] = heap->large_count;
    model->large_alloc_bytes = model->large_free_bytes = heap->large_bytes;
    model->tiny_count = heap->tiny_count;
}

static void start_cycles(struct cycle_book *cycle, const struct heap_start *heap,
                         uint64_t created_ns) {
    cycle->count = heap->cycle_count;
    cycle->forced_count = heap->forced_count;
    cycle->pause_total_ns = heap->pause_total_ns;
    cycle->last_end_ns = heap->last_gc_ns;
    memcpy(cycle->pause_ns, heap->pause_ns, sizeof cycle->pause_ns);
    memcpy(cycle->pause_end_ns, heap->pause_end_ns, sizeof cycle->pause_end_ns);
    cycle->created_ns = created_ns;
    cycle->clock_count = 1; // the first read was in the earlier life
}

bool model_started_from(struct model *model, const struct model_start *start) {
    const struct heap_start *heap = start->heap;
    start_objects(model, heap);
    start_cycles(&model->cycle, heap, start->created_ns);
    model->goroutine_starts = start->goroutine_count;
    model->osthread_starts = start->osthread_count;
    model->profile.cycle = heap->profile_cycle;
    return start->bucket == 0 ||
           model_profile_started_from(model, start->bucket, heap->profile_object_bytes,
                                      heap->profile_count);
}
