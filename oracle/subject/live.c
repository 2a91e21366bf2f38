// live: records by number, an order by address, sums that move with each event.
#include "oracle/subject/live_private.h"

#include "oracle/core/check.h"
#include "oracle/core/harness_memory.h"
#include "oracle/subject/pattern.h"

#include <string.h>

struct live *live_create(void) {
    struct live *live = harness_calloc(1, sizeof *live);
    if (live != NULL) {
        live->rows = harness_calloc(LIVE_ROWS_MAX, sizeof *live->rows);
        if (live->rows == NULL) {
            harness_free(live);
            return NULL;
        }
    }
    return live;
}

void live_destroy(struct live *live) {
    if (live != NULL) {
        harness_free(live->blocks);
        harness_free(live->spare);
        harness_free(live->order);
        harness_free(live->rows);
        harness_free(live);
    }
}

void live_begin(struct live *live) {
    live->block_count = 0;
    live->spare_count = 0;
    live->live_count = 0;
    live->next_seed = 1;
    live->walk_number = 0;
    memset(live->sums, 0, sizeof live->sums);
    memset(live->rows, 0, live->row_count * sizeof *live->rows);
    live->row_count = 0;
    HARNESS_ASSERT_SLOW(live_is_valid(live));
}

// ---- order

// The place of the first live block at or above the address.
static uint32_t place_of(const struct live *live, uintptr_t address) {
    uint32_t low = 0;
    uint32_t high = live->live_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (live->blocks[live->order[middle]].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t extent_of(const struct live_block *block) {
    size_t used = pattern_used_bytes(block);
    return used == 0 ? 1 : used; // even an empty one is at a place of its own
}

uint32_t live_overlap(const struct live *live, uintptr_t address, size_t size_bytes, uint32_t but) {
    uint32_t place = place_of(live, address);
    size_t extent = size_bytes == 0 ? 1 : size_bytes;
    for (uint32_t at = place; at < live->live_count; at++) {
        uint32_t id = live->order[at];
        if (live->blocks[id].address - address >= extent) {
            break;
        }
        if (id != but && !live->blocks[id].is_moving) {
            return id;
        }
    }
    for (uint32_t at = place; at > 0; at--) { // the first before that is looked at
        uint32_t id = live->order[at - 1];
        if (id != but && !live->blocks[id].is_moving) {
            bool reaches = address - live->blocks[id].address < extent_of(&live->blocks[id]);
            return reaches ? id : LIVE_NONE;
        }
    }
    return LIVE_NONE;
}

static void insert(struct live *live, uint32_t id) {
    uint32_t place = place_of(live, live->blocks[id].address);
    memmove(live->order + place + 1, live->order + place,
            (live->live_count - place) * sizeof *live->order);
    live->order[place] = id;
    live->live_count++;
}

static void take_out(struct live *live, uint32_t id) {
    uint32_t place = place_of(live, live->blocks[id].address);
    while (live->order[place] != id) {
        place++; // two at one address: a finding, but the ledger stands
    }
    live->live_count--;
    memmove(live->order + place, live->order + place + 1,
            (live->live_count - place) * sizeof *live->order);
}

static bool reserve(struct live *live) {
    if (live->spare_count > 0 || live->block_count < live->block_capacity) {
        return true;
    }
    if (live->block_capacity == LIVE_BLOCKS_MAX) {
        return false;
    }
    uint32_t capacity = live->block_capacity == 0 ? 1024 : live->block_capacity * 2;
    struct live_block *blocks = harness_realloc(live->blocks, capacity * sizeof *blocks);
    live->blocks = blocks == NULL ? live->blocks : blocks;
    uint32_t *spare = harness_realloc(live->spare, capacity * sizeof *spare);
    live->spare = spare == NULL ? live->spare : spare;
    uint32_t *order = harness_realloc(live->order, capacity * sizeof *order);
    live->order = order == NULL ? live->order : order;
    if (blocks == NULL || spare == NULL || order == NULL) {
        return false;
    }
    live->block_capacity = capacity;
    return true;
}

// ---- sums

static void add_one(int64_t *measures, const struct live_block *block, int64_t sign) {
    measures[RELATIONS_COUNT] += sign;
    measures[RELATIONS_REQUESTED] += sign * (int64_t)block->requested_bytes;
    measures[RELATIONS_USABLE] += sign * (int64_t)block->usable_bytes;
    measures[RELATIONS_FOOTPRINT] += sign * (int64_t)block->footprint_bytes;
}

// The sums of the block's class; NULL: it is in none.
static tallies *row_of(struct live *live, const struct live_block *block) {
    if (block->row >= LIVE_ROWS_MAX) {
        return NULL;
    }
    live->row_count = block->row >= live->row_count ? block->row + 1 : live->row_count;
    return &live->rows[block->row];
}

static void add(struct live *live, enum relations_tally tally, const struct live_block *block,
                int64_t sign) {
    tallies *row = row_of(live, block);
    add_one(live->sums[tally], block, sign);
    if (row != NULL) {
        add_one((*row)[tally], block, sign);
    }
}

static void add_difference(tallies sums, const int64_t *gained) {
    for (int i = 0; i < RELATIONS_MEASURES; i++) {
        sums[RELATIONS_TOTAL][i] += gained[i] > 0 ? gained[i] : 0;
        sums[RELATIONS_FREED][i] += gained[i] < 0 ? -gained[i] : 0;
    }
}

// What a block gains where it is was allocated, what it loses was freed; it is still the same one.
static void add_change(struct live *live, const struct live_block *block,
                       const struct live_block *now) {
    int64_t gained[RELATIONS_MEASURES] = {0};
    tallies *row = row_of(live, block);
    add_one(gained, now, 1);
    add_one(gained, block, -1);
    add_difference(live->sums, gained);
    if (row != NULL) {
        add_difference(*row, gained);
    }
}

uint32_t live_enter(struct live *live, const struct live_block *block) {
    HARNESS_ASSERT(block->address != 0);
    if (!reserve(live)) {
        return LIVE_NONE;
    }
    uint32_t id = live->spare_count > 0 ? live->spare[--live->spare_count] : live->block_count++;
    live->blocks[id] = *block;
    live->blocks[id].seed = live->next_seed++;
    insert(live, id);
    add(live, RELATIONS_LIVE, block, 1);
    add(live, RELATIONS_TOTAL, block, 1);
    if (block->is_touched) {
        pattern_fill(&live->blocks[id]);
    }
    HARNESS_ASSERT_SLOW(live_is_valid(live));
    return id;
}

// The block of an id, which is that of one that lives.
static struct live_block *living(struct live *live, uint32_t id) {
    HARNESS_CHECK(live_block(live, id) != NULL);
    return &live->blocks[id];
}

static void leave(struct live *live, uint32_t id) {
    struct live_block *block = living(live, id);
    take_out(live, id);
    add(live, RELATIONS_LIVE, block, -1);
    add(live, RELATIONS_FREED, block, 1);
    if (block->is_dropped) {
        add(live, RELATIONS_DROPPED, block, -1);
    }
    block->address = 0;
    live->spare[live->spare_count++] = id;
}

void live_leave(struct live *live, uint32_t id) {
    leave(live, id);
    HARNESS_ASSERT_SLOW(live_is_valid(live));
}

void live_change(struct live *live, uint32_t id, const struct live_block *now) {
    struct live_block *block = living(live, id);
    HARNESS_ASSERT(now->address != 0);
    take_out(live, id);
    add(live, RELATIONS_LIVE, block, -1);
    add_change(live, block, now);
    *block = *now;
    block->seed = live->next_seed++;
    insert(live, id);
    add(live, RELATIONS_LIVE, block, 1);
    if (block->is_touched) {
        pattern_fill(block);
    }
    HARNESS_ASSERT_SLOW(live_is_valid(live));
}

void live_drop(struct live *live, uint32_t id) {
    struct live_block *block = living(live, id);
    if (!block->is_dropped) {
        block->is_dropped = true;
        add(live, RELATIONS_DROPPED, block, 1);
    }
    HARNESS_ASSERT_SLOW(live_is_valid(live));
}

void live_move(struct live *live, uint32_t id, bool is_moving) {
    living(live, id)->is_moving = is_moving;
}

void live_clear(struct live *live) {
    while (live->live_count > 0) {
        leave(live, live->order[live->live_count - 1]);
    }
    HARNESS_ASSERT_SLOW(live_is_valid(live));
}

// ---- a walk of the allocator's

void live_walk_begin(struct live *live) {
    live->walk_number++;
    live->walk_place = 0;
}

static struct live_block *block_at(const struct live *live, uint32_t place, uintptr_t address) {
    struct live_block *block = place < live->live_count ? &live->blocks[live->order[place]] : NULL;
    return block != NULL && block->address == address ? block : NULL;
}

const struct live_block *live_walk_shows(struct live *live, uintptr_t address, bool *is_again) {
    struct live_block *block = block_at(live, live->walk_place, address);
    if (block == NULL) { // not in the order of addresses, which most walks are in
        live->walk_place = place_of(live, address);
        block = block_at(live, live->walk_place, address);
    }
    if (block == NULL) {
        return NULL;
    }
    *is_again = block->walked == live->walk_number;
    block->walked = live->walk_number;
    live->walk_place++;
    return block;
}

const struct live_block *live_walk_missed(const struct live *live) {
    for (uint32_t place = 0; place < live->live_count; place++) {
        const struct live_block *block = &live->blocks[live->order[place]];
        if (block->walked != live->walk_number) {
            return block;
        }
    }
    return NULL;
}

// ---- what others ask

const struct live_block *live_block(const struct live *live, uint32_t id) {
    return id < live->block_count && live->blocks[id].address != 0 ? &live->blocks[id] : NULL;
}

uint32_t live_count(const struct live *live) {
    return live->live_count;
}

uint32_t live_at(const struct live *live, uint32_t place) {
    HARNESS_CHECK(place < live->live_count);
    return live->order[place];
}

void live_facts(const struct live *live, struct relations_facts *facts) {
    facts->tally = (const int64_t(*)[RELATIONS_MEASURES])live->sums;
    facts->rows = (const int64_t(*)[RELATIONS_LEDGER][RELATIONS_MEASURES])live->rows;
    facts->row_count = live->row_count;
}

// ---- validity: all is looked at, so that no order of the invariants hides one

static bool stands_in_order(const struct live *live, uint32_t id) {
    uintptr_t address = live->blocks[id].address;
    for (uint32_t place = place_of(live, address); place < live->live_count; place++) {
        if (live->order[place] == id) {
            return true;
        }
        if (live->blocks[live->order[place]].address != address) {
            break;
        }
    }
    return false;
}

static bool order_is_valid(const struct live *live) { // E1
    uintptr_t before = 1;
    for (uint32_t place = 0; place < live->live_count; place++) {
        uint32_t id = live->order[place];
        if (id >= live->block_count || live->blocks[id].address < before) {
            return false;
        }
        before = live->blocks[id].address;
    }
    return true;
}

static bool records_are_valid(const struct live *live) { // E1, E2
    uint32_t live_count = 0;
    uint64_t free_sum = 0; // of their numbers
    bool valid = true;
    for (uint32_t id = 0; id < live->block_count; id++) {
        bool is_free = live->blocks[id].address == 0;
        valid &= is_free || stands_in_order(live, id);
        live_count += !is_free;
        free_sum += is_free ? id : 0;
    }
    for (uint32_t i = 0; i < live->spare_count; i++) {
        free_sum -= live->spare[i];
    }
    return valid & (live_count == live->live_count) & (free_sum == 0);
}

// Whether what was ever there, without what was freed, is what lives.
static bool adds_up(const int64_t *all, const int64_t *freed, const int64_t *living) { // E3
    bool valid = true;
    for (int i = 0; i < RELATIONS_MEASURES; i++) {
        valid &= all[i] - freed[i] == living[i];
    }
    return valid;
}

static bool sums_are_valid(const struct live *live) { // E3, E4
    int64_t all[RELATIONS_MEASURES] = {0};
    int64_t in_rows[RELATIONS_MEASURES] = {0};
    int64_t dropped[RELATIONS_MEASURES] = {0};
    int64_t dropped_in_rows[RELATIONS_MEASURES] = {0};
    bool valid = adds_up(live->sums[RELATIONS_TOTAL], live->sums[RELATIONS_FREED],
                         live->sums[RELATIONS_LIVE]);
    for (uint32_t place = 0; place < live->live_count; place++) {
        const struct live_block *block = &live->blocks[live->order[place]];
        add_one(all, block, 1);
        add_one(in_rows, block, block->row < LIVE_ROWS_MAX);
        add_one(dropped, block, block->is_dropped);
        add_one(dropped_in_rows, block, block->is_dropped && block->row < LIVE_ROWS_MAX);
    }
    for (uint32_t row = 0; row < live->row_count; row++) {
        valid &= adds_up(live->rows[row][RELATIONS_TOTAL], live->rows[row][RELATIONS_FREED],
                         live->rows[row][RELATIONS_LIVE]);
        for (int i = 0; i < RELATIONS_MEASURES; i++) {
            in_rows[i] -= live->rows[row][RELATIONS_LIVE][i];
            dropped_in_rows[i] -= live->rows[row][RELATIONS_DROPPED][i];
        }
    }
    for (int i = 0; i < RELATIONS_MEASURES; i++) {
        valid &= (live->sums[RELATIONS_LIVE][i] == all[i]) & (in_rows[i] == 0);
        valid &= (live->sums[RELATIONS_DROPPED][i] == dropped[i]) & (dropped_in_rows[i] == 0);
    }
    return valid;
}

bool live_is_valid(const struct live *live) {
    bool fits = (live->block_count <= live->block_capacity) &
                (live->live_count + live->spare_count == live->block_count) &
                (live->row_count <= LIVE_ROWS_MAX); // E2
    if (!fits || !order_is_valid(live)) {           // what follows searches in it
        return false;
    }
    bool valid = records_are_valid(live);
    return valid & sums_are_valid(live);
}
