// identities: what must hold inside one MemStats, whatever the heap did, and between two that
// follow each other.
#ifndef ORACLE_GO_VERIFY_IDENTITIES_H
#define ORACLE_GO_VERIFY_IDENTITIES_H

#include "allocator/memstats.h"

#include <stdbool.h>

struct rule_book;

// Go's own equalities and bounds. `whole_rings`: all rows of the rings, not the newest alone.
bool identities_check(struct rule_book *book, const struct memstats *stats, bool whole_rings);

// What may not go down did not since `before`.
bool identities_check_since(struct rule_book *book, const struct memstats *before,
                            const struct memstats *stats);

#endif
