// sysmem: the operating system, in one file: the only place that maps, releases or fails.
#define _GNU_SOURCE
#include "allocator/system/sysmem.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/inspect.h"
#include "allocator/poison.h"
#include "allocator/system/sysmap.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

// From the default base on, all of them lie where TSan lets a program map.
#define STRIDES_TRIED        4
#define STEP_BYTES           ((size_t)64 << 10) // doubled from try to try
#define CLEAN_IN_PLACE_BYTES ((size_t)32 << 10) // above, madvise is cheaper: little was touched
#define WARM_BYTES           ((size_t)512 << 10)

#define USER_SPACE_END ((uintptr_t)1 << 47) // no kernel gives more without being asked for it

// ---- system calls

// Behind the end of the address space nothing is free, which the kernel calls a lack of memory.
static enum sysmem_status os_map(uintptr_t base, size_t size_bytes, int protection) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *memory = mmap((void *)base, size_bytes, protection, flags, -1, 0);
    if (memory == MAP_FAILED) {
        bool is_outside = base + size_bytes >= USER_SPACE_END;
        return errno == EEXIST || is_outside ? SYSMEM_TAKEN : SYSMEM_FAILED;
    }
    if ((uintptr_t)memory != base) { // a kernel before 4.17 takes the address as a hint
        (void)munmap(memory, size_bytes);
        return SYSMEM_TAKEN;
    }
    return SYSMEM_OK;
}

