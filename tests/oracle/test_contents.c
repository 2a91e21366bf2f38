// test_contents: what is filled is found unchanged, and no byte of it can change unseen.
#include "oracle/go/state/contents.h"
#include "oracle/go/rules.h"
#include "oracle/go/state/state.h"

#include <string.h>

#include "tests/test.h"

#define SIZE_MOST 700
#define BEHIND    16 // bytes behind the object that are not its own

static const uint8_t outer[] = {0x05};
static const uint8_t last[] = {0x80};
static const uint8_t even[] = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x01};
static const struct gc_layout layouts[] = {
    {24, 24, outer}, {64, 64, last}, {48, 24, outer}, {640, 520, even}, {8, 8, outer}};

static uint64_t memory[(SIZE_MOST + BEHIND + 7) / 8];
static struct rule_book book = {.rules = &go_rules};
static struct model model = {.book = &book};

static struct slot slot_of(size_t size_bytes, const struct gc_layout *layout) {
    return (struct slot){.base = (uintptr_t)memory,
                         .size_bytes = size_bytes,
                         .element_bytes = sizeof memory,
                         .layout = layout,
                         .noscan = layout == NULL,
                         .first_edge = MODEL_NONE,
                         .seed = 7 + size_bytes};
}

static bool is_looked_at(size_t size_bytes, size_t at) {
    return size_bytes <= (size_t)2 * CONTENTS_END_BYTES || at < CONTENTS_END_BYTES ||
           at >= size_bytes - CONTENTS_END_BYTES;
}

static void check_size(size_t size_bytes, const struct gc_layout *layout) {
    const struct slot slot = slot_of(size_bytes, layout);
    unsigned char *bytes = (unsigned char *)memory;
    memset(memory, 0, sizeof memory);
    contents_fill(&slot, 0, size_bytes);
    assert_true(contents_check(&model, &slot, slot.base, size_bytes));
    for (size_t at = 0; at < size_bytes; at++) {
        if (is_looked_at(size_bytes, at)) {
            bytes[at] ^= 0x40;
            assert_false(contents_check(&model, &slot, slot.base, size_bytes));
            bytes[at] ^= 0x40;
        }
    }
    for (size_t at = size_bytes; at < size_bytes + BEHIND; at++) {
        assert_int_equal(bytes[at], 0); // nothing was written there
        bytes[at] = 1;
    }
    assert_true(contents_check(&model, &slot, slot.base, size_bytes));
}

TEST(no_byte_at_either_end_changes_unseen) {
    for (size_t size_bytes = 1; size_bytes <= SIZE_MOST; size_bytes++) {
        check_size(size_bytes, NULL);
        for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
            check_size(size_bytes, &layouts[i]);
        }
    }
}

TEST(a_grown_object_is_filled_from_where_it_ended) {
    for (size_t from = 8; from < SIZE_MOST; from += 8) {
        const struct slot slot = slot_of(SIZE_MOST, &layouts[0]);
        memset(memory, 0, sizeof memory);
        contents_fill(&slot, 0, from);
        contents_fill(&slot, from < 2 * CONTENTS_END_BYTES ? from : 0, SIZE_MOST);
        assert_true(contents_check(&model, &slot, slot.base, SIZE_MOST));
    }
}

TEST(zero_is_zero_up_to_the_last_byte) {
    unsigned char *bytes = (unsigned char *)memory;
    memset(memory, 0, sizeof memory);
    for (size_t size_bytes = 1; size_bytes <= SIZE_MOST; size_bytes++) {
        assert_true(contents_check_zero(&book, (uintptr_t)memory, size_bytes));
        for (size_t at = 0; at < size_bytes; at += 1 + size_bytes / 16) {
            bytes[at] = 0x80;
            assert_false(contents_check_zero(&book, (uintptr_t)memory, size_bytes));
            bytes[at] = 0;
        }
        bytes[size_bytes - 1] = 1;
        assert_false(contents_check_zero(&book, (uintptr_t)memory, size_bytes));
        bytes[size_bytes - 1] = 0;
    }
}
