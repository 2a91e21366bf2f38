// scan: recounts objects in span bits, pages in page bits, and the rest in ranges, persistent
// blocks and blocks.
#include "oracle/go/verify/scan.h"

#include "allocator/heap.h"
#include "oracle/core/rule.h"
#include "oracle/go/rules.h"

#include <string.h>

// What lies in manual spans and in memory from outside the arenas, before it is put into fields.
struct sums {
    uint64_t inuse_pages;
    uint64_t manual_pages[MANUAL_STAT_COUNT];
    uint64_t free_pages;
    uint64_t released_pages;
    uint64_t taken_bytes[INSPECT_METADATA_COUNT];
    uint64_t direct_bytes[INSPECT_METADATA_COUNT];
    uint64_t persistent_bytes;
    uint64_t os_stack_bytes;
    uint64_t prepared_bytes;
};

// Of a cached span all slots may be filled unseen; what an unswept one has unmarked is dead.
static uint32_t count_paced(const struct inspect_span *span, uint32_t live,
                            uint32_t sweep_generation) {
    if (span->owner_cache != UINT32_MAX) {
        return span->object_count;
    }
    if (span->sweep_generation == sweep_generation) {
        return live;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < span->bit_words; i++) {
        count += bits_count(span->alloc_bits[i] & ~span->remote_bits[i] & span->mark_bits[i]);
    }
    return count;
}

static void count_objects(struct scan *scan, const struct inspect_span *span,
                          uint32_t sweep_generation) {
    uint32_t live = view_live_count(span);
    uint32_t class = span->span_class / 2u;
    uint64_t bytes = (uint64_t)live * span->element_bytes;
    scan->live_count[class] += live;
    scan->slow.HeapObjects += live;
    scan->slow.HeapAlloc += bytes;
    scan->paced_bytes += (uint64_t)count_paced(span, live, sweep_generation) * span->element_bytes;
    if (class == 0) {
        scan->live_large_bytes += bytes;
    }
}

static void count_span(struct scan *scan, struct sums *sums, const struct inspect_span *span,
                       uint32_t sweep_generation) {
    if (span->state == INSPECT_SPAN_IN_USE) {
        sums->inuse_pages += span->page_count;
        count_objects(scan, span, sweep_generation);
    } else if (span->state == INSPECT_SPAN_MANUAL) {
        sums->manual_pages[span->manual_stat] += span->page_count;
    }
}

static void count_pages(struct scan *scan, struct sums *sums, const struct heap *heap) {
    struct inspect_arena arena;
    for (size_t i = 0; inspect_arena(heap, i, &arena); i++) {
        size_t words = arena.chunk_count * (HEAP_CHUNK_PAGES / 64);
        for (size_t word = 0; word < words; word++) {
            uint64_t grown = arena.page_grown_bits[word];
            if (grown == 0) {
                continue;
            }
            uint64_t free = grown & ~arena.page_alloc_bits[word];
            uint64_t released = free & arena.page_scavenged_bits[word];
            scan->grown_page_count += bits_count(grown);
            sums->free_pages += bits_count(free);
            sums->released_pages += bits_count(released);
        }
    }
}

static void count_persistent(void *context, uintptr_t base, size_t size_bytes,
                             enum inspect_metadata metadata) {
    (void)base;
    struct sums *sums = context;
    sums->taken_bytes[metadata] += size_bytes;
}

static void count_ranges(struct sums *sums, const struct heap *heap) {
    struct inspect_range range;
    for (size_t i = 0; inspect_range(heap, i, &range); i++) {
        sums->prepared_bytes += range.prepared_bytes;
        switch ((enum inspect_range_kind)range.kind) {
        case INSPECT_RANGE_ARENA:
            break; // its pages have been counted by their bits
        case INSPECT_RANGE_PERSISTENT:
            sums->persistent_bytes += range.prepared_bytes;
            break;
        case INSPECT_RANGE_DIRECT:
            sums->direct_bytes[range.metadata] += range.prepared_bytes;
            break;
        case INSPECT_RANGE_OS_STACK:
            sums->os_stack_bytes += range.prepared_bytes;
            break;
        }
    }
    inspect_persistent(heap, count_persistent, sums);
}

static uint64_t fix_inuse_bytes(const struct heap *heap, enum inspect_fixalloc which) {
    struct inspect_fix fix;
    inspect_fix(heap, which, &fix);
    uint64_t cut = (uint64_t)fix.chunk_count * (fix.chunk_bytes / fix.block_bytes);
    return (cut - fix.tail_block_count - fix.free_block_count) * fix.block_bytes;
}

static void fill_pages(struct memstats *slow, const struct sums *sums, uint64_t grown_pages) {
    uint64_t manual_pages = 0;
    for (size_t stat = 0; stat < MANUAL_STAT_COUNT; stat++) {
        manual_pages += sums->manual_pages[stat];
    }
    slow->HeapInuse = sums->inuse_pages * HEAP_PAGE_BYTES;
    slow->HeapIdle = sums->free_pages * HEAP_PAGE_BYTES;
    slow->HeapReleased = sums->released_pages * HEAP_PAGE_BYTES;
    slow->HeapSys = (grown_pages - manual_pages) * HEAP_PAGE_BYTES;
    slow->StackInuse = sums->manual_pages[MANUAL_STACK] * HEAP_PAGE_BYTES;
    slow->StackSys = slow->StackInuse + sums->os_stack_bytes;
}

static uint64_t metadata_bytes(const struct sums *sums, enum inspect_metadata metadata) {
    return sums->taken_bytes[metadata] + sums->direct_bytes[metadata];
}