static uintptr_t os_map_anywhere(size_t size_bytes, int protection) {
    void *memory =
        mmap(NULL, size_bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? 0 : (uintptr_t)memory;
}

static enum sysmem_status os_protect(uintptr_t base, size_t size_bytes, int protection) {
    return mprotect((void *)base, size_bytes, protection) == 0 ? SYSMEM_OK : SYSMEM_FAILED;
}

static bool os_release(uintptr_t base, size_t size_bytes) {
    return madvise((void *)base, size_bytes, MADV_DONTNEED) == 0;
}

// Zeroes pages of an arena. The first ones, which almost every program uses, stay resident.
static bool clean_pages(uintptr_t base, size_t size_bytes) {
    size_t first = base % HEAP_ARENA_BYTES;
    size_t warm_bytes = first < WARM_BYTES ? WARM_BYTES - first : 0;
    warm_bytes = size_bytes < warm_bytes ? size_bytes : warm_bytes;
    if (size_bytes - warm_bytes <= CLEAN_IN_PLACE_BYTES) {
        warm_bytes = size_bytes;
    }
    heap_wipe(base, warm_bytes);
    return warm_bytes == size_bytes || os_release(base + warm_bytes, size_bytes - warm_bytes);
}

void sysmem_clean_pages(uintptr_t base, size_t size_bytes) {
    if (!clean_pages(base, size_bytes)) {
        heap_wipe(base, size_bytes);
    }
}

void sysmem_clean(uintptr_t base, size_t size_bytes) {
    if (size_bytes <= CLEAN_IN_PLACE_BYTES || !os_release(base, size_bytes)) {
        heap_wipe(base, size_bytes);
    }
}

void sysmem_barrier(void) {
    CHECK_EQUAL(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
}

// True when the plan says that this call fails.
static bool fault_hits(struct sysmem *sys, enum sysmem_call call) {
    struct sysmem_fault *fault = &sys->faults[call];
    fault->call_count++;
    bool hits = fault->fail_at != 0 && fault->call_count >= fault->fail_at &&
                fault->call_count - fault->fail_at < fault->fail_count;
    fault->failed_count += hits;
    return hits;
}

bool sysmem_register_barrier(struct sysmem *sys) {
    return !fault_hits(sys, SYSMEM_BARRIER) &&
           syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

bool sysmem_refuses_metadata(struct sysmem *sys) {
    return fault_hits(sys, SYSMEM_METADATA);
}

bool sysmem_refuses_pages(struct sysmem *sys) {
    return fault_hits(sys, SYSMEM_PAGES);
}

// Counts a call that the system itself has refused beside those that the plan fails.
static bool note_result(struct sysmem *sys, enum sysmem_call call, bool done) {
    sys->faults[call].failed_count += !done;
    sys->refusal_count += !done;
    return done;
}

// ---- tables

// A table twice as large in a mapping of its own; the old one goes, unless it is the inline one.
// NULL: no memory, the old one stays.
static void *grow_table(void *table, const void *inline_table, size_t *capacity,
                        size_t entry_bytes) {
    size_t old_bytes = *capacity * entry_bytes;
    void *bigger = (void *)os_map_anywhere(sysmem_round_up(2 * old_bytes), PROT_READ | PROT_WRITE);
    if (bigger != NULL) {
        memcpy(bigger, table, old_bytes);
        *capacity *= 2;
        if (table != inline_table) {
            (void)munmap(table, sysmem_round_up(old_bytes));
        }
    }
    return bigger;
}

static bool grow_ranges(struct sysmem *sys) {
    void *table =
        grow_table(sys->ranges, sys->inline_ranges, &sys->range_capacity, sizeof(sys->ranges[0]));
    sys->ranges = table == NULL ? sys->ranges : table;
    return table != NULL;
}

static bool grow_mappings(struct sysmem *sys) {
    void *table = grow_table(sys->mappings, sys->inline_mappings, &sys->mapping_capacity,
                             sizeof(sys->mappings[0]));
    sys->mappings = table == NULL ? sys->mappings : table;
    return table != NULL;
}

// Room for `range_count` more ranges, and for what one change of the mappings needs.
static bool make_room(struct sysmem *sys, size_t range_count) {
    bool has_room = true;
    while (has_room && sys->range_capacity - sys->range_count < range_count) {
        has_room = grow_ranges(sys);
    }
    if (has_room && sys->mapping_capacity - sys->mapping_count < SYSMAP_SLACK) {
        has_room = grow_mappings(sys);
    }
    return note_result(sys, SYSMEM_MMAP, has_room);
}

static void drop_tables(struct sysmem *sys) {
    if (sys->ranges != sys->inline_ranges) {
        (void)munmap(sys->ranges, sysmem_round_up(sys->range_capacity * sizeof(sys->ranges[0])));
    }
    if (sys->mappings != sys->inline_mappings) {
        (void)munmap(sys->mappings,
                     sysmem_round_up(sys->mapping_capacity * sizeof(sys->mappings[0])));
    }
}

// ---- mapping through the table

// Brings one part, which is in one state, to the state wanted.
static enum sysmem_status bring_part(struct sysmem *sys, uintptr_t base, size_t size_bytes,
                                     enum sysmap_state old_state, enum sysmap_state wanted) {
    int protection = wanted == SYSMAP_WRITABLE ? PROT_READ | PROT_WRITE : PROT_NONE;
    enum sysmem_status status = make_room(sys, 0) ? SYSMEM_OK : SYSMEM_FAILED;
    if (old_state >= wanted || status != SYSMEM_OK) {
        return status;
    }
    bool maps = old_state == SYSMAP_NONE;
    status = maps ? os_map(base, size_bytes, protection) : os_protect(base, size_bytes, protection);
    (void)note_result(sys, maps ? SYSMEM_MMAP : SYSMEM_MPROTECT, status != SYSMEM_FAILED);
    if (status == SYSMEM_OK) {
        sysmap_set(sys, base, size_bytes, wanted);
    }
    return status;
}

// Brings [base, base + size_bytes) to at least the state wanted. What was not mapped is zero, what
// was is kept. Only a warm heap has parts; a part that was brought stays brought when a later one
// fails: mapped, in no account.
static enum sysmem_status bring(struct sysmem *sys, uintptr_t base, size_t size_bytes,
                                enum sysmap_state wanted) {
    uintptr_t end = base + size_bytes;
    while (base < end) {
        size_t part_bytes = end - base;
        enum sysmap_state state = sysmap_state_of(sys, base, &part_bytes);
        enum sysmem_status status = bring_part(sys, base, part_bytes, state, wanted);
        if (status != SYSMEM_OK) {
            return status;
        }
        if (wanted == SYSMAP_WRITABLE && state == SYSMAP_RESERVED) {
            heap_poison(base, part_bytes); // of an arena: nobody's yet
        }
        base += part_bytes;
    }
    return SYSMEM_OK;
}

// The same where nothing of the account's lies: unless the plan says that somebody else is there.
static enum sysmem_status bring_free(struct sysmem *sys, uintptr_t base, size_t size_bytes,
                                     enum sysmap_state wanted) {
    return fault_hits(sys, SYSMEM_PLACE) ? SYSMEM_TAKEN : bring(sys, base, size_bytes, wanted);
}

// ---- arenas

enum sysmem_status sysmem_reserve_arenas(struct sysmem *sys, uintptr_t base, size_t arena_count) {
    bool may = !fault_hits(sys, SYSMEM_MMAP) && make_room(sys, arena_count);
    size_t size_bytes = arena_count * HEAP_ARENA_BYTES;
    enum sysmem_status status =
        may ? bring_free(sys, base, size_bytes, SYSMAP_RESERVED) : SYSMEM_FAILED;
    if (status != SYSMEM_OK) {
        return status;
    }
    // A huge page would make pages resident that nobody touched, so that "released" were a lie.
    (void)madvise((void *)base, size_bytes, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < arena_count; i++) {
        sysmap_insert_range(sys, &(struct sysmem_range){.base = base + i * HEAP_ARENA_BYTES,
                                                        .size_bytes = HEAP_ARENA_BYTES,
                                                        .serial = ++sys->serial,
                                                        .kind = INSPECT_RANGE_ARENA,
                                                        .metadata = INSPECT_METADATA_OTHER,
                                                        .owner_cleans = true});
    }
    ASSERT_SLOW(sysmap_is_valid(sys));
    return SYSMEM_OK;
}

// Lets the arenas' ranges, from that of `first` on, say that they are prepared up to `end`.
static void set_prepared(struct sysmem *sys, uintptr_t first, uintptr_t end) {
    for (size_t i = sysmap_range_index(sys, first);
         i < sys->range_count && sys->ranges[i].base < end; i++) {
        struct sysmem_range *range = &sys->ranges[i];
        size_t prepared_bytes = end - range->base;
        range->prepared_bytes =
            prepared_bytes < range->size_bytes ? prepared_bytes : range->size_bytes;
    }
}

bool sysmem_prepare(struct sysmem *sys, uintptr_t base, size_t size_bytes, uint64_t *stat) {
    if (fault_hits(sys, SYSMEM_MPROTECT) ||
        bring(sys, base, size_bytes, SYSMAP_WRITABLE) != SYSMEM_OK) {
        return false;
    }
    set_prepared(sys, base, base + size_bytes);
    *stat += size_bytes;
    ASSERT_SLOW(sysmap_is_valid(sys));
    return true;
}

bool sysmem_unused(struct sysmem *sys, uintptr_t base, size_t size_bytes) {
    if (fault_hits(sys, SYSMEM_MADVISE)) {
        return false;
    }
    // what is wiped is poisoned, and stays so
    bool done = sys->warm ? clean_pages(base, size_bytes) : os_release(base, size_bytes);
    return note_result(sys, SYSMEM_MADVISE, done);
}

// ---- metadata

// Maps at the lowest gap behind the window, higher when somebody else is there, finally anywhere.
// 0: failed.
static uintptr_t map_somewhere(struct sysmem *sys, size_t size_bytes) {
    uintptr_t from = sys->meta_base;
    for (unsigned i = 0; from < sys->meta_base + HEAP_METADATA_BYTES; i++) {
        uintptr_t base = sysmap_lowest_gap(sys, from, size_bytes);
        enum sysmem_status status = bring_free(sys, base, size_bytes, SYSMAP_WRITABLE);
        if (status != SYSMEM_TAKEN) {
            return status == SYSMEM_OK ? base : 0;
        }
        from = base + (STEP_BYTES << i);
    }
    uintptr_t base = make_room(sys, 0) ? os_map_anywhere(size_bytes, PROT_READ | PROT_WRITE) : 0;
    if (note_result(sys, SYSMEM_MMAP, base != 0)) {
        sysmap_set(sys, base, size_bytes, SYSMAP_WRITABLE);
    }
    return base;
}

void *sysmem_map(struct sysmem *sys, size_t size_bytes, enum inspect_range_kind kind,
                 enum inspect_metadata metadata, bool owner_cleans, uint64_t *stat) {
    bool may =
        !fault_hits(sys, SYSMEM_MMAP) && size_bytes <= HEAP_METADATA_BYTES && make_room(sys, 1);
    size_bytes = sysmem_round_up(size_bytes);
    uintptr_t base = may ? map_somewhere(sys, size_bytes) : 0;
    if (base == 0) {
        return NULL;
    }
    sysmap_insert_range(sys, &(struct sysmem_range){.base = base,
                                                    .size_bytes = size_bytes,
                                                    .prepared_bytes = size_bytes,
                                                    .serial = ++sys->serial,
                                                    .kind = (uint8_t)kind,
                                                    .metadata = (uint8_t)metadata,
                                                    .owner_cleans = owner_cleans});
    *stat += size_bytes;
    ASSERT_SLOW(sysmap_is_valid(sys));
    return (void *)base;
}

// Unmaps what is out of the account: metadata, or an arena that was never used. A warm heap keeps
// it, zeroed, when it lies where it looks for memory; of an arena, what is writable stays poisoned.
static void give_back(struct sysmem *sys, const struct sysmem_range *range, bool is_clean) {
    bool keeps = sys->warm && range->base - sys->base < HEAP_STRIDE_BYTES;
    if (!keeps && make_room(sys, 0)) {
        heap_unpoison(range->base, range->prepared_bytes); // for whoever is there next
        if (munmap((void *)range->base, range->size_bytes) == 0) {
            sysmap_set(sys, range->base, range->size_bytes, SYSMAP_NONE);
            return;
        }
        if (range->kind == INSPECT_RANGE_ARENA) {
            heap_poison(range->base, range->prepared_bytes);
        }
    }
    if (!is_clean) {
        sysmem_clean(range->base, range->size_bytes);
    }
}

static void drop_range(struct sysmem *sys, size_t index) {
    struct sysmem_range range = sys->ranges[index];
    sysmap_remove_range(sys, index);
    give_back(sys, &range, range.kind == INSPECT_RANGE_ARENA);
}

void sysmem_unmap(struct sysmem *sys, uintptr_t base, uint64_t *stat) {
    size_t index = sysmap_range_index(sys, base);
    CHECK(index < sys->range_count);
    CHECK(sys->ranges[index].base == base);
    *stat -= sys->ranges[index].prepared_bytes;
    drop_range(sys, index);
    ASSERT_SLOW(sysmap_is_valid(sys));
}

const struct sysmem_range *sysmem_range_at(const struct sysmem *sys, uintptr_t base) {
    size_t index = sysmap_range_index(sys, base);
    bool found = index < sys->range_count && sys->ranges[index].base == base;
    return found ? &sys->ranges[index] : NULL;
}

void sysmem_rollback(struct sysmem *sys, uint64_t serial) {
    for (size_t i = sys->range_count; i-- > 0;) {
        if (sys->ranges[i].serial > serial) {
            drop_range(sys, i);
        }
    }
    sys->serial = serial;
    ASSERT_SLOW(sysmap_is_valid(sys));
}

// ---- the instance

// A base whose whole stride is free now, by the kernel's choice; the first arena there is reserved.
// 0: none.
static uintptr_t reserve_anywhere(void) {
    size_t wanted_bytes[] = {HEAP_STRIDE_BYTES + HEAP_ARENA_BYTES, 2 * HEAP_ARENA_BYTES};
    for (unsigned i = 0; i < 2; i++) {
        uintptr_t place = os_map_anywhere(wanted_bytes[i], PROT_NONE);
        if (place != 0) {
            uintptr_t base = (place + HEAP_ARENA_BYTES - 1) & ~(HEAP_ARENA_BYTES - 1);
            (void)munmap((void *)place, wanted_bytes[i]);
            return os_map(base, HEAP_ARENA_BYTES, PROT_NONE) == SYSMEM_OK ? base : 0;
        }
    }
    return 0;
}

static uintptr_t reserve_first_arena(uintptr_t wanted_base) {
    for (unsigned i = 0; i < STRIDES_TRIED; i++) {
        uintptr_t base = wanted_base + i * HEAP_STRIDE_BYTES;
        enum sysmem_status status = os_map(base, HEAP_ARENA_BYTES, PROT_NONE);
        if (status == SYSMEM_OK) {
            return base;
        }
    }
    return reserve_anywhere();
}

static uintptr_t map_root(uintptr_t meta_base, size_t root_bytes) {
    uintptr_t base = meta_base;
    for (unsigned i = 0; base < meta_base + HEAP_METADATA_BYTES; i++) {
        enum sysmem_status status = os_map(base, root_bytes, PROT_READ | PROT_WRITE);
        if (status != SYSMEM_TAKEN) {
            return status == SYSMEM_OK ? base : 0;
        }
        base += STEP_BYTES << i;
    }
    return os_map_anywhere(root_bytes, PROT_READ | PROT_WRITE);
}

static void record_first(struct sysmem *sys, uintptr_t root, size_t root_bytes) {
    sysmap_set(sys, sys->base, HEAP_ARENA_BYTES, SYSMAP_RESERVED);
    sysmap_set(sys, root, root_bytes, SYSMAP_WRITABLE);
    sysmap_insert_range(sys, &(struct sysmem_range){.base = sys->base,
                                                    .size_bytes = HEAP_ARENA_BYTES,
                                                    .kind = INSPECT_RANGE_ARENA,
                                                    .metadata = INSPECT_METADATA_OTHER,
                                                    .owner_cleans = true});
    sysmap_insert_range(sys, &(struct sysmem_range){.base = root,
                                                    .size_bytes = root_bytes,
                                                    .prepared_bytes = root_bytes,
                                                    .kind = INSPECT_RANGE_DIRECT,
                                                    .metadata = INSPECT_METADATA_OTHER,
                                                    .owner_cleans = true});
}

struct sysmem *sysmem_create(uintptr_t wanted_base, size_t root_bytes, size_t self_offset) {
    uintptr_t base = reserve_first_arena(wanted_base);
    if (base == 0) {
        return NULL;
    }
    root_bytes = sysmem_round_up(root_bytes);
    uintptr_t root = map_root(base + HEAP_WINDOW_BYTES, root_bytes);
    if (root == 0) {
        (void)munmap((void *)base, HEAP_ARENA_BYTES);
        return NULL;
    }
    (void)madvise((void *)base, HEAP_ARENA_BYTES, MADV_NOHUGEPAGE);
    struct sysmem *sys = (struct sysmem *)(root + self_offset);
    sys->base = base;
    sys->meta_base = base + HEAP_WINDOW_BYTES;
    sys->ranges = sys->inline_ranges;
    sys->range_capacity = SYSMEM_INLINE_RANGES;
    sys->mappings = sys->inline_mappings;
    sys->mapping_capacity = SYSMEM_INLINE_MAPPINGS;
    record_first(sys, root, root_bytes);
    return sys;
}

void sysmem_destroy(struct sysmem *sys) {
    struct sysmem_mapping own = {0};
    for (size_t i = 0; i < sys->mapping_count; i++) {
        struct sysmem_mapping mapping = sys->mappings[i];
        if (mapping.writable) {
            heap_unpoison(mapping.base, mapping.end - mapping.base);
        }
        if (mapping.base <= (uintptr_t)sys && (uintptr_t)sys < mapping.end) {
            own = mapping;
        } else {
            (void)munmap((void *)mapping.base, mapping.end - mapping.base);
        }
    }
    drop_tables(sys);
    (void)munmap((void *)own.base, own.end - own.base);
}

void sysmem_reset(struct sysmem *sys) {
    size_t kept_count = 0;
    sys->warm = true;
    for (size_t i = 0; i < sys->range_count; i++) {
        struct sysmem_range range = sys->ranges[i];
        if (range.serial == 0) { // the root, which stays as it is, and an arena
            range.prepared_bytes = range.kind == INSPECT_RANGE_ARENA ? 0 : range.prepared_bytes;
            sys->ranges[kept_count++] = range;
        } else {
            give_back(sys, &range, range.owner_cleans);
        }
    }
    sys->range_count = kept_count;
    sys->serial = 0;
    memset(sys->faults, 0, sizeof(sys->faults));
    sys->refusal_count = 0;
    ASSERT_SLOW(sysmap_is_valid(sys));
}
