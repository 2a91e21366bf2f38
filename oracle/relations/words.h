// words: what a text of relations calls the numbers of the ledger, each by its enum.
#ifndef ORACLE_RELATIONS_WORDS_H
#define ORACLE_RELATIONS_WORDS_H

#include "oracle/relations/relations.h"

extern const char *const relations_tally_prefixes[RELATIONS_TALLIES];     // "live."
extern const char *const relations_measure_names[RELATIONS_MEASURES];     // behind it
extern const char *const relations_operation_names[RELATIONS_OPERATIONS]; // behind "ops."
// Behind "walk.": the measures of one kind of block, then those of the next.
extern const char *const relations_walk_names[RELATIONS_WALKS * RELATIONS_WALK_MEASURES];
extern const char *const relations_backing_names[RELATIONS_BACKINGS]; // behind "backing."

#endif
