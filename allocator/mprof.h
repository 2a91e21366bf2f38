// mprof: the memory profile: sampled allocations and frees, in buckets by call stack and size.
//
// Sampling is by bytes. Each cache counts down a distance by the element's bytes of every object
// that it allocates (a tiny block when it is begun, a large object by its pages); the object that
// takes it below zero is sampled, and the next distance is drawn. A distance is drawn besides when
// a cache is acquired and, for each cache by id, when the rate is set. A sample that there is no
// memory for is lost; the draw is not.
//
// The draw is deterministic, the same in every build. Rate 0: none, the distance is infinite. Rate
// 1: none, the distance is 0. Else the heap's generator takes a step: x ^= x << 13, x ^= x >> 7, x
// ^= x << 17, from 0x9e3779b97f4a7c15 in a new heap. u = (x >> 38) + 1, in 1..2^26, and the
// distance is -ln(u / 2^26) * mean in whole numbers: (26 * 2^16 - log2(u)) * mean * 45426 / 2^32 +
// 1, where mean is the rate, at most 0x7000000, and 45426 is ln 2 * 2^16. log2(u) is in units of
// 2^-16, its bits found by squaring: the mantissa, in 1..2 with 31 bits behind the point, is
// squared and cut to 31 bits again; when that reaches 2, it is halved and the bit is 1. After Go's
// nextSample and fastexprand.
//
// Counts go through Go's three-cycle rule: what is allocated in cycle c and freed by the sweep of
// cycle c+1 is published together, so that the published numbers never show a bias between
// allocation and collection.
#ifndef ALLOCATOR_MPROF_H
#define ALLOCATOR_MPROF_H

#include "allocator/heap.h"

// The most program counters that a bucket keeps of a call stack, as Go's maxStack; and the mean
// distance of two samples.
#define MPROF_STACK_MAX    32
#define MPROF_RATE_DEFAULT UINT64_C(524288) // bytes

// What the profile takes of the persistent allocator: a table with the first bucket, and for each
// bucket this and a word a frame.
#define MPROF_TABLE_BYTES  ((size_t)8168)
#define MPROF_BUCKET_BYTES ((size_t)168)

// One bucket, as published.
struct mprof_bucket_record {
    uintptr_t address; // its identity in the dump
    size_t object_bytes;
    size_t frame_count;
    const uintptr_t *frames; // return addresses, leaf first
    uint64_t alloc_count;    // of the last completed cycle rule
    uint64_t free_count;
    uint64_t alloc_bytes;
    uint64_t free_bytes;
};

// Mean bytes between two samples: 0 turns sampling off, 1 samples everything. Takes effect at once.
void heap_set_profile_rate(struct heap *heap, uint64_t rate_bytes);
// The rate that was set last, in bytes. Any thread.
uint64_t heap_profile_rate(const struct heap *heap);

// The call stack that the cache's next allocations are made from; at most MPROF_STACK_MAX frames
// are kept.
void heap_set_call_stack(struct mcache *cache, const uintptr_t *frames, size_t frame_count);

// Publishes what the last cycle's sweep has settled, and opens the next cycle. Called by the
// collector at mark termination (heap_profile_next_cycle) and after the sweep (heap_profile_flush).
// After Go's mProf_NextCycle, mProf_Flush.
void heap_profile_next_cycle(struct heap *heap);
// Publishes what the cycle that was opened last has settled; nothing the second time.
void heap_profile_flush(struct heap *heap);

// Each bucket, newest first; each live sample, in span order. The world is stopped by the caller.
void heap_visit_buckets(struct heap *heap,
                        void (*visit)(void *context, const struct mprof_bucket_record *bucket),
                        void *context);
// Calls `visit` with each sampled object that lives: its slot's base, and its bucket.
void heap_visit_samples(struct heap *heap,
                        void (*visit)(void *context, uintptr_t object, uintptr_t bucket),
                        void *context);

#endif
