// live_private: the ledger of live blocks as it lies in memory: for itself, a walk and its test.
//
// Invariants, checked by live_is_valid():
//   E1  the order holds each block that lives once, by address
//   E2  a record that was ever used lives or is spare, and a spare one has no address
//   E3  what lives is summed up, also by row: all that ever lived without what was freed
//   E4  so is what lives and was dropped, also by row
#ifndef ORACLE_SUBJECT_LIVE_PRIVATE_H
#define ORACLE_SUBJECT_LIVE_PRIVATE_H

#include "oracle/subject/live.h"

// A number for each tally and measure.
typedef int64_t tallies[RELATIONS_LEDGER][RELATIONS_MEASURES];

// The ledger of blocks.
struct live {
    struct live_block *blocks;
    uint32_t block_count, block_capacity; // records that were ever used
    uint32_t *spare;
    uint32_t spare_count;
    uint32_t *order; // of live ones, by address
    uint32_t live_count;
    uint64_t next_seed;
    uint32_t walk_number;
    uint32_t walk_place; // by address, behind the block that the walk showed last
    tallies sums;
    tallies *rows;
    uint32_t row_count; // rows that were ever used
};

// Checks E1..E4. O(blocks * log blocks).
bool live_is_valid(const struct live *live);

#endif
