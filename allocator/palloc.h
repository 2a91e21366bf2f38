// palloc: which pages of the arenas are free: bitmap chunks of 512 pages under a tree of summaries.
//
// First fit, lowest address. Three levels: groups of 64 arenas, arenas, chunks. A page that was never grown counts as
// allocated. It moves no statistic: it tells how many of the pages it handed out were scavenged. After Go's
// mpagealloc.go. Under the heap's lock.
//
// Invariants, checked by palloc_is_valid():
//   P1  a summary says what its bits say: free pages at the start, the longest free run, free pages at the end
//   P2  a scavenged page is free
//   P3  no free page lies below search_address
//   P4  a page that is not grown is neither free nor scavenged
#ifndef ALLOCATOR_PALLOC_H
#define ALLOCATOR_PALLOC_H

#include "allocator/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct palloc_summary {
    uint32_t start_pages, max_pages, end_pages;
};

#define PALLOC_CHUNK_WORDS (HEAP_CHUNK_PAGES / 64)
#define PALLOC_ARENA_CHUNKS (HEAP_ARENA_PAGES / HEAP_CHUNK_PAGES) // 16

// Per arena; lives in its metadata.
struct palloc_arena {
    uint64_t alloc_bits[PALLOC_ARENA_CHUNKS][PALLOC_CHUNK_WORDS];
    uint64_t scavenged_bits[PALLOC_ARENA_CHUNKS][PALLOC_CHUNK_WORDS];
    uint64_t grown_bits[PALLOC_ARENA_CHUNKS][PALLOC_CHUNK_WORDS];
    struct palloc_summary chunk_summary[PALLOC_ARENA_CHUNKS];
};

#define PALLOC_GROUP_ARENAS 64
#define PALLOC_GROUP_COUNT (HEAP_ARENA_COUNT / PALLOC_GROUP_ARENAS)

struct palloc {
    uintptr_t base;           // of the window
    uintptr_t search_address; // no free page below
    struct palloc_arena **arenas; // [HEAP_ARENA_COUNT], NULL: no arena there
    struct palloc_summary arena_summary[HEAP_ARENA_COUNT];
    struct palloc_summary group_summary[PALLOC_GROUP_COUNT];
};

#endif
