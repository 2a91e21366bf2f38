// lookup: from numbers of 64 bits to numbers of 32, open addressing.
#ifndef CLI_IO_LOOKUP_H
#define CLI_IO_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOKUP_NONE UINT32_MAX // not there

// All zero is an empty one.
struct lookup {
    struct lookup_entry *entries;
    size_t count, capacity; // a power of two, or 0
};

// What the key leads to, or LOOKUP_NONE.
uint32_t lookup_get(const struct lookup *lookup, uint64_t key);
// Enters it, over what was there; value < LOOKUP_NONE. False: out of memory.
bool lookup_put(struct lookup *lookup, uint64_t key, uint32_t value);
// Gives its memory back.
void lookup_fini(struct lookup *lookup);

#endif
