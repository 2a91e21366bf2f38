// sysmap: the two sorted tables of sysmem: what is mapped, and what is obtained.
#include "allocator/system/sysmap.h"

#include "allocator/check.h"
#include "allocator/system/sysmem.h"

#include <string.h>

// Index of the first mapping that ends above `address`; mapping_count: none.
static size_t mapping_index(const struct sysmem *sys, uintptr_t address) {
    size_t low = 0;
    size_t high = sys->mapping_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sys->mappings[middle].end > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

enum sysmap_state sysmap_state_of(const struct sysmem *sys, uintptr_t base, size_t *size_bytes) {
    size_t index = mapping_index(sys, base);
    uintptr_t end = base + *size_bytes;
    enum sysmap_state state = SYSMAP_NONE;
    if (index < sys->mapping_count) {
        const struct sysmem_mapping *mapping = &sys->mappings[index];
        uintptr_t border = mapping->base;
        if (mapping->base <= base) {
            border = mapping->end;
            state = mapping->writable ? SYSMAP_WRITABLE : SYSMAP_RESERVED;
        }
        end = border < end ? border : end;
    }
    *size_bytes = end - base;
    return state;
}

static void insert_mapping(struct sysmem *sys, size_t index, struct sysmem_mapping mapping) {
    CHECK(sys->mapping_count < sys->mapping_capacity);
    memmove(&sys->mappings[index + 1], &sys->mappings[index],
            (sys->mapping_count - index) * sizeof(sys->mappings[0]));
    sys->mappings[index] = mapping;
    sys->mapping_count++;
}

static void remove_mapping(struct sysmem *sys, size_t index) {
    sys->mapping_count--;
    memmove(&sys->mappings[index], &sys->mappings[index + 1],
            (sys->mapping_count - index) * sizeof(sys->mappings[0]));
}

// Cuts [base, end) out of the table; returns where it would stand.
static size_t carve(struct sysmem *sys, uintptr_t base, uintptr_t end) {
    size_t index = mapping_index(sys, base);
    if (index < sys->mapping_count && sys->mappings[index].base < base) {
        struct sysmem_mapping below = sys->mappings[index];
        sys->mappings[index].base = base;
        below.end = base;
        insert_mapping(sys, index, below);
        index++;
    }
    while (index < sys->mapping_count && sys->mappings[index].end <= end) {
        remove_mapping(sys, index);
    }
    if (index < sys->mapping_count && sys->mappings[index].base < end) {
        sys->mappings[index].base = end;
    }
    return index;
}

static void join_with_next(struct sysmem *sys, size_t index) {
    if (index + 1 < sys->mapping_count &&
        sys->mappings[index].end == sys->mappings[index + 1].base &&
        sys->mappings[index].writable == sys->mappings[index + 1].writable) {
        sys->mappings[index].end = sys->mappings[index + 1].end;
        remove_mapping(sys, index + 1);
    }
}

void sysmap_set(struct sysmem *sys, uintptr_t base, size_t size_bytes, enum sysmap_state state) {
    ASSERT(size_bytes > 0);
    ASSERT(base + size_bytes > base);
    size_t index = carve(sys, base, base + size_bytes);
    if (state == SYSMAP_NONE) {
        return;
    }
    insert_mapping(sys, index,
                   (struct sysmem_mapping){.base = base,
                                           .end = base + size_bytes,
                                           .writable = state == SYSMAP_WRITABLE});
    join_with_next(sys, index);
    if (index > 0) {
        join_with_next(sys, index - 1);
    }
}

size_t sysmap_range_index(const struct sysmem *sys, uintptr_t address) {
    size_t low = 0;
    size_t high = sys->range_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sys->ranges[middle].base + sys->ranges[middle].size_bytes > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void sysmap_insert_range(struct sysmem *sys, const struct sysmem_range *range) {
    size_t index = sysmap_range_index(sys, range->base);
    CHECK(sys->range_count < sys->range_capacity);
    ASSERT(index == sys->range_count || range->base + range->size_bytes <= sys->ranges[index].base);
    memmove(&sys->ranges[index + 1], &sys->ranges[index],
            (sys->range_count - index) * sizeof(sys->ranges[0]));
    sys->ranges[index] = *range;
    sys->range_count++;
}

void sysmap_remove_range(struct sysmem *sys, size_t index) {
    ASSERT(index < sys->range_count);
    sys->range_count--;
    memmove(&sys->ranges[index], &sys->ranges[index + 1],
            (sys->range_count - index) * sizeof(sys->ranges[0]));
}

uintptr_t sysmap_lowest_gap(const struct sysmem *sys, uintptr_t from, size_t size_bytes) {
    uintptr_t candidate = from;
    for (size_t i = sysmap_range_index(sys, from); i < sys->range_count; i++) {
        const struct sysmem_range *range = &sys->ranges[i];
        if (range->base >= candidate + size_bytes) {
            break;
        }
        candidate = range->base + range->size_bytes;
    }
    return candidate;
}

// ---- validity: all is looked at, so that no order of the invariants hides one

static bool ranges_are_valid(const struct sysmem *sys) {
    bool valid = sys->range_count <= sys->range_capacity; // S1
    uintptr_t end = 0;                                    // of the range before
    for (size_t i = 0; i < sys->range_count; i++) {
        const struct sysmem_range *range = &sys->ranges[i];
        valid &= (range->base >= end) & (range->size_bytes > 0); // S2
        valid &= range->prepared_bytes <= range->size_bytes;     // S3
        end = range->base + range->size_bytes;
    }
    return valid;
}

static bool mappings_are_valid(const struct sysmem *sys) {
    bool valid = sys->mapping_count <= sys->mapping_capacity; // S1
    struct sysmem_mapping before = {0};
    for (size_t i = 0; i < sys->mapping_count; i++) { // S4
        struct sysmem_mapping mapping = sys->mappings[i];
        valid &= mapping.base < mapping.end;
        valid &= (before.end < mapping.base) |
                 ((before.end == mapping.base) & (before.writable != mapping.writable));
        before = mapping;
    }
    return valid;
}

// Whether all of it is in that state or a better one.
static bool is_mapped(const struct sysmem *sys, uintptr_t base, size_t size_bytes,
                      enum sysmap_state least) {
    uintptr_t end = base + size_bytes;
    bool valid = true;
    while (base < end) {
        size_t part_bytes = end - base;
        valid &= sysmap_state_of(sys, base, &part_bytes) >= least;
        base += part_bytes;
    }
    return valid;
}

bool sysmap_is_valid(const struct sysmem *sys) {
    bool valid = ranges_are_valid(sys);
    valid &= mappings_are_valid(sys);
    if (!valid) { // what follows searches in them
        return false;
    }
    for (size_t i = 0; i < sys->range_count; i++) { // S5
        const struct sysmem_range *range = &sys->ranges[i];
        valid &= is_mapped(sys, range->base, range->size_bytes, SYSMAP_RESERVED);
        valid &= is_mapped(sys, range->base, range->prepared_bytes, SYSMAP_WRITABLE);
    }
    return valid;
}
