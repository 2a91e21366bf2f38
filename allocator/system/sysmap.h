// sysmap: the two sorted tables of sysmem: what is mapped, and what is obtained.
//
// Pure bookkeeping: nothing here calls the system. Whoever changes a table has made room in it
// before.
//
// Invariants, checked by sysmap_is_valid():
//   S1  no table holds more than it has room for
//   S2  ranges are sorted and disjoint, none is empty
//   S3  of a range no more is prepared than there is
//   S4  mappings are sorted and disjoint, none is empty; two that touch differ in kind
//   S5  a range is mapped, and what is prepared of it is writable
#ifndef ALLOCATOR_SYSTEM_SYSMAP_H
#define ALLOCATOR_SYSTEM_SYSMAP_H

#include "allocator/system/sysmem.h"

// What a piece of the address space is: not the heap's, reserved without access, or memory that
// may be written.
enum sysmap_state { SYSMAP_NONE, SYSMAP_RESERVED, SYSMAP_WRITABLE };

#define SYSMAP_SLACK 2 // entries that one change can add

// What [base, base + *size_bytes) begins with; *size_bytes is cut to the part in that state.
enum sysmap_state sysmap_state_of(const struct sysmem *sys, uintptr_t base, size_t *size_bytes);

// Sets the state of [base, base + size_bytes), whatever it was.
void sysmap_set(struct sysmem *sys, uintptr_t base, size_t size_bytes, enum sysmap_state state);

// Index of the first range that ends above `address`; range_count: none.
size_t sysmap_range_index(const struct sysmem *sys, uintptr_t address);

// Enters a range, for which there is room and which overlaps no other.
void sysmap_insert_range(struct sysmem *sys, const struct sysmem_range *range);
// Drops the range with this index; those behind it move up.
void sysmap_remove_range(struct sysmem *sys, size_t index);

// The lowest address at or above `from` with `size_bytes` that no range overlaps.
uintptr_t sysmap_lowest_gap(const struct sysmem *sys, uintptr_t from, size_t size_bytes);

// Checks S1..S5. O(ranges * log mappings).
bool sysmap_is_valid(const struct sysmem *sys);

#endif
