// fast_path: malloc and free where the thread's cache has the object's span: no lock, no call, no
// atomic read-modify-write.
//
// It does what heap_alloc and heap_free do in a heap whose objects have no pointers and no
// specials, and which never marks, packs no tiny blocks, samples nothing and needs no fence. It
// leaves every other case to them, untouched. The statistics move in the same moment.
#ifndef MALLOC_FAST_PATH_H
#define MALLOC_FAST_PATH_H

#include "allocator/pages/mheap.h"
#include "allocator/spans/mcache.h"
#include "allocator/system/world.h"
#include "malloc/retained.h"

#include <string.h>

struct fast_lane {        // of a thread
    struct mcache *cache; // NULL: the lane is closed
    struct mspan *last;   // where it looks first for what is freed: a span, whatever became of it
    struct retained_recent *recent; // the cache's, by class
    size_t limit_bytes;             // the most that it takes; 0: the lane is closed
    uint32_t tick_count;            // allocations until purge_tick
    uint32_t tick_period;           // what it was last; purge's own, as the next
    uint64_t ticked_ns;
};

#define FAST_LANE_TICKS 128 // allocations from tick to tick of a busy thread

// As world_enter, for an owner who stands in no call and who alone ever entered the cache, which it
// acquired: nobody else is to be written over. False: the world is stopped, or being stopped, and
// nothing is entered.
static inline bool fast_enter(struct heap *heap, struct mcache *cache) {
    atomic_store_explicit(&cache->inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&heap->stopping, memory_order_seq_cst) != 0) {
        atomic_store_explicit(&cache->inside, 0, memory_order_release);
        return false;
    }
    return true;
}

static inline void fast_leave(struct mcache *cache) {
    atomic_store_explicit(&cache->inside, 0, memory_order_release);
}

// Where a free slot may be at the span's free index or behind it in the same word: its index, and
// the word. False: not there.
static inline bool fast_find(const struct mspan *span, uint32_t *index, uint64_t *word) {
    *index = span->free_index;
    if (*index >= span->object_count) {
        return false;
    }
    *word = mspan_bit_word(span->alloc_bits, *index / 64);
    uint64_t free_slots = ~*word >> (*index % 64);
    if (free_slots == 0) {
        return false;
    }
    *index += bits_ctz64(free_slots);
    return *index < span->object_count;
}

// The slot's bit and the span's count, as mspan_alloc moves them; `word`: what the bit is in.
static inline uintptr_t fast_take(struct mspan *span, uint32_t index, uint64_t word) {
    word |= (uint64_t)1 << (index % 64);
    atomic_store_explicit(&span->alloc_bits[index / 64], word, memory_order_relaxed);
    atomic_store_explicit(&span->alloc_count, mspan_alloc_count(span) + 1, memory_order_relaxed);
    return mspan_object(span, index);
}

// As mspan_alloc, each word read once; 0: mspan_alloc may find one.
static inline uintptr_t fast_take_lowest(struct mspan *span) {
    uint32_t index;
    uint64_t word;
    if (span == NULL || !fast_find(span, &index, &word)) {
        return 0;
    }
    span->free_index = index + 1;
    return fast_take(span, index, word);
}

// The slot of the class that was freed last, where it is still a free one of a full span that the
// cache owns (asked first, as in fast_span_of); 0: it is not, or none is recent.
static inline uintptr_t fast_take_recent(const struct mcache *cache, struct retained_recent *recent,
                                         uint8_t span_class, struct mspan **span) {
    if (recent->count == 0) {
        return 0;
    }
    recent->count--;
    struct mspan *at = recent->spans[recent->count];
    uint32_t index = recent->indices[recent->count];
    if (mspan_owner(at) != cache->id + 1 || at->span_class != span_class || at->kept != KEPT_FULL) {
        return 0;
    }
    uint64_t word = mspan_bit_word(at->alloc_bits, index / 64);
    if ((word >> (index % 64) & 1) != 0) {
        return 0;
    }
    *span = at;
    at->free_index += at->free_index == index; // all below it are taken
    return fast_take(at, index, word);
}

// What a slot of the span is when it was taken: counted, and zeroed when `zero` says so.
static inline void *fast_finish(struct fast_lane *lane, struct mspan *span, uintptr_t slot,
                                uint8_t size_class, bool zero) {
    lane->last = span;
    stat_add(&lane->cache->stats.small_alloc_count[size_class], 1);
    if (zero && span->needzero) {
        memset((void *)slot, 0, span->element_bytes);
    }
    return (void *)slot;
}

