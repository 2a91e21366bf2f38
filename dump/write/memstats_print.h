// memstats_print: MemStats as a table or as a JSON object with Go's field names.
#ifndef DUMP_WRITE_MEMSTATS_PRINT_H
#define DUMP_WRITE_MEMSTATS_PRINT_H

#include "allocator/memstats.h"

#include <stdio.h>

// A table on lines: field, value, unit; of BySize the rows that were ever used. An error is the
// stream's.
void memstats_print_text(const struct memstats *stats, FILE *stream);
void memstats_print_json(const struct memstats *stats, FILE *stream); // one line, no line end

#endif
