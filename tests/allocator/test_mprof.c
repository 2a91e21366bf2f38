// test_mprof: which allocations are sampled, in which bucket, and in which cycle their counts are
// published.
//
// holds: allocator/spans/mprof_sample.c

#include "allocator/collect.h"
#include "allocator/fault.h"
#include "allocator/inspect.h"
#include "allocator/memstats.h"
#include "allocator/mprof.h"
#include "allocator/pages/mheap.h"
#include "allocator/spans/mcache.h"
#include "allocator/system/world.h"
#include "allocator/special.h"
#include "allocator/spans/mprof_internal.h"
#include "tests/allocator/one_heap.h"
#include "tests/test.h"

static struct mcache *cache;

struct buckets {
    struct mprof_bucket_record records[64];
    size_t count;
};

struct samples {
    uintptr_t objects[8192];
    uintptr_t buckets[8192];
    size_t count;
};

static void see_bucket(void *context, const struct mprof_bucket_record *record) {
    struct buckets *buckets = context;
    assert_true(buckets->count < 64);
    buckets->records[buckets->count++] = *record;
}

static void see_sample(void *context, uintptr_t object, uintptr_t bucket) {
    struct samples *samples = context;
    assert_true(samples->count < 8192);
    samples->objects[samples->count] = object;
    samples->buckets[samples->count++] = bucket;
}

static struct buckets all_buckets(void) {
    struct buckets buckets = {.count = 0};
    heap_visit_buckets(heap, see_bucket, &buckets);
    return buckets;
}

static struct samples *all_samples(void) {
    static struct samples samples;
    samples.count = 0;
    heap_visit_samples(heap, see_sample, &samples);
    return &samples;
}

static int setup_cache(void **state) {
    cache = setup(state) != 0 ? NULL : heap_acquire_cache(heap);
    return cache == NULL ? -1 : 0;
}

TEST_FIXTURE(setup_cache, teardown)

static void *allocate(size_t size_bytes) {
    void *object = heap_alloc(heap, cache, size_bytes, NULL, 0);
    assert_non_null(object);
    return object;
}

static void end_cycle(void) {
    heap_profile_next_cycle(heap);
    heap_profile_flush(heap);
}

// A cycle in which nothing is reachable, as the collector does it.
static void collect(void) {
    heap_stop_world(heap);
    heap_mark_begin(heap);
    heap_mark_end(heap);
    heap_profile_next_cycle(heap);
    heap_start_world(heap);
    heap_profile_flush(heap);
    heap_sweep_finish(heap, cache);
}

static void assert_counts(uint64_t alloc_count, uint64_t free_count) {
    struct buckets buckets = all_buckets();
    assert_int_equal(buckets.count, 1);
    assert_int_equal(buckets.records[0].alloc_count, alloc_count);
    assert_int_equal(buckets.records[0].free_count, free_count);
    assert_int_equal(buckets.records[0].alloc_bytes, alloc_count * 48);
    assert_int_equal(buckets.records[0].free_bytes, free_count * 48);
}

TEST(rate_0_samples_nothing_and_makes_no_table) {
    struct memstats stats;
    heap_set_profile_rate(heap, 0);
    for (int i = 0; i < 1000; i++) {
        (void)allocate(4096);
    }
    heap_read_memstats(heap, &stats);
    assert_int_equal(all_samples()->count, 0);
    assert_int_equal(stats.BuckHashSys, 0);
    assert_int_equal(inspect_bucket_hash_rows(heap), 0);
}

TEST(rate_1_samples_everything_but_tiny_hits) {
    heap_set_profile_rate(heap, 1);
    for (int i = 0; i < 100; i++) {
        (void)allocate(48);
    }
    (void)allocate(100000);
    assert_int_equal(all_samples()->count, 101);
    assert_non_null(heap_alloc(heap, cache, 4, NULL, HEAP_ALLOC_TINY));
    assert_non_null(heap_alloc(heap, cache, 4, NULL, HEAP_ALLOC_TINY));
    assert_int_equal(all_samples()->count, 102);
}

TEST(a_new_rate_takes_effect_at_the_next_allocation) {
    heap_set_profile_rate(heap, 0);
    (void)allocate(48);
    heap_set_profile_rate(heap, 1);
    assert_int_equal(heap_profile_rate(heap), 1);
    (void)allocate(48);
    assert_int_equal(all_samples()->count, 1);
    heap_set_profile_rate(heap, 0);
    (void)allocate(48);
    assert_int_equal(all_samples()->count, 1);
}

TEST(samples_come_on_average_once_in_rate_bytes) {
    heap_set_profile_rate(heap, 4096);
    for (int i = 0; i < 100000; i++) {
        (void)allocate(64);
    }
    size_t expected = 100000 * 64 / 4096;
    size_t count = all_samples()->count;
    assert_in_range(count, expected * 9 / 10, expected * 11 / 10);
}

// What xors itself, shifted, takes back.
static uint64_t without_shift(uint64_t mixed, unsigned shift, bool left) {
    uint64_t x = mixed;
    for (unsigned i = 0; i < 64; i += shift) {
        x = mixed ^ (left ? x << shift : x >> shift);
    }
    return x;
}

