// mprof: what is counted of the allocations that are sampled, in buckets by call stack and size.
//
// Three cycles are in flight, as in Go: an allocation counts two cycles ahead, a free by sweep one
// ahead (its object died in the cycle before, in which an allocation counted to the same place), an
// explicit free two ahead, as it happens now.
#include "allocator/spans/mprof_internal.h"

#include "allocator/inspect.h"
#include "allocator/mprof.h"
#include "allocator/pages/persistentalloc.h"
#include "allocator/pages/transaction.h"
#include "allocator/spans/mcache.h"
#include "allocator/start.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"

#include <string.h>

#define CYCLE_WRAP     START_PROFILE_CYCLES
#define GENERATOR_SEED UINT64_C(0x9e3779b97f4a7c15)

_Static_assert(CYCLE_WRAP % MPROF_CYCLE_COUNT == 0, "the cycle's place survives the wrap");

bool mprof_init(struct heap *heap) {
    struct mprof *mprof = persistent_alloc(heap, sizeof(*mprof), INSPECT_METADATA_OTHER);
    heap->mprof = mprof;
    if (mprof == NULL) {
        return false;
    }
    mprof->generator = GENERATOR_SEED;
    atomic_store_explicit(&heap->profile_rate, MPROF_RATE_DEFAULT, memory_order_relaxed);
    return true;
}

// ---- buckets

