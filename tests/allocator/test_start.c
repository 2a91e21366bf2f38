// test_start: a heap goes on counting where an earlier one stopped, and refuses what was no heap's.
//
// holds: allocator/whole/start.c
#include "tests/allocator/support_snapshot.h"

#include "allocator/collect.h"
#include "allocator/fault.h"
#include "allocator/mprof.h"
#include "allocator/start.h"

#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

// Three cycles of 5, 6 and 7 ns, the newest at row 2.
static struct heap_start earlier(void) {
    return (struct heap_start){
        .small_count = {[1] = 3, [67] = UINT64_C(1) << 32},
        .tiny_count = UINT64_C(1) << 53,
        .large_count = 2,
        .large_bytes = 5 * HEAP_PAGE_BYTES * 2,
        .profile_object_bytes = 16,
        .profile_count = UINT64_C(1) << 33,
        .profile_cycle = 65535,
        .cycle_count = 3,
        .forced_count = 2,
        .last_gc_ns = 300,
        .pause_total_ns = 18,
        .pause_ns = {5, 6, 7},
        .pause_end_ns = {100, 200, 300},
        .cpu_fraction = 0.5,
    };
}

static void note(void *context, const struct mprof_bucket_record *bucket) {
    *(struct mprof_bucket_record *)context = *bucket;
}

TEST(counts_go_on) {
    const struct heap_start start = earlier();
    struct heap *heap = heap_create(&(struct heap_options){.start = &start});
    assert_non_null(heap);
    struct mcache *cache = heap_acquire_cache(heap);
    (void)heap_alloc(heap, cache, 8, NULL, 0);
    struct memstats s;
    heap_read_memstats(heap, &s);
    assert_true(s.Mallocs == 3 + (UINT64_C(1) << 32) + (UINT64_C(1) << 53) + 2 + 1);
    assert_true(s.Frees == s.Mallocs - 1);
    assert_true(s.TotalAlloc == 3 * 8 + (UINT64_C(32768) << 32) + 10 * HEAP_PAGE_BYTES + 8);
    assert_int_equal(s.HeapAlloc, 8);
    assert_int_equal(s.BySize[1].Mallocs, 4);
    assert_true(s.BySize[67].Frees == UINT64_C(1) << 32);
    assert_int_equal(s.NumGC, 3);
    assert_int_equal(s.NumForcedGC, 2);
    assert_int_equal(s.LastGC, 300);
    assert_int_equal(s.PauseTotalNs, 18);
    assert_int_equal(s.PauseNs[2], 7);
    assert_int_equal(s.PauseEnd[1], 200);
    assert_true(s.GCCPUFraction > 0.4 && s.GCCPUFraction < 0.6);
    struct mprof_bucket_record bucket = {0};
    heap_visit_buckets(heap, note, &bucket);
    assert_true(bucket.alloc_count == UINT64_C(1) << 33 && bucket.free_count == bucket.alloc_count);
    assert_true(bucket.alloc_bytes == UINT64_C(1) << 37 && bucket.free_bytes == bucket.alloc_bytes);
    assert_int_equal(bucket.object_bytes, 16);
    assert_int_equal(bucket.frame_count, 0);
    heap_destroy(heap);
}

TEST(a_reset_heap_starts_anew) {
    const struct heap_start start = earlier();
    struct heap *heap = heap_create(NULL);
    assert_true(heap_start_from(heap, &start));
    assert_true(heap_reset(heap));
    struct memstats s;
    heap_read_memstats(heap, &s);
    assert_int_equal(s.Mallocs + s.NumGC + s.BuckHashSys + s.PauseEnd[0], 0);
    assert_true(heap_start_from(heap, &start));
    heap_read_memstats(heap, &s);
    assert_int_equal(s.NumGC, 3);
    heap_destroy(heap);
}

TEST(without_memory_for_the_bucket_nothing_is_taken_up) {
    const struct heap_start start = earlier();
    struct heap *heap = heap_create(NULL);
    heap_set_fault(heap, SYSMEM_METADATA, 1, true);
    assert_false(heap_start_from(heap, &start));
    struct memstats s;
    heap_read_memstats(heap, &s);
    assert_int_equal(s.Mallocs + s.NumGC + s.BuckHashSys, 0);
    heap_destroy(heap);
}

// Each by one change of what is legal.
TEST(what_breaks_an_equality_is_refused){
#define REFUSES(change)                                                                            \
    {                                                                                              \
        struct heap_start start = earlier();                                                       \
        assert_true(heap_start_is_valid(&start));                                                  \
        change;                                                                                    \
        if (heap_start_is_valid(&start)) {                                                         \
            fail_msg("it takes up %s", #change);                                                   \
        }                                                                                          \
        assert_null(heap_create(&(struct heap_options){.start = &start}));                         \
    }
    REFUSES(start.small_count[0] = 1) REFUSES(start.small_count[2] = UINT64_C(1) << 60)
        REFUSES(start.tiny_count = UINT64_MAX >>
                                   1) REFUSES(start.large_count = 3) REFUSES(start.large_count = 0)
            REFUSES(start.large_bytes++) REFUSES(start.large_bytes = UINT64_C(1) << 63)
                REFUSES(start.profile_object_bytes = 0) REFUSES(start.profile_count = 0)
                    REFUSES(start.profile_count = UINT64_C(1) << 60)
                        REFUSES(start.profile_cycle = START_PROFILE_CYCLES)
                            REFUSES(start.cycle_count = 2) REFUSES(start.cycle_count = 0)
                                REFUSES(start.forced_count = 4) REFUSES(start.last_gc_ns = 301)
                                    REFUSES(start.pause_total_ns = 19)
                                        REFUSES(start.pause_ns[1] = 5)
                                            REFUSES(start.pause_ns[3] = 1)
                                                REFUSES(start.pause_end_ns[3] = 1)
                                                    REFUSES(start.pause_end_ns[1] = 99)
                                                        REFUSES(start.pause_end_ns[2] = 301)
                                                            REFUSES(start.cpu_fraction = 1.5)
                                                                REFUSES(start.cpu_fraction = -0.1)
#undef REFUSES
}

// With more cycles than rows, older pauses are in the sum and in no row.
TEST(pauses_that_are_overwritten_may_be_more) {
    struct heap_start start = earlier();
    start.cycle_count = 65536 + 3;
    for (size_t row = 0; row < MEMSTATS_PAUSE_COUNT; row++) { // the newest is row 2
        start.pause_ns[row] = 1;
        start.pause_end_ns[row] = row <= 2 ? 500 + row : 200 + row;
    }
    start.last_gc_ns = 502;
    start.pause_total_ns = 257;
    assert_true(heap_start_is_valid(&start));
    start.pause_total_ns = 255;
    assert_false(heap_start_is_valid(&start));
}
