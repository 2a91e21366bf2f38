// mcache: a cache's life, and the exchange of its spans with the central lists.
#include "allocator/spans/mcache.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/mprof.h"
#include "allocator/pages/fixalloc.h"
#include "allocator/pages/mheap.h"
#include "allocator/pages/mspan.h"
#include "allocator/pages/mstats.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mcentral.h"
#include "allocator/spans/mprof_internal.h"
#include "allocator/spans/object.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"
#include "allocator/system/world.h"

struct mspan *mcache_refill(struct heap *heap, struct mcache *cache, uint8_t span_class) {
    struct mspan *old = cache->alloc[span_class];
    ASSERT(span_class > 1); // a large object's span is in no cache
    if (old != NULL && mcentral_drain(heap, old)) {
        return old;
    }
    struct mspan *span = mcentral_cache_span(heap, cache, span_class);
    if (span == NULL) {
        return NULL;
    }
    if (old != NULL) {
        mcentral_uncache_span(heap, old);
    }
    cache->alloc[span_class] = span;
    ASSERT(mspan_owner(span) == cache->id + 1);
    ASSERT(mspan_alloc_count(span) < span->object_count);
    return span;
}

static void release(struct heap *heap, struct mcache *cache, uint32_t span_class) {
    struct mspan *span = cache->alloc[span_class];
    if (span != NULL) {
        cache->alloc[span_class] = NULL;
        mcentral_uncache_span(heap, span);
    }
}

// Most caches have spans of a few classes, and are asked for all: two at a time.
void mcache_release_all(struct heap *heap, struct mcache *cache) {
    for (uint32_t class = 0; class < SPAN_CLASS_COUNT; class += 2) {
        if (((uintptr_t)cache->alloc[class] | (uintptr_t)cache->alloc[class + 1]) != 0) {
            release(heap, cache, class);
            release(heap, cache, class + 1);
        }
    }
    cache->tiny_block = 0;
    cache->tiny_offset = 0;
    ASSERT_SLOW(mcache_is_valid(heap, cache));
}

void heap_flush_cache(struct heap *heap, struct mcache *cache) {
    world_enter(heap, cache);
    mcache_release_all(heap, cache);
    world_leave(cache);
}

static uint32_t lowest_free_id(const struct heap *heap) {
    uint32_t id = heap->lowest_free_cache;
    while (id < HEAP_CACHE_MAX && heap->caches[id] != NULL) {
        id++;
    }
    return id;
}

static struct mcache *new_cache(struct heap *heap) {
    uint32_t id = lowest_free_id(heap);
    struct mcache *cache =
        id == HEAP_CACHE_MAX ? NULL : fixalloc_alloc(heap, &heap->cache_fix, NULL);
    if (cache == NULL) {
        return NULL;
    }
    heap->stats.mcache_inuse_bytes += heap->cache_fix.block_bytes;
    cache->id = id;
    atomic_store_explicit(&cache->thread, world_self(), memory_order_relaxed);
    heap->caches[id] = cache;
    heap->lowest_free_cache = id + 1;
    if (heap->cache_limit <= id) {
        heap->cache_limit = id + 1;
    }
    return cache;
}

// Whoever goes through all caches afterwards goes no further than the highest that there is.
static void free_id(struct heap *heap, uint32_t id) {
    heap->caches[id] = NULL;
    if (id < heap->lowest_free_cache) {
        heap->lowest_free_cache = id;
    }
    while (heap->cache_limit > 0 && heap->caches[heap->cache_limit - 1] == NULL) {
        heap->cache_limit--;
    }
}

struct mcache *heap_acquire_cache(struct heap *heap) {
    world_acquire(heap);
    lock_acquire(&heap->lock);
    struct mcache *cache = new_cache(heap);
    lock_release(&heap->lock);
    if (cache != NULL) {
        cache->next_sample_bytes = mprof_next_sample(heap, cache);
    }
    world_release(heap);
    return cache;
}

// The world cannot stop while it lasts: the cache stays inside until it is no cache any more.
void heap_release_cache(struct heap *heap, struct mcache *cache) {
    world_enter(heap, cache);
    mcache_release_all(heap, cache);
    lock_acquire(&heap->lock);
    CHECK(heap->caches[cache->id] == cache);
    mstats_donate(heap, &cache->stats);
    free_id(heap, cache->id);
    fixalloc_free(&heap->cache_fix, cache);
    heap->stats.mcache_inuse_bytes -= heap->cache_fix.block_bytes;
    lock_release(&heap->lock);
}

uint32_t heap_cache_id(const struct mcache *cache) {
    return cache->id;
}

// ---- validity: all is looked at, so that no order of the invariants hides one

static bool is_own(const struct mcache *cache, uint32_t span_class, uint32_t generation) {
    const struct mspan *span = cache->alloc[span_class];
    if (span == NULL) {
        return true;
    }
    bool is_large = mspan_is_large(span);
    uint32_t owner = mspan_owner(span);
    return (span->state == MSPAN_IN_USE) & !is_large & (span->span_class == span_class) &
           (span->list == MSPAN_LIST_CACHE) & (owner == cache->id + 1) &
           (span->sweep_generation == generation);
}

static bool tiny_is_valid(const struct heap *heap, const struct mcache *cache) {
    if (cache->tiny_block == 0) {
        return cache->tiny_offset == 0;
    }
    struct heap_object object;
    bool found = heap_find_object(heap, cache->tiny_block, &object);
    const struct mspan *span = mheap_span_of(heap, cache->tiny_block);
    if (!found || span->tiny_bits == NULL) {
        return false;
    }
    bool is_tiny = mspan_bit_is_set(span->tiny_bits, mspan_index_of(span, object.base));
    return is_tiny & object.allocated & (object.base == cache->tiny_block) &
           (cache->tiny_offset <= TINY_SIZE_BYTES);
}

bool mcache_is_valid(const struct heap *heap, const struct mcache *cache) {
    uint32_t generation = atomic_load_explicit(&heap->sweep_generation, memory_order_relaxed);
    bool valid = heap->caches[cache->id % HEAP_CACHE_MAX] == cache; // K1
    valid &= cache->id < HEAP_CACHE_MAX;
    for (uint32_t class = 0; class < SPAN_CLASS_COUNT; class ++) {
        valid &= is_own(cache, class, generation); // K2
    }
    valid &= tiny_is_valid(heap, cache);                 // K3
    valid &= cache->call_stack_count <= MPROF_STACK_MAX; // K4
    return valid;
}
