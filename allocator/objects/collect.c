// collect: marking, the turn of a sweep generation, sweeping span by span, and the record of a
// cycle.
#include "allocator/collect.h"

#include "allocator/bits.h"
#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/memstats.h"
#include "allocator/pages/mheap.h"
#include "allocator/pages/mspan.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mcentral.h"
#include "allocator/spans/sweep.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"
#include "allocator/system/world.h"

#include <threads.h>

bool heap_is_marking(const struct heap *heap) {
    return atomic_load_explicit(&heap->marking, memory_order_relaxed);
}

static void clear_marks(struct mspan *span) {
    for (uint32_t word = 0; word < mspan_bit_words(span); word++) {
        atomic_store_explicit(&span->mark_bits[word], 0, memory_order_relaxed);
    }
}

void heap_mark_begin(struct heap *heap) {
    CHECK(!heap_is_marking(heap));
    heap_sweep_finish(heap, NULL);
    for (uint32_t class = 0; class < SPAN_CLASS_COUNT; class ++) {
        ASSERT_SLOW(mcentral_is_valid(heap, (uint8_t) class));
    }
    for (size_t i = 0; i < heap->all_span_count; i++) {
        if (heap->all_spans[i]->state == MSPAN_IN_USE) {
            clear_marks(heap->all_spans[i]);
        }
    }
    atomic_store_explicit(&heap->marking, true, memory_order_relaxed);
    for (uint32_t id = 0; id < heap->cache_limit; id++) {
        const struct mcache *cache = heap->caches[id];
        struct heap_object block;
        if (cache != NULL && cache->tiny_block != 0) { // more may be put into it
            (void)heap_mark(heap, cache->tiny_block, &block);
        }
    }
}

bool heap_mark(struct heap *heap, uintptr_t address, struct heap_object *object) {
    struct mspan *span = mheap_span_of(heap, address);
    if (span == NULL || !heap_find_object(heap, address, object) || !object->allocated ||
        !mspan_mark(span, mspan_index_of(span, address))) {
        return false;
    }
    object->marked = true;
    return true;
}

static uint64_t marked_bytes(const struct mspan *span) {
    uint64_t count = 0;
    for (uint32_t word = 0; word < mspan_bit_words(span); word++) {
        count += bits_popcount64(mspan_bit_word(span->alloc_bits, word) &
                                 mspan_bit_word(span->mark_bits, word));
    }
    return count * span->element_bytes;
}

// All spans are in central lists and unswept from now on, and only what is marked is live.
static void turn_generation(struct heap *heap) {
    uint32_t unswept_count = 0;
    uint64_t live_bytes = 0;
    for (size_t i = 0; i < heap->all_span_count; i++) {
        const struct mspan *span = heap->all_spans[i];
        if (span->state == MSPAN_IN_USE) {
            unswept_count++;
            live_bytes += marked_bytes(span);
        }
    }
    atomic_store_explicit(&heap->live_bytes_, live_bytes, memory_order_relaxed);
    atomic_store_explicit(&heap->sweep_cursor, 0, memory_order_relaxed);
    atomic_store_explicit(&heap->unswept_count, unswept_count, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&heap->sweep_generation, 2, memory_order_relaxed);
}

void heap_mark_end(struct heap *heap) {
    CHECK(heap_is_marking(heap));
    for (uint32_t id = 0; id < heap->cache_limit; id++) {
        if (heap->caches[id] != NULL) {
            mcache_release_all(heap, heap->caches[id]);
        }
    }
    atomic_store_explicit(&heap->marking, false, memory_order_relaxed);
    turn_generation(heap);
    for (uint32_t class = 0; class < SPAN_CLASS_COUNT; class ++) {
        ASSERT_SLOW(mcentral_is_valid(heap, (uint8_t) class));
    }
}

void heap_set_finalizer_queue(struct heap *heap, heap_finalizer_queue queue, void *context) {
    heap->finalizer_queue = queue;
    heap->finalizer_queue_context = context;
}

// ---- sweeping

bool heap_is_swept(const struct heap *heap) {
    return atomic_load_explicit(&heap->unswept_count, memory_order_acquire) == 0;
}

static size_t sweep_one(struct heap *heap, struct mcache *cache) {
    uint32_t class = atomic_load_explicit(&heap->sweep_cursor, memory_order_relaxed);
    for (; class < SPAN_CLASS_COUNT; class ++) {
        struct mspan *span = mcentral_claim_unswept(heap, (uint8_t) class);
        if (span != NULL) {
            size_t page_count = span->page_count;
            (void)sweep_span(heap, cache, span);
            mcentral_put_swept(heap, span);
            return page_count;
        }
        atomic_store_explicit(&heap->sweep_cursor, class + 1, memory_order_relaxed);
    }
    return 0;
}

size_t heap_sweep_one(struct heap *heap, struct mcache *cache) {
    if (heap_is_swept(heap)) {
        return 0;
    }
    if (cache == NULL) {
        world_acquire(heap);
    }
    world_enter(heap, cache);
    size_t page_count = sweep_one(heap, cache);
    world_leave(cache);
    if (cache == NULL) {
        world_release(heap);
    }
    return page_count;
}

void heap_sweep_finish(struct heap *heap, struct mcache *cache) {
    while (heap_sweep_one(heap, cache) != 0) {
    }
    while (!heap_is_swept(heap)) { // others are at their last spans
        thrd_yield();
    }
}

// ---- the record of cycles

void heap_note_gc_cycle(struct heap *heap, const struct gc_cycle_record *record) {
    world_acquire(heap);
    lock_acquire(&heap->lock);
    struct heap_gc_stats *gc = &heap->gc;
    uint32_t slot = gc->cycle_count % MEMSTATS_PAUSE_COUNT;
    gc->pause_ns[slot] = record->pause_ns;
    gc->pause_end_ns[slot] = record->end_ns;
    gc->pause_total_ns += record->pause_ns;
    gc->last_gc_ns = record->end_ns;
    gc->next_gc_bytes = record->next_gc_bytes;
    gc->cpu_fraction = record->cpu_fraction;
    gc->cycle_count++;
    gc->forced_count += record->forced ? 1 : 0;
    lock_release(&heap->lock);
    world_release(heap);
}

void heap_set_next_gc(struct heap *heap, uint64_t next_gc_bytes) {
    world_acquire(heap);
    lock_acquire(&heap->lock);
    heap->gc.next_gc_bytes = next_gc_bytes;
    lock_release(&heap->lock);
    world_release(heap);
}

uint64_t heap_live_bytes(struct heap *heap) {
    return atomic_load_explicit(&heap->live_bytes_, memory_order_relaxed);
}
