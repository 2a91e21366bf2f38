// test_mcentral: which list a span stands in, and that each one stands in just one place.
#include "tests/allocator/fixture.h"

#include "allocator/spans/mcentral.h"
#include "tests/breaks.h"
#include "tests/test.h"

#define CLASS_64 6

struct places {
    size_t partial_swept, partial_unswept, full_swept, full_unswept, cached;
};

static void ignore(void *context, const void *identity) {
    (void)context;
    (void)identity;
}

static struct places places_of(const struct heap *heap, uint8_t span_class) {
    size_t counts[INSPECT_LIST_COUNT];
    for (int list = 0; list < INSPECT_LIST_COUNT; list++) {
        counts[list] =
            inspect_list(heap, span_class, (enum inspect_list)list, SIZE_MAX, ignore, NULL);
    }
    struct places places = {counts[INSPECT_PARTIAL_SWEPT], counts[INSPECT_PARTIAL_UNSWEPT],
                            counts[INSPECT_FULL_SWEPT], counts[INSPECT_FULL_UNSWEPT], 0};
    for (uint32_t id = 0; id < inspect_cache_limit(heap); id++) {
        struct inspect_cache cache;
        if (inspect_cache(heap, id, &cache) && cache.spans[span_class] != NULL) {
            places.cached++;
        }
    }
    return places;
}

static void expect_places(const struct heap *heap, uint8_t span_class, struct places expected) {
    struct places places = places_of(heap, span_class);
    assert_memory_equal(&places, &expected, sizeof places);
}

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(a_span_goes_from_cache_to_full_to_partial_to_cache) {
    struct fixture *f = *state;
    uint8_t class = span_class_make(CLASS_64, true);
    void *first = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    expect_places(f->heap, class, (struct places){.cached = 1});
    for (size_t i = 1; i < 129; i++) {
        (void)heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    }
    expect_places(f->heap, class, (struct places){.cached = 1, .full_swept = 1});
    (void)heap_free(f->heap, f->cache[1], first);
    expect_places(f->heap, class, (struct places){.cached = 1, .partial_swept = 1});
    assert_ptr_equal(heap_alloc(f->heap, f->cache[2], 64, NULL, 0), first);
    expect_places(f->heap, class, (struct places){.cached = 2});
    heap_flush_cache(f->heap, f->cache[0]);
    heap_flush_cache(f->heap, f->cache[2]);
    expect_places(f->heap, class, (struct places){.partial_swept = 1, .full_swept = 1});
}

TEST(a_cycle_turns_swept_lists_into_unswept_ones) {
    struct fixture *f = *state;
    struct heap_object found;
    uint8_t class = span_class_make(CLASS_64, true);
    void *objects[130];
    for (size_t i = 0; i < 130; i++) {
        objects[i] = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    }
    for (int cycle = 0; cycle < 3; cycle++) {
        heap_mark_begin(f->heap);
        for (size_t i = 0; i < 130; i++) {
            (void)heap_mark(f->heap, (uintptr_t)objects[i], &found);
        }
        heap_mark_end(f->heap);
        expect_places(f->heap, class, (struct places){.partial_unswept = 1, .full_unswept = 1});
        assert_int_equal(heap_sweep_one(f->heap, NULL), 1);
        expect_places(f->heap, class, (struct places){.partial_swept = 1, .full_unswept = 1});
        assert_int_equal(heap_sweep_one(f->heap, NULL), 1);
        expect_places(f->heap, class, (struct places){.partial_swept = 1, .full_swept = 1});
    }
}

TEST(large_spans_stand_in_the_full_list_of_class_0) {
    struct fixture *f = *state;
    static const uint8_t mask[] = {1};
    static const struct gc_layout scan = {8, 8, mask};
    void *noscan = heap_alloc(f->heap, f->cache[0], 50000, NULL, 0);
    (void)heap_alloc(f->heap, f->cache[0], 50000, &scan, 0);
    expect_places(f->heap, 0, (struct places){.full_swept = 1});
    expect_places(f->heap, 1, (struct places){.full_swept = 1});
    (void)heap_free(f->heap, f->cache[0], noscan);
    expect_places(f->heap, 1, (struct places){.cached = 0});
}

TEST(any_span_can_leave_the_middle_of_its_list) {
    struct fixture *f = *state;
    void *objects[9];
    for (size_t i = 0; i < 9; i++) {
        objects[i] = heap_alloc(f->heap, f->cache[0], 40000, NULL, 0);
    }
    static const size_t order[] = {4, 8, 0, 3, 5, 1, 7, 2, 6};
    for (size_t i = 0; i < 9; i++) {
        expect_places(f->heap, 1, (struct places){.full_swept = 9 - i});
        (void)heap_free(f->heap, f->cache[0], objects[order[i]]);
        check_account(f->heap);
    }
    expect_places(f->heap, 1, (struct places){.cached = 0});
}

static void assert_shows_pages_alone(const struct heap *heap, size_t index, uintptr_t base,
                                     size_t page_count) {
    struct inspect_span shown;
    assert_true(inspect_span(heap, index, &shown));
    assert_int_equal(shown.base, base);
    assert_int_equal(shown.page_count, page_count);
    assert_int_equal(shown.element_bytes, 0);
    assert_int_equal(shown.object_count, 0);
    assert_int_equal(shown.bit_words, 0);
    assert_null(shown.alloc_bits);
    assert_null(shown.specials);
    assert_int_equal(shown.owner_cache, UINT32_MAX);
}

