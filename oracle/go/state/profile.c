// profile: which objects must be sampled, in which bucket, and what each bucket must have
// published: Go's three-cycle rule, kept from the operations.
//
// The distance to each cache's next sample is drawn here once more, so that a sample that is
// skipped shows at once, and one too many at the next look at the heap. An allocation of cycle c is
// published with cycle c + 2, a free by the program likewise, a free by a sweep with cycle c + 1,
// because the object died in the cycle before.
#include "oracle/go/state/class.h"
#include "oracle/go/state/state.h"
#include "allocator/mprof.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_NONE   UINT32_MAX
#define RATE_DEFAULT ((uint64_t)512 * 1024) // a fresh heap's, as Go's
void model_profile_reset(struct model *model) {
    struct profile *profile = &model->profile;
    memset(profile->rows, 0xff, sizeof profile->rows); // ENTRY_NONE
    memset(profile->rows_of_bucket, 0xff, sizeof profile->rows_of_bucket);
    profile->rate = RATE_DEFAULT;
    profile->random = SAMPLER_SEED;
    profile->cycle = 0;
    profile->sample_count = 0;
    profile->bucket_bytes = profile->uncertain_bytes = 0;
    profile->entry_count = 0;
    profile->frame_count = 0;
    profile->cache_count = 0;
    profile->due_slot = MODEL_NONE;
    model->memory_failed = false;
}

void model_profile_fini(struct model *model) {
    harness_free(model->profile.entries);
    harness_free(model->profile.frames);
    harness_free(model->profile.caches);
}

// ---- entries, by call stack and size

static size_t row_of_bucket(uintptr_t bucket) {
    return bucket / 16 % PROFILE_ROWS;
}

static uint64_t hash_of(const uintptr_t *frames, size_t frame_count) {
    uint64_t hash = frame_count;
    for (size_t i = 0; i < frame_count; i++) {
        hash = (hash + frames[i]) * UINT64_C(0xd6e8feb86659fd93);
        hash ^= hash >> 29;
    }
    return hash;
}

const struct profile_entry *model_profile_entry(const struct model *model, uintptr_t bucket) {
    const struct profile *profile = &model->profile;
    uint32_t index = profile->rows_of_bucket[row_of_bucket(bucket)];
    while (index != ENTRY_NONE && profile->entries[index].bucket != bucket) {
        index = profile->entries[index].next_of_bucket;
    }
    return index == ENTRY_NONE ? NULL : &profile->entries[index];
}

static bool is_entry_of(const struct profile *profile, const struct profile_entry *entry,
                        const struct profile_cache *cache, size_t object_bytes, uint64_t hash) {
    return entry->hash == hash && entry->object_bytes == object_bytes &&
           entry->frame_count == cache->frame_count &&
           (cache->frame_count == 0 || memcmp(profile->frames + entry->frame_first, cache->frames,
                                              cache->frame_count * sizeof cache->frames[0]) == 0);
}

static struct profile_entry *new_entry(struct profile *profile, const struct profile_cache *cache,
                                       size_t object_bytes, uint64_t hash) {
    if (!HARNESS_RESERVE(profile->entries, profile->entry_capacity, profile->entry_count + 1) ||
        !HARNESS_RESERVE(profile->frames, profile->frame_capacity,
                         profile->frame_count + cache->frame_count)) {
        return NULL;
    }
    uint32_t *row = &profile->rows[hash % PROFILE_ROWS];
    struct profile_entry *entry = &profile->entries[profile->entry_count];
    *entry = (struct profile_entry){
        .object_bytes = object_bytes,
        .hash = hash,
        .frame_first = profile->frame_count,
        .frame_count = cache->frame_count,
        .next = *row,
    };
    if (cache->frame_count > 0) {
        memcpy(profile->frames + profile->frame_count, cache->frames,
               cache->frame_count * sizeof cache->frames[0]);
        profile->frame_count += cache->frame_count;
    }
    *row = profile->entry_count++;
    return entry;
}

// NULL: out of memory.
static struct profile_entry *obtain_entry(struct profile *profile,
                                          const struct profile_cache *cache, size_t object_bytes) {
    uint64_t hash = cache->hash + object_bytes;
    uint32_t index = profile->rows[hash % PROFILE_ROWS];
    for (; index != ENTRY_NONE; index = profile->entries[index].next) {
        if (is_entry_of(profile, &profile->entries[index], cache, object_bytes, hash)) {
            return &profile->entries[index];
        }
    }
    return new_entry(profile, cache, object_bytes, hash);
}

// Of the persistent allocator: a header of 16 bytes, and whole multiples of 16.
static uint64_t block_bytes(uint64_t size_bytes) {
    return 16 + (size_bytes + 15) / 16 * 16;
}

