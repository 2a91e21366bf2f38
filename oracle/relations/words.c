// words: the tables of a text's words for the ledger's numbers.
#include "oracle/relations/words.h"

const char *const relations_tally_prefixes[] = {"live.", "total.", "freed."};
const char *const relations_measure_names[] = {"count", "requested", "usable", "footprint"};
const char *const relations_operation_names[] = {
    "alloc",  "zeroed", "aligned", "realloc.moved", "realloc.in_place",
    "expand", "free",   "drop",    "failed"};
const char *const relations_walk_names[] = {
    "live.count", "live.bytes", "live.min",       "live.max",       "free.count",   "free.bytes",
    "free.min",   "free.max",   "internal.count", "internal.bytes", "internal.min", "internal.max"};
const char *const relations_backing_names[] = {"bytes", "peak", "calls"};
