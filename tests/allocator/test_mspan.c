// test_mspan: slots come in order, indices are exact, and each broken invariant is seen.
#include "allocator/pages/mspan.h"

#include <string.h>
#include "tests/test.h"

#define BASE ((uintptr_t)0x100000)

static uint64_t block[3 * MSPAN_BITMAP_WORDS];

// A span of the class at a made-up address: nothing here touches its memory.
static void make_span(struct mspan *span, uint8_t size_class, bool noscan) {
    memset(span, 0, sizeof *span);
    memset(block, 0, sizeof block);
    span->base = BASE;
    span->page_count = size_class == 0 ? 5 : size_class_pages[size_class];
    span->span_class = span_class_make(size_class, noscan);
    span->state = MSPAN_IN_USE;
    mspan_init_objects(span, mspan_needs_block(span->span_class) ? block : NULL);
}

TEST(alloc_returns_slots_in_order_then_zero) {
    for (uint8_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        struct mspan span;
        make_span(&span, class, false);
        for (uint32_t i = 0; i < span.object_count; i++) {
            assert_int_equal(mspan_alloc(&span), BASE + i * size_class_bytes[class]);
        }
        assert_int_equal(mspan_alloc(&span), 0);
        assert_int_equal(mspan_alloc(&span), 0);
        assert_int_equal(mspan_alloc_count(&span), span.object_count);
        assert_true(mspan_is_valid(&span));
    }
}

TEST(alloc_takes_the_lowest_free_slot) {
    struct mspan span;
    make_span(&span, 1, true); // 1024 objects
    while (mspan_alloc(&span) != 0) {
    }
    static const uint32_t freed[] = {1023, 700, 64, 63, 3, 128};
    static const uint32_t expected[] = {3, 63, 64, 128, 700, 1023};
    for (size_t i = 0; i < 6; i++) {
        mspan_free(&span, freed[i]);
        assert_true(mspan_is_valid(&span));
    }
    assert_true(span.needzero);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(mspan_alloc(&span), BASE + expected[i] * 8);
    }
    assert_int_equal(mspan_alloc(&span), 0);
}

TEST(next_free_begins_where_it_is_told) {
    struct mspan span;
    make_span(&span, 1, true);
    assert_int_equal(mspan_next_free(&span, 5), 5);
    mspan_bit_set(span.alloc_bits, 5);
    assert_int_equal(mspan_next_free(&span, 5), 6);
    assert_int_equal(mspan_next_free(&span, 1024), 1024);
    struct mspan odd;
    make_span(&odd, 3, true); // 341 objects: bits behind the last are no slots
    for (uint32_t i = 0; i < odd.object_count; i++) {
        mspan_bit_set(odd.alloc_bits, i);
    }
    assert_int_equal(mspan_next_free(&odd, 0), odd.object_count);
}

TEST(index_of_is_exact_for_every_offset_of_every_class) {
    for (uint8_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        struct mspan span;
        make_span(&span, class, true);
        for (uintptr_t offset = 0; offset < span.page_count * HEAP_PAGE_BYTES; offset++) {
            if (mspan_index_of(&span, BASE + offset) != offset / size_class_bytes[class]) {
                fail_msg("class %u offset %zu", class, (size_t)offset);
            }
        }
    }
}

TEST(a_large_span_is_one_object) {
    struct mspan span;
    make_span(&span, 0, false);
    assert_true(mspan_is_large(&span));
    assert_int_equal(span.element_bytes, 5 * HEAP_PAGE_BYTES);
    assert_int_equal(mspan_index_of(&span, BASE + 5 * HEAP_PAGE_BYTES - 1), 0);
    assert_int_equal(mspan_alloc(&span), BASE);
    assert_int_equal(mspan_alloc(&span), 0);
    assert_true(mspan_is_valid(&span));
}

TEST(bitmaps_are_inline_up_to_64_objects) {
    for (uint8_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        struct mspan span;
        make_span(&span, class, true);
        assert_int_equal(mspan_needs_block(span.span_class), span.object_count > 64);
        void *expected = span.object_count > 64 ? block : NULL;
        assert_ptr_equal(mspan_block(&span), expected);
    }
    assert_false(mspan_needs_block(0));
    assert_false(mspan_needs_block(1));
}

