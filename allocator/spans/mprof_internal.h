// mprof_internal: how the memory profile lies in memory, and what allocation, caches and specials
// call of it.
#ifndef ALLOCATOR_SPANS_MPROF_INTERNAL_H
#define ALLOCATOR_SPANS_MPROF_INTERNAL_H

#include "allocator/mprof.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mspan;

// What is published of a bucket, and the bucket's place in list and table.
struct mprof_counts {
    uint64_t alloc_count, free_count, alloc_bytes, free_bytes;
};

// Profile cycles whose counts wait to be published. Go's mProf has as many.
#define MPROF_CYCLE_COUNT 3

// The samples of one size from one call stack. Go's bucket with its memRecord.
struct mprof_bucket {
    struct mprof_bucket *next;      // older one, in the list of all
    struct mprof_bucket *hash_next; // in its row
    uint64_t hash;
    size_t object_bytes;
    size_t frame_count;
    struct mprof_counts active;                    // published
    struct mprof_counts future[MPROF_CYCLE_COUNT]; // by cycle % 3
    uintptr_t frames[];
};

// A prime: Go has 179999 rows, 1.4 MiB, which every reset would have to clear.
#define MPROF_HASH_ROWS 1021

_Static_assert(MPROF_HASH_ROWS * sizeof(struct mprof_bucket *) == MPROF_TABLE_BYTES,
               "as others count it");
_Static_assert(sizeof(struct mprof_bucket) == MPROF_BUCKET_BYTES, "as others count it");

// The memory profile of a heap: buckets by hash, and the generator of sampling distances.
struct mprof {
    struct mprof_bucket **rows; // [MPROF_HASH_ROWS], NULL until the first bucket
    struct mprof_bucket *first; // newest
    uint64_t generator;         // xorshift state
    uint32_t cycle;             // modulo a multiple of MPROF_CYCLE_COUNT
    bool flushed;               // this cycle is published
};

// ---- mprof.c

// Makes the profile as that of a fresh heap. Called by heap_create and heap_reset with nobody else
// in the heap.
bool mprof_init(struct heap *heap);

// The bucket of the cache's call stack and this size, made when there is none. NULL: no memory. The
// profile's lock is held.
struct mprof_bucket *mprof_obtain_bucket(struct heap *heap, const struct mcache *cache,
                                         size_t object_bytes);

// Counts an allocation of now in the bucket.
void mprof_count_alloc(struct heap *heap, struct mprof_bucket *bucket);

// Counts a free in the bucket. `swept`: the object died in the cycle before this one (Go's
// mProf_Free); else now.
void mprof_count_free(struct heap *heap, struct mprof_bucket *bucket, bool swept);

// ---- mprof_sample.c

// Bytes until the cache's next sample, drawn by the heap's present rate, which the cache's
// profile_rate then is.
int64_t mprof_next_sample(struct heap *heap, struct mcache *cache);

// Samples the object just allocated, in a bucket of the cache's call stack and `size_bytes` (of its
// slot, as in Go), and draws the distance to the next. Without memory for it there is no sample.
void mprof_sample(struct heap *heap, struct mcache *cache, struct mspan *span, uintptr_t object,
                  size_t size_bytes);

#endif
