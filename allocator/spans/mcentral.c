// mcentral: moves spans between caches, central lists and the page heap.
#include "allocator/spans/mcentral.h"

#include "allocator/bits.h"
#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/pages/fixalloc.h"
#include "allocator/pages/mheap.h"
#include "allocator/pages/mspan.h"
#include "allocator/pages/mstats.h"
#include "allocator/poison.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mbitmap.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/special_internal.h"
#include "allocator/spans/sweep.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"

#include <threads.h>

// Unswept spans that one refill looks into before it takes a new one. After Go's spanBudget.
#define SWEEP_BUDGET 100

// The lists are empty: the heap's memory comes zeroed.
void mcentral_init_all(struct heap *heap) {
    for (uint32_t class = 0; class < SPAN_CLASS_COUNT; class ++) {
        struct mcentral *central = &heap->central[class];
        lock_init(&central->lock);
        central->span_class = (uint8_t) class;
    }
}

static struct mcentral *central_of(struct heap *heap, const struct mspan *span) {
    return &heap->central[span->span_class];
}

static uint32_t generation_of(const struct heap *heap) {
    return atomic_load_explicit(&heap->sweep_generation, memory_order_relaxed);
}

// ---- lists; the central lock is held

static struct mspan_queue *swept(struct mspan_queue *pair, uint32_t generation) {
    return &pair[generation / 2 % 2];
}

static struct mspan_queue *unswept(struct mspan_queue *pair, uint32_t generation) {
    return &pair[1 - generation / 2 % 2];
}

static void push(struct mspan_queue *queue, struct mspan *span, enum mspan_list list) {
    CHECK(span->list == MSPAN_LIST_NONE);
    span->list = (uint8_t)list;
    mspan_queue_push(queue, span);
}

static void unlink_span(struct mspan_queue *queue, struct mspan *span) {
    CHECK(span->list == MSPAN_LIST_PARTIAL || span->list == MSPAN_LIST_FULL);
    mspan_queue_remove(queue, span);
    span->list = MSPAN_LIST_NONE;
}

// The list that the span stands in.
static struct mspan_queue *queue_of(struct heap *heap, const struct mspan *span) {
    struct mcentral *central = central_of(heap, span);
    struct mspan_queue *pair = span->list == MSPAN_LIST_PARTIAL ? central->partial : central->full;
    uint32_t generation = generation_of(heap);
    return span->sweep_generation == generation ? swept(pair, generation)
                                                : unswept(pair, generation);
}

// Lists a swept span by what is in it; false for an empty one, which stands nowhere then.
static bool list_span(struct heap *heap, struct mspan *span) {
    struct mcentral *central = central_of(heap, span);
    uint32_t generation = generation_of(heap);
    enum sweep_result result = sweep_result_of(span);
    if (result == SWEEP_PARTIAL) {
        push(swept(central->partial, generation), span, MSPAN_LIST_PARTIAL);
    } else if (result == SWEEP_FULL) {
        push(swept(central->full, generation), span, MSPAN_LIST_FULL);
    }
    return result != SWEEP_EMPTY;
}

static void own(struct mspan *span, const struct mcache *cache) {
    span->list = MSPAN_LIST_CACHE;
    atomic_store_explicit(&span->owner, cache->id + 1, memory_order_relaxed);
}

// ---- from and to the page heap

// One section under the lock, so that the block that mheap_take_span reserves is there to be taken.
static struct mspan *grow(struct heap *heap, uint8_t span_class) {
    lock_acquire(&heap->lock);
    struct mspan *span = mheap_take_span(heap, size_class_pages[span_class >> 1], 1, MSPAN_IN_USE,
                                         span_class, &heap->stats.heap_inuse_bytes);
    if (span != NULL) {
        uint64_t *block = NULL;
        if (mspan_needs_block(span_class)) {
            block = fixalloc_alloc(heap, &heap->bits_fix, NULL);
            CHECK(block != NULL);
        }
        mspan_init_objects(span, block);
    }
    lock_release(&heap->lock);
    return span;
}

