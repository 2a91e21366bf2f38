// retained: full spans stay with their cache, so that a free in them needs no lock.
#include "malloc/retained.h"

#include "allocator/check.h"
#include "allocator/heap.h"

struct keeper { // of the cache with its index as id
    struct mspan_queue full[SIZE_CLASS_COUNT];
    struct mspan_queue partial[SIZE_CLASS_COUNT]; // the one that waits longest is first
    uint32_t span_count[SIZE_CLASS_COUNT];        // of both
    uint32_t partial_pages[SIZE_CLASS_COUNT];
    _Atomic uint64_t kept_bytes; // of all spans of both
};

struct notes { // frees in spans of the cache with its index as id, since they were last looked
               // through
    _Atomic uint32_t counts[SIZE_CLASS_COUNT];
    _Atomic uint64_t bytes; // of all classes
};

// Only the memory of caches that ever were is touched. What others write lies apart from what the
// owner does.
static struct keeper keepers[HEAP_CACHE_MAX];
static struct notes notes[HEAP_CACHE_MAX];

static struct retained_recent recent_slots[HEAP_CACHE_MAX][SIZE_CLASS_COUNT];

_Static_assert(SPAN_OBJECTS_MAX <= UINT16_MAX, "an index fits");

struct retained_recent *retained_recent_of(uint32_t cache_id) {
    return recent_slots[cache_id];
}

#define SPARE_PAGES 16 // an empty span goes to the page heap when the class has more pages partial

static struct keeper *keeper_of(const struct mcache *cache) {
    return &keepers[cache->id];
}

// ---- queues

static struct mspan_queue *queue_of(struct keeper *keeper, const struct mspan *span) {
    uint8_t class = mspan_size_class(span);
    return span->kept == KEPT_FULL ? &keeper->full[class] : &keeper->partial[class];
}

// Adds `times` the span to the counts of where it stands; UINT32_MAX: takes it off.
static void count(struct keeper *keeper, const struct mspan *span, uint32_t times) {
    uint8_t class = mspan_size_class(span);
    int64_t size_bytes = (int32_t)times * (int64_t)(span->page_count * HEAP_PAGE_BYTES);
    uint64_t kept_bytes = atomic_load_explicit(&keeper->kept_bytes, memory_order_relaxed);
    atomic_store_explicit(&keeper->kept_bytes, kept_bytes + (uint64_t)size_bytes,
                          memory_order_relaxed);
    keeper->span_count[class] += times;
    if (span->kept == KEPT_PARTIAL) {
        keeper->partial_pages[class] += times * span->page_count;
    }
}

static void push(struct keeper *keeper, struct mspan *span, enum retained_place place) {
    CHECK_EQUAL(span->kept, KEPT_NOT);
    span->kept = (uint8_t)place;
    mspan_queue_push(queue_of(keeper, span), span);
    count(keeper, span, 1);
}

static void take(struct keeper *keeper, struct mspan *span) {
    mspan_queue_remove(queue_of(keeper, span), span);
    count(keeper, span, UINT32_MAX);
    span->kept = KEPT_NOT;
}

// ---- moving

// Among the partial ones, or, when it is empty and there are enough, to the page heap.
static void place(struct heap *heap, struct keeper *keeper, struct mspan *span) {
    bool is_spare = mspan_alloc_count(span) == 0 &&
                    keeper->partial_pages[mspan_size_class(span)] >= SPARE_PAGES;
    if (is_spare) {
        mcentral_uncache_span(heap, span);
    } else {
        push(keeper, span, KEPT_PARTIAL);
    }
}

void retained_move(struct heap *heap, struct mcache *cache, struct mspan *span) {
    struct keeper *keeper = keeper_of(cache);
    bool stays =
        span->kept == KEPT_PARTIAL && keeper->partial_pages[mspan_size_class(span)] <= SPARE_PAGES;
    if (!stays) {
        take(keeper, span);
        place(heap, keeper, span);
    }
    world_leave(cache);
}

static bool has_remote(const struct mspan *span) {
    uint64_t bits = 0;
    for (uint32_t word = 0; word < mspan_bit_words(span); word++) {
        bits |= mspan_bit_word(span->remote_bits, word);
    }
    return bits != 0;
}

// The span's place, after what others freed in it has become free. Who looks in the owner's stead
// gives it to all when it has room: the owner sleeps, and others would fill spans of their own.
static void look_at(struct heap *heap, struct keeper *keeper, struct mspan *span, bool is_owner) {
    bool had_remote = has_remote(span) && mcentral_drain(heap, span);
    bool is_full = mspan_alloc_count(span) == span->object_count;
    if (!is_owner && !is_full) {
        take(keeper, span);
        mcentral_uncache_span(heap, span);
    } else if (span->kept == KEPT_FULL ? !is_full : had_remote && mspan_alloc_count(span) == 0) {
        take(keeper, span);
        place(heap, keeper, span);
    }
}

// Those of a queue; what is put behind the last while it goes through them is not looked at again.
static void look_through_queue(struct heap *heap, struct keeper *keeper,
                               const struct mspan_queue *queue, bool is_owner) {
    struct mspan *last = queue->last;
    struct mspan *next;
    for (struct mspan *span = queue->first; span != NULL; span = next) {
        next = span == last ? NULL : span->next;
        look_at(heap, keeper, span, is_owner);
    }
}

// The partial ones first: the full ones that are no more come behind them.
static void look_through(struct heap *heap, uint32_t cache_id, uint8_t size_class, bool is_owner) {
    struct keeper *keeper = &keepers[cache_id];
    struct notes *note = &notes[cache_id];
    uint64_t frees = atomic_exchange_explicit(&note->counts[size_class], 0, memory_order_relaxed);
    (void)atomic_fetch_sub_explicit(&note->bytes, frees * size_class_bytes[size_class],
                                    memory_order_relaxed);
    look_through_queue(heap, keeper, &keeper->partial[size_class], is_owner);
    look_through_queue(heap, keeper, &keeper->full[size_class], is_owner);
}

