// mprof_sample: which allocations are sampled: a distance in bytes, drawn, counted down, drawn
// again.
#include "allocator/spans/mprof_internal.h"

#include "allocator/heap.h"
#include "allocator/mprof.h"
#include "allocator/pages/mspan.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/special_internal.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"

#define MEAN_BYTES_MAX 0x7000000 // as Go's fastexprand; keeps the product below 64 bits

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

void mprof_sample(struct heap *heap, struct mcache *cache, struct mspan *span, uintptr_t object,
                  size_t size_bytes) {
    lock_acquire(&heap->profile_lock);
    struct mprof_bucket *bucket = mprof_obtain_bucket(heap, cache, size_bytes);
    lock_release(&heap->profile_lock);
    if (bucket != NULL && special_add_profile(heap, span, object, bucket)) {
        mprof_count_alloc(heap, bucket);
    }
    cache->next_sample_bytes = mprof_next_sample(heap, cache);
}
