// mstats: counting on behalf of a cache or of nobody, and the heap's live bytes.
#include "allocator/pages/mstats.h"

#include "allocator/check.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mcache.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"

#define CLASSES_AT_ONCE 4
_Static_assert(SIZE_CLASS_COUNT % CLASSES_AT_ONCE == 0, "they are added by so many");

static uint64_t value_of(const _Atomic uint64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

// Most counters of most caches are 0. Loops over atomics stay loops: they are written out.
static void add_counters(_Atomic uint64_t *sum, const _Atomic uint64_t *part) {
    uint64_t first = value_of(&part[0]);
    uint64_t second = value_of(&part[1]);
    uint64_t third = value_of(&part[2]);
    uint64_t fourth = value_of(&part[3]);
    if ((first | second | third | fourth) != 0) {
        stat_add(&sum[0], first);
        stat_add(&sum[1], second);
        stat_add(&sum[2], third);
        stat_add(&sum[3], fourth);
    }
}

void object_stats_add(struct object_stats *sum, const struct object_stats *part) {
    for (size_t class = 0; class < SIZE_CLASS_COUNT; class += CLASSES_AT_ONCE) {
        add_counters(&sum->small_alloc_count[class], &part->small_alloc_count[class]);
        add_counters(&sum->small_free_count[class], &part->small_free_count[class]);
    }
    stat_add(&sum->large_alloc_bytes, value_of(&part->large_alloc_bytes));
    stat_add(&sum->large_alloc_count, value_of(&part->large_alloc_count));
    stat_add(&sum->large_free_bytes, value_of(&part->large_free_bytes));
    stat_add(&sum->large_free_count, value_of(&part->large_free_count));
    stat_add(&sum->tiny_alloc_count, value_of(&part->tiny_alloc_count));
}

// Relaxed counters show no race to TSan, and the few instructions that lose an update seldom meet.
void mstats_donate(struct heap *heap, const struct object_stats *part) {
    ASSERT(heap->lock.is_held);
    object_stats_add(&heap->dead_stats, part);
}

// The counters to count in, with the heap's lock held when it is the heap's own.
static struct object_stats *open_counts(struct heap *heap, struct mcache *cache) {
    if (cache != NULL) {
        return &cache->stats;
    }
    lock_acquire(&heap->lock);
    return &heap->dead_stats;
}

static void close_counts(struct heap *heap, const struct mcache *cache) {
    if (cache == NULL) {
        lock_release(&heap->lock);
    }
}

void mstats_count_small_frees(struct heap *heap, struct mcache *cache, uint8_t size_class,
                              uint64_t count) {
    struct object_stats *counts = open_counts(heap, cache);
    stat_add(&counts->small_free_count[size_class], count);
    close_counts(heap, cache);
}

void mstats_count_large_free(struct heap *heap, struct mcache *cache, uint64_t size_bytes) {
    struct object_stats *counts = open_counts(heap, cache);
    stat_add(&counts->large_free_count, 1);
    stat_add(&counts->large_free_bytes, size_bytes);
    close_counts(heap, cache);
}

void mstats_free_subtract(struct heap *heap, uint64_t size_bytes) {
    heap->stats.heap_free_bytes -= size_bytes;
    if (heap->stats.heap_free_bytes < heap->free_low_bytes) {
        heap->free_low_bytes = heap->stats.heap_free_bytes;
    }
}

void mstats_live_add(struct heap *heap, uint64_t size_bytes) {
    (void)atomic_fetch_add_explicit(&heap->live_bytes_, size_bytes, memory_order_relaxed);
}

void mstats_live_subtract(struct heap *heap, uint64_t size_bytes) {
    uint64_t before =
        atomic_fetch_sub_explicit(&heap->live_bytes_, size_bytes, memory_order_relaxed);
    CHECK(before >= size_bytes);
}