// The state before the one in which the generator draws `number`.
static uint64_t state_before(uint64_t number) {
    return without_shift(without_shift(without_shift(number, 17, true), 7, false), 13, true);
}

// Of 26 bits, from 1 on, a power of two is drawn: its logarithm is exact.
TEST(a_distance_is_the_logarithm_of_what_is_drawn) {
    const uint64_t ln2 = 45426; // of 65536
    for (unsigned power = 0; power <= 26; power++) {
        uint64_t drawn = (((uint64_t)1 << power) - 1) << 38 | 1;
        heap_set_profile_rate(heap, (uint64_t)1 << 20);
        heap->mprof->generator = state_before(drawn);
        assert_int_equal(mprof_next_sample(heap, cache), (26 - power) * (ln2 << 4) + 1);
        assert_int_equal(heap->mprof->generator, drawn);
        heap_set_profile_rate(heap, UINT64_MAX); // as the largest mean that there is
        heap->mprof->generator = state_before(drawn);
        assert_int_equal(mprof_next_sample(heap, cache), (26 - power) * (ln2 * 0x700) + 1);
    }
}

TEST(the_same_allocations_are_sampled_after_a_reset) {
    static struct samples first;
    for (int round = 0; round < 2; round++) {
        heap_set_profile_rate(heap, 1000);
        for (int i = 0; i < 2000; i++) {
            (void)allocate(64);
        }
        if (round == 0) {
            first = *all_samples();
            assert_true(first.count > 0);
            assert_true(heap_reset(heap));
            cache = heap_acquire_cache(heap);
            assert_int_equal(all_samples()->count, 0);
            assert_int_equal(all_buckets().count, 0);
            assert_int_equal(heap_profile_rate(heap), MPROF_RATE_DEFAULT);
        }
    }
    struct samples *second = all_samples();
    assert_int_equal(second->count, first.count);
    assert_memory_equal(second->objects, first.objects, first.count * sizeof(first.objects[0]));
    assert_memory_equal(second->buckets, first.buckets, first.count * sizeof(first.buckets[0]));
}

TEST(a_bucket_is_a_call_stack_and_a_size) {
    const uintptr_t stack[3] = {0x1000, 0x2000, 0x3000};
    heap_set_profile_rate(heap, 1);
    heap_set_call_stack(cache, stack, 2);
    (void)allocate(48);
    (void)allocate(48);
    (void)allocate(64);
    heap_set_call_stack(cache, stack, 3);
    (void)allocate(64);
    struct buckets buckets = all_buckets();
    assert_int_equal(buckets.count, 3); // newest first
    assert_int_equal(buckets.records[0].frame_count, 3);
    assert_int_equal(buckets.records[0].object_bytes, 64);
    assert_memory_equal(buckets.records[0].frames, stack, sizeof(stack));
    assert_int_equal(buckets.records[1].frame_count, 2);
    assert_int_equal(buckets.records[1].object_bytes, 64);
    assert_int_equal(buckets.records[2].object_bytes, 48);
    struct samples *samples = all_samples();
    assert_int_equal(samples->count, 4);
    assert_int_equal(samples->buckets[0], buckets.records[2].address);
}

TEST(a_call_stack_is_cut_at_its_maximum) {
    uintptr_t stack[MPROF_STACK_MAX + 1];
    for (uintptr_t i = 0; i <= MPROF_STACK_MAX; i++) {
        stack[i] = i + 1;
    }
    heap_set_profile_rate(heap, 1);
    heap_set_call_stack(cache, stack, MPROF_STACK_MAX + 1);
    (void)allocate(48);
    assert_int_equal(all_buckets().records[0].frame_count, MPROF_STACK_MAX);
}

TEST(an_allocation_is_published_two_cycles_later) {
    heap_set_profile_rate(heap, 1);
    (void)allocate(48);
    assert_counts(0, 0);
    end_cycle();
    assert_counts(0, 0);
    end_cycle();
    assert_counts(1, 0);
    end_cycle();
    assert_counts(1, 0);
}

TEST(a_swept_free_is_published_with_the_allocations_of_its_cycle) {
    heap_set_profile_rate(heap, 1);
    (void)allocate(48);
    collect(); // dies in the cycle of its allocation
    assert_int_equal(all_samples()->count, 0);
    assert_counts(0, 0);
    end_cycle();
    assert_counts(1, 1);
}

TEST(an_explicit_free_is_never_published_before_its_allocation) {
    heap_set_profile_rate(heap, 1);
    assert_int_equal(heap_free(heap, cache, allocate(48)), HEAP_FREED);
    void *later = allocate(48);
    end_cycle();
    assert_counts(0, 0);
    assert_int_equal(heap_free(heap, cache, later), HEAP_FREED);
    end_cycle();
    assert_counts(2, 1);
    end_cycle();
    assert_counts(2, 2);
}