// A span's structure is used again: of what stood there before nothing is shown.
TEST(a_span_without_objects_is_shown_without_them) {
    struct fixture *f = *state;
    void *objects[2];
    for (size_t i = 0; i < 2; i++) {
        struct inspect_span shown;
        objects[i] = heap_alloc(f->heap, f->cache[0], 40000, NULL, 0);
        assert_true(inspect_span(f->heap, i, &shown));
        assert_int_equal(shown.base, (uintptr_t)objects[i]);
        assert_int_equal(shown.object_count, 1);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(heap_free(f->heap, f->cache[0], objects[i]), HEAP_FREED);
    }
    assert_shows_pages_alone(f->heap, 0, 0, 0);
    assert_shows_pages_alone(f->heap, 1, 0, 0);
    void *pages = heap_alloc_manual(f->heap, 5, MANUAL_STACK); // the structure that died last
    assert_shows_pages_alone(f->heap, 0, 0, 0);
    assert_shows_pages_alone(f->heap, 1, (uintptr_t)pages, 5);
    heap_free_manual(f->heap, pages, MANUAL_STACK);
    assert_shows_pages_alone(f->heap, 1, 0, 0);
}

TEST(a_listing_stops_at_its_limit) {
    struct fixture *f = *state;
    for (size_t i = 0; i < 5; i++) {
        (void)heap_alloc(f->heap, f->cache[0], 40000, NULL, 0);
    }
    assert_int_equal(inspect_list(f->heap, 1, INSPECT_FULL_SWEPT, 3, ignore, NULL), 3);
    assert_int_equal(inspect_list(f->heap, 1, INSPECT_LIST_COUNT, 3, ignore, NULL), 0);
}

TEST(a_refill_looks_into_a_bounded_number_of_unswept_spans) {
    struct fixture *f = *state;
    struct heap_object found;
    enum { SPANS = 120 };
    for (size_t i = 0; i < SPANS; i++) {
        void *object = heap_alloc(f->heap, f->cache[0], 8192, NULL, 0);
        assert_non_null(object);
    }
    heap_mark_begin(f->heap);
    for (size_t i = 0; i < inspect_span_count(f->heap); i++) {
        struct inspect_span span;
        assert_true(inspect_span(f->heap, i, &span));
        if (span.state == INSPECT_SPAN_IN_USE) {
            (void)heap_mark(f->heap, span.base, &found);
        }
    }
    heap_mark_end(f->heap);
    (void)heap_alloc(f->heap, f->cache[0], 8192, NULL, 0);
    expect_places(f->heap, span_class_make(51, true),
                  (struct places){.cached = 1, .full_swept = 100, .full_unswept = SPANS - 100});
    check_account(f->heap);
}

TEST(validity_sees_each_broken_invariant) {
    struct fixture *f = *state;
    uint8_t class = span_class_make(CLASS_64, true);
    struct mcentral *central = &f->heap->central[class];
    void *last = NULL;
    for (size_t i = 0; i < 3 * 128 + 1; i++) { // three full spans, and one of one object
        last = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
        assert_non_null(last);
    }
    heap_flush_cache(f->heap, f->cache[0]);
    struct mspan *full = central->full[0].first;
    struct mspan *partial = mheap_span_of(f->heap, (uintptr_t)last);
    assert_ptr_equal(partial, central->partial[0].first);
    BREAKS(uint8_t, central->span_class, 3, mcentral_is_valid(f->heap, class));            // C1
    BREAKS(struct mspan *, full->next->previous, NULL, mcentral_is_valid(f->heap, class)); // C2
    BREAKS(struct mspan *, full->previous, partial, mcentral_is_valid(f->heap, class));
    BREAKS(struct mspan *, full->next->next, full, mcentral_is_valid(f->heap, class)); // a ring
    BREAKS(struct mspan *, central->full[0].last, full, mcentral_is_valid(f->heap, class));
    BREAKS(struct mspan *, central->full[0].first, NULL, mcentral_is_valid(f->heap, class));
    BREAKS(uint8_t, full->state, MSPAN_MANUAL, mcentral_is_valid(f->heap, class)); // C3
    BREAKS(uint8_t, full->span_class, class + 2, mcentral_is_valid(f->heap, class));
    BREAKS(uint8_t, full->list, MSPAN_LIST_PARTIAL, mcentral_is_valid(f->heap, class));
    BREAKS(uint32_t, full->owner, 1, mcentral_is_valid(f->heap, class));
    BREAKS(uint32_t, full->remote_count, 1, mcentral_is_valid(f->heap, class));
    BREAKS(uint32_t, full->alloc_count, full->object_count - 1,
           mcentral_is_valid(f->heap, class)); // C4
    BREAKS(uint32_t, partial->alloc_count, 0, mcentral_is_valid(f->heap, class));
    BREAKS(uint32_t, partial->alloc_count, partial->object_count,
           mcentral_is_valid(f->heap, class));
    BREAKS(uint32_t, full->sweep_generation, f->heap->sweep_generation - 2,
           mcentral_is_valid(f->heap, class)); // C5
    heap_mark_begin(f->heap);
    heap_mark_end(f->heap);
    BREAKS(uint32_t, full->sweep_generation, f->heap->sweep_generation,
           mcentral_is_valid(f->heap, class));
}
