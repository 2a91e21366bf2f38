// sysmem: the operating system, in one file: the only place that maps, releases or fails.
//
// Memory goes through Go's states: none -> reserved (address space only) -> prepared (mapped, counted, no page
// resident) -> ready. Every call that obtains counted memory takes the statistic that it charges. A fault plan
// makes the nth call of a kind fail; it is part of the instance, so that a fault is a property of an operation.
//
// The ranges obtained are kept in a table, which the oracle reads beside the statistics. Not thread-safe: the
// heap's lock is held.
#ifndef ALLOCATOR_SYSMEM_H
#define ALLOCATOR_SYSMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sysmem_call { SYSMEM_MMAP, SYSMEM_MADVISE, SYSMEM_MPROTECT, SYSMEM_CALL_COUNT };

// Fails call number `fail_at` from now (1: the next; 0: none), and all later ones when `and_on`.
struct sysmem_fault {
    uint64_t fail_at;
    bool and_on;
    uint64_t call_count;   // since the plan was set
    uint64_t failed_count; // since the heap was created or reset
};

enum sysmem_state { SYSMEM_RESERVED, SYSMEM_PREPARED }; // prepared: counted in Sys

struct sysmem_range {
    uintptr_t base;
    size_t size_bytes;
    enum sysmem_state state;
    uint32_t kind; // enum sysmem_kind
};
enum sysmem_kind { SYSMEM_KIND_HEAP, SYSMEM_KIND_METADATA, SYSMEM_KIND_OS_STACK };

#endif
