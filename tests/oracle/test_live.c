// test_live: the ledger of live blocks: every byte that carries a pattern, and what a walk shows.
//
// holds: oracle/subject/pattern.c oracle/core/check.c
#include <string.h>

#include "tests/test.h"

#include "oracle/subject/live_private.h"
#include "oracle/subject/pattern.h"
#include "tests/breaks.h"
#include "tests/child.h"

#define ROOM_BYTES 4096

static unsigned char room[ROOM_BYTES];
static struct live *live;

static int setup(void **state) {
    (void)state;
    memset(room, 0, sizeof room);
    live = live_create();
    assert_non_null(live);
    live_begin(live);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    live_destroy(live);
    return 0;
}

TEST_FIXTURE(setup, teardown)

static uint32_t enter(size_t at, size_t requested_bytes, size_t usable_bytes) {
    const struct live_block block = {.address = (uintptr_t)room + at,
                                     .requested_bytes = requested_bytes,
                                     .usable_bytes = usable_bytes,
                                     .footprint_bytes = usable_bytes,
                                     .row = LIVE_NONE,
                                     .is_touched = true};
    return live_enter(live, &block);
}

static bool has_pattern(uint32_t id) {
    const struct live_block *block = live_block(live, id);
    return pattern_holds(block, block->address, SIZE_MAX);
}

// A byte that is changed shows where it carries the pattern, and only there.
static void require_ranges(size_t requested_bytes, size_t usable_bytes,
                           bool (*carries)(size_t at, size_t requested, size_t usable)) {
    uint32_t id = enter(8, requested_bytes, usable_bytes);
    unsigned char *bytes = room + 8;
    assert_true(has_pattern(id));
    for (size_t at = 0; at < usable_bytes; at++) {
        bytes[at] ^= 0x10;
        assert_int_equal(has_pattern(id), !carries(at, requested_bytes, usable_bytes));
        bytes[at] ^= 0x10;
    }
    assert_int_equal(bytes[-1], 0);
    assert_int_equal(bytes[usable_bytes], 0);
    live_leave(live, id);
    memset(room, 0, sizeof room);
}

static bool all(size_t at, size_t requested, size_t usable) {
    return (void)at, (void)requested, (void)usable, true;
}

static bool ends(size_t at, size_t requested, size_t usable) {
    return at < 64 || (at < requested && requested - at <= 64) || usable - at <= 64;
}

TEST(every_byte_of_a_small_block_carries_its_pattern) {
    for (size_t size_bytes = 1; size_bytes < 40; size_bytes++) {
        require_ranges(size_bytes, size_bytes, all);
        require_ranges(size_bytes / 2, size_bytes, all);
    }
    require_ranges(256, 256, all);
}

TEST(a_large_block_carries_it_at_its_ends) {
    require_ranges(257, 257, ends);
    require_ranges(300, 1003, ends);
    require_ranges(30, 301, ends);
    require_ranges(1001, 1003, ends);
}

TEST(what_was_moved_carries_it_as_far_as_it_was_kept) {
    uint32_t id = enter(0, 100, 100);
    memcpy(room + 1000, room, 37);
    assert_true(pattern_holds(live_block(live, id), (uintptr_t)room + 1000, 37));
    assert_false(pattern_holds(live_block(live, id), (uintptr_t)room + 1000, 38));
    assert_false(pattern_holds(live_block(live, id), (uintptr_t)room + 1000, 100));
}

TEST(no_two_blocks_carry_the_same) {
    uint32_t first = enter(0, 64, 64);
    (void)enter(64, 64, 64);
    memcpy(room, room + 64, 64);
    assert_false(has_pattern(first));
}

