// tally: counts and bytes per label, in memory bounded by TALLY_ROWS_MAX, sorted when it is shown.
//
// A label is a short text and a hash of the whole key, so that long keys with the same beginning
// stay apart. What finds no room is counted in one row, "(others)".
#ifndef CLI_IO_TALLY_H
#define CLI_IO_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Room for a row's label, and the most rows; what comes later is counted together.
#define TALLY_LABEL_BYTES 128
#define TALLY_ROWS_MAX    65536

// What was counted under one key.
struct tally_row {
    uint64_t hash; // of the whole key; 0: the row of the others
    uint64_t count, bytes;
    char label[TALLY_LABEL_BYTES]; // NUL-terminated, cut
};

// Counts by key.
struct tally {
    struct tally_row *rows;
    size_t row_count, row_capacity;
    uint32_t *index; // open addressing: 1 + row, or 0
    size_t index_count;
    struct tally_row others;
    bool is_out_of_memory;
};

void tally_fini(struct tally *tally); // an all-zero tally is an empty one

// The row of the key: `hash` names it, `label` shows it. Never NULL; good until the next call.
struct tally_row *tally_row(struct tally *tally, uint64_t hash, const char *label);
// The row of the key, or NULL. Not after tally_sort().
const struct tally_row *tally_find(const struct tally *tally, uint64_t hash);

// Sorts the rows: most bytes first, then most counts, then by label and hash. tally_row() and
// tally_find() may not follow.
void tally_sort(struct tally *tally);

#endif
