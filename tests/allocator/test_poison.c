// test_poison: exactly the bytes that were asked for may be touched, and a peek reads the rest.
#include "tests/allocator/fixture.h"
#include "tests/test.h"

#include "allocator/poison.h"

// Whether the byte may be touched; every byte may where nothing is poisoned.
static bool may_touch(const void *bytes, size_t offset) {
#if HEAP_POISON_ACTIVE
    return !__asan_address_is_poisoned((const char *)bytes + offset);
#else
    (void)bytes;
    (void)offset;
    return true;
#endif
}

#define expect_untouchable(bytes, offset)                                                          \
    assert_true(!HEAP_POISON_ACTIVE || !may_touch((bytes), (offset)))

static void check_bounds(const void *object, size_t size, size_t element) {
    for (size_t i = 0; i < size; i++) {
        assert_true(may_touch(object, i));
    }
    for (size_t i = size; i < element; i++) {
        expect_untouchable(object, i);
    }
}

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(the_tail_of_a_slot_is_untouchable) {
    struct fixture *f = *state;
    static const size_t sizes[] = {1, 7, 8, 9, 24, 33, 100, 1025, 30000, 33000};
    for (size_t i = 0; i < 10; i++) {
        void *object = heap_alloc(f->heap, f->cache[0], sizes[i], NULL, 0);
        check_bounds(object, sizes[i], heap_usable_bytes(f->heap, object));
    }
}

TEST(a_freed_slot_is_untouchable_however_it_was_freed) {
    struct fixture *f = *state;
    for (size_t size = 8; size <= 65536; size *= 2) {
        void *own = heap_alloc(f->heap, f->cache[0], size, NULL, 0);
        void *remote = heap_alloc(f->heap, f->cache[0], size, NULL, 0);
        void *swept = heap_alloc(f->heap, f->cache[0], size, NULL, 0);
        (void)heap_free(f->heap, f->cache[0], own);
        check_bounds(own, 0, size);
        (void)heap_free(f->heap, f->cache[1], remote);
        check_bounds(remote, 0, size);
        heap_mark_begin(f->heap);
        heap_mark_end(f->heap);
        heap_sweep_finish(f->heap, NULL);
        check_bounds(swept, 0, size);
    }
    assert_int_equal(stats_of(f->heap).HeapInuse, 0);
}

TEST(a_tiny_block_opens_as_it_is_handed_out) {
    struct fixture *f = *state;
    char *block = heap_alloc(f->heap, f->cache[0], 3, NULL, HEAP_ALLOC_TINY);
    check_bounds(block, 3, 16);
    (void)heap_alloc(f->heap, f->cache[0], 1, NULL, HEAP_ALLOC_TINY);
    check_bounds(block, 4, 16);
    (void)heap_alloc(f->heap, f->cache[0], 8, NULL, HEAP_ALLOC_TINY);
    for (size_t i = 8; i < 16; i++) {
        assert_true(may_touch(block, i));
    }
}

TEST(the_waste_behind_the_last_object_is_untouchable) {
    struct fixture *f = *state;
    void *object = heap_alloc(f->heap, f->cache[0], 24, NULL, 0);
    for (size_t i = 341 * 24; i < HEAP_PAGE_BYTES; i++) {
        expect_untouchable(object, i);
    }
}

TEST(a_resize_moves_the_border) {
    struct fixture *f = *state;
    void *object = heap_alloc(f->heap, f->cache[0], 33, NULL, 0);
    (void)heap_realloc(f->heap, f->cache[0], object, 47, NULL, 0);
    check_bounds(object, 47, 48);
    (void)heap_realloc(f->heap, f->cache[0], object, 34, NULL, HEAP_ALLOC_ZERO);
    check_bounds(object, 34, 48);
}

TEST(a_peek_reads_what_is_untouchable) {
    struct fixture *f = *state;
    unsigned char copy[64];
    unsigned char *object = heap_alloc(f->heap, f->cache[0], 60, NULL, HEAP_ALLOC_ZERO);
    memset(object, 0x5a, 60);
    heap_peek(copy, object, 64);
    assert_int_equal(copy[59], 0x5a);
    assert_int_equal(copy[60], 0);
    (void)heap_free(f->heap, f->cache[0], object);
    heap_peek(copy, object, 64);
    assert_int_equal(copy[59], 0x5a);
}

TEST(a_reset_leaves_nothing_open) {
    struct fixture *f = *state;
    void *small = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    void *large = heap_alloc(f->heap, f->cache[0], 100000, NULL, 0);
    assert_true(heap_reset(f->heap));
    check_bounds(small, 0, 64);
    check_bounds(large, 0, 100000);
}
