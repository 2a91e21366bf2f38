// pages: spans on pages: the page table, the three bitmaps, the summaries over them.
#include "allocator/heap.h"
#include "oracle/core/rule.h"
#include "oracle/go/rules.h"
#include "oracle/go/verify/verifier.h"

#define CHUNK_WORDS  (HEAP_CHUNK_PAGES / 64)
#define ARENA_CHUNKS (HEAP_ARENA_PAGES / HEAP_CHUNK_PAGES)
#define GROUP_ARENAS 64

static bool fail_page(struct rule_book *book, unsigned rule, uintptr_t page, const char *what) {
    return rule_fail(book, rule, (struct rule_place){.span = page}, "%s", what);
}

// ---- spans: no two on one page, each named by the table

static bool check_overlap(struct rule_book *book, const struct view *view) {
    rule_count(book, RULE_SPAN_OVERLAP);
    for (uint32_t i = 1; i < view->standing_count; i++) {
        const struct inspect_span *below = &view->spans[view->by_address[i - 1]];
        const struct inspect_span *above = &view->spans[view->by_address[i]];
        if (below->base + below->page_count * HEAP_PAGE_BYTES > above->base) {
            return fail_page(book, RULE_SPAN_OVERLAP, above->base,
                             "it begins within the span below");
        }
    }
    return true;
}

static bool check_table(struct rule_book *book, const struct view *view, bool deep) {
    rule_count(book, RULE_SPAN_TABLE);
    for (uint32_t i = 0; i < view->standing_count; i++) {
        const struct inspect_span *span = &view->spans[view->by_address[i]];
        size_t step = deep || span->page_count == 1 ? 1 : span->page_count - 1;
        for (size_t page = 0; page < span->page_count; page += step) {
            const void *identity = NULL;
            uintptr_t address = span->base + page * HEAP_PAGE_BYTES;
            if (!inspect_span_of_address(view->heap, address, &identity) ||
                identity != span->identity) {
                return fail_page(book, RULE_SPAN_TABLE, address,
                                 "the page table does not name the page's span");
            }
        }
    }
    return true;
}

// ---- bits

struct page_walk {
    struct rule_book *book;
    const struct view *view;
    bool deep;
    uintptr_t search_address;
    uint32_t next; // of view->by_address: first span that ends above the page looked at
};

// Every page of the spans in this arena is grown, allocated and not scavenged. Counts them.
static bool check_span_pages(struct page_walk *walk, const struct inspect_arena *arena,
                             uint64_t *page_count) {
    size_t limit = arena->chunk_count * HEAP_CHUNK_PAGES;
    for (; walk->next < walk->view->standing_count; walk->next++) {
        const struct inspect_span *span = &walk->view->spans[walk->view->by_address[walk->next]];
        size_t below = span->base < arena->base ? (arena->base - span->base) / HEAP_PAGE_BYTES : 0;
        for (size_t i = below; i < span->page_count; i++) {
            uintptr_t address = span->base + i * HEAP_PAGE_BYTES;
            size_t page = (address - arena->base) / HEAP_PAGE_BYTES;
            if (page >= limit) {
                return true; // of a later arena, or reaching into it
            }
            if (!bits_at(arena->page_alloc_bits, page) || !bits_at(arena->page_grown_bits, page)) {
                return fail_page(walk->book, RULE_PAGE_BITS, address,
                                 "a span's page counts as free");
            }
            (*page_count)++;
        }
    }
    return true;
}

static bool check_free_page(const struct page_walk *walk, uintptr_t address) {
    const void *identity = NULL;
    return !inspect_span_of_address(walk->view->heap, address, &identity) ||
           fail_page(walk->book, RULE_SPAN_TABLE, address,
                     "the page table names a span for a free page");
}

static bool check_free_pages(const struct page_walk *walk, const struct inspect_arena *arena,
                             size_t word, uint64_t free) {
    for (unsigned bit = 0; free >> bit != 0; bit++) {
        if ((free >> bit & 1) != 0 &&
            !check_free_page(walk, arena->base + (word * 64 + bit) * HEAP_PAGE_BYTES)) {
            return false;
        }
        if (bit == 63) {
            break;
        }
    }
    return true;
}

// No page of the chunk was ever grown, and its bits say so: most chunks of an arena.
static bool is_untouched(const struct inspect_arena *arena, size_t chunk) {
    uint64_t touched = 0;
    for (size_t word = chunk * CHUNK_WORDS; word < (chunk + 1) * CHUNK_WORDS; word++) {
        touched |= arena->page_grown_bits[word] | ~arena->page_alloc_bits[word] |
                   arena->page_scavenged_bits[word];
    }
    return touched == 0;
}

