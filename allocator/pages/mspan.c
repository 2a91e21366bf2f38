// mspan: the slow parts of a span: cutting it into objects, searching its bits, checking its
// invariants.
#include "allocator/pages/mspan.h"

#include "allocator/bits.h"
#include "allocator/check.h"
#include "allocator/size_classes.h"

#include <stddef.h>

static uint32_t objects_of_class(uint8_t size_class) {
    return (uint32_t)(size_class_pages[size_class] * HEAP_PAGE_BYTES /
                      size_class_bytes[size_class]);
}

bool mspan_needs_block(uint8_t span_class) {
    return span_class > 1 && objects_of_class(span_class >> 1) > 64;
}

static void set_bitmaps(struct mspan *span, uint64_t *block) {
    _Atomic uint64_t *words = block == NULL ? span->inline_bits : (_Atomic uint64_t *)block;
    uint32_t stride = block == NULL ? 1 : MSPAN_BITMAP_WORDS;
    span->alloc_bits = words;
    span->remote_bits = words + stride;
    span->mark_bits = words + (size_t)2 * stride;
    // 512 tiny blocks need half of a bitmap's words: the other half of the first is free
    bool tiny = span->span_class == (TINY_SIZE_CLASS << 1 | 1);
    span->tiny_bits = tiny ? words + MSPAN_BITMAP_WORDS / 2 : NULL;
}

void mspan_init_objects(struct mspan *span, uint64_t *block) {
    uint8_t size_class = mspan_size_class(span);
    CHECK((block != NULL) == mspan_needs_block(span->span_class));
    if (size_class == 0) {
        span->element_bytes = span->page_count * HEAP_PAGE_BYTES;
        span->object_count = 1;
        span->divide_magic = 0;
    } else {
        span->element_bytes = size_class_bytes[size_class];
        span->object_count = objects_of_class(size_class);
        span->divide_magic = UINT32_MAX / (uint32_t)span->element_bytes + 1;
    }
    CHECK(span->object_count * span->element_bytes <= span->page_count * HEAP_PAGE_BYTES);
    set_bitmaps(span, block);
}

void *mspan_block(const struct mspan *span) {
    return span->alloc_bits == span->inline_bits ? NULL : (void *)(uintptr_t)span->alloc_bits;
}

uint32_t mspan_next_free(const struct mspan *span, uint32_t from) {
    for (uint32_t word = from / 64; word < mspan_bit_words(span); word++) {
        uint64_t free_slots = ~mspan_bit_word(span->alloc_bits, word);
        if (word == from / 64) {
            free_slots &= UINT64_MAX << (from % 64);
        }
        if (free_slots != 0) {
            uint32_t index = word * 64 + bits_ctz64(free_slots);
            return index < span->object_count ? index : span->object_count;
        }
    }
    return span->object_count;
}

bool mspan_free_remote(struct mspan *span, uint32_t index) {
    if (mspan_bit_is_set(span->remote_bits, index)) {
        return false;
    }
    mspan_bit_set(span->remote_bits, index);
    span->remote_count++;
    return true;
}

// ---- validity

static uint32_t count_bits(const struct mspan *span, const _Atomic uint64_t *bits) {
    uint32_t count = 0;
    for (uint32_t word = 0; word < mspan_bit_words(span); word++) {
        count += bits_popcount64(mspan_bit_word(bits, word));
    }
    return count;
}

static bool none_past_end(const struct mspan *span, const _Atomic uint64_t *bits) {
    uint32_t used = span->object_count % 64;
    return used == 0 ||
           (mspan_bit_word(bits, span->object_count / 64) & ~bits_low_mask64(used)) == 0;
}

// No bitmap at all is a subset of any.
static bool is_subset(const struct mspan *span, const _Atomic uint64_t *bits,
                      const _Atomic uint64_t *of) {
    uint64_t stray = 0;
    for (uint32_t word = 0; bits != NULL && word < mspan_bit_words(span); word++) {
        stray |= mspan_bit_word(bits, word) & ~mspan_bit_word(of, word);
    }
    return stray == 0;
}

static bool state_fits_class(const struct mspan *span) {
    if (span->state == MSPAN_MANUAL) {
        return (span->object_count == 0) & (span->alloc_bits == NULL);
    }
    if (mspan_is_large(span)) {
        return (span->object_count == 1) & (span->list != MSPAN_LIST_CACHE);
    }
    return span->object_count == objects_of_class(mspan_size_class(span));
}

// All is looked at, so that no order of the invariants hides one.
static bool counts_are_valid(const struct mspan *span) {
    bool valid = mspan_alloc_count(span) == count_bits(span, span->alloc_bits); // I2
    valid &= span->remote_count == count_bits(span, span->remote_bits);
    valid &= mspan_next_free(span, 0) >= span->free_index; // I3
    return valid;
}

static bool bitmaps_are_valid(const struct mspan *span) {
    bool none_stray = none_past_end(span, span->alloc_bits); // I4
    none_stray &= none_past_end(span, span->remote_bits);
    none_stray &= none_past_end(span, span->mark_bits);
    bool is_tiny = span->span_class == (TINY_SIZE_CLASS << 1 | 1);
    bool tiny_fits = is_subset(span, span->tiny_bits, span->alloc_bits); // I9
    tiny_fits &= is_tiny == (span->tiny_bits != NULL);
    bool remote_fits = is_subset(span, span->remote_bits, span->alloc_bits); // I5
    return none_stray & tiny_fits & remote_fits;
}

bool mspan_is_valid(const struct mspan *span) {
    if (span->state == MSPAN_DEAD) {
        return true;
    }
    bool fits = state_fits_class(span); // I7: how long the bitmaps are rests on it
    if (!fits || span->state == MSPAN_MANUAL) {
        return fits;
    }
    size_t size_bytes = span->page_count * HEAP_PAGE_BYTES;
    bool is_owned = mspan_owner(span) != MSPAN_OWNER_NONE;
    bool valid = span->object_count * span->element_bytes <= size_bytes; // I1
    valid &= counts_are_valid(span);
    valid &= bitmaps_are_valid(span);
    valid &= is_owned | (span->remote_count == 0); // I8
    return valid;
}
