// test_validity: a heap in the middle of its life keeps its invariants, and each that breaks is
// seen.
#include "tests/allocator/fixture.h"
#include "tests/breaks.h"
#include "tests/test.h"

// Objects in caches and lists, a large one, stacks, unswept spans, a free page between others.
static void live(struct fixture *f) {
    for (size_t i = 0; i < 2000; i++) {
        void *object = heap_alloc(f->heap, f->cache[i % 3], 1 + i % 3000, NULL, 0);
        assert_non_null(object);
        if (i % 4 == 0) {
            (void)heap_free(f->heap, f->cache[i % 2], object);
        }
    }
    assert_non_null(heap_alloc(f->heap, f->cache[0], 100000, NULL, 0));
    void *stack = heap_alloc_manual(f->heap, 2, MANUAL_STACK);
    assert_non_null(heap_alloc_manual(f->heap, 3, MANUAL_OTHER));
    heap_free_manual(f->heap, stack, MANUAL_STACK);
}

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(a_heap_is_valid_through_its_life) {
    struct fixture *f = *state;
    assert_true(heap_is_valid(f->heap));
    live(f);
    assert_true(heap_is_valid(f->heap));
    heap_mark_begin(f->heap);
    assert_true(heap_is_valid(f->heap));
    heap_mark_end(f->heap);
    assert_true(heap_is_valid(f->heap));
    (void)heap_sweep_one(f->heap, f->cache[1]);
    assert_true(heap_is_valid(f->heap));
    heap_sweep_finish(f->heap, NULL);
    (void)heap_scavenge(f->heap, SIZE_MAX);
    heap_release_cache(f->heap, f->cache[3]);
    assert_true(heap_is_valid(f->heap));
    assert_true(heap_reset(f->heap));
    assert_true(heap_is_valid(f->heap));
}

// H1
TEST(a_part_that_breaks_its_own_is_seen) {
    struct fixture *f = *state;
    struct heap *heap = f->heap;
    live(f);
    uintptr_t search = heap->palloc.search_address + 8 * HEAP_PAGE_BYTES;
    BREAKS(uintptr_t, heap->palloc.search_address, search, heap_is_valid(heap));
    BREAKS(size_t, heap->sysmem->range_capacity, 0, heap_is_valid(heap));
    BREAKS(uint64_t, heap->span_fix.inuse_bytes, 0, heap_is_valid(heap));
    BREAKS(uint64_t, heap->cache_fix.inuse_bytes, 0, heap_is_valid(heap));
    BREAKS(uint64_t, heap->special_fix.inuse_bytes, 64, heap_is_valid(heap));
    BREAKS(uint64_t, heap->bits_fix.inuse_bytes, 0, heap_is_valid(heap));
    BREAKS(uint8_t, heap->central[5].span_class, 6, heap_is_valid(heap));
    BREAKS(size_t, f->cache[2]->tiny_offset, 1, heap_is_valid(heap));
    struct mspan *span = f->cache[0]->alloc[span_class_make(size_class_of(64), true)];
    BREAKS(uint32_t, span->free_index, span->object_count, heap_is_valid(heap));
}

TEST(what_the_heap_itself_breaks_is_seen) {
    struct fixture *f = *state;
    struct heap *heap = f->heap;
    live(f);
    struct heap_arena *arena = heap->arenas[0];
    struct mspan *span = heap->all_spans[1];
    size_t page = (span->base - heap->base) / HEAP_PAGE_BYTES;
    size_t free_page = HEAP_CHUNK_PAGES - 1;
    assert_null(arena->spans[free_page]);
    BREAKS(size_t, heap->all_span_capacity, 1, heap_is_valid(heap));                     // H2
    BREAKS(struct mspan *, arena->spans[page], heap->all_spans[0], heap_is_valid(heap)); // H3
    BREAKS(struct mspan *, arena->spans[page], NULL, heap_is_valid(heap));
    BREAKS(struct mspan *, arena->spans[free_page], span, heap_is_valid(heap)); // H4
    BREAKS(uint64_t, arena->pages.grown_bits[0][page / 64], 0, heap_is_valid(heap));
    BREAKS(uint32_t, heap->cache_limit, FIXTURE_CACHES - 1, heap_is_valid(heap)); // H5
    BREAKS(uint32_t, heap->cache_limit, FIXTURE_CACHES + 1, heap_is_valid(heap));
    BREAKS(uint32_t, heap->lowest_free_cache, FIXTURE_CACHES + 1, heap_is_valid(heap));
    BREAKS(uint32_t, heap->unswept_count, 1, heap_is_valid(heap));               // H6
    BREAKS(uintptr_t, heap->grow_next, heap->grow_end + 1, heap_is_valid(heap)); // H7
    BREAKS(uintptr_t, heap->grow_end, heap->grow_end + HEAP_ARENA_BYTES, heap_is_valid(heap));
    BREAKS(size_t, heap->palloc.arena_limit, 2, heap_is_valid(heap));
    heap_mark_begin(heap);
    heap_mark_end(heap);
    BREAKS(uint32_t, heap->unswept_count, heap->unswept_count - 1, heap_is_valid(heap)); // H6
}
