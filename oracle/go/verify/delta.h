// delta: the fields that moved since the check before, against those that the operations between
// may move, which way, and by how much they must.
#ifndef ORACLE_GO_VERIFY_DELTA_H
#define ORACLE_GO_VERIFY_DELTA_H

#include "allocator/memstats.h"

#include <stdbool.h>
#include <stdint.h>

struct rule_book;

enum memstats_index { // of the uint64_t fields of struct memstats
#define MEMSTATS_FIELD(name, unit, meaning, truths) MEMSTATS_INDEX_##name,
#include "allocator/memstats_fields.def"
    MEMSTATS_INDEX_COUNT,
};
// A bit for each field that may be higher afterwards, and behind them one for each that may be
// lower.
#define ORACLE_RISES(field) ((uint64_t)1 << MEMSTATS_INDEX_##field)
#define ORACLE_FALLS(field) (ORACLE_RISES(field) << 32)
#define ORACLE_MOVES(field) (ORACLE_RISES(field) | ORACLE_FALLS(field))
#define ORACLE_MOVES_NONE   ((uint64_t)0)
#define ORACLE_MOVES_ALL    (UINT64_MAX)
// Go names of the fields above.
extern const char *const memstats_field_names[MEMSTATS_INDEX_COUNT];

struct delta {      // of all operations since the check before
    uint64_t moves; // ORACLE_MOVES bits
    bool counts_objects;
    uint64_t allocated, freed; // objects, when they are counted; freed by calls, not by sweeps
};

// Rules: no field moved that the operations may not move, or the other way, and objects by as many
// as were counted. True: clean.
bool delta_check(struct rule_book *book, const struct memstats *before, const struct memstats *now,
                 const struct delta *delta);

#endif