TEST(remote_free_keeps_the_slot_and_refuses_twice) {
    struct mspan span;
    make_span(&span, 6, true);
    atomic_store(&span.owner, 1);
    (void)mspan_alloc(&span);
    (void)mspan_alloc(&span);
    assert_true(mspan_is_live(&span, 1));
    assert_true(mspan_free_remote(&span, 1));
    assert_false(mspan_free_remote(&span, 1));
    assert_false(mspan_is_live(&span, 1));
    assert_int_equal(mspan_alloc_count(&span), 2);
    assert_true(mspan_is_valid(&span));
    assert_int_equal(mspan_alloc(&span), BASE + 2 * 64);
}

TEST(mark_tells_the_first_time) {
    struct mspan span;
    make_span(&span, 1, true);
    assert_true(mspan_mark(&span, 200));
    assert_false(mspan_mark(&span, 200));
    assert_true(mspan_mark(&span, 201));
}

// A span of 341 objects, owned, with objects 0..2 allocated, 1 freed remotely.
static void make_used(struct mspan *span) {
    make_span(span, 3, true);
    atomic_store(&span->owner, 1);
    span->list = MSPAN_LIST_CACHE;
    for (int i = 0; i < 3; i++) {
        (void)mspan_alloc(span);
    }
    assert_true(mspan_free_remote(span, 1));
    assert_true(mspan_is_valid(span));
}

static void break_size(struct mspan *span) { // I1
    span->element_bytes *= 2;
}
static void break_alloc_count(struct mspan *span) { // I2
    atomic_store(&span->alloc_count, 2);
}
static void break_remote_count(struct mspan *span) { // I2
    span->remote_count = 0;
}
static void break_free_index(struct mspan *span) { // I3
    span->free_index = 4;
}
static void break_alloc_end(struct mspan *span) { // I4
    mspan_bit_set(span->alloc_bits, 341);
    atomic_store(&span->alloc_count, 4);
}
static void break_remote_end(struct mspan *span) { // I4
    mspan_bit_set(span->remote_bits, 341);
    span->remote_count = 2;
}
static void break_mark_end(struct mspan *span) { // I4
    mspan_bit_set(span->mark_bits, 383);
}
static void break_subset(struct mspan *span) { // I5
    mspan_bit_set(span->remote_bits, 9);
    span->remote_count = 2;
}
static void break_object_count(struct mspan *span) {
    span->object_count = 340;
}
static void break_owner(struct mspan *span) { // I8
    atomic_store(&span->owner, MSPAN_OWNER_NONE);
}
static void break_tiny(struct mspan *span) { // I9
    span->tiny_bits = span->alloc_bits;
}

TEST(validity_sees_each_broken_invariant) {
    void (*const breaks[])(struct mspan *) = {
        break_size,         break_alloc_count, break_remote_count, break_free_index,
        break_alloc_end,    break_remote_end,  break_mark_end,     break_subset,
        break_object_count, break_owner,       break_tiny,
    };
    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        struct mspan span;
        make_used(&span);
        breaks[i](&span);
        if (mspan_is_valid(&span)) {
            fail_msg("break %zu was not seen", i);
        }
    }
}

TEST(validity_sees_what_no_large_manual_or_tiny_span_may_be) {
    struct mspan span;
    make_span(&span, 0, true);
    span.list = MSPAN_LIST_CACHE; // I7, each of its parts
    assert_false(mspan_is_valid(&span));
    make_span(&span, 0, true);
    span.object_count = 2;
    assert_false(mspan_is_valid(&span));
    span = (struct mspan){.base = BASE, .page_count = 1, .state = MSPAN_MANUAL};
    assert_true(mspan_is_valid(&span));
    span.object_count = 1;
    assert_false(mspan_is_valid(&span));
    make_span(&span, TINY_SIZE_CLASS, true);
    assert_true(mspan_is_valid(&span));
    mspan_bit_set(span.tiny_bits, 7); // no object there
    assert_false(mspan_is_valid(&span));
    make_span(&span, TINY_SIZE_CLASS, true);
    span.tiny_bits = NULL;
    assert_false(mspan_is_valid(&span));
    memset(&span, 0xff, sizeof span);
    span.state = MSPAN_DEAD;
    assert_true(mspan_is_valid(&span));
}
