// test_mcache: caches come with the lowest id, and their counts and spans outlive them.
#include "tests/allocator/fixture.h"
#include "tests/breaks.h"
#include "tests/test.h"

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(ids_are_the_lowest_free_ones) {
    struct fixture *f = *state;
    for (uint32_t i = 0; i < FIXTURE_CACHES; i++) {
        assert_int_equal(heap_cache_id(f->cache[i]), i);
    }
    heap_release_cache(f->heap, f->cache[2]);
    heap_release_cache(f->heap, f->cache[1]);
    assert_int_equal(heap_cache_id(heap_acquire_cache(f->heap)), 1);
    assert_int_equal(heap_cache_id(heap_acquire_cache(f->heap)), 2);
    assert_int_equal(heap_cache_id(heap_acquire_cache(f->heap)), FIXTURE_CACHES);
}

TEST(the_limit_of_ids_follows_the_highest_cache) {
    struct fixture *f = *state;
    assert_int_equal(inspect_cache_limit(f->heap), FIXTURE_CACHES);
    heap_release_cache(f->heap, f->cache[FIXTURE_CACHES - 2]);
    assert_int_equal(inspect_cache_limit(f->heap), FIXTURE_CACHES);
    heap_release_cache(f->heap, f->cache[FIXTURE_CACHES - 1]);
    assert_int_equal(inspect_cache_limit(f->heap), FIXTURE_CACHES - 2);
    for (uint32_t i = 0; i < FIXTURE_CACHES - 2; i++) {
        heap_release_cache(f->heap, f->cache[i]);
    }
    assert_int_equal(inspect_cache_limit(f->heap), 0);
    assert_int_equal(heap_cache_id(heap_acquire_cache(f->heap)), 0);
    assert_int_equal(inspect_cache_limit(f->heap), 1);
}

TEST(counts_survive_their_cache) {
    struct fixture *f = *state;
    void *object = heap_alloc(f->heap, f->cache[1], 64, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[1], 100, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[1], 100000, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[1], 4, NULL, HEAP_ALLOC_TINY);
    (void)heap_alloc(f->heap, f->cache[1], 4, NULL, HEAP_ALLOC_TINY);
    (void)heap_free(f->heap, f->cache[1], object);
    heap_flush_cache(f->heap, f->cache[1]);
    struct memstats before = stats_of(f->heap);
    heap_release_cache(f->heap, f->cache[1]);
    struct memstats after = stats_of(f->heap);
    assert_int_equal(after.MCacheInuse, before.MCacheInuse - f->heap->cache_fix.block_bytes);
    after.MCacheInuse = before.MCacheInuse;
    assert_memory_equal(&before, &after, sizeof before);
    check_account(f->heap);
    assert_int_equal(after.Mallocs, 5);
}

TEST(a_revived_cache_begins_at_nothing) {
    struct fixture *f = *state;
    (void)heap_alloc(f->heap, f->cache[1], 64, NULL, 0);
    heap_release_cache(f->heap, f->cache[1]);
    struct mcache *revived = heap_acquire_cache(f->heap);
    assert_int_equal(stats_of(f->heap).Mallocs, 1);
    struct inspect_cache record;
    assert_true(inspect_cache(f->heap, heap_cache_id(revived), &record));
    for (size_t class = 0; class < SPAN_CLASS_COUNT; class ++) {
        assert_null(record.spans[class]);
    }
    assert_int_equal(revived->tiny_block, 0);
}

TEST(a_flush_returns_spans_by_what_is_in_them) {
    struct fixture *f = *state;
    void *kept = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    void *gone = heap_alloc(f->heap, f->cache[0], 128, NULL, 0);
    (void)heap_free(f->heap, f->cache[0], gone);
    void *remote = heap_alloc(f->heap, f->cache[0], 256, NULL, 0);
    (void)heap_free(f->heap, f->cache[1], remote);
    assert_int_equal(stats_of(f->heap).HeapInuse, 3 * HEAP_PAGE_BYTES);
    assert_int_equal(heap_live_bytes(f->heap), 3 * HEAP_PAGE_BYTES);
    heap_flush_cache(f->heap, f->cache[0]);
    assert_int_equal(stats_of(f->heap).HeapInuse, HEAP_PAGE_BYTES);
    assert_int_equal(heap_live_bytes(f->heap), 64);
    check_account(f->heap);
    void *next = heap_alloc(f->heap, f->cache[1], 64, NULL, 0); // out of the same span
    assert_ptr_equal(next, (char *)kept + 64);
    check_account(f->heap);
}

