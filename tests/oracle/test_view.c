// test_view: a view is in order whatever the heap has become since the last one.
#include "tests/oracle/driver.h"

#include "tests/test.h"

#include "oracle/go/view/view.h"
#include "tests/breaks.h"

static struct driver driver;
static struct view view;

static int set_up(void **unused) {
    (void)unused;
    driver_create(&driver);
    view = (struct view){0};
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    view_fini(&view);
    driver_destroy(&driver);
    return 0;
}

TEST_FIXTURE(set_up, tear_down)

static void take(void) {
    assert_true(view_take(&view, driver.heap));
    assert_true(view_is_valid(&view));
}

TEST(a_view_is_valid_through_a_heaps_life) {
    assert_true(view_is_valid(&view)); // of nothing
    take();
    for (uint32_t i = 0; i < 300; i++) { // spans of all sizes, that go and come back elsewhere
        const size_t sizes[] = {8, 3000, 9000, 40000};
        assert_true(driver_alloc(&driver, i, sizes[i % 4]));
        assert_true(i % 4 != 3 || i % 8 != 7 || driver_free(&driver, i - 4, 0));
        take();
    }
    for (uint32_t i = 3; i < 300; i += 4) {
        assert_true(driver_free(&driver, i, 0));
    }
    take();
    driver_acquire(&driver, 1);
    driver_acquire(&driver, 2);
    driver_release(&driver, 1);
    take();
    assert_int_equal(view.cache_count, 2);
    driver_reset(&driver);
    take();
}

TEST(each_span_is_found) {
    for (uint32_t i = 0; i < 50; i++) {
        assert_true(driver_alloc(&driver, i, 40000));
    }
    take();
    for (uint32_t i = 0; i < view.span_count; i++) {
        const struct inspect_span *span = &view.spans[i];
        uintptr_t end = span->base + span->page_count * HEAP_PAGE_BYTES;
        assert_int_equal(view_find_identity(&view, span->identity), i);
        assert_int_equal(view_find_address(&view, span->base), i);
        assert_int_equal(view_find_address(&view, end - 1), i);
    }
    assert_int_equal(view_find_identity(&view, &view), VIEW_NONE);
    assert_int_equal(view_find_address(&view, heap_base(driver.heap) - 1), VIEW_NONE);
}

TEST(validity_sees_each_broken_invariant) {
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(driver_alloc(&driver, i, 40000));
    }
    assert_true(driver_free(&driver, 1, 0)); // a dead span
    driver_acquire(&driver, 1);
    take();
    assert_int_equal(view.standing_count, 2);
    assert_int_equal(view.span_count, 3);
    uint32_t place = 0; // of the first span in the table
    while (view.identity_table[place] != 1) {
        place++;
    }
    BREAKS(uint32_t, view.capacity, 2, view_is_valid(&view)); // V1
    BREAKS(uint32_t, view.standing_count, 4, view_is_valid(&view));
    BREAKS(uint32_t, view.cache_capacity, 1, view_is_valid(&view));
    BREAKS(uint32_t, view.table_size, 127, view_is_valid(&view));
    BREAKS(uint32_t, view.table_size, 4, view_is_valid(&view));
    BREAKS(uint32_t, view.table_size, 4096, view_is_valid(&view));
    BREAKS(uint32_t, view.standing_count, 1, view_is_valid(&view)); // V2
    BREAKS(uint32_t, view.by_address[0], view.by_address[1], view_is_valid(&view));
    BREAKS(uint32_t, view.by_address[0], 1, view_is_valid(&view)); // the dead one
    BREAKS(uint32_t, view.by_address[0], VIEW_NONE, view_is_valid(&view));
    BREAKS(uintptr_t, view.spans[0].base, view.spans[2].base + 1, view_is_valid(&view));
    BREAKS(uint32_t, view.identity_table[place], 0, view_is_valid(&view)); // V3
    BREAKS(bool, view.in_order[2], true, view_is_valid(&view));            // V4
    BREAKS(uint32_t, view.caches[0].id, 1, view_is_valid(&view));          // V5
}
