// sweep: frees what is allocated and not marked in one span, finalizers first.
#include "allocator/spans/sweep.h"

#include "allocator/bits.h"
#include "allocator/check.h"
#include "allocator/pages/mspan.h"
#include "allocator/pages/mstats.h"
#include "allocator/poison.h"
#include "allocator/spans/mbitmap.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/special_internal.h"

enum sweep_result sweep_result_of(const struct mspan *span) {
    if (mspan_alloc_count(span) == 0) {
        return SWEEP_EMPTY;
    }
    return mspan_alloc_count(span) == span->object_count ? SWEEP_FULL : SWEEP_PARTIAL;
}

static uint64_t dead_bits(const struct mspan *span, uint32_t word) {
    return mspan_bit_word(span->alloc_bits, word) & ~mspan_bit_word(span->mark_bits, word);
}

// Marks the dead objects that a finalizer keeps; their number.
static uint32_t keep_finalized(struct heap *heap, struct mspan *span) {
    uint32_t kept_count = 0;
    for (uint32_t word = 0; word < mspan_bit_words(span); word++) {
        for (uint64_t dead = dead_bits(span, word); dead != 0; dead &= dead - 1) {
            uint32_t index = word * 64 + bits_ctz64(dead);
            if (special_sweep_object(heap, span, index)) {
                (void)mspan_mark(span, index);
                kept_count++;
            }
        }
    }
    return kept_count;
}

static void forget_dead(const struct heap *heap, const struct mspan *span, uint32_t word,
                        uint64_t dead) {
    uint64_t with_bits = mspan_is_noscan(span) ? 0 : dead;
    for (; with_bits != 0; with_bits &= with_bits - 1) {
        uintptr_t object = mspan_object(span, word * 64 + bits_ctz64(with_bits));
        mbitmap_clear(heap, object, span->element_bytes);
    }
    for (; dead != 0; dead &= dead - 1) { // no loop at all where nothing is poisoned
        heap_poison(mspan_object(span, word * 64 + bits_ctz64(dead)), span->element_bytes);
    }
}

static void clear_bits(_Atomic uint64_t *bits, uint32_t word, uint64_t dead) {
    atomic_store_explicit(&bits[word], mspan_bit_word(bits, word) & ~dead, memory_order_relaxed);
}

static uint32_t free_dead(const struct heap *heap, struct mspan *span) {
    uint32_t freed_count = 0;
    for (uint32_t word = 0; word < mspan_bit_words(span); word++) {
        uint64_t dead = dead_bits(span, word);
        if (dead == 0) {
            continue;
        }
        if (word * 64 + bits_ctz64(dead) < span->free_index) {
            span->free_index = word * 64 + bits_ctz64(dead);
        }
        freed_count += bits_popcount64(dead);
        forget_dead(heap, span, word, dead);
        clear_bits(span->alloc_bits, word, dead);
        if (span->tiny_bits != NULL) {
            clear_bits(span->tiny_bits, word, dead);
        }
    }
    return freed_count;
}

enum sweep_result sweep_span(struct heap *heap, struct mcache *cache, struct mspan *span) {
    ASSERT(span->remote_count == 0);
    ASSERT(span->list == MSPAN_LIST_NONE);
    if (mspan_has_specials(span)) {
        uint32_t kept_count = keep_finalized(heap, span);
        mstats_live_add(heap, kept_count * span->element_bytes);
    }
    uint32_t freed_count = free_dead(heap, span);
    if (freed_count != 0) {
        uint32_t left_count = mspan_alloc_count(span) - freed_count;
        atomic_store_explicit(&span->alloc_count, left_count, memory_order_relaxed);
        span->needzero = true;
        if (mspan_is_large(span)) {
            mstats_count_large_free(heap, cache, span->element_bytes);
        } else {
            mstats_count_small_frees(heap, cache, mspan_size_class(span), freed_count);
        }
    }
    ASSERT_SLOW(mspan_is_valid(span));
    return sweep_result_of(span);
}
