// nearest: of the names that exist, the one that a wrong name was most likely meant to be.
#ifndef ORACLE_CORE_NEAREST_H
#define ORACLE_CORE_NEAREST_H

#include <stddef.h>

// The known name that is nearest to a wrong one.
struct nearest {
    const char *word; // the wrong name, `length` bytes of it
    size_t length;
    const char *best; // of those offered; NULL: none is near
    size_t distance;
};

// Nothing offered yet. The word must live as long.
struct nearest nearest_begin(const char *word, size_t length);

// A name that exists; it must live as long. The first of several equally near ones stays.
void nearest_offer(struct nearest *nearest, const char *name);

#endif
