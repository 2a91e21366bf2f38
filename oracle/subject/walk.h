// walk: what an allocator shows of its blocks, added up and held against the ledger.
#ifndef ORACLE_SUBJECT_WALK_H
#define ORACLE_SUBJECT_WALK_H

#include "oracle/subject/live.h"

// Has the allocator walk its blocks, and adds them up. False: it cannot now. *sentence is what is
// wrong with the first block that is, and *address where that lies; NULL: each live one was shown
// once, by its footprint.
bool walk_judge(const struct countercheck_subject *table, void *self, struct live *live,
                int64_t seen[RELATIONS_WALKS][RELATIONS_WALK_MEASURES], uintptr_t *address,
                const char **sentence);

#endif
