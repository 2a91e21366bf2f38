// delta: which fields moved since the check before, against which the operations between may move
// at all.
#ifndef ORACLE_DELTA_H
#define ORACLE_DELTA_H

#include "allocator/memstats.h"

#include <stdbool.h>
#include <stdint.h>

struct rule_book;

// `moves`: ORACLE_MOVES bits of all operations since `before` was read.
bool delta_check(struct rule_book *book, const struct memstats *before, const struct memstats *now,
                 uint32_t moves);

#endif
