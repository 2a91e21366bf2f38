// largest: keeps up to twice the rows that are wanted, then drops the smaller half.

#include "cli/io/largest.h"

#include "cli/io/array.h"

#include <stdlib.h>
#include <string.h>

bool largest_add(struct largest *largest, const void *row) {
    largest->seen++;
    if (largest->limit != 0 && largest->count >= 2 * largest->limit) {
        largest_sort(largest);
    }
    if (!array_reserve(&largest->rows, &largest->capacity, largest->count + 1,
                       largest->row_bytes)) {
        return false;
    }
    memcpy((char *)largest->rows + largest->count++ * largest->row_bytes, row, largest->row_bytes);
    return true;
}

void largest_sort(struct largest *largest) {
    if (largest->count > 1) {
        qsort(largest->rows, largest->count, largest->row_bytes, largest->compare);
    }
    if (largest->limit != 0 && largest->count > largest->limit) {
        largest->count = largest->limit;
    }
}

uint64_t largest_left_out(const struct largest *largest) {
    return largest->seen - largest->count;
}

void largest_fini(struct largest *largest) {
    free(largest->rows);
    largest->rows = NULL;
}
