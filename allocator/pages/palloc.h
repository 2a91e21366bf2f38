// palloc: which pages of the arenas are free: bitmap chunks of 512 pages under a tree of summaries.
//
// First fit, lowest address. Three levels: groups of 64 arenas, arenas, chunks. A page that was
// never grown counts as allocated. It moves no statistic: it tells how many of the pages it handed
// out were scavenged. After Go's mpagealloc.go. Under the heap's lock.
//
// Invariants, checked by palloc_is_valid():
//   P1  a summary says what its bits say: free pages at the start, the longest free run, free pages
//       at the end
//   P2  a scavenged page is free
//   P3  no free page lies below search_address
//   P4  a page that is not grown is neither free nor scavenged
#ifndef ALLOCATOR_PAGES_PALLOC_H
#define ALLOCATOR_PAGES_PALLOC_H

#include "allocator/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Free runs of a range of pages: at its start, the longest inside, at its end. Go's pallocSum.
struct palloc_summary {
    uint32_t start_pages, max_pages, end_pages;
};

// Words of a chunk's bitmap.
#define PALLOC_CHUNK_WORDS  (HEAP_CHUNK_PAGES / 64)
#define PALLOC_ARENA_CHUNKS (HEAP_ARENA_PAGES / HEAP_CHUNK_PAGES) // 16

// Per arena; lives in its metadata.
struct palloc_arena {
    uint64_t alloc_bits[PALLOC_ARENA_CHUNKS][PALLOC_CHUNK_WORDS];
    uint64_t scavenged_bits[PALLOC_ARENA_CHUNKS][PALLOC_CHUNK_WORDS];
    uint64_t grown_bits[PALLOC_ARENA_CHUNKS][PALLOC_CHUNK_WORDS];
    struct palloc_summary chunk_summary[PALLOC_ARENA_CHUNKS];
};

// The top level's unit: a group of arenas has one summary.
#define PALLOC_GROUP_ARENAS 64
#define PALLOC_GROUP_COUNT  (HEAP_ARENA_COUNT / PALLOC_GROUP_ARENAS)
#define PALLOC_GROUP_PAGES  (PALLOC_GROUP_ARENAS * HEAP_ARENA_PAGES)

// The page allocator: which pages of the window are free, with summaries of arenas and groups.
// The heap's lock guards it. Go's pageAlloc.
struct palloc {
    uintptr_t base;           // of the window
    uintptr_t search_address; // no free page below
    size_t arena_limit;       // no arena at or above
    struct palloc_summary group_summary[PALLOC_GROUP_COUNT];
    struct palloc_summary arena_summary[HEAP_ARENA_COUNT];
    struct palloc_arena *arenas[HEAP_ARENA_COUNT]; // NULL: no arena there
};

// The arena in slot `slot`, zeroed, with no page grown.
void palloc_add_arena(struct palloc *palloc, size_t slot, struct palloc_arena *arena);

// Pages obtained from the system, never touched: free and scavenged from now on. Whole chunks;
// their arenas are there.
void palloc_grow(struct palloc *palloc, uintptr_t base, size_t page_count);

// Takes the lowest run of free pages at a multiple of `align_pages` (a power of two, at most an
// arena). Returns its base and how many of its pages were scavenged; 0: there is none.
uintptr_t palloc_alloc(struct palloc *palloc, size_t page_count, size_t align_pages,
                       size_t *scavenged_count);

// Takes these pages, which are free. Returns how many of them were scavenged.
size_t palloc_take(struct palloc *palloc, uintptr_t base, size_t page_count);

// Gives pages back that were taken; they are free and not scavenged.
void palloc_free(struct palloc *palloc, uintptr_t base, size_t page_count);

// The highest run of free pages below `limit` that are not scavenged: its base, its top end cut to
// `page_limit` pages (at least 1). 0: there is none.
uintptr_t palloc_find_unscavenged(const struct palloc *palloc, uintptr_t limit, size_t page_limit,
                                  size_t *page_count);

// Free pages that were given back to the system.
void palloc_mark_scavenged(struct palloc *palloc, uintptr_t base, size_t page_count);

// Checks P1..P4. O(pages).
bool palloc_is_valid(const struct palloc *palloc);

#endif
