// test_mbitmap: the pointer words that a collector is shown are the layout's, repeated, and no
// others.
#include "tests/allocator/fixture.h"
#include "tests/test.h"

struct seen {
    uint64_t words[64]; // bit i: word i was shown, whose value is i + 1
    size_t count;
};

static void see(void *context, uintptr_t value) {
    struct seen *seen = context;
    seen->words[(value - 1) / 64] |= (uint64_t)1 << ((value - 1) % 64);
    seen->count++;
}

// Numbers the words of the object and returns which of them are shown.
static struct seen shown(struct heap *heap, uintptr_t *object, size_t size_bytes) {
    struct seen seen = {{0}, 0};
    struct heap_object found;
    for (size_t i = 0; i < size_bytes / 8; i++) {
        object[i] = i + 1;
    }
    assert_true(heap_find_object(heap, (uintptr_t)object, &found));
    heap_visit_pointers(heap, &found, see, &seen);
    return seen;
}

static bool is_pointer(const struct gc_layout *layout, size_t word) {
    size_t in_element = word % (layout->size_bytes / 8);
    return in_element < layout->pointer_bytes / 8 &&
           (layout->pointer_mask[in_element / 8] >> (in_element % 8) & 1) != 0;
}

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(every_size_and_layout_shows_its_pointer_words) {
    struct fixture *f = *state;
    static const uint8_t mask[] = {0xa5, 0x3c, 0x81, 0xff};
    static const struct gc_layout layouts[] = {
        {8, 8, mask},   {16, 8, mask},    {24, 24, mask},
        {40, 32, mask}, {256, 256, mask}, {520, 192, mask},
    };
    for (size_t l = 0; l < 6; l++) {
        for (size_t size = 8; size <= 4096; size += 8) {
            uintptr_t *object = heap_alloc(f->heap, f->cache[0], size, &layouts[l], 0);
            struct seen seen = shown(f->heap, object, size);
            size_t count = 0;
            for (size_t word = 0; word < size / 8; word++) {
                bool expected = is_pointer(&layouts[l], word);
                assert_int_equal(seen.words[word / 64] >> (word % 64) & 1, expected);
                count += expected ? 1 : 0;
            }
            assert_int_equal(seen.count, count);
            if (size % 24 == 0) { // leave some neighbours alive
                (void)heap_free(f->heap, f->cache[0], object);
            }
        }
    }
}

TEST(a_word_that_the_size_cuts_off_is_no_pointer) {
    struct fixture *f = *state;
    static const uint8_t mask[] = {0xff};
    static const struct gc_layout layout = {8, 8, mask};
    uintptr_t *object = heap_alloc(f->heap, f->cache[0], 20, &layout, 0);
    assert_int_equal(shown(f->heap, object, 16).count, 2);
}

TEST(free_clears_the_bits_for_the_next_object) {
    struct fixture *f = *state;
    static const uint8_t all[] = {0xff}, first[] = {1};
    static const struct gc_layout every = {8, 8, all}, one = {64, 8, first};
    uintptr_t *object = heap_alloc(f->heap, f->cache[0], 64, &every, 0);
    assert_int_equal(shown(f->heap, object, 64).count, 8);
    (void)heap_free(f->heap, f->cache[0], object);
    assert_ptr_equal(heap_alloc(f->heap, f->cache[0], 64, &one, 0), object);
    assert_int_equal(shown(f->heap, object, 64).count, 1);
    object = heap_alloc(f->heap, f->cache[0], 64, &every, 0);
    (void)heap_free(f->heap, f->cache[1], object); // remote: cleared when the owner takes it back
    for (size_t i = 1; i < 129; i++) {
        uintptr_t *next = heap_alloc(f->heap, f->cache[0], 64, &one, 0);
        assert_int_equal(shown(f->heap, next, 64).count, 1);
    }
}

TEST(an_object_freed_since_it_was_found_shows_nothing) {
    struct fixture *f = *state;
    static const uint8_t all[] = {0xff};
    static const struct gc_layout every = {8, 8, all};
    struct seen seen = {{0}, 0};
    struct heap_object found;
    uintptr_t *object = heap_alloc(f->heap, f->cache[0], 64, &every, 0);
    object[0] = 1;
    assert_true(heap_find_object(f->heap, (uintptr_t)object, &found));
    (void)heap_free(f->heap, f->cache[1], object);
    heap_visit_pointers(f->heap, &found, see, &seen);
    assert_int_equal(seen.count, 0);
    object = heap_alloc(f->heap, f->cache[0], 64, NULL, 0);
    memset(object, 1, 64);
    assert_true(heap_find_object(f->heap, (uintptr_t)object, &found));
    heap_visit_pointers(f->heap, &found, see, &seen); // no pointers in it at all
    assert_int_equal(seen.count, 0);
}

static void count_one(void *context, uintptr_t value) {
    (void)value;
    ++*(size_t *)context;
}

TEST(bits_of_an_object_across_arenas_are_in_both) {
    struct fixture *f = *state;
    static const uint8_t first[] = {1};
    static const struct gc_layout page_head = {HEAP_PAGE_BYTES, 8, first};
    size_t size = HEAP_ARENA_BYTES + 5 * HEAP_PAGE_BYTES;
    unsigned char *object = heap_alloc(f->heap, f->cache[0], size, &page_head, 0);
    assert_non_null(object);
    for (size_t page = 0; page < size / HEAP_PAGE_BYTES; page++) {
        *(uintptr_t *)(void *)(object + page * HEAP_PAGE_BYTES) = page + 1;
    }
    struct heap_object found;
    size_t count = 0;
    assert_true(heap_find_object(f->heap, (uintptr_t)object, &found));
    heap_visit_pointers(f->heap, &found, count_one, &count);
    assert_int_equal(count, size / HEAP_PAGE_BYTES);
}
