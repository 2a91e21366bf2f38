// array: realloc of a pointer of any type, which memcpy reads and writes.
#include "cli/io/array.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MIN 16

bool array_reserve(void *array_pointer, size_t *capacity, size_t count, size_t item_bytes) {
    if (count <= *capacity) {
        return true;
    }
    size_t grown_capacity = *capacity == 0 ? ITEMS_MIN : *capacity;
    while (grown_capacity < count) {
        grown_capacity *= 2;
    }
    void *array;
    memcpy(&array, array_pointer, sizeof array);
    void *grown = realloc(array, grown_capacity * item_bytes);
    if (grown == NULL) {
        return false;
    }
    memcpy(array_pointer, &grown, sizeof grown);
    *capacity = grown_capacity;
    return true;
}