// Its slots are free, and so poisoned, as the page heap wants it.
static void give_back(struct heap *heap, struct mspan *span) {
    CHECK(span->list == MSPAN_LIST_NONE);
    CHECK(mspan_alloc_count(span) == 0);
    CHECK(!mspan_has_specials(span));
    lock_acquire(&heap->lock);
    if (mspan_block(span) != NULL) {
        fixalloc_free(&heap->bits_fix, mspan_block(span));
    }
    mheap_give_span(heap, span, &heap->stats.heap_inuse_bytes);
    lock_release(&heap->lock);
}

// ---- sweeping

// What a span that may stand in a list is; the central lock is held.
enum standing { STANDING_OWNED, STANDING_SWEPT, STANDING_UNSWEPT, STANDING_BEING_SWEPT };

static enum standing standing_of(const struct heap *heap, const struct mspan *span) {
    if (mspan_owner(span) != MSPAN_OWNER_NONE) {
        return STANDING_OWNED;
    }
    switch (generation_of(heap) - span->sweep_generation) {
    case 0:
        return STANDING_SWEPT;
    case 1:
        return STANDING_BEING_SWEPT;
    default:
        return STANDING_UNSWEPT;
    }
}

static void claim(struct heap *heap, struct mspan *span) {
    unlink_span(queue_of(heap, span), span);
    span->sweep_generation = generation_of(heap) - 1;
}

enum mcentral_claim_status mcentral_claim(struct heap *heap, struct mspan *span) {
    struct lock *lock = &central_of(heap, span)->lock;
    lock_acquire(lock);
    enum standing standing = standing_of(heap, span);
    if (standing == STANDING_UNSWEPT) {
        claim(heap, span);
    }
    lock_release(lock);
    if (standing == STANDING_BEING_SWEPT) {
        return MCENTRAL_BEING_SWEPT;
    }
    return standing == STANDING_UNSWEPT ? MCENTRAL_CLAIMED : MCENTRAL_NOT_DUE;
}

struct mspan *mcentral_claim_unswept(struct heap *heap, uint8_t span_class) {
    struct mcentral *central = &heap->central[span_class];
    lock_acquire(&central->lock);
    uint32_t generation = generation_of(heap);
    struct mspan_queue *queue = unswept(central->partial, generation);
    if (queue->first == NULL) {
        queue = unswept(central->full, generation);
    }
    struct mspan *span = queue->first;
    if (span != NULL) {
        claim(heap, span);
    }
    lock_release(&central->lock);
    return span;
}

static void note_swept(struct heap *heap, struct mspan *span) {
    span->sweep_generation = generation_of(heap);
    (void)atomic_fetch_sub_explicit(&heap->unswept_count, 1, memory_order_release);
}

void mcentral_put_swept(struct heap *heap, struct mspan *span) {
    struct mcentral *central = central_of(heap, span);
    ASSERT(span->sweep_generation == generation_of(heap) - 1); // claimed
    lock_acquire(&central->lock);
    note_swept(heap, span);
    bool listed = list_span(heap, span);
    lock_release(&central->lock);
    if (!listed) {
        give_back(heap, span);
    }
}

void mcentral_ensure_swept(struct heap *heap, struct mspan *span) {
    enum mcentral_claim_status status = mcentral_claim(heap, span);
    while (status == MCENTRAL_BEING_SWEPT) {
        thrd_yield();
        status = mcentral_claim(heap, span);
    }
    if (status == MCENTRAL_CLAIMED) {
        (void)sweep_span(heap, NULL, span);
        mcentral_put_swept(heap, span);
    }
}

// ---- caches

static uint64_t free_slot_bytes(const struct mspan *span) {
    return (span->object_count - mspan_alloc_count(span)) * (uint64_t)span->element_bytes;
}

static struct mspan *take_swept(struct heap *heap, const struct mcache *cache, uint8_t span_class) {
    struct mcentral *central = &heap->central[span_class];
    lock_acquire(&central->lock);
    struct mspan_queue *queue = swept(central->partial, generation_of(heap));
    struct mspan *span = queue->first;
    if (span != NULL) {
        unlink_span(queue, span);
        own(span, cache);
    }
    lock_release(&central->lock);
    return span;
}

