// whole: the memory of a record whole, though the reader gives it in parts.
#ifndef CLI_DUMP_SCAN_WHOLE_H
#define CLI_DUMP_SCAN_WHOLE_H

#include "dump/reader.h"

#include <stdbool.h>
#include <stddef.h>

// All zero at the start.
struct whole {
    uint8_t *bytes;
    size_t capacity;
    bool is_out_of_memory;
};

// The memory and the fields of Object, StackFrame, Data and BSS. False: the record has none.
bool whole_of(const struct dump_record *record, const struct dump_memory **memory,
              const struct dump_fields **fields);
// Takes the part's memory; returns all that has come of it, good until the next record. It grows
// with what comes, not with what is claimed. NULL: out of memory, now or in an earlier part.
const uint8_t *whole_take(struct whole *whole, const struct dump_record *record,
                          const struct dump_memory *memory);
// Gives its memory back.
void whole_fini(struct whole *whole);

#endif
