// test_realloc: in place within a class, moved else, contents kept and promises of zero too.
#include "tests/allocator/fixture.h"
#include "tests/test.h"

static const uint8_t first_word[] = {1};
static const struct gc_layout scan = {16, 8, first_word};

static void fill(unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)(i * 7 + 1);
    }
}

static void check_fill(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(bytes[i], (unsigned char)(i * 7 + 1));
    }
}

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(within_a_class_the_object_stays) {
    struct fixture *f = *state;
    unsigned char *object = heap_alloc(f->heap, f->cache[0], 33, NULL, 0);
    fill(object, 33);
    assert_ptr_equal(heap_realloc(f->heap, f->cache[0], object, 48, NULL, 0), object);
    check_fill(object, 33);
    fill(object, 48);
    assert_ptr_equal(heap_realloc(f->heap, f->cache[1], object, 40, NULL, 0), object);
    check_fill(object, 40);
    assert_int_equal(stats_of(f->heap).Mallocs, 1);
    assert_int_equal(stats_of(f->heap).Frees, 0);
}

TEST(across_classes_it_moves_and_keeps_its_contents) {
    struct fixture *f = *state;
    static const size_t sizes[] = {48, 49, 8, 1000, 40000, 200000, 33000, 100, 1};
    unsigned char *object = heap_alloc(f->heap, f->cache[0], 10, NULL, 0);
    size_t size = 10;
    fill(object, size);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *moved = heap_realloc(f->heap, f->cache[i % 2], object, sizes[i], NULL, 0);
        assert_non_null(moved);
        assert_true(moved != object);
        check_fill(moved, size < sizes[i] ? size : sizes[i]);
        object = moved;
        size = sizes[i];
        fill(object, size);
        check_account(f->heap);
    }
    struct memstats stats = stats_of(f->heap);
    assert_int_equal(stats.Mallocs, 10);
    assert_int_equal(stats.Frees, 9);
}

TEST(a_large_object_stays_while_its_pages_do) {
    struct fixture *f = *state;
    void *object = heap_alloc(f->heap, f->cache[0], 33000, NULL, 0);
    assert_ptr_equal(heap_realloc(f->heap, f->cache[0], object, 40960, NULL, 0), object);
    assert_true(heap_realloc(f->heap, f->cache[0], object, 40961, NULL, 0) != object);
}

TEST(growth_in_place_finds_zeros_where_promised) {
    struct fixture *f = *state;
    static const unsigned char zeros[48];
    unsigned char *object = heap_alloc(f->heap, f->cache[0], 48, NULL, HEAP_ALLOC_ZERO);
    memset(object, 0xaa, 48);
    assert_ptr_equal(heap_realloc(f->heap, f->cache[0], object, 34, NULL, HEAP_ALLOC_ZERO), object);
    assert_ptr_equal(heap_realloc(f->heap, f->cache[0], object, 48, NULL, HEAP_ALLOC_ZERO), object);
    assert_memory_equal(object + 34, zeros, 14);
    object = heap_alloc(f->heap, f->cache[0], 48, &scan, 0);
    memset(object, 0xaa, 48);
    assert_ptr_equal(heap_realloc(f->heap, f->cache[0], object, 40, &scan, 0), object);
    assert_ptr_equal(heap_realloc(f->heap, f->cache[0], object, 48, &scan, 0), object);
    assert_memory_equal(object + 40, zeros, 8);
}

TEST(null_zero_base_and_size_zero_are_the_ends_of_a_life) {
    struct fixture *f = *state;
    void *object = heap_realloc(f->heap, f->cache[0], NULL, 64, NULL, 0);
    assert_int_equal(heap_usable_bytes(f->heap, object), 64);
    void *nothing = heap_realloc(f->heap, f->cache[0], object, 0, NULL, 0);
    assert_ptr_equal(nothing, heap_zero_base(f->heap));
    assert_int_equal(stats_of(f->heap).HeapObjects, 0);
    object = heap_realloc(f->heap, f->cache[0], nothing, 64, NULL, 0);
    assert_int_equal(heap_usable_bytes(f->heap, object), 64);
}

TEST(a_part_of_a_tiny_block_moves_out) {
    struct fixture *f = *state;
    (void)heap_alloc(f->heap, f->cache[0], 4, NULL, HEAP_ALLOC_TINY);
    unsigned char *part = heap_alloc(f->heap, f->cache[0], 8, NULL, HEAP_ALLOC_TINY);
    fill(part, 8);
    unsigned char *moved = heap_realloc(f->heap, f->cache[0], part, 16, NULL, 0);
    assert_true(moved != part);
    check_fill(moved, 8);
    assert_int_equal(stats_of(f->heap).HeapObjects, 2); // the block stays
}

struct seen {
    uintptr_t values[8];
    size_t count;
};

static void see(void *context, uintptr_t value) {
    struct seen *seen = context;
    seen->values[seen->count++] = value;
}

static struct seen pointers_of(struct heap *heap, void *object) {
    struct seen seen = {{0}, 0};
    struct heap_object found;
    assert_true(heap_find_object(heap, (uintptr_t)object, &found));
    heap_visit_pointers(heap, &found, see, &seen);
    return seen;
}

TEST(the_pointer_bits_follow_the_new_layout) {
    struct fixture *f = *state;
    static const uint8_t second_word[] = {2};
    static const struct gc_layout other = {16, 16, second_word};
    uintptr_t *object = heap_alloc(f->heap, f->cache[0], 32, &scan, 0);
    for (size_t i = 0; i < 4; i++) {
        object[i] = i + 1;
    }
    struct seen seen = pointers_of(f->heap, object);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.values[1], 3);
    assert_ptr_equal(heap_realloc(f->heap, f->cache[0], object, 32, &other, 0), object);
    seen = pointers_of(f->heap, object);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.values[1], 4);
    heap_flush_cache(f->heap, f->cache[0]); // nobody's span
    assert_ptr_equal(heap_realloc(f->heap, f->cache[1], object, 32, &scan, 0), object);
    assert_int_equal(pointers_of(f->heap, object).values[1], 3);
}

// Its owner may be writing the neighbours' pointer bits.
TEST(a_pointerful_object_of_another_caches_span_moves) {
    struct fixture *f = *state;
    uintptr_t *object = heap_alloc(f->heap, f->cache[0], 32, &scan, 0);
    object[0] = 5;
    uintptr_t *moved = heap_realloc(f->heap, f->cache[1], object, 32, &scan, 0);
    assert_true(moved != object);
    assert_int_equal(pointers_of(f->heap, moved).values[0], 5);
    assert_int_equal(heap_usable_bytes(f->heap, object), 0);
    check_account(f->heap);
}

TEST(no_memory_leaves_the_old_object) {
    struct fixture *f = *state;
    unsigned char *object = heap_alloc(f->heap, f->cache[0], 100, NULL, 0);
    fill(object, 100);
    struct memstats before = stats_of(f->heap);
    assert_null(heap_realloc(f->heap, f->cache[0], object, SIZE_MAX, NULL, 0));
    assert_null(heap_realloc(f->heap, f->cache[0], object, HEAP_WINDOW_BYTES + 1, NULL, 0));
    check_fill(object, 100);
    struct memstats after = stats_of(f->heap);
    assert_memory_equal(&before, &after, sizeof before);
}