TEST(a_byte_that_is_not_zero_shows) {
    static unsigned char large[20000];
    (void)state;
    for (size_t size_bytes = 0; size_bytes < 20; size_bytes++) {
        assert_true(pattern_is_zero((uintptr_t)room, size_bytes));
        for (size_t at = 0; at <= size_bytes; at++) {
            room[at] = 1;
            assert_int_equal(pattern_is_zero((uintptr_t)room, size_bytes), at == size_bytes);
            room[at] = 0;
        }
    }
    const size_t looked_at[] = {0, 4095, sizeof large - 4096, sizeof large - 1};
    assert_true(pattern_is_zero((uintptr_t)large, sizeof large));
    for (size_t i = 0; i < sizeof looked_at / sizeof looked_at[0]; i++) {
        large[looked_at[i]] = 1;
        assert_false(pattern_is_zero((uintptr_t)large, sizeof large));
        large[looked_at[i]] = 0;
    }
}

TEST(what_moves_may_share_its_bytes_until_it_has_moved) {
    uint32_t moving = enter(64, 256, 256);
    uint32_t before = enter(0, 80, 80); // reaches into it
    uint32_t other = enter(200, 8, 8);
    uintptr_t base = (uintptr_t)room;
    assert_int_equal(live_overlap(live, base + 100, 8, LIVE_NONE), moving);
    live_move(live, moving, true);
    assert_int_equal(live_overlap(live, base + 100, 8, LIVE_NONE), LIVE_NONE);
    assert_int_equal(live_overlap(live, base + 72, 4, LIVE_NONE), before);
    assert_int_equal(live_overlap(live, base + 60, 400, before), other);
    assert_int_equal(live_overlap(live, base + 204, 1, LIVE_NONE), other);
    live_move(live, moving, false);
    assert_int_equal(live_overlap(live, base + 100, 8, LIVE_NONE), moving);
}

TEST(a_walk_may_go_in_any_order) {
    static const size_t orders[][3] = {{0, 64, 128}, {128, 64, 0}, {64, 128, 0}};
    bool is_again = true;
    (void)state;
    for (size_t at = 0; at < 192; at += 64) {
        (void)enter(at, 64, 64);
    }
    for (size_t order = 0; order < 3; order++) {
        live_walk_begin(live);
        for (size_t i = 0; i < 3; i++) {
            uintptr_t address = (uintptr_t)room + orders[order][i];
            assert_non_null(live_walk_missed(live));
            assert_int_equal(live_walk_shows(live, address, &is_again)->address, address);
            assert_false(is_again);
        }
        assert_null(live_walk_missed(live));
    }
}

TEST(a_walk_shows_what_is_wrong) {
    bool is_again = false;
    (void)state;
    (void)enter(0, 64, 64);
    (void)enter(64, 64, 64);
    live_walk_begin(live);
    assert_null(live_walk_shows(live, (uintptr_t)room + 8, &is_again));
    assert_null(live_walk_shows(live, (uintptr_t)room + 128, &is_again));
    assert_non_null(live_walk_shows(live, (uintptr_t)room + 64, &is_again));
    assert_false(is_again);
    assert_non_null(live_walk_shows(live, (uintptr_t)room + 64, &is_again));
    assert_true(is_again);
    assert_int_equal(live_walk_missed(live)->address, (uintptr_t)room);
}

// Three of a row, one of none, one dropped, one dead, one that has changed.
static uint32_t ids[6];

static void fill_ledger(void) {
    for (size_t i = 0; i < 6; i++) {
        const struct live_block block = {.address = (uintptr_t)room + 512 * (i ^ 3),
                                         .requested_bytes = 100 + i,
                                         .usable_bytes = 112,
                                         .footprint_bytes = 128,
                                         .row = i < 4 ? 2 : LIVE_NONE,
                                         .is_touched = true};
        ids[i] = live_enter(live, &block);
        assert_true(live_is_valid(live));
    }
    live_drop(live, ids[1]);
    assert_true(live_is_valid(live));
    live_leave(live, ids[2]);
    assert_true(live_is_valid(live));
    struct live_block now = *live_block(live, ids[3]);
    now.requested_bytes = 400;
    now.usable_bytes = 416;
    now.footprint_bytes = 64;
    live_change(live, ids[3], &now);
    assert_true(live_is_valid(live));
}