static uint64_t bytes_of(const struct profile_entry *entry) {
    return block_bytes(MPROF_BUCKET_BYTES + entry->frame_count * sizeof(uintptr_t));
}

// The table comes with the first bucket.
static uint64_t with_table(uint64_t bucket_bytes) {
    return bucket_bytes == 0 ? 0 : block_bytes(MPROF_TABLE_BYTES) + bucket_bytes;
}

uint64_t model_profile_bytes(const struct model *model, uint64_t told_bytes) {
    uint64_t least = with_table(model->profile.bucket_bytes);
    uint64_t most = with_table(model->profile.bucket_bytes + model->profile.uncertain_bytes);
    return told_bytes < least ? least : told_bytes > most ? most : told_bytes;
}

// The first sample names the entry's bucket, which no other entry may have; later ones keep to it.
static bool bind_bucket(struct model *model, struct profile_entry *entry, uintptr_t bucket,
                        uintptr_t object) {
    struct profile *profile = &model->profile;
    rule_count(model->book, RULE_PROFILE_BUCKET);
    if (entry->bucket == bucket) {
        return true;
    }
    if (entry->bucket != 0 || model_profile_entry(model, bucket) != NULL) {
        return rule_fail(model->book, RULE_PROFILE_BUCKET, (struct rule_place){.object = object},
                         entry->bucket != 0 ? "a call stack and size have two buckets"
                                            : "two call stacks or sizes share a bucket");
    }
    uint32_t *row = &profile->rows_of_bucket[row_of_bucket(bucket)];
    entry->bucket = bucket;
    profile->bucket_bytes += bytes_of(entry);
    profile->uncertain_bytes -= entry->uncertain ? bytes_of(entry) : 0;
    entry->next_of_bucket = *row;
    *row = (uint32_t)(entry - profile->entries);
    return true;
}

bool model_profile_started_from(struct model *model, uintptr_t bucket, size_t object_bytes,
                                uint64_t count) {
    static const struct profile_cache nobody; // has no call stack
    struct profile_entry *entry =
        new_entry(&model->profile, &nobody, object_bytes, hash_of(NULL, 0) + object_bytes);
    if (entry == NULL) {
        return false;
    }
    entry->published = (struct profile_counts){count, count};
    return bind_bucket(model, entry, bucket, 0);
}

uint32_t model_profile_bucket_count(const struct model *model) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->profile.entry_count; i++) {
        count += model->profile.entries[i].bucket != 0;
    }
    return count;
}

bool model_profile_may_be_empty(const struct model *model, size_t object_bytes,
                                size_t frame_count) {
    for (uint32_t i = 0; i < model->profile.entry_count; i++) {
        const struct profile_entry *entry = &model->profile.entries[i];
        if (entry->bucket == 0 && entry->object_bytes == object_bytes &&
            entry->frame_count == frame_count) {
            return true;
        }
    }
    return false;
}

// ---- samples

static void draw(struct profile *profile, struct profile_cache *cache) {
    cache->left_bytes = profile->rate == 0   ? INT64_MAX
                        : profile->rate == 1 ? 0
                                             : sampler_distance(&profile->random, profile->rate);
}

// The object is due: it has a sample, unless there was no memory for it; that is to be seen.
static bool await_sample(struct profile *profile, uint32_t slot_index, size_t element_bytes,
                         const struct profile_cache *cache) {
    const struct profile_entry *entry = obtain_entry(profile, cache, element_bytes);
    if (entry == NULL) {
        return false;
    }
    profile->due_slot = slot_index;
    profile->due_entry = (uint32_t)(entry - profile->entries);
    return true;
}

bool model_profile_sampled(struct model *model, bool is_there, uintptr_t bucket) {
    struct profile *profile = &model->profile;
    struct slot *slot = model_slot(model, profile->due_slot);
    struct profile_entry *entry = &profile->entries[profile->due_entry];
    profile->due_slot = MODEL_NONE;
    rule_count(model->book, RULE_PROFILE_DRAW);
    if (!is_there) {
        profile->uncertain_bytes += entry->uncertain || entry->bucket != 0 ? 0 : bytes_of(entry);
        entry->uncertain = true;
        return model->memory_failed ||
               rule_fail(model->book, RULE_PROFILE_DRAW, (struct rule_place){.object = slot->base},
                         "an allocation that was due is not sampled");
    }
    slot->sample = (uint32_t)(entry - profile->entries) + 1;
    profile->sample_count++;
    entry->future[(profile->cycle + 2) % 3].allocs++;
    return bind_bucket(model, entry, bucket, slot->base);
}

