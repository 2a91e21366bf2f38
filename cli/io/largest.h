// largest: of the rows that are added, the first ones by an order.
#ifndef CLI_IO_LARGEST_H
#define CLI_IO_LARGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// All zero at the start, but for what the caller says: `row_bytes`, `limit`, `compare`.
struct largest {
    void *rows; // after largest_sort() in order
    size_t count, capacity;
    size_t row_bytes;
    size_t limit;                               // rows that are wanted; 0: all
    int (*compare)(const void *, const void *); // qsort()'s
    uint64_t seen;                              // rows that were added
};

// Adds a copy of the row. False: out of memory, and it is only counted.
bool largest_add(struct largest *largest, const void *row);
// Sorts, and leaves the first `limit`.
void largest_sort(struct largest *largest);
// How many of the rows that were added are not there any more.
uint64_t largest_left_out(const struct largest *largest);
// Gives its memory back.
void largest_fini(struct largest *largest);

#endif
