// kernel: asks mincore whether prepared ranges are mapped and released pages gone, and holds the
// bytes of the statistics against those that the kernel has mapped.
#define _DEFAULT_SOURCE // mincore is no part of POSIX
#include "oracle/go/verify/kernel.h"

#include "allocator/heap.h"
#include "allocator/memstats.h"
#include "oracle/go/view/mappings.h"
#include "oracle/core/rule.h"
#include "oracle/go/rules.h"
#include "oracle/go/view/view.h"

#include <sys/mman.h>
#include <unistd.h>

#define RESIDENT_MAX 4096 // system pages asked about at once

static size_t system_page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

// Asks about [base, base + size) in pieces. False: some of it is not mapped. Counts resident pages.
static bool count_resident(uintptr_t base, size_t size_bytes, size_t *resident) {
    unsigned char pages[RESIDENT_MAX];
    size_t page_bytes = system_page_bytes();
    uintptr_t at = base / page_bytes * page_bytes;
    uintptr_t end = base + size_bytes;
    while (at < end) {
        size_t count = (end - at + page_bytes - 1) / page_bytes;
        count = count > RESIDENT_MAX ? RESIDENT_MAX : count;
        if (mincore((void *)at, count * page_bytes, pages) != 0) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            *resident += pages[i] & 1;
        }
        at += count * page_bytes;
    }
    return true;
}

static bool check_mapped(struct rule_book *book, const struct view *view) {
    rule_count(book, RULE_KERNEL_MAPPED);
    struct inspect_range range;
    for (size_t i = 0; inspect_range(view->heap, i, &range); i++) {
        size_t resident = 0;
        if (!count_resident(range.base, range.prepared_bytes, &resident)) {
            return rule_fail(book, RULE_KERNEL_MAPPED, (struct rule_place){.object = range.base},
                             "%zu prepared bytes are not mapped", range.prepared_bytes);
        }
    }
    return true;
}

static bool check_released(struct rule_book *book, const struct view *view) {
    rule_count(book, RULE_KERNEL_RELEASED);
    struct inspect_arena arena;
    for (size_t i = 0; inspect_arena(view->heap, i, &arena); i++) {
        for (size_t page = 0; page < arena.chunk_count * HEAP_CHUNK_PAGES; page++) {
            uintptr_t address = arena.base + page * HEAP_PAGE_BYTES;
            size_t resident = 0;
            if (bits_at(arena.page_scavenged_bits, page) &&
                (!count_resident(address, HEAP_PAGE_BYTES, &resident) || resident > 0)) {
                return rule_fail(book, RULE_KERNEL_RELEASED, (struct rule_place){.object = address},
                                 "a page that counts as released is resident");
            }
        }
    }
    return true;
}

// ---- bytes

struct bytes {
    uintptr_t window_end;
    uint64_t mapped, mapped_arenas, absent_arenas; // absent: mapped, and not resident
};

static void count_mapping(void *context, uintptr_t base, size_t size_bytes) {
    struct bytes *bytes = context;
    size_t resident = 0;
    bytes->mapped += size_bytes;
    if (base < bytes->window_end && count_resident(base, size_bytes, &resident)) {
        bytes->mapped_arenas += size_bytes;
        bytes->absent_arenas += size_bytes - resident * system_page_bytes();
    }
}

// What lies outside the heap's own range lies beside mappings that are not the heap's.
static uint64_t bytes_elsewhere(const struct view *view, uintptr_t base) {
    struct inspect_range range;
    uint64_t size_bytes = 0;
    for (size_t i = 0; inspect_range(view->heap, i, &range); i++) {
        size_bytes += range.base - base >= HEAP_STRIDE_BYTES ? range.prepared_bytes : 0;
    }
    return size_bytes;
}

static bool at_most(struct rule_book *book, const char *field, uint64_t fast, uint64_t kernel) {
    return rule_equal(book, RULE_KERNEL_BYTES, field, (struct rule_value){"fast account", fast},
                      (struct rule_value){"kernel, at most", fast < kernel ? fast : kernel});
}

// No statistic claims more than the kernel has given. Sys is all of it on a heap that kept nothing
// that it gave back, and whose range nobody else maps in: at the default base. Elsewhere, the
// program itself may lie between.
static bool check_bytes(struct rule_book *book, const struct view *view, bool cold,
                        const struct memstats *fast) {
    uintptr_t base = heap_base(view->heap);
    struct bytes bytes = {.window_end = base + HEAP_WINDOW_BYTES};
    if (!mappings_visit(base, base + HEAP_STRIDE_BYTES, count_mapping, &bytes)) {
        return true; // no /proc: the kernel says nothing
    }
    bytes.mapped += bytes_elsewhere(view, base);
    bool clean = at_most(book, "Sys", fast->Sys, bytes.mapped);
    if (cold && base == HEAP_BASE_DEFAULT) {
        clean &= rule_equal(book, RULE_KERNEL_BYTES, "Sys",
                            (struct rule_value){"fast account", fast->Sys},
                            (struct rule_value){"kernel", bytes.mapped});
    }
    clean &= at_most(book, "HeapSys", fast->HeapSys, bytes.mapped_arenas);
    return clean &&
           (!cold || at_most(book, "HeapReleased", fast->HeapReleased, bytes.absent_arenas));
}

bool kernel_check(struct rule_book *book, const struct view *view, bool cold,
                  const struct memstats *fast) {
    return check_mapped(book, view) && (!cold || check_released(book, view)) &&
           check_bytes(book, view, cold, fast);
}