// As many notes as it takes for a look to pay for itself: eight spans are looked at for each free
// where a span has one object, and one where it has eight or more. So a class's notes are at most
// an eighth of its kept spans' bytes and half a span when its owner is done with a full one.
static bool is_due(const struct mcache *cache, uint8_t size_class, uint32_t object_count) {
    uint64_t frees =
        atomic_load_explicit(&notes[cache->id].counts[size_class], memory_order_relaxed);
    uint64_t span_count = keeper_of(cache)->span_count[size_class];
    return frees > span_count * (object_count < 8 ? object_count : 8) / 8 + object_count / 2;
}

// ---- what others free

static bool is_too_much(uint32_t cache_id, uint64_t waiting_bytes) {
    uint64_t kept_bytes = atomic_load_explicit(&keepers[cache_id].kept_bytes, memory_order_relaxed);
    return waiting_bytes > RETAINED_WAITING_BYTES + kept_bytes / 8;
}

bool retained_note(uint32_t cache_id, uint8_t size_class) {
    struct notes *note = &notes[cache_id];
    uint64_t size_bytes = size_class_bytes[size_class];
    uint64_t before_bytes =
        atomic_fetch_add_explicit(&note->bytes, size_bytes, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&note->counts[size_class], 1, memory_order_relaxed);
    return is_too_much(cache_id, before_bytes + size_bytes);
}

static void look_through_all(struct heap *heap, uint32_t cache_id) {
    struct notes *note = &notes[cache_id];
    for (uint8_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        if (atomic_load_explicit(&note->counts[class], memory_order_relaxed) != 0) {
            look_through(heap, cache_id, class, false);
        }
    }
    atomic_store_explicit(&note->bytes, 0,
                          memory_order_relaxed); // what was noted of a cache that is gone
}

void retained_relieve(struct heap *heap, uint32_t cache_id) {
    world_acquire(heap);
    uint64_t waiting_bytes = atomic_load_explicit(&notes[cache_id].bytes, memory_order_relaxed);
    if (is_too_much(cache_id, waiting_bytes)) { // else somebody was here before
        heap_stop_world(heap);
        if (heap->caches[cache_id] != NULL) {
            look_through_all(heap, cache_id);
        }
        heap_start_world(heap);
    }
    world_release(heap);
}

// ---- the cache

static struct mspan *reuse(struct keeper *keeper, struct mcache *cache, uint8_t size_class) {
    struct mspan *span = keeper->partial[size_class].first;
    if (span != NULL) {
        take(keeper, span);
        cache->alloc[span_class_make(size_class, true)] = span;
    }
    return span;
}

// A span of the class with a free slot, in the cache's alloc[] from now on; NULL: no memory.
static struct mspan *refill(struct heap *heap, struct mcache *cache, uint8_t size_class) {
    struct keeper *keeper = keeper_of(cache);
    uint8_t span_class = span_class_make(size_class, true);
    struct mspan *old = cache->alloc[span_class];
    if (old != NULL) {
        if (has_remote(old) && mcentral_drain(heap, old)) {
            return old;
        }
        cache->alloc[span_class] = NULL;
        push(keeper, old, KEPT_FULL);
        if (is_due(cache, size_class, old->object_count)) {
            look_through(heap, cache->id, size_class, true);
        }
    }
    struct mspan *span = reuse(keeper, cache, size_class);
    if (span == NULL) {
        span = mcache_refill(heap, cache, span_class);
    }
    if (span == NULL) {
        look_through(heap, cache->id, size_class, true);
        span = reuse(keeper, cache, size_class);
    }
    return span;
}

void *retained_alloc(struct heap *heap, struct mcache *cache, uint8_t size_class,
                     struct mspan **span) {
    world_enter(heap, cache);
    *span = cache->alloc[span_class_make(size_class, true)];
    uintptr_t slot = *span == NULL ? 0 : mspan_alloc(*span);
    if (slot == 0) {
        *span = refill(heap, cache, size_class);
        slot = *span == NULL ? 0 : mspan_alloc(*span);
    }
    if (slot != 0) {
        stat_add(&cache->stats.small_alloc_count[size_class], 1);
    }
    world_leave(cache);
    return (void *)slot;
}

static void release(struct heap *heap, struct keeper *keeper, const struct mspan_queue *queue) {
    while (queue->first != NULL) {
        struct mspan *span = queue->first;
        take(keeper, span);
        mcentral_uncache_span(heap, span);
    }
}

void retained_release(struct heap *heap, struct mcache *cache) {
    struct keeper *keeper = keeper_of(cache);
    world_enter(heap, cache);
    for (uint8_t class = 0; class < SIZE_CLASS_COUNT; class ++) {
        release(heap, keeper, &keeper->full[class]);
        release(heap, keeper, &keeper->partial[class]);
        recent_slots[cache->id][class].count = 0;
        atomic_store_explicit(&notes[cache->id].counts[class], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&notes[cache->id].bytes, 0, memory_order_relaxed);
    world_leave(cache);
}

void retained_visit(uint32_t cache_id, void (*visit)(void *context, const struct mspan *span),
                    void *context) {
    const struct keeper *keeper = &keepers[cache_id];
    for (uint8_t class = 0; class < SIZE_CLASS_COUNT; class ++) {
        const struct mspan *span = keeper->full[class].first;
        for (; span != NULL; span = span->next) {
            visit(context, span);
        }
        for (span = keeper->partial[class].first; span != NULL; span = span->next) {
            visit(context, span);
        }
    }
}
