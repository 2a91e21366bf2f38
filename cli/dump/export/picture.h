// picture: what is drawn of the objects that retain most, in a file that appears whole or not at
// all.
#ifndef CLI_DUMP_EXPORT_PICTURE_H
#define CLI_DUMP_EXPORT_PICTURE_H

#include "cli/dump/export/kept.h"
#include "cli/dump/graph/explain.h"
#include "cli/dump/graph/holding.h"
#include "cli/io/text.h"

#include <stdbool.h>
#include <stddef.h>

// Appends the picture of these objects of the dump in the file `path`. False: out of memory.
typedef bool picture_draw(struct text *text, const char *path, const struct kept *kept,
                          const struct explain *explain);

// Draws the `limit` largest, and writes what was drawn to the file `to`; "-" is stdout. Returns a
// status; what fails is told.
int picture_write(struct holding *holding, size_t limit, const char *to, picture_draw *draw);

#endif
