// array: arrays from malloc that grow, doubling.
#ifndef CLI_IO_ARRAY_H
#define CLI_IO_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

// Makes room for `count` items in the array that `array_pointer` points to; NULL and a capacity of
// 0 to begin with. False: out of memory, and nothing changed.
bool array_reserve(void *array_pointer, size_t *capacity, size_t count, size_t item_bytes);
// The same for an array and its capacity by their names.
#define ARRAY_RESERVE(array, capacity, count)                                                      \
    array_reserve(&(array), &(capacity), count, sizeof *(array))

#endif