// `free` is a bit a page from `address` on.
static bool check_search(const struct page_walk *walk, uintptr_t address, uint64_t free) {
    if (free == 0 || address >= walk->search_address) {
        return true;
    }
    address += bits_lowest(free) * HEAP_PAGE_BYTES;
    return address >= walk->search_address ||
           fail_page(walk->book, RULE_PAGE_SEARCH, address,
                     "the page is free, and searches begin above it");
}

// Counts the pages of the chunk that are allocated.
static bool check_chunk(const struct page_walk *walk, const struct inspect_arena *arena,
                        size_t chunk, uint64_t *allocated_pages) {
    for (size_t word = chunk * CHUNK_WORDS; word < (chunk + 1) * CHUNK_WORDS; word++) {
        uint64_t grown = arena->page_grown_bits[word];
        uint64_t allocated = arena->page_alloc_bits[word];
        uintptr_t address = arena->base + word * 64 * HEAP_PAGE_BYTES;
        if ((arena->page_scavenged_bits[word] & (allocated | ~grown)) != 0) {
            return fail_page(walk->book, RULE_PAGE_SCAVENGED, address,
                             "a scavenged page near is not free");
        }
        if ((~allocated & ~grown) != 0) {
            return fail_page(walk->book, RULE_PAGE_SCAVENGED, address,
                             "a page near is free that was never grown");
        }
        if (!check_search(walk, address, ~allocated)) {
            return false;
        }
        *allocated_pages += bits_count(allocated & grown);
        if (walk->deep && !check_free_pages(walk, arena, word, grown & ~allocated)) {
            return false;
        }
    }
    return true;
}

static bool check_arena(struct page_walk *walk, const struct inspect_arena *arena) {
    uint64_t span_pages = 0;
    if (!check_span_pages(walk, arena, &span_pages)) {
        return false;
    }
    uint64_t allocated_pages = 0;
    for (size_t chunk = 0; chunk < arena->chunk_count; chunk++) {
        if (!is_untouched(arena, chunk) && !check_chunk(walk, arena, chunk, &allocated_pages)) {
            return false;
        }
    }
    return allocated_pages == span_pages ||
           rule_fail_values(walk->book, RULE_PAGE_BITS, "allocated pages",
                            (struct rule_value){"bits", allocated_pages},
                            (struct rule_value){"spans", span_pages});
}

// ---- summaries

// The free runs of a chunk as they come, from its lowest page up.
struct runs {
    struct inspect_summary sum;
    uint32_t run;    // pages free right below
    bool seen_taken; // the first run has ended
};

static void add_free(struct runs *runs, uint32_t page_count) {
    runs->run += page_count;
    runs->sum.max_pages = runs->run > runs->sum.max_pages ? runs->run : runs->sum.max_pages;
}

static void end_run(struct runs *runs) {
    runs->sum.start_pages = runs->seen_taken ? runs->sum.start_pages : runs->run;
    runs->seen_taken = true;
    runs->run = 0;
}

static struct inspect_summary summarize_chunk(const uint64_t *alloc_bits) {
    struct runs runs = {.run = 0};
    uint64_t all = UINT64_MAX;
    for (uint32_t word = 0; word < CHUNK_WORDS; word++) {
        all &= alloc_bits[word];
    }
    if (all == UINT64_MAX) { // most chunks were never grown
        return runs.sum;
    }
    for (uint32_t word = 0; word < CHUNK_WORDS; word++) {
        uint64_t allocated = alloc_bits[word];
        uint32_t left = 64; // bits of it not yet looked at
        while (allocated != 0) {
            uint32_t free = (allocated & 1) != 0 ? 0 : bits_lowest(allocated);
            allocated >>= free;
            uint32_t taken = ~allocated == 0 ? 64 : bits_lowest(~allocated);
            allocated = taken == 64 ? 0 : allocated >> taken;
            add_free(&runs, free);
            end_run(&runs);
            left -= free + taken;
        }
        add_free(&runs, left);
    }
    runs.sum.end_pages = runs.run;
    runs.sum.start_pages = runs.seen_taken ? runs.sum.start_pages : runs.run;
    return runs.sum;
}