// An object of the size class, zeroed when `zero` says so, of the span at hand; NULL: ask
// fast_alloc_recent.
static inline void *fast_alloc(struct heap *heap, struct fast_lane *lane, uint8_t size_class,
                               bool zero) {
    struct mcache *cache = lane->cache;
    struct mspan *span = cache->alloc[span_class_make(size_class, true)];
    if (!fast_enter(heap, cache)) {
        return NULL;
    }
    uintptr_t slot = fast_take_lowest(span);
    void *object = slot == 0 ? NULL : fast_finish(lane, span, slot, size_class, zero);
    fast_leave(cache);
    return object;
}

// The same of a recent slot; NULL: ask retained_alloc, or heap_alloc.
static inline void *fast_alloc_recent(struct heap *heap, struct fast_lane *lane, uint8_t size_class,
                                      bool zero) {
    struct mcache *cache = lane->cache;
    struct mspan *span;
    if (!fast_enter(heap, cache)) {
        return NULL;
    }
    uintptr_t slot = fast_take_recent(cache, &lane->recent[size_class],
                                      span_class_make(size_class, true), &span);
    void *object = slot == 0 ? NULL : fast_finish(lane, span, slot, size_class, zero);
    fast_leave(cache);
    return object;
}

// As mspan_free of a live object, each word read once; false: it is not live.
static inline bool fast_give(struct mspan *span, uint32_t index) {
    uint64_t bit = (uint64_t)1 << (index % 64);
    uint64_t word = mspan_bit_word(span->alloc_bits, index / 64);
    if ((word & ~mspan_bit_word(span->remote_bits, index / 64) & bit) == 0) {
        return false;
    }
    atomic_store_explicit(&span->alloc_bits[index / 64], word & ~bit, memory_order_relaxed);
    atomic_store_explicit(&span->alloc_count, mspan_alloc_count(span) - 1, memory_order_relaxed);
    uint32_t free_index = span->free_index;
    span->free_index = index < free_index ? index : free_index;
    span->needzero = true;
    return true;
}

// The span that the pointer begins a live object of; NULL: none.
static inline struct mspan *fast_object_span(const struct heap *heap, uintptr_t pointer) {
    struct mspan *span = mheap_span_of(heap, pointer);
    if (span == NULL || span->state != MSPAN_IN_USE) {
        return NULL;
    }
    uint32_t index = mspan_index_of(span, pointer);
    bool begins = index < span->object_count && mspan_object(span, index) == pointer;
    return begins && mspan_is_live(span, index) ? span : NULL;
}

// The cache's span that the pointer lies in; NULL: none of its spans. Where a span lies that is no
// longer its own may change meanwhile, so that this is asked of its own alone.
static inline struct mspan *fast_span_of(const struct heap *heap, const struct fast_lane *lane,
                                         uintptr_t pointer) {
    uint32_t own = lane->cache->id + 1;
    struct mspan *span = lane->last;
    if (mspan_owner(span) == own && pointer - span->base < span->page_count * HEAP_PAGE_BYTES) {
        return span;
    }
    span = mheap_span_of(heap, pointer);
    return span != NULL && mspan_owner(span) == own ? span : NULL;
}

// Frees the object when it begins a live one of a span that the cache owns; false: ask heap_free.
static inline bool fast_free(struct heap *heap, struct fast_lane *lane, uintptr_t pointer) {
    struct mcache *cache = lane->cache;
    if (!fast_enter(heap, cache)) {
        return false;
    }
    struct mspan *span = fast_span_of(heap, lane, pointer);
    if (span != NULL) {
        uint32_t index = mspan_index_of(span, pointer);
        if (index < span->object_count && mspan_object(span, index) == pointer &&
            fast_give(span, index)) {
            uint8_t size_class = mspan_size_class(span);
            stat_add(&cache->stats.small_free_count[size_class], 1);
            if (retained_has_to_move(span) &&
                !retained_keep_recent(&lane->recent[size_class], span, index)) {
                if (mspan_alloc_count(span) == 0) {
                    lane->tick_count = 1; // its pages may be idle from now on
                }
                retained_move(heap, cache, span);
            } else {
                fast_leave(cache);
            }
            return true;
        }
    }
    fast_leave(cache);
    return false;
}

#endif
