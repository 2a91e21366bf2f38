// delta: which fields moved since the check before, against which the operations between may move
// at all, which way, and by how much they must.
#ifndef ORACLE_GO_DELTA_H
#define ORACLE_GO_DELTA_H

#include "allocator/memstats.h"

#include <stdbool.h>
#include <stdint.h>

struct rule_book;

struct delta {      // of all operations since the check before
    uint64_t moves; // ORACLE_MOVES bits
    bool counts_objects;
    uint64_t allocated, freed; // objects, when they are counted; freed by calls, not by sweeps
};

bool delta_check(struct rule_book *book, const struct memstats *before, const struct memstats *now,
                 const struct delta *delta);

#endif
