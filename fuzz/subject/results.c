// results: rows in the order of the calls, and their hash.
#include "fuzz/subject/results.h"

#define END_BYTES 64

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

void results_begin(struct results *results) {
    results->count = 0;
    results->operation = 0;
    results->hash = 1;
}

void results_add(struct results *results, const struct result *result) {
    results->hash = mix(results->hash, result->operation);
    for (int kind = 0; kind < RESULT_KINDS; kind++) {
        results->hash = mix(results->hash, result->values[kind]);
    }
    if (results->count < RESULTS_MAX) {
        results->rows[results->count++] = *result;
    }
}

uint64_t results_contents(const void *bytes, size_t size_bytes, bool has_end) {
    const unsigned char *at = bytes;
    size_t end = size_bytes < END_BYTES ? size_bytes : END_BYTES;
    uint64_t hash = 1;
    for (size_t i = 0; i < end; i++) {
        hash = mix(hash, at[i]);
    }
    for (size_t i = size_bytes - end; has_end && i < size_bytes; i++) {
        hash = mix(hash, at[i]);
    }
    return hash;
}
