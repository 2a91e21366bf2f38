// ranking: the rows of a table, of which only the largest are wanted.
#ifndef CLI_DUMP_GRAPH_RANKING_H
#define CLI_DUMP_GRAPH_RANKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A row, and what it is about.
struct ranking_row {
    uint64_t retained_bytes, objects;
    uint64_t key[3]; // for the order of equal ones
    uint32_t index;
};

struct ranking {
    struct ranking_row *rows; // after ranking_finish() the largest first
    size_t count, capacity;
    size_t limit; // 0: all
    uint64_t seen;
};

// Adds a row. False: out of memory.
bool ranking_add(struct ranking *ranking, const struct ranking_row *row);
// Sorts: by retained bytes, then by ascending keys; leaves the `limit` largest.
void ranking_finish(struct ranking *ranking);
void ranking_fini(struct ranking *ranking);

#endif
