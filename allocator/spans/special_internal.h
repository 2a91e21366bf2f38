// special_internal: how specials and profile buckets lie in memory, and what objects and sweep call
// of them.
#ifndef ALLOCATOR_SPANS_SPECIAL_INTERNAL_H
#define ALLOCATOR_SPANS_SPECIAL_INTERNAL_H

#include "allocator/inspect.h"
#include "allocator/mprof.h"
#include "allocator/special.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mspan;
struct mprof_bucket;

// One record of heap->special_fix; both kinds have the same size.
struct special {
    struct special *next; // in the span, by (offset, kind)
    uint64_t offset;      // from the span's base
    uint32_t kind;        // enum inspect_special_kind
    union {
        struct {
            uintptr_t function, entry, function_type, object_type;
        } finalizer;
        struct mprof_bucket *bucket;
    } as;
};

#define SPECIAL_BLOCK_BYTES 64
_Static_assert(sizeof(struct special) <= SPECIAL_BLOCK_BYTES, "a special fits its block");

// Drops all specials of an object that is freed explicitly; its profile record counts as a free of
// now.
void special_free_object(struct heap *heap, struct mspan *span, uint32_t object_index);

// Handles the specials of an object that a sweep found dead. True: it had a finalizer, which is
// queued now; the object is to be kept, and its profile record with it. No lock of the heap's may
// be held.
bool special_sweep_object(struct heap *heap, struct mspan *span, uint32_t object_index);

// Hangs a profile record on the object at `object`. False: no memory, nothing changed.
bool special_add_profile(struct heap *heap, struct mspan *span, uintptr_t object,
                         struct mprof_bucket *bucket);

// ---- profile

// Makes the profile as that of a fresh heap. Called by heap_create and heap_reset with nobody else
// in the heap.
bool mprof_init(struct heap *heap);

// Bytes until the cache's next sample, drawn by the heap's present rate, which the cache's
// profile_rate then is.
int64_t mprof_next_sample(struct heap *heap, struct mcache *cache);

// Samples the object just allocated, in a bucket of the cache's call stack and `size_bytes` (of its
// slot, as in Go), and draws the distance to the next. Without memory for it there is no sample.
void mprof_sample(struct heap *heap, struct mcache *cache, struct mspan *span, uintptr_t object,
                  size_t size_bytes);

// Counts a free in the bucket. `swept`: the object died in the cycle before this one (Go's
// mProf_Free); else now.
void mprof_count_free(struct heap *heap, struct mprof_bucket *bucket, bool swept);

// What is published of a bucket, and the bucket's place in list and table.
struct mprof_counts {
    uint64_t alloc_count, free_count, alloc_bytes, free_bytes;
};

#define MPROF_CYCLE_COUNT 3

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

struct mprof {
    struct mprof_bucket **rows; // [MPROF_HASH_ROWS], NULL until the first bucket
    struct mprof_bucket *first; // newest
    uint64_t generator;         // xorshift state
    uint32_t cycle;             // modulo a multiple of MPROF_CYCLE_COUNT
    bool flushed;               // this cycle is published
};

#endif