static struct mspan *take_unswept(struct heap *heap, struct mcache *cache, uint8_t span_class) {
    for (int tries = 0; tries < SWEEP_BUDGET; tries++) {
        struct mspan *span = mcentral_claim_unswept(heap, span_class);
        if (span == NULL) {
            return NULL;
        }
        if (sweep_span(heap, cache, span) == SWEEP_FULL) {
            mcentral_put_swept(heap, span);
            continue;
        }
        lock_acquire(&central_of(heap, span)->lock);
        note_swept(heap, span);
        own(span, cache);
        lock_release(&central_of(heap, span)->lock);
        return span;
    }
    return NULL;
}

struct mspan *mcentral_cache_span(struct heap *heap, struct mcache *cache, uint8_t span_class) {
    struct mspan *span = take_swept(heap, cache, span_class);
    if (span == NULL) {
        span = take_unswept(heap, cache, span_class);
    }
    if (span == NULL) {
        span = grow(heap, span_class);
        if (span == NULL) {
            return NULL;
        }
        own(span, cache);
    }
    ASSERT(mspan_owner(span) == cache->id + 1);
    ASSERT(span->list == MSPAN_LIST_CACHE);
    ASSERT(mspan_alloc_count(span) < span->object_count);
    mstats_live_add(heap, free_slot_bytes(span));
    return span;
}

// Moves remotely freed slots to free. The owner calls, with the central lock held.
static void drain(struct heap *heap, struct mspan *span) {
    for (uint32_t word = 0; span->remote_count != 0; word++) {
        CHECK(word < mspan_bit_words(span));
        for (uint64_t bits = mspan_bit_word(span->remote_bits, word); bits != 0; bits &= bits - 1) {
            uint32_t index = word * 64 + bits_ctz64(bits);
            if (!mspan_is_noscan(span)) {
                mbitmap_clear(heap, mspan_object(span, index), span->element_bytes);
            }
            mspan_bit_clear(span->remote_bits, index);
            mspan_free(span, index);
            span->remote_count--;
        }
    }
}

bool mcentral_drain(struct heap *heap, struct mspan *span) {
    struct lock *lock = &central_of(heap, span)->lock;
    lock_acquire(lock);
    drain(heap, span);
    lock_release(lock);
    return mspan_alloc_count(span) < span->object_count;
}

void mcentral_uncache_span(struct heap *heap, struct mspan *span) {
    ASSERT(mspan_owner(span) != MSPAN_OWNER_NONE);
    ASSERT(!mspan_is_large(span));
    struct lock *lock = &central_of(heap, span)->lock;
    lock_acquire(lock);
    drain(heap, span);
    uint64_t unused_bytes = free_slot_bytes(span);
    atomic_store_explicit(&span->owner, MSPAN_OWNER_NONE, memory_order_relaxed);
    span->list = MSPAN_LIST_NONE;
    bool listed = list_span(heap, span);
    lock_release(lock);
    mstats_live_subtract(heap, unused_bytes);
    if (!listed) {
        give_back(heap, span);
    }
}

void mcentral_add_large(struct heap *heap, struct mspan *span) {
    struct lock *lock = &central_of(heap, span)->lock;
    lock_acquire(lock);
    CHECK(list_span(heap, span));
    lock_release(lock);
}

// ---- objects of spans that the caller does not own

// The object stays: it is about to be freed by hand, and is not to be counted twice.
static void sweep_around(struct heap *heap, struct mcache *cache, struct mspan *span,
                         uint32_t index) {
    if (mspan_mark(span, index)) {
        mstats_live_add(heap, span->element_bytes);
    }
    CHECK(sweep_span(heap, cache, span) != SWEEP_EMPTY);
    mcentral_put_swept(heap, span);
}

static void free_unowned(struct heap *heap, struct mspan *span, uint32_t index) {
    unlink_span(queue_of(heap, span), span);
    if (!mspan_is_noscan(span)) {
        mbitmap_clear(heap, mspan_object(span, index), span->element_bytes);
    }
    mspan_free(span, index);
}

static void check_live(const struct mspan *span, uint32_t index) {
    if (!mspan_is_live(span, index)) {
        check_misuse("double free", mspan_object(span, index));
    }
}

