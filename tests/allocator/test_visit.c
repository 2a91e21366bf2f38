// test_visit: the dump's walk sees the spans in use, in order, and the pointer bits where they are.
#include "allocator/heap.h"
#include "allocator/inspect.h"
#include "allocator/visit.h"

#include <stdlib.h>

#include "tests/test.h"

struct seen {
    struct visited_span spans[64];
    size_t count;
    size_t limit; // stops there
};

static bool see(void *context, const struct visited_span *span) {
    struct seen *seen = context;
    assert_true(seen->count < 64);
    seen->spans[seen->count++] = *span;
    return seen->count < seen->limit;
}

struct fixture {
    struct heap *heap;
    struct mcache *cache;
};

static int setup(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->heap = heap_create(NULL);
    fixture->cache = heap_acquire_cache(fixture->heap);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    struct fixture *fixture = *state;
    heap_destroy(fixture->heap);
    free(fixture);
    return 0;
}

TEST_FIXTURE(setup, teardown)

TEST(spans_in_use_come_in_the_order_of_all_spans) {
    struct fixture *fixture = *state;
    (void)heap_alloc(fixture->heap, fixture->cache, 64, NULL, 0);
    void *stack = heap_alloc_manual(fixture->heap, 2, MANUAL_STACK);
    void *gone = heap_alloc(fixture->heap, fixture->cache, 100000, NULL, 0);
    (void)heap_alloc(fixture->heap, fixture->cache, 40000, NULL, 0);
    assert_int_equal(heap_free(fixture->heap, fixture->cache, gone), HEAP_FREED);
    struct seen seen = {.limit = 64};
    assert_true(heap_visit_spans(fixture->heap, see, &seen));
    size_t next = 0;
    struct inspect_span span;
    for (size_t i = 0; inspect_span(fixture->heap, i, &span); i++) {
        if (span.state == INSPECT_SPAN_IN_USE) {
            assert_true(next < seen.count);
            assert_int_equal(seen.spans[next].base, span.base);
            assert_int_equal(seen.spans[next].element_bytes, span.element_bytes);
            assert_int_equal(seen.spans[next].object_count, span.object_count);
            assert_int_equal(seen.spans[next].bit_words, span.bit_words);
            assert_ptr_equal(seen.spans[next].alloc_bits, span.alloc_bits);
            assert_ptr_equal(seen.spans[next].remote_bits, span.remote_bits);
            assert_int_equal(seen.spans[next].noscan, span.span_class & 1);
            next++;
        }
    }
    assert_int_equal(next, seen.count);
    assert_int_equal(next, 2);
    heap_free_manual(fixture->heap, stack, MANUAL_STACK);
}

TEST(a_visitor_that_says_so_stops_the_walk) {
    struct fixture *fixture = *state;
    (void)heap_alloc(fixture->heap, fixture->cache, 64, NULL, 0);
    (void)heap_alloc(fixture->heap, fixture->cache, 128, NULL, 0);
    struct seen seen = {.limit = 1};
    assert_false(heap_visit_spans(fixture->heap, see, &seen));
    assert_int_equal(seen.count, 1);
}

TEST(pointer_bits_begin_at_the_address_and_end_with_the_arena) {
    struct fixture *fixture = *state;
    const uint8_t mask = 0x02;
    const struct gc_layout layout = {.size_bytes = 48, .pointer_bytes = 16, .pointer_mask = &mask};
    (void)heap_alloc(fixture->heap, fixture->cache, 48, &layout, 0);
    uintptr_t second = (uintptr_t)heap_alloc(fixture->heap, fixture->cache, 48, &layout, 0);
    struct visited_bits bits = heap_pointer_bits(fixture->heap, second);
    assert_int_equal(bits.words[0] >> bits.first_bit & 0x3f, 0x02);
    uintptr_t arena_end = heap_base(fixture->heap) + HEAP_ARENA_BYTES;
    assert_int_equal(bits.word_count, (arena_end - second) / 8);
}

TEST(bounds_are_those_of_the_arenas_and_of_none_after_a_reset) {
    struct fixture *fixture = *state;
    uintptr_t start, end, fresh_start, fresh_end;
    heap_arena_bounds(fixture->heap, &fresh_start, &fresh_end);
    (void)heap_alloc(fixture->heap, fixture->cache, 64, NULL, 0);
    (void)heap_alloc(fixture->heap, fixture->cache, HEAP_ARENA_BYTES, NULL, 0);
    heap_arena_bounds(fixture->heap, &start, &end);
    assert_int_equal(start, heap_base(fixture->heap));
    assert_int_equal(end, heap_base(fixture->heap) + 2 * HEAP_ARENA_BYTES);
    assert_true(heap_reset(fixture->heap));
    heap_arena_bounds(fixture->heap, &start, &end);
    assert_int_equal(start, fresh_start);
    assert_int_equal(end, fresh_end);
}
