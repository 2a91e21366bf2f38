// mprof: which allocations are sampled, and what is counted of them, in buckets by call stack and
// size.
//
// Three cycles are in flight, as in Go: an allocation counts two cycles ahead, a free by sweep one
// ahead (its object died in the cycle before, in which an allocation counted to the same place), an
// explicit free two ahead, as it happens now.
#include "allocator/spans/special_internal.h"

#include "allocator/check.h"
#include "allocator/pages/mheap.h"
#include "allocator/pages/persistentalloc.h"

#include <string.h>

#define CYCLE_WRAP     (MPROF_CYCLE_COUNT * (UINT32_C(2) << 24)) // as Go's mProfCycleWrap
#define GENERATOR_SEED UINT64_C(0x9e3779b97f4a7c15)
#define MEAN_BYTES_MAX 0x7000000 // as Go's fastexprand; keeps the product below 64 bits

_Static_assert(CYCLE_WRAP % MPROF_CYCLE_COUNT == 0, "the cycle's place survives the wrap");

bool mprof_init(struct heap *heap) {
    struct mprof *mprof = persistent_alloc(heap, sizeof(*mprof), INSPECT_BOOK_OTHER);
    heap->mprof = mprof;
    if (mprof == NULL) {
        return false;
    }
    mprof->generator = GENERATOR_SEED;
    atomic_store_explicit(&heap->profile_rate, MPROF_RATE_DEFAULT, memory_order_relaxed);
    return true;
}

// ---- sampling

// Marsaglia's xorshift64.
static uint64_t next_random(struct mprof *mprof) {
    uint64_t x = mprof->generator;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    mprof->generator = x;
    return x;
}

#define LOG_BITS 16

// log2 of 1 <= x < 2^32, rounded down to 1/65536, by squaring: the same in every build, unlike
// floating point.
static uint64_t log2_fixed(uint64_t x) {
    unsigned whole = 0;
    while (x >> (whole + 1) != 0) {
        whole++;
    }
    uint64_t mantissa = x << (31 - whole); // in [2^31, 2^32)
    uint64_t fraction = 0;
    for (int i = 0; i < LOG_BITS; i++) {
        mantissa = mantissa * mantissa >> 31;
        fraction <<= 1;
        if (mantissa >> 32 != 0) {
            mantissa >>= 1;
            fraction |= 1;
        }
    }
    return (uint64_t)whole << LOG_BITS | fraction;
}

// An exponentially distributed distance: -ln(u) * mean, for u of 26 random bits. After Go's
// fastexprand.
static int64_t draw_distance(struct mprof *mprof, uint64_t mean_bytes) {
    enum { RANDOM_BITS = 26 };
    const uint64_t ln2_fixed = 45426; // ln 2 * 65536
    uint64_t mean = mean_bytes > MEAN_BYTES_MAX ? MEAN_BYTES_MAX : mean_bytes;
    uint64_t u = (next_random(mprof) >> (64 - RANDOM_BITS)) + 1;
    uint64_t minus_log2 = ((uint64_t)RANDOM_BITS << LOG_BITS) - log2_fixed(u);
    return (int64_t)(minus_log2 * mean * ln2_fixed >> (2 * LOG_BITS)) + 1;
}

int64_t mprof_next_sample(struct heap *heap, struct mcache *cache) {
    uint64_t rate = heap_profile_rate(heap);
    cache->profile_rate = rate;
    if (rate == 0) {
        return INT64_MAX;
    }
    if (rate == 1) {
        return 0;
    }
    lock_acquire(&heap->profile_lock);
    int64_t distance = draw_distance(heap->mprof, rate);
    lock_release(&heap->profile_lock);
    return distance;
}

// The cache of an id; false: ids end below.
static bool find_cache(struct heap *heap, uint32_t id, struct mcache **cache) {
    lock_acquire(&heap->lock);
    bool found = id < heap->cache_limit;
    *cache = found ? heap->caches[id] : NULL;
    lock_release(&heap->lock);
    return found;
}

void heap_set_profile_rate(struct heap *heap, uint64_t rate_bytes) {
    struct mcache *cache;
    heap_stop_world(heap);
    atomic_store_explicit(&heap->profile_rate, rate_bytes, memory_order_relaxed);
    for (uint32_t id = 0; find_cache(heap, id, &cache); id++) {
        if (cache != NULL) {
            cache->next_sample_bytes = mprof_next_sample(heap, cache);
        }
    }
    heap_start_world(heap);
}

uint64_t heap_profile_rate(const struct heap *heap) {
    return atomic_load_explicit(&heap->profile_rate, memory_order_relaxed);
}

void heap_set_call_stack(struct mcache *cache, const uintptr_t *frames, size_t frame_count) {
    cache->call_stack_count = frame_count < MPROF_STACK_MAX ? frame_count : MPROF_STACK_MAX;
    for (size_t i = 0; i < cache->call_stack_count; i++) {
        cache->call_stack[i] = frames[i];
    }
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
    struct heap_undo undo;
    lock_acquire(&heap->lock);
    heap_undo_begin(heap, &undo);
    if (rows == NULL) {
        rows = persistent_alloc(heap, MPROF_HASH_ROWS * sizeof(struct mprof_bucket *),
                                INSPECT_BOOK_BUCKHASH);
    }
    if (rows != NULL) {
        bucket = persistent_alloc(heap, bucket_bytes, INSPECT_BOOK_BUCKHASH);
    }
    if (bucket == NULL) {
        heap_undo(heap, &undo);
    } else {
        mprof->rows = rows;
    }
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

// The bucket of the cache's call stack and this size, made when there is none. NULL: no memory.
static struct mprof_bucket *obtain_bucket(struct heap *heap, const struct mcache *cache,
                                          size_t object_bytes) {
    const struct mprof *mprof = heap->mprof;
    uint64_t hash = hash_of(cache->call_stack, cache->call_stack_count, object_bytes);
    struct mprof_bucket *bucket =
        mprof->rows == NULL ? NULL : find_bucket(mprof, cache, object_bytes, hash);
    return bucket != NULL ? bucket : new_bucket(heap, cache, object_bytes, hash);
}

// ---- counting

static struct mprof_counts *counts_ahead(const struct mprof *mprof, struct mprof_bucket *bucket,
                                         uint32_t cycles) {
    return &bucket->future[(mprof->cycle + cycles) % MPROF_CYCLE_COUNT];
}

static void count_alloc(struct heap *heap, struct mprof_bucket *bucket) {
    lock_acquire(&heap->profile_lock);
    struct mprof_counts *counts = counts_ahead(heap->mprof, bucket, 2);
    counts->alloc_count++;
    counts->alloc_bytes += bucket->object_bytes;
    lock_release(&heap->profile_lock);
}

void mprof_sample(struct heap *heap, struct mcache *cache, struct mspan *span, uintptr_t object,
                  size_t size_bytes) {
    lock_acquire(&heap->profile_lock);
    struct mprof_bucket *bucket = obtain_bucket(heap, cache, size_bytes);
    lock_release(&heap->profile_lock);
    if (bucket != NULL && special_add_profile(heap, span, object, bucket)) {
        count_alloc(heap, bucket);
    }
    cache->next_sample_bytes = mprof_next_sample(heap, cache);
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
