// test_reset: a heap that was reset cannot be told from a new one.
//
// holds: allocator/whole/heap.c
#define _DEFAULT_SOURCE
#include <sys/mman.h>

#include "allocator/collect.h"
#include "allocator/fault.h"
#include "allocator/poison.h"
#include "tests/allocator/one_heap.h"
#include "tests/test.h"

#define SYSTEM_PAGE_BYTES 4096

static uint64_t random_state;

static size_t random_below(size_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % limit);
}

#define HELD_MAX 60

// What a run holds, as addresses: written to, given back, or left behind.
struct held {
    void *base;
    size_t size_bytes;
    enum { HELD_MANUAL, HELD_STACK, HELD_OBJECT } kind;
};

static void give(struct mcache *cache, const struct held *held) {
    switch (held->kind) {
    case HELD_MANUAL:
        heap_free_manual(heap, held->base, MANUAL_STACK);
        break;
    case HELD_STACK:
        heap_unmap_os_stack(heap, held->base, held->size_bytes);
        break;
    case HELD_OBJECT:
        (void)heap_free(heap, cache, held->base);
        break;
    }
}

static struct held take(struct mcache *cache) {
    static const uint8_t mask[] = {0x0f};
    struct gc_layout layout = {.size_bytes = 32, .pointer_bytes = 32, .pointer_mask = mask};
    struct held held = {.size_bytes = 8192 * (1 + random_below(30))};
    switch (random_below(8)) {
    case 0:
        held.kind = HELD_MANUAL;
        held.base = heap_alloc_manual(heap, held.size_bytes / 8192, MANUAL_STACK);
        break;
    case 1:
        held.kind = HELD_STACK;
        held.base = heap_map_os_stack(heap, held.size_bytes);
        break;
    case 2:
        held.kind = HELD_OBJECT;
        held.size_bytes *= 1 + random_below(20);
        held.base = heap_alloc(heap, cache, held.size_bytes, NULL, 0);
        break;
    default:
        held.kind = HELD_OBJECT;
        held.size_bytes = 32 * (1 + random_below(40));
        held.base = heap_alloc(heap, cache, held.size_bytes, random_below(2) ? &layout : NULL, 0);
        break;
    }
    assert_non_null(held.base);
    return held;
}

// The same seed does the same in any heap that is as new. Each piece of memory must hold what it
// holds in a new one.
static char *run(uint64_t seed, uint64_t *contents) {
    struct held held[HELD_MAX];
    size_t held_count = 0;
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    struct mcache *caches[2] = {heap_acquire_cache(heap), heap_acquire_cache(heap)};
    *contents = 0;
    for (size_t step = 0; step < 200; step++) {
        struct mcache *cache = caches[random_below(2)];
        size_t choice = random_below(10);
        if (choice < 6 && held_count < HELD_MAX) {
            struct held *new_one = &held[held_count++];
            *new_one = take(cache);
            const uint64_t *words = new_one->base;
            for (size_t i = 0; i < new_one->size_bytes / sizeof(*words); i++) {
                *contents = *contents * 31 + words[i];
            }
            memset(new_one->base, (int)random_below(256), new_one->size_bytes);
        } else if (choice < 9 && held_count > 0) {
            size_t i = random_below(held_count);
            give(cache, &held[i]);
            held[i] = held[--held_count];
        } else {
            (void)heap_scavenge(heap, random_below(40) * HEAP_PAGE_BYTES);
        }
    }
    return snapshot_of(heap);
}

TEST_FIXTURE(setup, teardown)

TEST(the_same_run_shows_the_same_in_a_new_and_in_a_reset_heap) {
    char *fresh = snapshot_of(heap);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        uint64_t expected_contents;
        heap_destroy(heap);
        heap = heap_create(NULL);
        char *expected = run(seed, &expected_contents);
        for (uint64_t other = 1; other <= 2; other++) {
            uint64_t contents;
            assert_true(heap_reset(heap));
            assert_snapshot(heap, fresh);
            free(run(seed * 100 + other, &contents));
            assert_true(heap_reset(heap));
            assert_snapshot(heap, fresh);
            free(run(seed, &contents));
            assert_snapshot(heap, expected);
            assert_int_equal(contents, expected_contents);
        }
        free(expected);
    }
    free(fresh);
}

static void assert_zero(uintptr_t base, size_t size_bytes) {
    static unsigned char copy[65536];
    while (size_bytes > 0) {
        size_t part_bytes = size_bytes < sizeof(copy) ? size_bytes : sizeof(copy);
        heap_peek(copy, (const void *)base, part_bytes);
        assert_int_equal(copy[0], 0);
        assert_memory_equal(copy, copy + 1, part_bytes - 1);
        base += part_bytes;
        size_bytes -= part_bytes;
    }
}

static bool is_obtained(uintptr_t address) {
    struct inspect_range range;
    bool found = false;
    for (size_t i = 0; inspect_range(heap, i, &range); i++) {
        found = found || (range.base <= address && address < range.base + range.prepared_bytes);
    }
    return found;
}

TEST(all_memory_that_is_still_mapped_is_zero_after_a_reset) {
    for (uint64_t seed = 50; seed < 53; seed++) {
        uint64_t contents;
        free(run(seed, &contents));
        assert_true(heap_reset(heap));
        assert_zero(heap->persistent.next, heap->persistent.end - heap->persistent.next);
        for (size_t i = 0; i < heap->sysmem->mapping_count; i++) {
            const struct sysmem_mapping *mapping = &heap->sysmem->mappings[i];
            for (uintptr_t at = mapping->base; at < mapping->end && mapping->writable; at += 8192) {
                if (!is_obtained(at)) {
                    assert_zero(at, 8192);
                }
            }
        }
    }
}