TEST(flushing_twice_publishes_once_and_forgetting_it_loses_nothing) {
    heap_set_profile_rate(heap, 1);
    (void)allocate(48);
    heap_profile_next_cycle(heap);
    heap_profile_next_cycle(heap);
    heap_profile_next_cycle(heap);
    heap_profile_flush(heap);
    heap_profile_flush(heap);
    assert_counts(1, 0);
}

TEST(samples_are_the_difference_of_counts_after_two_flushes) {
    heap_set_profile_rate(heap, 1);
    for (int i = 0; i < 40; i++) {
        void *object = allocate(48);
        if (i % 3 == 0) {
            assert_int_equal(heap_free(heap, cache, object), HEAP_FREED);
        }
        if (i % 7 == 0) {
            end_cycle();
        }
        struct mprof_bucket_record record = all_buckets().records[0];
        assert_true(record.alloc_count >= record.free_count);
    }
    end_cycle();
    end_cycle();
    struct mprof_bucket_record record = all_buckets().records[0];
    assert_int_equal(record.alloc_count - record.free_count, all_samples()->count);
}

static void ignore(void *context, const struct finalizer *finalizer) {
    (void)context;
    (void)finalizer;
}

TEST(a_finalizer_keeps_the_sample_of_its_object) {
    heap_set_profile_rate(heap, 1);
    heap_set_finalizer_queue(heap, ignore, NULL);
    struct finalizer finalizer = {.object = (uintptr_t)allocate(48)};
    assert_int_equal(heap_add_finalizer(heap, &finalizer), SPECIAL_OK);
    collect();
    assert_int_equal(all_samples()->count, 1);
    collect(); // nobody has brought it back to life
    assert_int_equal(all_samples()->count, 0);
    end_cycle();
    end_cycle();
    assert_counts(1, 1);
}

TEST(buckets_are_charged_to_BuckHashSys) {
    struct memstats stats;
    heap_set_profile_rate(heap, 1);
    (void)allocate(48);
    heap_read_memstats(heap, &stats);
    uint64_t first_bytes = stats.BuckHashSys;
    assert_true(first_bytes >= inspect_bucket_hash_rows(heap) * 8);
    (void)allocate(48);
    heap_read_memstats(heap, &stats);
    assert_int_equal(stats.BuckHashSys, first_bytes);
    (void)allocate(64);
    heap_read_memstats(heap, &stats);
    assert_true(stats.BuckHashSys > first_bytes);
}

TEST(list_and_table_hold_the_same_buckets) {
    heap_set_profile_rate(heap, 1);
    for (uintptr_t pc = 1; pc <= 60; pc++) {
        heap_set_call_stack(cache, &pc, 1);
        (void)allocate(48);
    }
    size_t in_list = 0;
    size_t in_table = 0;
    struct inspect_bucket record;
    for (const void *at = inspect_first_bucket(heap); inspect_bucket(at, &record);
         at = record.next) {
        in_list++;
    }
    for (size_t row = 0; row < inspect_bucket_hash_rows(heap); row++) {
        const void *at = inspect_bucket_hash_row(heap, row);
        for (; inspect_bucket(at, &record); at = record.hash_next) {
            in_table++;
        }
    }
    assert_int_equal(in_list, 60);
    assert_int_equal(in_table, 60);
}

TEST(without_memory_there_is_no_sample_and_the_object_is_fine) {
    heap_set_profile_rate(heap, 1);
    for (int i = 0; i < 256; i++) { // spans for what comes
        (void)allocate(8);
    }
    heap_set_fault(heap, SYSMEM_MMAP, 1, true);
    heap_set_fault(heap, SYSMEM_MPROTECT, 1, true);
    struct memstats stats;
    uintptr_t pc = 1;
    size_t sampled = 0;
    for (; pc < 600; pc++) { // 600 objects of 8 bytes are in the span still
        uintptr_t stack[MPROF_STACK_MAX] = {pc};
        heap_set_call_stack(cache, stack, MPROF_STACK_MAX);
        void *object = heap_alloc(heap, cache, 8, NULL, 0);
        assert_non_null(object);
        size_t now = all_samples()->count;
        if (now == sampled) {
            break;
        }
        sampled = now;
    }
    assert_true(pc < 600);
    heap_set_fault(heap, SYSMEM_MMAP, 0, false);
    heap_set_fault(heap, SYSMEM_MPROTECT, 0, false);
    (void)allocate(8);
    assert_int_equal(all_samples()->count, sampled + 1);
    heap_read_memstats(heap, &stats);
    assert_int_equal(stats.Mallocs, 256 + pc + 1);
}

TEST(without_memory_for_the_table_there_is_no_sample) {
    heap_set_profile_rate(heap, 0);
    (void)allocate(8); // a span for what comes
    heap_set_profile_rate(heap, 1);
    heap_set_fault(heap, SYSMEM_MMAP, 1, true);
    while (heap_metadata_alloc(heap, 4096) != NULL) {
    }
    (void)allocate(8);
    assert_int_equal(all_samples()->count, 0);
    assert_int_equal(inspect_bucket_hash_rows(heap), 0);
    heap_set_fault(heap, SYSMEM_MMAP, 0, false);
    (void)allocate(8);
    assert_int_equal(all_samples()->count, 1);
}