// One try under the central lock; false: the span must be swept first, and is claimed when
// `claimed` says so.
static bool try_free(struct heap *heap, struct mspan *span, uint32_t index, bool *claimed,
                     bool *emptied, enum heap_free_status *status) {
    enum standing standing = standing_of(heap, span);
    *claimed = standing == STANDING_UNSWEPT;
    if (standing == STANDING_BEING_SWEPT) {
        return false;
    }
    check_live(span, index);
    if (standing == STANDING_UNSWEPT) {
        claim(heap, span);
        return false;
    }
    if (mspan_has_specials(span)) {
        special_free_object(heap, span, index);
    }
    heap_poison(mspan_object(span, index), span->element_bytes);
    if (standing == STANDING_OWNED) {
        CHECK(mspan_free_remote(span, index));
        *status = HEAP_FREE_REMOTE;
        return true;
    }
    free_unowned(heap, span, index);
    *emptied = !list_span(heap, span);
    *status = HEAP_FREED;
    return true;
}

enum heap_free_status mcentral_free_object(struct heap *heap, struct mcache *cache,
                                           struct mspan *span, uint32_t index) {
    struct lock *lock = &central_of(heap, span)->lock;
    uint64_t element_bytes = span->element_bytes;
    for (;;) {
        bool claimed = false;
        bool emptied = false;
        enum heap_free_status status;
        lock_acquire(lock);
        bool done = try_free(heap, span, index, &claimed, &emptied, &status);
        lock_release(lock);
        if (!done) {
            if (claimed) {
                sweep_around(heap, cache, span, index);
            } else {
                thrd_yield();
            }
            continue;
        }
        if (status == HEAP_FREED) {
            mstats_live_subtract(heap, element_bytes);
        }
        if (emptied) {
            give_back(heap, span);
        }
        return status;
    }
}

bool mcentral_set_layout(struct heap *heap, const struct mcache *cache, struct mspan *span,
                         uint32_t index, size_t size_bytes, const struct gc_layout *layout) {
    struct lock *lock = &central_of(heap, span)->lock;
    lock_acquire(lock);
    bool ours = mspan_owner(span) == cache->id + 1 || standing_of(heap, span) == STANDING_SWEPT;
    if (ours) {
        mbitmap_clear(heap, mspan_object(span, index), span->element_bytes);
        mbitmap_set(heap, mspan_object(span, index), size_bytes, layout);
    }
    lock_release(lock);
    return ours;
}

// ---- validity: all is looked at, so that no order of the invariants hides one

// What all of one list have in common.
struct listing {
    uint8_t span_class;
    enum mspan_list list;
    uint32_t generation;
};

static bool fits(const struct mspan *span, const struct listing *listing) {
    uint32_t alloc_count = mspan_alloc_count(span);
    uint32_t owner = mspan_owner(span);
    bool is_full = alloc_count == span->object_count;
    bool valid = (span->state == MSPAN_IN_USE) & (span->span_class == listing->span_class); // C3
    valid &= (span->list == listing->list) & (owner == MSPAN_OWNER_NONE);
    valid &= span->remote_count == 0;
    valid &= (alloc_count > 0) & (is_full == (listing->list == MSPAN_LIST_FULL)); // C4
    valid &= span->sweep_generation == listing->generation;                       // C5
    return valid;
}

static bool queue_is_valid(const struct mspan_queue *queue, struct listing listing) {
    const struct mspan *before = NULL;
    for (const struct mspan *at = queue->first; at != NULL; at = at->next) {
        bool valid = fits(at, &listing);
        valid &= at->previous == before; // C2
        if (!valid) {                    // a ring ends here: its first has nobody before it
            return false;
        }
        before = at;
    }
    return before == queue->last; // C2
}

bool mcentral_is_valid(const struct heap *heap, uint8_t span_class) {
    const struct mcentral *central = &heap->central[span_class];
    uint32_t generation = generation_of(heap);
    bool valid = central->span_class == span_class; // C1
    for (uint32_t i = 0; i < 2; i++) {
        bool is_swept = generation / 2 % 2 == i;
        struct listing listing = {span_class, MSPAN_LIST_PARTIAL,
                                  is_swept ? generation : generation - 2};
        valid &= queue_is_valid(&central->partial[i], listing);
        listing.list = MSPAN_LIST_FULL;
        valid &= queue_is_valid(&central->full[i], listing);
    }
    return valid;
}
