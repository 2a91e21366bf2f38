// lookup: at most half of it is full, so that a search ends soon.

#include "cli/io/lookup.h"

#include <stdlib.h>

struct lookup_entry {
    uint64_t key;
    uint32_t value; // and one; 0: nothing is here
};

static struct lookup_entry *entry_of(const struct lookup *lookup, uint64_t key) {
    size_t mask = lookup->capacity - 1;
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & mask;
    while (lookup->entries[at].value != 0 && lookup->entries[at].key != key) {
        at = (at + 1) & mask;
    }
    return &lookup->entries[at];
}

uint32_t lookup_get(const struct lookup *lookup, uint64_t key) {
    return lookup->count == 0 ? LOOKUP_NONE : entry_of(lookup, key)->value - 1;
}

static bool grow(struct lookup *lookup) {
    size_t capacity = lookup->capacity == 0 ? 64 : 2 * lookup->capacity;
    struct lookup larger = {calloc(capacity, sizeof *larger.entries), lookup->count, capacity};
    if (larger.entries == NULL) {
        return false;
    }
    for (size_t i = 0; i < lookup->capacity; i++) {
        if (lookup->entries[i].value != 0) {
            *entry_of(&larger, lookup->entries[i].key) = lookup->entries[i];
        }
    }
    free(lookup->entries);
    *lookup = larger;
    return true;
}

bool lookup_put(struct lookup *lookup, uint64_t key, uint32_t value) {
    if (2 * (lookup->count + 1) > lookup->capacity && !grow(lookup)) {
        return false;
    }
    struct lookup_entry *entry = entry_of(lookup, key);
    lookup->count += entry->value == 0;
    *entry = (struct lookup_entry){key, value + 1};
    return true;
}

void lookup_fini(struct lookup *lookup) {
    free(lookup->entries);
    *lookup = (struct lookup){.entries = NULL};
}