// A run of nodes seen as one; `pages` is what they span so far.
static void append(struct inspect_summary *sum, uint32_t *pages, struct inspect_summary node,
                   uint32_t node_pages) {
    uint32_t across = sum->end_pages + node.start_pages;
    if (sum->start_pages == *pages) {
        sum->start_pages += node.start_pages;
    }
    sum->max_pages = across > sum->max_pages ? across : sum->max_pages;
    sum->max_pages = node.max_pages > sum->max_pages ? node.max_pages : sum->max_pages;
    sum->end_pages = node.end_pages == node_pages ? sum->end_pages + node_pages : node.end_pages;
    *pages += node_pages;
}

static bool check_claim(const struct page_walk *walk, int level, size_t index,
                        struct inspect_summary own) {
    struct inspect_summary claim;
    if (!inspect_summary(walk->view->heap, level, index, &claim)) {
        claim = (struct inspect_summary){0}; // a node that is not there claims nothing
    }
    return (claim.start_pages == own.start_pages && claim.max_pages == own.max_pages &&
            claim.end_pages == own.end_pages) ||
           rule_fail(walk->book, RULE_PAGE_SUMMARY, (struct rule_place){0},
                     "node %zu of level %d claims %u/%u/%u free pages, its bits say %u/%u/%u",
                     index, level, claim.start_pages, claim.max_pages, claim.end_pages,
                     own.start_pages, own.max_pages, own.end_pages);
}

static bool summarize_arena(const struct page_walk *walk, const struct inspect_arena *arena,
                            size_t arena_slot, struct inspect_summary *sum) {
    uint32_t pages = 0;
    *sum = (struct inspect_summary){0};
    for (size_t chunk = 0; chunk < ARENA_CHUNKS; chunk++) {
        struct inspect_summary own = {0};
        if (chunk < arena->chunk_count) {
            own = summarize_chunk(arena->page_alloc_bits + chunk * CHUNK_WORDS);
        }
        if (!check_claim(walk, 2, arena_slot * ARENA_CHUNKS + chunk, own)) {
            return false;
        }
        append(sum, &pages, own, HEAP_CHUNK_PAGES);
    }
    return check_claim(walk, 1, arena_slot, *sum);
}

// Arenas come by address: groups fill up from the first to the last.
static bool check_summaries(const struct page_walk *walk, uintptr_t base) {
    rule_count(walk->book, RULE_PAGE_SUMMARY);
    struct inspect_summary group = {0};
    uint32_t pages = 0;
    size_t group_index = 0;
    struct inspect_arena arena;
    const struct inspect_summary none = {0};
    for (size_t i = 0; inspect_arena(walk->view->heap, i, &arena); i++) {
        size_t arena_slot = (arena.base - base) / HEAP_ARENA_BYTES;
        while (arena_slot / GROUP_ARENAS != group_index) {
            append(&group, &pages, none, GROUP_ARENAS * HEAP_ARENA_PAGES - pages);
            if (!check_claim(walk, 0, group_index, group)) {
                return false;
            }
            group = none;
            pages = 0;
            group_index++;
        }
        uint32_t gap = (uint32_t)(arena_slot % GROUP_ARENAS * HEAP_ARENA_PAGES) - pages;
        append(&group, &pages, none, gap);
        struct inspect_summary sum;
        if (!summarize_arena(walk, &arena, arena_slot, &sum)) {
            return false;
        }
        append(&group, &pages, sum, HEAP_ARENA_PAGES);
    }
    append(&group, &pages, none, (uint32_t)(GROUP_ARENAS * HEAP_ARENA_PAGES) - pages);
    return check_claim(walk, 0, group_index, group);
}

bool verifier_check_pages(struct rule_book *book, const struct view *view, bool deep) {
    if (!check_overlap(book, view) || !check_table(book, view, deep)) {
        return false;
    }
    rule_count(book, RULE_PAGE_BITS);
    rule_count(book, RULE_PAGE_SCAVENGED);
    rule_count(book, RULE_PAGE_SEARCH);
    struct page_walk walk = {.book = book,
                             .view = view,
                             .deep = deep,
                             .search_address = inspect_search_address(view->heap)};
    if (walk.search_address < heap_base(view->heap)) {
        return fail_page(book, RULE_PAGE_SEARCH, walk.search_address,
                         "searches begin below the heap");
    }
    struct inspect_arena arena;
    for (size_t i = 0; inspect_arena(view->heap, i, &arena); i++) {
        if (!check_arena(&walk, &arena)) {
            return false;
        }
    }
    if (walk.next != view->standing_count) {
        const struct inspect_span *span = &view->spans[view->by_address[walk.next]];
        return fail_page(book, RULE_PAGE_BITS, span->base, "a span lies in no arena");
    }
    return check_summaries(&walk, heap_base(view->heap));
}