// The machine's pages of metadata that somebody has touched.
static size_t metadata_pages_touched(void) {
    size_t count = 0;
    for (size_t i = 0; i < heap->sysmem->range_count; i++) {
        static unsigned char is_touched[PERSISTENT_CHUNK_BYTES / SYSTEM_PAGE_BYTES];
        const struct sysmem_range *range = &heap->sysmem->ranges[i];
        if (range->kind == INSPECT_RANGE_PERSISTENT) {
            assert_int_equal(mincore((void *)range->base, PERSISTENT_CHUNK_BYTES, is_touched), 0);
            for (size_t page = 0; page < sizeof is_touched; page++) {
                count += is_touched[page] & 1;
            }
        }
    }
    return count;
}

// The end of the last chunk of each kind of record is as the kernel gave it.
TEST(a_reset_touches_no_metadata_that_nobody_had) {
    struct mcache *cache = heap_acquire_cache(heap);
    void *object = heap_alloc(heap, cache, 8, NULL, 0);
    assert_non_null(object);
    size_t before = metadata_pages_touched();
    assert_in_range(before, 1, 64);
    assert_true(heap_reset(heap));
    size_t after = metadata_pages_touched();
    assert_in_range(after, before, before + 1); // the place behind the last record was looked at
}

TEST(a_large_run_is_given_back_to_the_kernel) {
    unsigned char *base = heap_alloc_manual(heap, 1000, MANUAL_STACK);
    memset(base, 1, 1000 * HEAP_PAGE_BYTES);
    unsigned char *stack = heap_map_os_stack(heap, 3 << 20);
    memset(stack, 1, 3 << 20);
    assert_true(heap_reset(heap));
    assert_ptr_equal(heap_alloc_manual(heap, 1000, MANUAL_STACK), base);
    assert_ptr_equal(heap_map_os_stack(heap, 3 << 20), stack);
    for (size_t i = 0; i < 1000 * HEAP_PAGE_BYTES; i += 512) {
        assert_int_equal(base[i], 0);
    }
    for (size_t i = 0; i < 3 << 20; i += 512) {
        assert_int_equal(stack[i], 0);
    }
}

TEST(a_reset_in_the_middle_of_a_cycle_ends_it) {
    struct mcache *cache = heap_acquire_cache(heap);
    assert_non_null(heap_alloc(heap, cache, 100, NULL, 0));
    char *expected = NULL;
    for (unsigned round = 0; round < 2; round++) {
        assert_true(heap_reset(heap));
        assert_false(heap_is_marking(heap));
        assert_true(heap_is_swept(heap));
        cache = heap_acquire_cache(heap);
        for (size_t i = 0; i < 100; i++) {
            assert_non_null(heap_alloc(heap, cache, 48, NULL, 0));
        }
        heap_mark_begin(heap);
        heap_mark_end(heap);
        if (round == 0) {
            expected = snapshot_of(heap);
            heap_mark_begin(heap);
        } else {
            assert_snapshot(heap, expected);
        }
    }
    free(expected);
}

TEST(a_reset_stopped_heap_goes_on) {
    heap_stop_world(heap);
    assert_true(heap_reset(heap));
    struct mcache *cache = heap_acquire_cache(heap);
    assert_non_null(heap_alloc(heap, cache, 100, NULL, 0));
    heap_stop_world(heap);
    heap_start_world(heap);
    heap_release_cache(heap, cache);
}

#if HEAP_POISON_ACTIVE
static bool is_poisoned(uintptr_t base, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i += 8) {
        if (!__asan_address_is_poisoned((void *)(base + i))) {
            return false;
        }
    }
    return true;
}

static bool is_addressable(void *base, size_t size_bytes) {
    return __asan_region_is_poisoned(base, size_bytes) == NULL;
}
#endif

TEST(pages_that_nobody_has_are_poisoned_before_and_after_a_reset) {
#if HEAP_POISON_ACTIVE
    size_t chunk_bytes = HEAP_CHUNK_PAGES * HEAP_PAGE_BYTES;
    for (unsigned round = 0; round < 3; round++) {
        unsigned char *manual = heap_alloc_manual(heap, 200, MANUAL_OTHER);
        uintptr_t base = (uintptr_t)manual;
        assert_true(is_addressable(manual, 200 * HEAP_PAGE_BYTES));
        assert_true(is_poisoned(base + 200 * HEAP_PAGE_BYTES, chunk_bytes - 200 * HEAP_PAGE_BYTES));
        struct mspan *span = mheap_alloc_span(heap, 3, 0, 1);
        assert_true(is_poisoned(span->base, 3 * HEAP_PAGE_BYTES));
        heap_free_manual(heap, manual, MANUAL_OTHER);
        assert_true(is_poisoned(base, chunk_bytes));
        (void)heap_scavenge(heap, HEAP_PAGE_BYTES);
        assert_true(is_poisoned(base, chunk_bytes));
        assert_true(is_addressable(heap_alloc_manual(heap, 1, MANUAL_OTHER), HEAP_PAGE_BYTES));
        assert_true(heap_reset(heap));
        assert_true(is_poisoned(base, chunk_bytes));
    }
    void *base = (void *)heap_base(heap);
    heap_destroy(heap);
    heap = heap_create(NULL);
    assert_true(is_addressable(base, 1 << 20)); // nothing of the poison outlives the memory
#else
    skip();
#endif
}
