// live: records by number, an order by address, sums that move with each event.
#include "oracle/subject/live.h"

#include "oracle/core/supply.h"

#include <string.h>

#define END_BYTES    64 // of either end of a large block
#define WHOLE_MAX    256
#define CHECKED_ZERO 4096 // of either end of what must be zero

typedef int64_t tallies[RELATIONS_TALLIES][RELATIONS_MEASURES];

struct live {
    struct live_block *blocks;
    uint32_t block_count, block_capacity; // records that were ever used
    uint32_t *spare;
    uint32_t spare_count;
    uint32_t *order; // of live ones, by address
    uint32_t live_count;
    uint64_t next_seed;
    int64_t dropped[RELATIONS_MEASURES]; // of live ones that may be gone
    tallies sums;
    tallies *rows;
    uint32_t row_count; // rows that were ever used
};

struct live *live_create(void) {
    struct live *live = supply_zeroed(1, sizeof *live);
    if (live != NULL) {
        live->rows = supply_zeroed(LIVE_ROWS_MAX, sizeof *live->rows);
        if (live->rows == NULL) {
            supply_free(live);
            return NULL;
        }
    }
    return live;
}

void live_destroy(struct live *live) {
    if (live != NULL) {
        supply_free(live->blocks);
        supply_free(live->spare);
        supply_free(live->order);
        supply_free(live->rows);
        supply_free(live);
    }
}

void live_begin(struct live *live) {
    live->block_count = 0;
    live->spare_count = 0;
    live->live_count = 0;
    live->next_seed = 1;
    memset(live->dropped, 0, sizeof live->dropped);
    memset(live->sums, 0, sizeof live->sums);
    memset(live->rows, 0, live->row_count * sizeof *live->rows);
    live->row_count = 0;
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

uint32_t live_find(const struct live *live, uintptr_t address) {
    uint32_t place = place_of(live, address);
    bool is_there = place < live->live_count && live->blocks[live->order[place]].address == address;
    return is_there ? live->order[place] : LIVE_NONE;
}

static size_t used_bytes(const struct live_block *block) {
    return block->usable_bytes > block->requested_bytes ? block->usable_bytes
                                                        : block->requested_bytes;
}

static size_t extent_of(const struct live_block *block) {
    size_t used = used_bytes(block);
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
        if (id != but) {
            return id;
        }
    }
    for (uint32_t at = place; at > 0 && at + 2 > place;
         at--) { // one before, or two when that is `but`
        uint32_t id = live->order[at - 1];
        if (id != but && address - live->blocks[id].address < extent_of(&live->blocks[id])) {
            return id;
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
    struct live_block *blocks = supply_resized(live->blocks, capacity * sizeof *blocks);
    live->blocks = blocks == NULL ? live->blocks : blocks;
    uint32_t *spare = supply_resized(live->spare, capacity * sizeof *spare);
    live->spare = spare == NULL ? live->spare : spare;
    uint32_t *order = supply_resized(live->order, capacity * sizeof *order);
    live->order = order == NULL ? live->order : order;
    if (blocks == NULL || spare == NULL || order == NULL) {
        return false;
    }
    live->block_capacity = capacity;
    return true;
}

// ---- pattern

static unsigned char byte_at(uint64_t seed, size_t offset) {
    uint64_t word = (seed + offset / 8) * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned char)(word >> (8 * (offset % 8)));
}

struct range {
    size_t begin, end;
};

// The bytes of a block that carry the pattern: all of a small one; of a large one the beginning,
// what stands before the end of what was asked for, and before the end of what may be used.
static void ranges_of(const struct live_block *block, struct range ranges[3]) {
    size_t used = used_bytes(block);
    size_t asked = block->requested_bytes;
    ranges[0] = (struct range){0, used <= WHOLE_MAX || used < END_BYTES ? used : END_BYTES};
    ranges[1] = (struct range){asked > END_BYTES ? asked - END_BYTES : 0, asked};
    ranges[2] = (struct range){used > END_BYTES ? used - END_BYTES : 0, used};
}

static void fill(const struct live_block *block) {
    struct range ranges[3];
    unsigned char *bytes = (unsigned char *)block->address;
    ranges_of(block, ranges);
    for (int i = 0; i < 3; i++) {
        for (size_t at = ranges[i].begin; at < ranges[i].end; at++) {
            bytes[at] = byte_at(block->seed, at);
        }
    }
}

bool live_has_pattern(const struct live_block *block, uintptr_t address, size_t size_bytes) {
    struct range ranges[3];
    const unsigned char *bytes = (const unsigned char *)address;
    ranges_of(block, ranges);
    for (int i = 0; i < 3 && block->is_touched; i++) {
        for (size_t at = ranges[i].begin; at < ranges[i].end && at < size_bytes; at++) {
            if (bytes[at] != byte_at(block->seed, at)) {
                return false;
            }
        }
    }
    return true;
}

bool live_is_zero(uintptr_t address, size_t size_bytes) {
    const unsigned char *bytes = (const unsigned char *)address;
    for (size_t at = 0; at < size_bytes; at++) {
        if (at == CHECKED_ZERO && size_bytes > (size_t)2 * CHECKED_ZERO) {
            at = size_bytes - CHECKED_ZERO;
        }
        if (bytes[at] != 0) {
            return false;
        }
    }
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
        fill(&live->blocks[id]);
    }
    return id;
}

void live_leave(struct live *live, uint32_t id) {
    struct live_block *block = &live->blocks[id];
    take_out(live, id);
    add(live, RELATIONS_LIVE, block, -1);
    add(live, RELATIONS_FREED, block, 1);
    if (block->is_dropped) {
        add_one(live->dropped, block, -1);
    }
    block->address = 0;
    live->spare[live->spare_count++] = id;
}

void live_change(struct live *live, uint32_t id, const struct live_block *now) {
    struct live_block *block = &live->blocks[id];
    take_out(live, id);
    add(live, RELATIONS_LIVE, block, -1);
    add_change(live, block, now);
    *block = *now;
    block->seed = live->next_seed++;
    insert(live, id);
    add(live, RELATIONS_LIVE, block, 1);
    if (block->is_touched) {
        fill(block);
    }
}

void live_drop(struct live *live, uint32_t id) {
    struct live_block *block = &live->blocks[id];
    if (!block->is_dropped) {
        block->is_dropped = true;
        add_one(live->dropped, block, 1);
    }
}

void live_clear(struct live *live) {
    while (live->live_count > 0) {
        live_leave(live, live->order[live->live_count - 1]);
    }
}

// ---- what others ask

const struct live_block *live_block(const struct live *live, uint32_t id) {
    return id < live->block_count && live->blocks[id].address != 0 ? &live->blocks[id] : NULL;
}

uint32_t live_count(const struct live *live) {
    return live->live_count;
}

uint32_t live_bound(const struct live *live) {
    return live->block_count;
}

uint32_t live_at(const struct live *live, uint32_t place) {
    return live->order[place];
}

void live_facts(const struct live *live, struct relations_facts *facts) {
    memcpy(facts->tally, live->sums, sizeof facts->tally);
    for (int i = 0; i < RELATIONS_MEASURES; i++) {
        facts->tally_most[i] = live->sums[RELATIONS_LIVE][i];
        facts->tally[RELATIONS_LIVE][i] -= live->dropped[i]; // the least that lives
    }
    facts->rows = (const int64_t(*)[RELATIONS_TALLIES][RELATIONS_MEASURES])live->rows;
    facts->row_count = live->row_count;
}
