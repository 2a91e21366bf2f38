// dot: the picture of `dump dot`.
#ifndef CLI_DUMP_EXPORT_DOT_H
#define CLI_DUMP_EXPORT_DOT_H

#include "cli/dump/export/kept.h"
#include "cli/dump/graph/explain.h"
#include "cli/io/text.h"

#include <stdbool.h>

// Of the pointers among the kept objects that no arrow of the tree shows, so many are drawn for
// each.
#define DOT_EDGES_PER_NODE 4

// Appends it. False: out of memory.
bool dot_write(struct text *text, const char *path, const struct kept *kept,
               const struct explain *explain);

#endif