TEST(a_ledger_is_valid_as_blocks_come_and_go) {
    assert_true(live_is_valid(live));
    fill_ledger();
    live_leave(live, ids[1]); // one that was dropped
    assert_true(live_is_valid(live));
    uint32_t first = enter(2048, 16, 16);
    uint32_t second = enter(2048, 16, 16); // a finding, but the ledger stands
    assert_true(live_is_valid(live));
    live_leave(live, first);
    assert_true(live_is_valid(live));
    live_leave(live, second);
    live_clear(live);
    assert_true(live_is_valid(live));
    live_begin(live);
    assert_true(live_is_valid(live));
}

TEST(validity_sees_each_broken_invariant) {
    fill_ledger();
    struct live_block *block = &live->blocks[ids[1]];
    int64_t(*sums)[RELATIONS_MEASURES] = live->sums;
    int64_t(*row)[RELATIONS_MEASURES] = live->rows[2];
    assert_int_equal(live->spare_count, 1);
    BREAKS(uint32_t, live->order[0], live->order[1], live_is_valid(live)); // E1
    BREAKS(uint32_t, live->order[1], live->order[0], live_is_valid(live));
    BREAKS(uint32_t, live->order[0], live->block_count, live_is_valid(live));
    BREAKS(uintptr_t, block->address, (uintptr_t)room + ROOM_BYTES, live_is_valid(live));
    BREAKS(uintptr_t, block->address, 0, live_is_valid(live)); // E2
    BREAKS(uintptr_t, live->blocks[ids[2]].address, (uintptr_t)room, live_is_valid(live));
    BREAKS(uint32_t, live->spare[0], ids[0], live_is_valid(live));
    BREAKS(uint32_t, live->spare_count, 0, live_is_valid(live));
    BREAKS(uint32_t, live->live_count, 4, live_is_valid(live));
    BREAKS(uint32_t, live->block_capacity, 5, live_is_valid(live));
    BREAKS(uint32_t, live->row_count, LIVE_ROWS_MAX + 1, live_is_valid(live));
    for (int i = 0; i < RELATIONS_MEASURES; i++) { // E3
        BREAKS(int64_t, sums[RELATIONS_LIVE][i], sums[RELATIONS_LIVE][i] + 1, live_is_valid(live));
        BREAKS(int64_t, sums[RELATIONS_TOTAL][i], 0, live_is_valid(live));
        BREAKS(int64_t, sums[RELATIONS_FREED][i], 7777, live_is_valid(live));
        BREAKS(int64_t, row[RELATIONS_LIVE][i], row[RELATIONS_LIVE][i] + 1, live_is_valid(live));
        BREAKS(int64_t, row[RELATIONS_FREED][i], 7777, live_is_valid(live));
        BREAKS(int64_t, sums[RELATIONS_DROPPED][i], 0, live_is_valid(live)); // E4
        BREAKS(int64_t, row[RELATIONS_DROPPED][i], 0, live_is_valid(live));
    }
    BREAKS(size_t, block->requested_bytes, 1, live_is_valid(live));
    BREAKS(uint32_t, block->row, LIVE_NONE, live_is_valid(live));
    BREAKS(bool, block->is_dropped, false, live_is_valid(live));
    BREAKS(uint32_t, live->row_count, 2, live_is_valid(live));
}

static void leave_twice(void *id) {
    live_leave(live, *(uint32_t *)id);
    live_leave(live, *(uint32_t *)id);
}

TEST(a_block_that_does_not_live_ends_the_harness) {
    char text[400];
    uint32_t id = enter(0, 64, 64);
    uint32_t never = id + 1;
    assert_int_not_equal(child_says(leave_twice, &id, text, sizeof text), 0);
    assert_non_null(strstr(text, "countercheck: harness: "));
    assert_non_null(strstr(text, "live_block(live, id) != NULL"));
    assert_int_not_equal(child_says(leave_twice, &never, text, sizeof text), 0);
}
