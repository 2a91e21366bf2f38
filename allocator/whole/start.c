// start: the counts of an earlier life: looked at, and put where the heap counts on.
#include "allocator/start.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/pages/mstats.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mprof_internal.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"

#include <string.h>

#define COUNT_MAX (UINT64_MAX >> 1) // a count never has its top bit set

// Adds `count` times `each`; false: the sum would have its top bit set.
static bool add_up(uint64_t *sum, uint64_t count, uint64_t each) {
    if (each != 0 && count > (COUNT_MAX - *sum) / each) {
        return false;
    }
    *sum += count * each;
    return true;
}

static bool objects_are_valid(const struct heap_start *start) {
    uint64_t count = 0;
    uint64_t bytes = 0;
    bool valid = start->small_count[0] == 0 && start->large_bytes % HEAP_PAGE_BYTES == 0 &&
                 start->large_bytes / (SMALL_SIZE_MAX + HEAP_PAGE_BYTES) >= start->large_count &&
                 (start->large_count > 0 || start->large_bytes == 0);
    for (size_t class = 1; valid && class < SIZE_CLASS_COUNT; class ++) {
        valid = add_up(&count, start->small_count[class], 1) &&
                add_up(&bytes, start->small_count[class], size_class_bytes[class]);
    }
    return valid && add_up(&count, start->large_count, 1) && add_up(&count, start->tiny_count, 1) &&
           add_up(&bytes, start->large_bytes, 1);
}

static bool profile_is_valid(const struct heap_start *start) {
    uint64_t bytes = 0;
    return start->profile_cycle < START_PROFILE_CYCLES &&
           (start->profile_object_bytes != 0) == (start->profile_count != 0) &&
           add_up(&bytes, start->profile_count, start->profile_object_bytes);
}

// Row by row from the oldest cycle on: each ended after the one before it, the pauses add up.
static bool rings_are_valid(const struct heap_start *start) {
    uint32_t used = start->cycle_count < MEMSTATS_PAUSE_COUNT ? start->cycle_count
                                                              : (uint32_t)MEMSTATS_PAUSE_COUNT;
    uint64_t sum = 0;
    uint64_t end_ns = 0;
    for (uint32_t i = 0; i < used; i++) {
        uint32_t row = (start->cycle_count - used + i) % MEMSTATS_PAUSE_COUNT;
        if (start->pause_end_ns[row] < end_ns || start->pause_ns[row] > start->pause_end_ns[row] ||
            !add_up(&sum, start->pause_ns[row], 1)) {
            return false;
        }
        end_ns = start->pause_end_ns[row];
    }
    for (uint32_t row = used; row < MEMSTATS_PAUSE_COUNT; row++) {
        if ((start->pause_ns[row] | start->pause_end_ns[row]) != 0) {
            return false;
        }
    }
    return end_ns == start->last_gc_ns &&
           (start->cycle_count > used ? sum <= start->pause_total_ns
                                      : sum == start->pause_total_ns);
}

static bool cycles_are_valid(const struct heap_start *start) {
    return start->forced_count <= start->cycle_count && start->last_gc_ns <= COUNT_MAX &&
           start->pause_total_ns <= start->last_gc_ns && start->cpu_fraction >= 0.0 &&
           start->cpu_fraction <= 1.0 && (start->cycle_count > 0 || start->cpu_fraction <= 0.0) &&
           rings_are_valid(start);
}

bool heap_start_is_valid(const struct heap_start *start) {
    return objects_are_valid(start) && profile_is_valid(start) && cycles_are_valid(start);
}

// The bucket, all of whose samples are published. False: no memory.
static bool start_profile(struct heap *heap, const struct heap_start *start) {
    static const struct mcache nobody; // has no call stack
    lock_acquire(&heap->profile_lock);
    struct mprof_bucket *bucket =
        start->profile_count == 0 ? NULL
                                  : mprof_obtain_bucket(heap, &nobody, start->profile_object_bytes);
    bool done = bucket != NULL || start->profile_count == 0;
    if (bucket != NULL) {
        uint64_t bytes = start->profile_count * start->profile_object_bytes;
        bucket->active =
            (struct mprof_counts){start->profile_count, start->profile_count, bytes, bytes};
    }
    heap->mprof->cycle = done ? start->profile_cycle : heap->mprof->cycle;
    lock_release(&heap->profile_lock);
    return done;
}

static void start_objects(struct object_stats *counts, const struct heap_start *start) {
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        stat_add(&counts->small_alloc_count[class], start->small_count[class]);
        stat_add(&counts->small_free_count[class], start->small_count[class]);
    }
    stat_add(&counts->large_alloc_count, start->large_count);
    stat_add(&counts->large_free_count, start->large_count);
    stat_add(&counts->large_alloc_bytes, start->large_bytes);
    stat_add(&counts->large_free_bytes, start->large_bytes);
    stat_add(&counts->tiny_alloc_count, start->tiny_count);
}

bool heap_start_from(struct heap *heap, const struct heap_start *start) {
    if (!heap_start_is_valid(start) || !start_profile(heap, start)) {
        return false;
    }
    lock_acquire(&heap->lock);
    CHECK_EQUAL(heap->cache_limit, 0);
    start_objects(&heap->dead_stats, start);
    struct heap_gc_stats *gc = &heap->gc;
    gc->cycle_count = start->cycle_count;
    gc->forced_count = start->forced_count;
    gc->last_gc_ns = start->last_gc_ns;
    gc->pause_total_ns = start->pause_total_ns;
    memcpy(gc->pause_ns, start->pause_ns, sizeof(gc->pause_ns));
    memcpy(gc->pause_end_ns, start->pause_end_ns, sizeof(gc->pause_end_ns));
    gc->cpu_fraction = start->cpu_fraction;
    lock_release(&heap->lock);
    return true;
}
