// kernel: asks mincore whether prepared ranges are mapped and released pages gone.
#define _DEFAULT_SOURCE // mincore is no part of POSIX
#include "oracle/kernel.h"

#include "allocator/heap.h"
#include "oracle/rule.h"
#include "oracle/view.h"

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
            if (view_bit(arena.page_scavenged_bits, page) &&
                (!count_resident(address, HEAP_PAGE_BYTES, &resident) || resident > 0)) {
                return rule_fail(book, RULE_KERNEL_RELEASED, (struct rule_place){.object = address},
                                 "a page that counts as released is resident");
            }
        }
    }
    return true;
}

bool kernel_check(struct rule_book *book, const struct view *view, bool cold) {
    return check_mapped(book, view) && (!cold || check_released(book, view));
}