TEST(without_memory_there_is_no_cache) {
    struct fixture *f = *state;
    heap_set_fault(f->heap, SYSMEM_MMAP, 1, true);
    heap_set_fault(f->heap, SYSMEM_MPROTECT, 1, true);
    struct memstats before = stats_of(f->heap);
    uint32_t count = 0;
    while (heap_acquire_cache(f->heap) != NULL) {
        count++;
        assert_true(count < HEAP_CACHE_MAX);
    }
    struct memstats after = stats_of(f->heap);
    assert_int_equal(after.MCacheInuse - before.MCacheInuse,
                     count * f->heap->cache_fix.block_bytes);
    assert_int_equal(after.Sys, before.Sys);
    heap_set_fault(f->heap, SYSMEM_MMAP, 0, false);
    heap_set_fault(f->heap, SYSMEM_MPROTECT, 0, false);
    assert_non_null(heap_acquire_cache(f->heap));
}

TEST(caches_have_an_end) {
    struct fixture *f = *state;
    for (uint32_t id = FIXTURE_CACHES; id < HEAP_CACHE_MAX; id++) {
        assert_non_null(heap_acquire_cache(f->heap));
    }
    assert_null(heap_acquire_cache(f->heap));
}

TEST(validity_sees_each_broken_invariant) {
    struct fixture *f = *state;
    struct mcache *cache = f->cache[1];
    uint8_t class = span_class_make(size_class_of(64), true);
    assert_non_null(heap_alloc(f->heap, cache, 64, NULL, 0));
    BREAKS(size_t, cache->tiny_offset, 8, mcache_is_valid(f->heap, cache)); // K3: of no block
    void *tiny = heap_alloc(f->heap, cache, 4, NULL, HEAP_ALLOC_TINY);
    assert_int_equal(cache->tiny_block, (uintptr_t)tiny);
    struct mspan *span = cache->alloc[class];
    struct mspan *tiny_span = mheap_span_of(f->heap, cache->tiny_block);
    BREAKS(uint32_t, cache->id, 2, mcache_is_valid(f->heap, cache)); // K1
    BREAKS(uint32_t, cache->id, HEAP_CACHE_MAX, mcache_is_valid(f->heap, cache));
    BREAKS(uint8_t, span->state, MSPAN_DEAD, mcache_is_valid(f->heap, cache)); // K2
    BREAKS(uint8_t, span->span_class, class + 2, mcache_is_valid(f->heap, cache));
    BREAKS(uint8_t, span->list, MSPAN_LIST_FULL, mcache_is_valid(f->heap, cache));
    BREAKS(uint32_t, span->owner, 1, mcache_is_valid(f->heap, cache));
    BREAKS(uint32_t, span->sweep_generation, 1, mcache_is_valid(f->heap, cache));
    BREAKS(struct mspan *, cache->alloc[1], span, mcache_is_valid(f->heap, cache)); // of large ones
    BREAKS(uintptr_t, cache->tiny_block, 16, mcache_is_valid(f->heap, cache));      // K3
    BREAKS(uintptr_t, cache->tiny_block, span->base, mcache_is_valid(f->heap, cache));
    BREAKS(uintptr_t, cache->tiny_block, (uintptr_t)tiny + 8, mcache_is_valid(f->heap, cache));
    BREAKS(uintptr_t, cache->tiny_block, (uintptr_t)tiny + 16, mcache_is_valid(f->heap, cache));
    BREAKS(uint64_t, tiny_span->tiny_bits[0], 0, mcache_is_valid(f->heap, cache));
    BREAKS(size_t, cache->tiny_offset, 17, mcache_is_valid(f->heap, cache));
    BREAKS(size_t, cache->call_stack_count, MPROF_STACK_MAX + 1,
           mcache_is_valid(f->heap, cache)); // K4
}
