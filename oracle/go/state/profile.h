// profile: the memory profile as the ledger has it: its entries, and the distance to each sample.
#ifndef ORACLE_GO_STATE_PROFILE_H
#define ORACLE_GO_STATE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;
struct slot;

struct profile_counts { // of sampled objects
    uint64_t allocs, frees;
};
struct profile_entry { // of a bucket: what it must have published, and what is due, by cycle % 3
    uintptr_t bucket;  // 0: not seen yet, as memory for its first sample failed
    size_t object_bytes;
    uint64_t hash;
    uint32_t frame_first, frame_count; // of the profile's frames
    uint32_t next, next_of_bucket;     // in their rows; UINT32_MAX: none
    bool uncertain; // a sample failed: the bucket may be there since then, or later, or not
    struct profile_counts published, future[3];
};
#define PROFILE_FRAMES 32 // Go's maxStack; deeper calls are cut
struct profile_cache {    // whose allocations are sampled
    int64_t left_bytes;   // until the next sample
    uint64_t hash;        // of the call stack
    uint32_t frame_count;
    uintptr_t frames[PROFILE_FRAMES];
};
#define PROFILE_ROWS 256
struct profile { // of a heap, zeroed but for what model_profile_reset sets
    uint64_t rate;
    uint64_t random; // the generator's state
    uint64_t cycle;
    uint64_t sample_count;                 // live ones
    uint64_t bucket_bytes;                 // of the buckets that were seen
    uint64_t uncertain_bytes;              // of those that may be there
    uint32_t rows[PROFILE_ROWS];           // heads of lists of entries, by hash
    uint32_t rows_of_bucket[PROFILE_ROWS]; // by bucket
    struct profile_entry *entries;         // in order of creation
    uint32_t entry_count, entry_capacity;
    uintptr_t *frames; // of all entries
    uint32_t frame_count, frame_capacity;
    struct profile_cache *caches; // by id
    uint32_t cache_count, cache_capacity;
    uint32_t due_slot, due_entry; // of the sample that is due and was not looked for; MODEL_NONE
};

// ---- sampler.c
#define SAMPLER_SEED UINT64_C(0x9e3779b97f4a7c15)
// Draws the distance to a cache's next sample in bytes, as documented in allocator/mprof.h. The
// mean is above 1.
int64_t sampler_distance(uint64_t *random, uint64_t mean_bytes);

// ---- profile.c
void model_profile_reset(struct model *model); // as for a new heap
void model_profile_fini(struct model *model);  // frees its arrays
// Draws the new cache's first distance. False: out of memory.
bool model_profile_cache_acquired(struct model *model, uint32_t cache_id);
bool model_profile_allocated(struct model *model, uint32_t slot); // a slot just added
// A bucket of no call stack has published so many samples, all freed. False: out of memory.
bool model_profile_started_from(struct model *model, uintptr_t bucket, size_t object_bytes,
                                uint64_t count);
// Counts a sampled object's free in the cycle that publishes it; `swept`: not by a call.
void model_profile_freed(struct model *model, const struct slot *slot, bool swept);
const struct profile_entry *model_profile_entry(const struct model *model,
                                                uintptr_t bucket); // NULL: none
uint32_t model_profile_bucket_count(const struct model *model);    // that were seen
// Bytes of the table and of all buckets: `told_bytes` where that can be, as buckets may be there
// that nobody has seen; else the nearest that can.
uint64_t model_profile_bytes(const struct model *model, uint64_t told_bytes);
// Whether a bucket that holds no sample may stand there: memory for its first failed.
bool model_profile_may_be_empty(const struct model *model, size_t object_bytes, size_t frame_count);
// The bucket of the sampled object that begins at `object`; false: it is not sampled.
bool model_profile_sample(const struct model *model, uintptr_t object, uintptr_t *bucket);
// The sample that is due was looked for: whether it is there, and in which bucket.
bool model_profile_sampled(struct model *model, bool is_there, uintptr_t bucket);

#endif
