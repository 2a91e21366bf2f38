// hot: the fast lane of malloc and free: an object of a span that the thread's cache has, without a
// lock, a call or an atomic read-modify-write.
//
// It does what heap_alloc and heap_free do for an object without pointers and without specials, in
// a heap that never marks, packs no tiny blocks, samples nothing and needs no fence; whatever is
// otherwise it leaves untouched and to them. The statistics move in the same moment.
#ifndef MALLOC_HOT_H
#define MALLOC_HOT_H

#include "allocator/mheap.h"
#include "malloc/kept.h"

#include <string.h>

// As world_enter, for an owner who stands in no call; false: the world is stopped, or being
// stopped, and nothing is entered.
static inline bool hot_enter(struct heap *heap, struct mcache *cache) {
    atomic_store_explicit(&cache->inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&heap->stopping, memory_order_seq_cst) != 0) {
        atomic_store_explicit(&cache->inside, 0, memory_order_release);
        return false;
    }
    return true;
}

static inline void hot_leave(struct mcache *cache) {
    atomic_store_explicit(&cache->inside, 0, memory_order_release);
}

// An object of the size class, zeroed when `zero` says so; NULL: ask heap_alloc.
static inline void *hot_alloc(struct heap *heap, struct mcache *cache, uint8_t size_class,
                              bool zero) {
    if (!hot_enter(heap, cache)) {
        return NULL;
    }
    struct mspan *span = cache->alloc[span_class_make(size_class, true)];
    uintptr_t slot = span == NULL ? 0 : mspan_alloc(span);
    if (slot == 0) {
        span = kept_refill(heap, cache, size_class);
        slot = span == NULL ? 0 : mspan_alloc(span);
    }
    if (slot != 0) {
        stat_add(&cache->stats.small_alloc_count[size_class], 1);
        if (zero && span->needzero) {
            memset((void *)slot, 0, span->element_bytes);
        }
    }
    hot_leave(cache);
    return (void *)slot;
}

// The cache's span that the pointer lies in, when there is no more to its objects than bits.
static inline struct mspan *hot_span_of(const struct heap *heap, const struct mcache *cache,
                                        uintptr_t pointer) {
    struct mspan *span = mheap_span_of(heap, pointer);
    bool plain = span != NULL && mspan_owner(span) == cache->id + 1 && mspan_is_noscan(span) &&
                 !mspan_has_specials(span);
    return plain ? span : NULL;
}

// Frees the object when it begins a live one of a span that the cache owns; false: ask heap_free.
static inline bool hot_free(struct heap *heap, struct mcache *cache, uintptr_t pointer) {
    if (!hot_enter(heap, cache)) {
        return false;
    }
    bool done = false;
    struct mspan *span = hot_span_of(heap, cache, pointer);
    if (span != NULL) {
        uint32_t index = mspan_index_of(span, pointer);
        if (index < span->object_count && mspan_object(span, index) == pointer &&
            mspan_is_live(span, index)) {
            mspan_free(span, index);
            stat_add(&cache->stats.small_free_count[mspan_size_class(span)], 1);
            kept_freed(heap, cache, span);
            done = true;
        }
    }
    hot_leave(cache);
    return done;
}

#endif