bool model_profile_allocated(struct model *model, uint32_t index) {
    struct profile *profile = &model->profile;
    struct slot *slot = model_slot(model, index);
    slot->sample = 0;
    if (slot->cache_id >= profile->cache_count) {
        return true; // of no cache that the model was told of
    }
    struct profile_cache *cache = &profile->caches[slot->cache_id];
    cache->left_bytes -= (int64_t)slot->element_bytes;
    if (cache->left_bytes >= 0) {
        return true;
    }
    draw(profile, cache);
    return await_sample(profile, index, slot->element_bytes, cache);
}

bool model_will_sample(const struct model *model, const struct model_request *request,
                       uint64_t count) {
    const struct profile *profile = &model->profile;
    uint64_t bytes = count * go_element_of(request).size_bytes;
    return request->cache_id < profile->cache_count &&
           bytes > (uint64_t)profile->caches[request->cache_id].left_bytes;
}

void model_profile_freed(struct model *model, const struct slot *slot, bool swept) {
    struct profile *profile = &model->profile;
    if (slot->sample == 0) {
        return;
    }
    struct profile_entry *entry = &profile->entries[slot->sample - 1];
    profile->sample_count--;
    entry->future[(profile->cycle + (swept ? 1 : 2)) % 3].frees++;
}

bool model_profile_sample(const struct model *model, uintptr_t object, uintptr_t *bucket) {
    uint32_t index = map_find(model, object);
    const struct slot *slot = index == MODEL_NONE ? NULL : model_slot(model, index);
    if (slot == NULL || slot->base != object || slot->sample == 0) {
        return false;
    }
    *bucket = model->profile.entries[slot->sample - 1].bucket;
    return true;
}

// ---- events

bool model_profile_rate_set(struct model *model, uint64_t rate_bytes) {
    struct profile *profile = &model->profile;
    profile->rate = rate_bytes;
    for (uint32_t id = 0; id < model->cache_limit; id++) {
        if (model_has_cache(model, id)) {
            draw(profile, &profile->caches[id]);
        }
    }
    return true;
}

bool model_profile_cache_acquired(struct model *model, uint32_t cache_id) {
    struct profile *profile = &model->profile;
    if (!HARNESS_RESERVE(profile->caches, profile->cache_capacity, cache_id + (size_t)1)) {
        return false;
    }
    if (cache_id >= profile->cache_count) {
        profile->cache_count = cache_id + 1; // ids are given out without gaps
    }
    struct profile_cache *cache = &profile->caches[cache_id];
    cache->frame_count = 0;
    cache->hash = hash_of(cache->frames, 0);
    draw(profile, cache);
    return true;
}

bool model_call_stack_set(struct model *model, uint32_t cache_id, const uintptr_t *frames,
                          size_t frame_count) {
    if (cache_id < model->profile.cache_count) {
        struct profile_cache *cache = &model->profile.caches[cache_id];
        cache->frame_count = frame_count < PROFILE_FRAMES ? (uint32_t)frame_count : PROFILE_FRAMES;
        memcpy(cache->frames, frames, cache->frame_count * sizeof *frames);
        cache->hash = hash_of(frames, cache->frame_count);
    }
    return true;
}

bool model_profile_cycled(struct model *model) {
    struct profile *profile = &model->profile;
    profile->cycle++;
    for (uint32_t i = 0; i < profile->entry_count; i++) {
        struct profile_entry *entry = &profile->entries[i];
        struct profile_counts *due = &entry->future[profile->cycle % 3];
        entry->published.allocs += due->allocs;
        entry->published.frees += due->frees;
        *due = (struct profile_counts){0};
    }
    return true;
}

static bool bytes_are(struct model *model, const char *field, uint64_t bytes, uint64_t due_bytes) {
    return rule_equal(model->book, RULE_PROFILE_BYTES, field, (struct rule_value){"profile", bytes},
                      (struct rule_value){"its objects", due_bytes});
}

bool model_bucket_published(struct model *model, const struct mprof_bucket_record *bucket) {
    const struct profile_entry *entry = model_profile_entry(model, bucket->address);
    uint64_t object_bytes = entry == NULL ? 0 : entry->object_bytes; // nothing was sampled into it
    return bytes_are(model, "alloc bytes", bucket->alloc_bytes,
                     bucket->alloc_count * object_bytes) &&
           bytes_are(model, "free bytes", bucket->free_bytes, bucket->free_count * object_bytes);
}

void model_bucket_counts(const struct model *model, uintptr_t bucket, uint64_t *allocs,
                         uint64_t *frees) {
    const struct profile_entry *entry = model_profile_entry(model, bucket);
    *allocs = entry == NULL ? 0 : entry->published.allocs;
    *frees = entry == NULL ? 0 : entry->published.frees;
}
