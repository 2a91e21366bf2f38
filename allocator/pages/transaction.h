// transaction: what is obtained in it is kept, or given back as if it had never been asked for.
//
// A heap has one, in which all that obtains several things takes part: the page heap's metadata and
// growth, the profile's buckets, and whoever the heap serves (heap_begin_transaction). It notes
// what moves when memory is obtained, and has one way back: the notes are written back, metadata is
// zeroed, and sysmem's ranges that are new since then are dropped. One inside another is a part of
// it: what fails there is given back with the whole, by whoever began first.
//
// What has no way back is done last, when nothing can fail any more: pages, blocks of a fixed-size
// allocator and caches are not handed out before, as whoever has them changes them; nor is a list
// of spans unmapped that a longer one replaces. The calls that a plan of faults counts stay
// counted: they were made. A table of sysmem's that grew stays as large, and an arena that the
// kernel does not take back stays mapped: no statistic and no address shows it.
//
// Invariants, checked by transaction_is_valid():
//   T1  no more words are saved than there is room for
//   T2  when none has begun, nothing is saved and nothing has failed
#ifndef ALLOCATOR_PAGES_TRANSACTION_H
#define ALLOCATOR_PAGES_TRANSACTION_H

#include "allocator/pages/fixalloc.h"
#include "allocator/pages/mstats.h"
#include "allocator/pages/persistentalloc.h"

#include <stdbool.h>
#include <stdint.h>

struct heap;
struct mspan;

#define TRANSACTION_WORDS 8 // that one saves at most

// What is to be as it was when it began.
struct transaction {
    uint32_t depth; // begun, and not ended
    uint16_t word_count;
    bool has_failed;
    uint64_t serial; // of sysmem's newest range
    struct heap_stats stats;
    struct persistent persistent;
    struct fixalloc_chunks span_chunks, cache_chunks, special_chunks, bits_chunks;
    struct mspan **all_spans;
    size_t all_span_capacity;
    struct {
        void *place;
        uintptr_t word;
    } words[TRANSACTION_WORDS]; // of whoever the heap serves
};

// From begin to end the caller holds heap->lock, or has stopped the world.
void transaction_begin(struct heap *heap);
// Keeps what was obtained, or gives all of it back. Nothing that failed inside is kept: a CHECK.
void transaction_end(struct heap *heap, bool keep);

// Checks T1 and T2.
bool transaction_is_valid(const struct transaction *transaction);

#endif
