// sysmem: the operating system, in one file: the only place that maps, releases or fails.
//
// Memory goes through Go's states: none -> reserved (address space only) -> prepared (mapped,
// counted, no page resident) -> ready. Every call that obtains counted memory takes the statistic
// that it charges. A fault plan makes the nth call of a kind fail; it is part of the instance, so
// that a fault is a property of an operation.
//
// Two tables. `ranges` is the account: what the heap has obtained, which the oracle reads beside
// the statistics. `mappings` is the kernel's truth: what is mapped. They differ in a heap that was
// reset: what it gave back is out of the account, but still mapped and zero, and is taken up again
// without a system call. The tables are the notebook of this file, not the heap's memory: they are
// in no statistic, and growing them is no counted call.
//
// Where metadata goes is decided from `ranges` alone (the lowest gap behind the window), so that a
// reset heap and a new one obtain the same addresses. Not thread-safe: the heap's lock is held.
#ifndef ALLOCATOR_SYSTEM_SYSMEM_H
#define ALLOCATOR_SYSTEM_SYSMEM_H

#include "allocator/inspect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What can fail on purpose. The first three are calls that the system refuses.
enum sysmem_call {
    SYSMEM_MMAP,
    SYSMEM_MADVISE,
    SYSMEM_MPROTECT,
    SYSMEM_PLACE,    // an address that is asked for is somebody else's: the next one is tried
    SYSMEM_METADATA, // a block of metadata, of the heap's or of whoever it serves: no memory
    SYSMEM_BARRIER,  // the registration for the barrier of all threads
    SYSMEM_PAGES,    // pages for a span, though the heap may have them: no memory
    SYSMEM_CALL_COUNT,
};

// Fails `fail_count` calls in a row from number `fail_at` on (1: the next; 0: none).
struct sysmem_fault {
    uint64_t fail_at, fail_count;
    uint64_t call_count;   // since the plan was set
    uint64_t failed_count; // since the heap was created or reset
};

// A range of addresses that was obtained for one purpose.
struct sysmem_range {
    uintptr_t base;
    size_t size_bytes;
    size_t prepared_bytes; // counted in Sys, from the base on
    uint64_t serial;       // in the order of obtaining; 0: as old as the heap
    uint8_t kind;          // enum inspect_range_kind
    uint8_t metadata;      // enum inspect_metadata
    bool owner_cleans;     // whoever obtained it zeroes it before a reset
};

struct sysmem_mapping { // sorted, disjoint; neighbours of the same kind are one
    uintptr_t base, end;
    bool writable;
};

#define SYSMEM_UNIT_BYTES                                                                          \
    ((size_t)8192) // sizes are rounded up to it, so that no number depends on the machine
#define SYSMEM_INLINE_RANGES   64
#define SYSMEM_INLINE_MAPPINGS 32

// All that a heap has from the system: ranges by purpose, mappings by state, and planned
// failures. The heap's lock guards it.
struct sysmem {
    uintptr_t base;      // of the window
    uintptr_t meta_base; // behind it
    bool warm;           // was reset: what is given back stays mapped
    uint64_t serial;
    struct sysmem_fault faults[SYSMEM_CALL_COUNT];
    uint64_t refusal_count;      // calls that the system itself has refused, no plan
    struct sysmem_range *ranges; // sorted by base
    size_t range_count, range_capacity;
    struct sysmem_mapping *mappings;
    size_t mapping_count, mapping_capacity;
    struct sysmem_range inline_ranges[SYSMEM_INLINE_RANGES];
    struct sysmem_mapping inline_mappings[SYSMEM_INLINE_MAPPINGS];
};

// The next multiple of SYSMEM_UNIT_BYTES.
static inline size_t sysmem_round_up(size_t size_bytes) {
    return (size_bytes + SYSMEM_UNIT_BYTES - 1) / SYSMEM_UNIT_BYTES * SYSMEM_UNIT_BYTES;
}

// Reserves the first arena at `wanted_base` (taken: strides upward, then anywhere) and maps
// `root_bytes` of metadata, in which the instance itself lies at `self_offset`. Neither is charged
// here: the root is in OtherSys, and its range is the only one with kind DIRECT and serial 0. NULL:
// no memory.
struct sysmem *sysmem_create(uintptr_t wanted_base, size_t root_bytes, size_t self_offset);

// Unmaps everything, the instance too.
void sysmem_destroy(struct sysmem *sys);

// Drops every range but the first arena's reservation and the root; cleans those whose owner does
// not.
void sysmem_reset(struct sysmem *sys);

// How a request at a fixed address ended; TAKEN: somebody else's memory lies there.
enum sysmem_status { SYSMEM_OK, SYSMEM_TAKEN, SYSMEM_FAILED };

// Reserves [base, base + arena_count * HEAP_ARENA_BYTES), one range an arena. TAKEN: somebody
// else's memory is there.
enum sysmem_status sysmem_reserve_arenas(struct sysmem *sys, uintptr_t base, size_t arena_count);

// Makes reserved memory usable and charges it; it is zero. False: nothing changed.
bool sysmem_prepare(struct sysmem *sys, uintptr_t base, size_t size_bytes, uint64_t *stat);

// Gives the pages back to the system; they read as zero when next used. False: they keep what they
// hold.
bool sysmem_unused(struct sysmem *sys, uintptr_t base, size_t size_bytes);

// True when the plan says that there is no memory for this block of metadata.
bool sysmem_refuses_metadata(struct sysmem *sys);
// The same for the pages of a span.
bool sysmem_refuses_pages(struct sysmem *sys);

// Zeroed memory behind the window, charged; a whole number of units. NULL: nothing changed.
void *sysmem_map(struct sysmem *sys, size_t size_bytes, enum inspect_range_kind kind,
                 enum inspect_metadata metadata, bool owner_cleans, uint64_t *stat);

// Gives a range back and discharges it. It was obtained by sysmem_map.
void sysmem_unmap(struct sysmem *sys, uintptr_t base, uint64_t *stat);

// The range that begins at `base`, NULL: none.
const struct sysmem_range *sysmem_range_at(const struct sysmem *sys, uintptr_t base);

// Gives back all ranges obtained after `serial` was sys->serial; the caller restores the
// statistics.
void sysmem_rollback(struct sysmem *sys, uint64_t serial);

// Zeroes memory that stays mapped: a little in place, much of it through the kernel. Of an arena's
// pages, the first in place.
void sysmem_clean_pages(uintptr_t base, size_t size_bytes);
// The same of memory whose first page has no part of its own.
void sysmem_clean(uintptr_t base, size_t size_bytes);

// The process's threads all pass a full memory barrier. Register first; false: the kernel has no
// such thing.
bool sysmem_register_barrier(struct sysmem *sys);
// Every thread of the process passes a full barrier before this returns. Registered before.
void sysmem_barrier(void);

#endif
