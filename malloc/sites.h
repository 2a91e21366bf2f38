// sites: by which calls the samples of the memory profile are made.
//
// A stack is followed where the next object may be a sample, and not else. In a dump a call is
// written as the module's base name and the offset in it, with the name and the build-id as its
// file: who reads it finds functions and lines by them.
#ifndef MALLOC_SITES_H
#define MALLOC_SITES_H

#include "allocator/spans/mcache.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime;

extern bool sites_are_wanted; // sites_begin() was called, and there are any

// The profile is on from now on. Once, while there is one thread. False: UNWIND_NONE.
bool sites_begin(void);

// Hands the calling thread's stack to the cache.
void sites_take(struct mcache *cache);

// Before an object of at most `most_bytes` with its rounding is allocated from the cache, by its
// owner.
static inline void sites_note(struct mcache *cache, size_t most_bytes) {
    if (sites_are_wanted &&
        (most_bytes > INT64_MAX || cache->next_sample_bytes < (int64_t)most_bytes)) {
        sites_take(cache);
    }
}

// Tells the runtime what the calls of the profile's buckets are, by the modules that are loaded
// now. The world is stopped.
void sites_name(struct runtime *runtime);

#endif
