// test_scan: a scan in place says what a scan of a view says.
//
// holds: oracle/go/view/view.c
#include "tests/oracle/driver.h"

#include "tests/test.h"

#include "oracle/go/verify/scan.h"

TEST(a_scan_in_place_is_a_scan_of_the_view) {
    struct driver driver;
    driver_create(&driver);
    struct view view = {0};
    static struct scan of_view;
    static struct scan in_place;
    for (uint32_t i = 0; i < 200; i++) {
        const size_t sizes[] = {8, 48, 1000, 9000, 40000};
        assert_true(driver_alloc(&driver, i, sizes[i % 5]));
        assert_true(i % 3 != 0 || driver_free(&driver, i / 2, 0));
        assert_true(view_take(&view, driver.heap));
        scan_heap(&of_view, &view);
        scan_heap_in_place(&in_place, driver.heap);
        assert_memory_equal(&of_view, &in_place, sizeof of_view);
    }
    assert_true(in_place.slow.HeapObjects > 0);
    view_fini(&view);
    driver_destroy(&driver);
}
