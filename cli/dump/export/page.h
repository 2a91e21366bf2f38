// page: the page of `dump html`, and the data in it.
//
// The page is cli/dump/export/page.html. Each part of the data has a bound, so that all of it stays
// below PAGE_BYTES_MAX whatever the dump; what is left out is counted.
#ifndef CLI_DUMP_EXPORT_PAGE_H
#define CLI_DUMP_EXPORT_PAGE_H

#include "cli/dump/export/kept.h"
#include "cli/dump/graph/explain.h"
#include "cli/io/text.h"

#include <stdbool.h>

#define PAGE_MARK        "@DATA@" // in its place stands the data
#define PAGE_BYTES_MAX   5000000
#define PAGE_OBJECTS_MAX 12000

// The page as it is in the tree, NUL-terminated: made by the build.
extern const char page_text[];

// Appends the page. False: out of memory.
bool page_write(struct text *text, const char *path, const struct kept *kept,
                const struct explain *explain);

#endif
