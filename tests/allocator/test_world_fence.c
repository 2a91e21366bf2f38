// test_world_fence: whoever enters the heap just when the world stops is seen, with and without
// membarrier: a fence that is missing shows.
#include <pthread.h>
#include <sched.h>

#include "allocator/heap.h"
#include "allocator/pages/mheap.h"
#include "allocator/spans/mcache.h"
#include "allocator/system/world.h"
#include "tests/allocator/one_heap.h"
#include "tests/test.h"

static atomic_bool quit;

struct owner {
    pthread_t thread;
    struct mcache *cache;
    uint64_t left; // counted inside the heap alone: it stands still while the world is stopped
    atomic_bool is_ready;
};

#define FAR_BYTES ((size_t)64 << 20)
#define FAR_WORDS ((size_t)24) // written before each entry

static void spin(size_t round_count) {
    for (size_t volatile i = 0; i < round_count; i++) {
    }
}

static atomic_bool is_handed_over; // the owner has the cache
static bool keeps_it;              // and does not give it back

// Enters and leaves without a pause, so that it often enters just when the stopper looks. What it
// writes before is in no cache: the processor has it wait in its store buffer, and all that is
// stored behind it as well, which shows a fence that is missing.
static void *enter_often(void *context) {
    struct owner *owner = context;
    uint64_t *far_words = malloc(FAR_BYTES);
    assert_non_null(far_words);
    memset(far_words, 1, FAR_BYTES);
    atomic_store(&owner->is_ready, true);
    for (size_t at = 0; !atomic_load(&quit); at += 4096 * 7 + 64) {
        while (!keeps_it && !atomic_load_explicit(&is_handed_over, memory_order_acquire)) {
        }
        for (size_t i = 0; i < FAR_WORDS; i++) {
            size_t place = (at + i * (FAR_BYTES / FAR_WORDS)) % FAR_BYTES;
            *(uint64_t volatile *)&far_words[place / sizeof far_words[0]] = at;
        }
        world_enter(heap, owner->cache);
        *(uint64_t volatile *)&owner->left = owner->left + 1;
        world_leave(owner->cache);
        if (!keeps_it) {
            atomic_store_explicit(&is_handed_over, false, memory_order_release);
        }
    }
    free(far_words);
    return NULL;
}

// With a cache of its own, or with one that the stopper hands over each time, having used it.
static void whoever_enters_as_the_world_stops_is_seen(bool fence_free, bool is_its_own) {
    struct owner owner = {.cache = heap_acquire_cache(heap)};
    heap->fence_free = fence_free;
    atomic_store(&quit, false);
    keeps_it = is_its_own;
    atomic_store(&is_handed_over, is_its_own);
    assert_int_equal(pthread_create(&owner.thread, NULL, enter_often, &owner), 0);
    while (!atomic_load(&owner.is_ready)) {
        (void)sched_yield();
    }
    size_t moved_count = 0;
    size_t met_count = 0; // the owner had come in between, which it seldom does on a busy machine
    uint64_t last_left = 0;
    for (size_t i = 0; i < 200000 && met_count < 20000; i++) {
        heap_stop_world(heap);
        uint64_t left = *(uint64_t volatile *)&owner.left;
        met_count += left != last_left;
        last_left = left;
        spin(200);
        moved_count += *(uint64_t volatile *)&owner.left != left;
        heap_start_world(heap);
        if (!atomic_load_explicit(&is_handed_over, memory_order_acquire)) {
            world_enter(heap, owner.cache);
            world_leave(owner.cache);
            atomic_store_explicit(&is_handed_over, true, memory_order_release);
        }
        spin(i % 4096);
    }
    atomic_store(&quit, true);
    atomic_store(&is_handed_over, true);
    assert_int_equal(pthread_join(owner.thread, NULL), 0);
    assert_int_equal(moved_count, 0);
}

TEST_FIXTURE(setup, teardown)

TEST(whoever_enters_as_the_world_stops_is_seen_with_membarrier) {
    whoever_enters_as_the_world_stops_is_seen(true, true);
    whoever_enters_as_the_world_stops_is_seen(true, false);
}

TEST(whoever_enters_as_the_world_stops_is_seen_without_membarrier) {
    whoever_enters_as_the_world_stops_is_seen(false, true);
    whoever_enters_as_the_world_stops_is_seen(false, false);
}
