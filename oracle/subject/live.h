// live: the live blocks of a foreign allocator, by address, and what they and the dead ones add
// up to.
//
// It knows what calls returned and nothing of the allocator. Every block carries a pattern, so that
// a byte that changed under its owner shows. Single-threaded.
#ifndef ORACLE_SUBJECT_LIVE_H
#define ORACLE_SUBJECT_LIVE_H

#include "oracle/relations/relations.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// No row, and the ledger's bounds: blocks at a time, rows of classes.
#define LIVE_NONE       UINT32_MAX
#define LIVE_BLOCKS_MAX 65536
#define LIVE_ROWS_MAX   1024

// One block as the ledger has it.
struct live_block {
    uintptr_t address; // 0: the record is free
    size_t requested_bytes, usable_bytes, footprint_bytes;
    uint32_t row;    // of a class; LIVE_NONE: none
    uint32_t slot;   // by which the program names it, or did
    uint32_t walked; // the last walk that showed it
    uint64_t seed;   // of its pattern
    bool is_dropped; // nobody refers to it: it may be gone
    bool is_touched; // it is memory of this process, and carries its pattern
    bool is_moving;  // a thread resizes it: others may have been given its bytes already
};

struct live;

struct live *live_create(void); // NULL: refused
// Forgets all blocks; their memory is the allocator's. NULL is nothing.
void live_destroy(struct live *live);
void live_begin(struct live *live); // a new program: nothing lives

// A block that lives and shares a byte with [address, address + size); LIVE_NONE: none. Neither
// `but` nor what is moving is looked at.
uint32_t live_overlap(const struct live *live, uintptr_t address, size_t size_bytes, uint32_t but);

// Enters a block and fills it with its pattern. LIVE_NONE: full, or refused.
uint32_t live_enter(struct live *live, const struct live_block *block);
// It dies: freed.* grows.
void live_leave(struct live *live, uint32_t id);
// It is another size where it is: total.* grows by what it gained, freed.* by what it lost. The
// pattern is filled anew.
void live_change(struct live *live, uint32_t id, const struct live_block *now);
// Nobody refers to it any more.
void live_drop(struct live *live, uint32_t id);
// A thread begins to resize it; it ends by live_change, by live_leave, or it is as it was.
void live_move(struct live *live, uint32_t id, bool is_moving);
// All die at once.
void live_clear(struct live *live);

// The allocator begins to walk its blocks; it has shown none yet.
void live_walk_begin(struct live *live);
// The walk shows a block at the address. Its record, NULL: none begins there. *is_again: this
// walk has shown it before.
const struct live_block *live_walk_shows(struct live *live, uintptr_t address, bool *is_again);
// The first block that this walk has not shown; NULL: none.
const struct live_block *live_walk_missed(const struct live *live);

// The block's record; good until the next entry. NULL: no such block lives.
const struct live_block *live_block(const struct live *live, uint32_t id);
uint32_t live_count(const struct live *live);              // of live blocks
uint32_t live_at(const struct live *live, uint32_t place); // the place-th by address

// Has the facts show the tallies and rows, as they are and as they will be.
void live_facts(const struct live *live, struct relations_facts *facts);

#endif
