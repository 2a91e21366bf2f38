// start: a program's starting values as one earlier life of a heap and its runtime, told to both
// and to the ledger.
//
// Any values give a legal one: what contradicts another is lowered to it.
#include "fuzz/go/state.h"

#include "allocator/mprof.h"
#include "allocator/start.h"

#define SAMPLE_BYTES 16 // of the profile's bucket
#define LARGE_PAGES  5  // of the least large object

static uint64_t at_most(uint64_t value, uint64_t bound) {
    return value < bound ? value : bound;
}

static void start_objects(struct heap_start *heap, const uint64_t start[START_COUNT]) {
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        heap->small_count[class] = start[START_Small];
    }
    heap->tiny_count = start[START_Tiny];
    uint64_t more = start[START_LargePages];
    heap->large_count = start[START_Large] + (more != 0);
    heap->large_bytes =
        (heap->large_count * LARGE_PAGES + (more == 0 ? 0 : more)) * HEAP_PAGE_BYTES;
    heap->profile_cycle = (uint32_t)start[START_ProfileCycle];
    heap->profile_count = start[START_MemProf];
    heap->profile_object_bytes = start[START_MemProf] == 0 ? 0 : SAMPLE_BYTES;
}

// Cycles of pauses of one length, the last a little longer, which all ended now.
static void start_cycles(struct heap_start *heap, const uint64_t start[START_COUNT]) {
    uint32_t count = (uint32_t)start[START_NumGC];
    if (count == 0) {
        return;
    }
    uint32_t used = count < MEMSTATS_PAUSE_COUNT ? count : (uint32_t)MEMSTATS_PAUSE_COUNT;
    uint32_t newest = (count - 1) % MEMSTATS_PAUSE_COUNT;
    heap->cycle_count = count;
    heap->forced_count = (uint32_t)at_most(start[START_NumForcedGC], count);
    heap->last_gc_ns = start[START_Clock];
    heap->pause_total_ns = at_most(start[START_PauseTotalNs], start[START_Clock]);
    for (uint32_t row = 0; row < used; row++) {
        heap->pause_ns[row] = heap->pause_total_ns / used;
        heap->pause_end_ns[row] = heap->last_gc_ns;
    }
    heap->pause_ns[newest] += heap->pause_total_ns % used;
    heap->cpu_fraction =
        heap->last_gc_ns == 0 ? 0.0 : (double)heap->pause_total_ns / (double)heap->last_gc_ns;
}

static void note_bucket(void *context, const struct mprof_bucket_record *bucket) {
    *(uintptr_t *)context = bucket->address;
}

bool go_starts(const struct program *program) {
    uint64_t any = 0;
    for (size_t i = 0; i < START_COUNT; i++) {
        any |= program->header.start[i];
    }
    return any != 0;
}

bool go_start_from(struct go_machine *machine, const struct program *program,
                   struct runtime_start *runtime) {
    const uint64_t *start = program->header.start;
    struct heap_start heap = {0};
    uintptr_t bucket = 0;
    start_objects(&heap, start);
    start_cycles(&heap, start);
    *runtime = (struct runtime_start){
        .pause_total_ns = heap.pause_total_ns,
        .goroutine_count = start[START_Goroutine],
        .osthread_count = start[START_Thread],
    };
    machine->clock_ns = start[START_Clock];
    machine->clock_step_ns = start[START_ClockStep];
    machine->first_process = start[START_Process];
    if (!heap_start_from(machine->heap, &heap)) {
        return false;
    }
    heap_visit_buckets(machine->heap, note_bucket, &bucket);
    return model_started_from(machine->model, &(struct model_start){
                                                  .heap = &heap,
                                                  .bucket = bucket,
                                                  .goroutine_count = runtime->goroutine_count,
                                                  .osthread_count = runtime->osthread_count,
                                              });
}
