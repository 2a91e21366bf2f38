// supply: libc's allocator with a count of its refusals.
#include "oracle/core/supply.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_uint_fast64_t refusals; // the process's, as libc's memory is

void supply_refused(void) {
    atomic_fetch_add(&refusals, 1);
}

uint64_t supply_refusals(void) {
    return atomic_load(&refusals);
}

static void *noted(void *block) {
    if (block == NULL) {
        supply_refused();
    }
    return block;
}

void *supply_memory(size_t size_bytes) {
    return noted(malloc(size_bytes));
}

void *supply_zeroed(size_t count, size_t item_bytes) {
    return noted(calloc(count, item_bytes));
}

void *supply_resized(void *block, size_t size_bytes) {
    return noted(realloc(block, size_bytes));
}