static uint64_t hash_of(const uintptr_t *frames, size_t frame_count, size_t object_bytes) {
    uint64_t hash = object_bytes * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < frame_count; i++) {
        hash = (hash ^ frames[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash;
}

static struct mprof_bucket *find_bucket(const struct mprof *mprof, const struct mcache *cache,
                                        size_t object_bytes, uint64_t hash) {
    struct mprof_bucket *bucket = mprof->rows[hash % MPROF_HASH_ROWS];
    for (; bucket != NULL; bucket = bucket->hash_next) {
        if (bucket->hash == hash && bucket->object_bytes == object_bytes &&
            bucket->frame_count == cache->call_stack_count &&
            memcmp(bucket->frames, cache->call_stack,
                   bucket->frame_count * sizeof(bucket->frames[0])) == 0) {
            break;
        }
    }
    return bucket;
}

// Memory of a bucket, and of the table when there is none yet: both or neither. NULL: no memory.
static struct mprof_bucket *take_memory(struct heap *heap, size_t bucket_bytes) {
    struct mprof *mprof = heap->mprof;
    struct mprof_bucket **rows = mprof->rows;
    struct mprof_bucket *bucket = NULL;
    lock_acquire(&heap->lock);
    transaction_begin(heap);
    if (rows == NULL) {
        rows = persistent_alloc(heap, MPROF_HASH_ROWS * sizeof(struct mprof_bucket *),
                                INSPECT_METADATA_BUCKHASH);
    }
    if (rows != NULL) {
        bucket = persistent_alloc(heap, bucket_bytes, INSPECT_METADATA_BUCKHASH);
    }
    if (bucket != NULL) {
        mprof->rows = rows;
    }
    transaction_end(heap, bucket != NULL);
    lock_release(&heap->lock);
    return bucket;
}

static struct mprof_bucket *new_bucket(struct heap *heap, const struct mcache *cache,
                                       size_t object_bytes, uint64_t hash) {
    struct mprof *mprof = heap->mprof;
    size_t frames_bytes = cache->call_stack_count * sizeof(uintptr_t);
    struct mprof_bucket *bucket = take_memory(heap, sizeof(*bucket) + frames_bytes);
    if (bucket == NULL) {
        return NULL;
    }
    struct mprof_bucket **row = &mprof->rows[hash % MPROF_HASH_ROWS];
    *bucket = (struct mprof_bucket){
        .next = mprof->first,
        .hash_next = *row,
        .hash = hash,
        .object_bytes = object_bytes,
        .frame_count = cache->call_stack_count,
    };
    memcpy(bucket->frames, cache->call_stack, frames_bytes);
    *row = bucket;
    mprof->first = bucket;
    return bucket;
}

struct mprof_bucket *mprof_obtain_bucket(struct heap *heap, const struct mcache *cache,
                                         size_t object_bytes) {
    const struct mprof *mprof = heap->mprof;
    ASSERT(cache->call_stack_count <= MPROF_STACK_MAX);
    uint64_t hash = hash_of(cache->call_stack, cache->call_stack_count, object_bytes);
    struct mprof_bucket *bucket =
        mprof->rows == NULL ? NULL : find_bucket(mprof, cache, object_bytes, hash);
    bucket = bucket != NULL ? bucket : new_bucket(heap, cache, object_bytes, hash);
    ASSERT(bucket == NULL || bucket->object_bytes == object_bytes);
    ASSERT(bucket == NULL || bucket->frame_count == cache->call_stack_count);
    return bucket;
}

// ---- counting

static struct mprof_counts *counts_ahead(const struct mprof *mprof, struct mprof_bucket *bucket,
                                         uint32_t cycles) {
    return &bucket->future[(mprof->cycle + cycles) % MPROF_CYCLE_COUNT];
}

void mprof_count_alloc(struct heap *heap, struct mprof_bucket *bucket) {
    lock_acquire(&heap->profile_lock);
    struct mprof_counts *counts = counts_ahead(heap->mprof, bucket, 2);
    counts->alloc_count++;
    counts->alloc_bytes += bucket->object_bytes;
    lock_release(&heap->profile_lock);
}

void mprof_count_free(struct heap *heap, struct mprof_bucket *bucket, bool swept) {
    lock_acquire(&heap->profile_lock);
    struct mprof_counts *counts = counts_ahead(heap->mprof, bucket, swept ? 1 : 2);
    counts->free_count++;
    counts->free_bytes += bucket->object_bytes;
    lock_release(&heap->profile_lock);
}

// ---- cycles

static void publish(struct mprof *mprof) {
    for (struct mprof_bucket *bucket = mprof->first; bucket != NULL; bucket = bucket->next) {
        struct mprof_counts *counts = counts_ahead(mprof, bucket, 0);
        bucket->active.alloc_count += counts->alloc_count;
        bucket->active.free_count += counts->free_count;
        bucket->active.alloc_bytes += counts->alloc_bytes;
        bucket->active.free_bytes += counts->free_bytes;
        *counts = (struct mprof_counts){0};
    }
    mprof->flushed = true;
}

// What nobody has published yet would be overtaken: it is published first.
void heap_profile_next_cycle(struct heap *heap) {
    struct mprof *mprof = heap->mprof;
    lock_acquire(&heap->profile_lock);
    if (!mprof->flushed) {
        publish(mprof);
    }
    mprof->cycle = (mprof->cycle + 1) % CYCLE_WRAP;
    mprof->flushed = false;
    lock_release(&heap->profile_lock);
}

void heap_profile_flush(struct heap *heap) {
    struct mprof *mprof = heap->mprof;
    lock_acquire(&heap->profile_lock);
    if (!mprof->flushed) {
        publish(mprof);
    }
    lock_release(&heap->profile_lock);
}

void heap_visit_buckets(struct heap *heap,
                        void (*visit)(void *context, const struct mprof_bucket_record *bucket),
                        void *context) {
    lock_acquire(&heap->profile_lock);
    for (const struct mprof_bucket *at = heap->mprof->first; at != NULL; at = at->next) {
        struct mprof_bucket_record record = {
            .address = (uintptr_t)at,
            .object_bytes = at->object_bytes,
            .frame_count = at->frame_count,
            .frames = at->frames,
            .alloc_count = at->active.alloc_count,
            .free_count = at->active.free_count,
            .alloc_bytes = at->active.alloc_bytes,
            .free_bytes = at->active.free_bytes,
        };
        visit(context, &record);
    }
    lock_release(&heap->profile_lock);
}
