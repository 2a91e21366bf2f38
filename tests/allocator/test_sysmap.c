// test_sysmap: what the two tables of sysmem may not say.
#include <stdlib.h>

#include "tests/test.h"

#include "allocator/system/sysmap.h"
#include "tests/breaks.h"

TEST(validity_sees_each_broken_invariant) {
    struct sysmem *sys = calloc(1, sizeof *sys);
    assert_non_null(sys);
    sys->ranges = sys->inline_ranges;
    sys->range_capacity = 8;
    sys->mappings = sys->inline_mappings;
    sys->mapping_capacity = 8;
    assert_true(sysmap_is_valid(sys)); // of nothing
    sysmap_set(sys, 1000, 400, SYSMAP_WRITABLE);
    sysmap_set(sys, 1400, 600, SYSMAP_RESERVED);
    sysmap_set(sys, 3000, 100, SYSMAP_WRITABLE);
    sysmap_insert_range(
        sys, &(struct sysmem_range){.base = 1000, .size_bytes = 1000, .prepared_bytes = 400});
    sysmap_insert_range(
        sys, &(struct sysmem_range){.base = 3000, .size_bytes = 100, .prepared_bytes = 100});
    struct sysmem_range *range = &sys->ranges[0];
    struct sysmem_mapping *mapping = &sys->mappings[0];
    BREAKS(size_t, sys->range_capacity, 1, sysmap_is_valid(sys)); // S1
    BREAKS(size_t, sys->mapping_capacity, 2, sysmap_is_valid(sys));
    BREAKS(uintptr_t, range[1].base, 1999, sysmap_is_valid(sys)); // S2
    BREAKS(size_t, range[1].size_bytes, 0, sysmap_is_valid(sys));
    BREAKS(size_t, range[1].prepared_bytes, 101, sysmap_is_valid(sys)); // S3
    BREAKS(uintptr_t, mapping[0].end, 1000, sysmap_is_valid(sys));      // S4
    BREAKS(uintptr_t, mapping[1].base, 1399, sysmap_is_valid(sys));
    BREAKS(bool, mapping[1].writable, true, sysmap_is_valid(sys));
    BREAKS(uintptr_t, mapping[1].end, 1999, sysmap_is_valid(sys)); // S5
    BREAKS(size_t, range[0].prepared_bytes, 401, sysmap_is_valid(sys));
    BREAKS(bool, mapping[2].writable, false, sysmap_is_valid(sys));
    free(sys);
}