static void fill_metadata(struct memstats *slow, const struct sums *sums, const struct heap *heap) {
    uint64_t taken = 0;
    for (size_t metadata = 0; metadata < INSPECT_METADATA_COUNT; metadata++) {
        taken += sums->taken_bytes[metadata];
    }
    uint64_t workbuf_pages =
        sums->manual_pages[MANUAL_WORKBUF] + sums->manual_pages[MANUAL_POINTER_BITS];
    slow->MSpanSys = metadata_bytes(sums, INSPECT_METADATA_MSPAN);
    slow->MSpanInuse = fix_inuse_bytes(heap, INSPECT_FIX_MSPAN);
    slow->MCacheSys = metadata_bytes(sums, INSPECT_METADATA_MCACHE);
    slow->MCacheInuse = fix_inuse_bytes(heap, INSPECT_FIX_MCACHE);
    slow->BuckHashSys = metadata_bytes(sums, INSPECT_METADATA_BUCKHASH);
    slow->GCSys = metadata_bytes(sums, INSPECT_METADATA_GC) + workbuf_pages * HEAP_PAGE_BYTES;
    slow->OtherSys = metadata_bytes(sums, INSPECT_METADATA_OTHER) +
                     (sums->persistent_bytes - taken) +
                     sums->manual_pages[MANUAL_OTHER] * HEAP_PAGE_BYTES;
    slow->Sys = sums->prepared_bytes;
}

// Everything but the spans.
static void finish(struct scan *scan, struct sums *sums, const struct heap *heap) {
    count_pages(scan, sums, heap);
    count_ranges(sums, heap);
    scan->slow.Alloc = scan->slow.HeapAlloc;
    fill_pages(&scan->slow, sums, scan->grown_page_count);
    fill_metadata(&scan->slow, sums, heap);
}

void scan_heap(struct scan *scan, const struct view *view) {
    memset(scan, 0, sizeof *scan);
    struct sums sums = {0};
    for (uint32_t i = 0; i < view->span_count; i++) {
        count_span(scan, &sums, &view->spans[i], view->sweep_generation);
    }
    finish(scan, &sums, view->heap);
}

void scan_heap_in_place(struct scan *scan, const struct heap *heap) {
    memset(scan, 0, sizeof *scan);
    struct sums sums = {0};
    struct inspect_span span;
    uint32_t sweep_generation = inspect_sweep_generation(heap);
    for (size_t i = 0; inspect_span(heap, i, &span); i++) {
        count_span(scan, &sums, &span, sweep_generation);
    }
    finish(scan, &sums, heap);
}

static bool compare_field(struct rule_book *book, const char *name, uint64_t fast, uint64_t slow) {
    return rule_equal(book, RULE_SCAN_FIELD, name, (struct rule_value){"fast account", fast},
                      (struct rule_value){"scan", slow});
}

static bool compare_classes(struct rule_book *book, const struct scan *scan,
                            const struct memstats *fast) {
    rule_count(book, RULE_SCAN_BY_SIZE);
    for (size_t class = 0; class < SIZE_CLASS_COUNT; class ++) { // row 0 is zero: see compare_large
        uint64_t live = fast->BySize[class].Mallocs - fast->BySize[class].Frees;
        if (live != (class == 0 ? 0 : scan->live_count[class])) {
            char field[FINDING_FIELD_BYTES];
            (void)snprintf(field, sizeof field, "BySize[%zu]", class);
            return rule_fail_values(
                book, RULE_SCAN_BY_SIZE, field, (struct rule_value){"fast account", live},
                (struct rule_value){"scan", class == 0 ? 0 : scan->live_count[class]});
        }
    }
    return true;
}

// What BySize leaves of HeapAlloc is large.
static bool compare_large(struct rule_book *book, const struct scan *scan,
                          const struct memstats *fast) {
    uint64_t large_bytes = fast->HeapAlloc;
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        const struct memstats_by_size *row = &fast->BySize[class];
        large_bytes -= (row->Mallocs - row->Frees) * row->Size;
    }
    return rule_equal(book, RULE_SCAN_BY_SIZE, "large bytes",
                      (struct rule_value){"fast account", large_bytes},
                      (struct rule_value){"scan", scan->live_large_bytes});
}

// What is counted stands before what is derived from it: the first that differs is the finding.
bool scan_compare(struct rule_book *book, const struct scan *scan, const struct memstats *fast) {
    const struct memstats *slow = &scan->slow;
    bool clean = compare_classes(book, scan, fast);
#define COMPARE(name) clean &= compare_field(book, #name, fast->name, slow->name)
    COMPARE(HeapObjects);
    COMPARE(HeapAlloc);
    COMPARE(HeapInuse);
    COMPARE(HeapIdle);
    COMPARE(HeapReleased);
    COMPARE(HeapSys);
    COMPARE(StackInuse);
    COMPARE(StackSys);
    COMPARE(MSpanInuse);
    COMPARE(MSpanSys);
    COMPARE(MCacheInuse);
    COMPARE(MCacheSys);
    COMPARE(BuckHashSys);
    COMPARE(GCSys);
    COMPARE(OtherSys);
    COMPARE(Alloc);
    COMPARE(Sys);
#undef COMPARE
    return compare_large(book, scan, fast) && clean;
}

bool scan_compare_live(struct rule_book *book, const struct scan *scan, uint64_t live_bytes) {
    return rule_equal(book, RULE_SCAN_LIVE, "live bytes", (struct rule_value){"heap", live_bytes},
                      (struct rule_value){"scan", scan->paced_bytes});
}
