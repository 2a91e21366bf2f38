// memstats: the one place where MemStats is derived from the heap's counters.
#include "allocator/memstats.h"

#include "allocator/heap.h"
#include "allocator/pages/mstats.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mcache.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"

#include <stddef.h>
#include <string.h>

#define RINGS_END offsetof(struct memstats, NumGC)
_Static_assert(RINGS_END ==
                   offsetof(struct memstats, PauseNs) + 2 * sizeof(uint64_t) * MEMSTATS_PAUSE_COUNT,
               "the rings stand beside each other");

static uint64_t value_of(const _Atomic uint64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void sum_objects(const struct heap *heap, struct object_stats *sum) {
    memset(sum, 0, sizeof *sum);
    object_stats_add(sum, &heap->dead_stats);
    for (uint32_t id = 0; id < heap->cache_limit; id++) {
        if (heap->caches[id] != NULL) {
            object_stats_add(sum, &heap->caches[id]->stats);
        }
    }
}

static void derive_objects(struct memstats *stats, const struct object_stats *sum) {
    uint64_t tiny_count = value_of(&sum->tiny_alloc_count);
    uint64_t allocated_bytes = value_of(&sum->large_alloc_bytes);
    uint64_t freed_bytes = value_of(&sum->large_free_bytes);
    uint64_t allocs = value_of(&sum->large_alloc_count) + tiny_count;
    uint64_t frees = value_of(&sum->large_free_count) + tiny_count;
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        struct memstats_by_size *row = &stats->BySize[class];
        uint64_t class_allocs = value_of(&sum->small_alloc_count[class]);
        uint64_t class_frees = value_of(&sum->small_free_count[class]);
        row->Size = size_class_bytes[class];
        row->Mallocs = class_allocs;
        row->Frees = class_frees;
        allocs += class_allocs;
        frees += class_frees;
        allocated_bytes += class_allocs * size_class_bytes[class];
        freed_bytes += class_frees * size_class_bytes[class];
    }
    stats->TotalAlloc = allocated_bytes;
    stats->Mallocs = allocs;
    stats->Frees = frees;
    stats->HeapAlloc = allocated_bytes - freed_bytes;
    stats->Alloc = stats->HeapAlloc;
    stats->HeapObjects = allocs - frees;
}

static void derive_memory(struct memstats *stats, const struct heap_stats *from) {
    stats->HeapInuse = from->heap_inuse_bytes;
    stats->HeapIdle = from->heap_free_bytes + from->heap_released_bytes;
    stats->HeapReleased = from->heap_released_bytes;
    stats->HeapSys = stats->HeapInuse + stats->HeapIdle;
    stats->StackInuse = from->stack_inuse_bytes;
    stats->StackSys = from->stack_inuse_bytes + from->stack_sys_bytes;
    stats->MSpanInuse = from->mspan_inuse_bytes;
    stats->MSpanSys = from->mspan_sys_bytes;
    stats->MCacheInuse = from->mcache_inuse_bytes;
    stats->MCacheSys = from->mcache_sys_bytes;
    stats->BuckHashSys = from->buckhash_sys_bytes;
    stats->GCSys =
        from->gc_misc_sys_bytes + from->workbuf_inuse_bytes + from->pointer_bits_inuse_bytes;
    stats->OtherSys = from->other_sys_bytes + from->other_inuse_bytes;
    stats->Sys = stats->HeapSys + stats->StackSys + stats->MSpanSys + stats->MCacheSys +
                 stats->BuckHashSys + stats->GCSys + stats->OtherSys;
}

static void derive_cycles(struct memstats *stats, const struct heap_gc_stats *from) {
    stats->NextGC = from->next_gc_bytes;
    stats->LastGC = from->last_gc_ns;
    stats->PauseTotalNs = from->pause_total_ns;
    memcpy(stats->PauseNs, from->pause_ns, sizeof stats->PauseNs);
    memcpy(stats->PauseEnd, from->pause_end_ns, sizeof stats->PauseEnd);
    stats->NumGC = from->cycle_count;
    stats->NumForcedGC = from->forced_count;
    stats->GCCPUFraction = from->cpu_fraction;
    stats->EnableGC = true;
    stats->DebugGC = false;
}

// All but the two rings, which derive_cycles() copies whole.
static void clear(struct memstats *stats) {
    memset(stats, 0, offsetof(struct memstats, PauseNs));
    memset((char *)stats + RINGS_END, 0, sizeof *stats - RINGS_END);
}

void heap_read_memstats(struct heap *heap, struct memstats *stats) {
    clear(stats);
    struct object_stats sum;
    heap_stop_world(heap);
    lock_acquire(&heap->lock);
    sum_objects(heap, &sum);
    derive_objects(stats, &sum);
    derive_memory(stats, &heap->stats);
    derive_cycles(stats, &heap->gc);
    lock_release(&heap->lock);
    heap_start_world(heap);
}
