// support_snapshot: everything that a heap shows of itself, as text, so that two heaps, or one at
// two moments, can be compared.
#ifndef TESTS_ALLOCATOR_SUPPORT_SNAPSHOT_H
#define TESTS_ALLOCATOR_SUPPORT_SNAPSHOT_H

#include "allocator/pages/mheap.h"
#include "allocator/spans/mcache.h"
#include "allocator/system/world.h"

// Statistics, pages, summaries, spans, metadata and ranges. The caller frees it.
char *snapshot_of(struct heap *heap);

// Fails the test when the heap differs from the snapshot, and says in which line.
void assert_snapshot(struct heap *heap, const char *snapshot);

// Fails the test when the page level contradicts itself: summaries, or Sys against the ranges.
void assert_pages_are_sound(struct heap *heap);

// Takes an in-use span back that is in no list, and has no special and no bitmap block.
void free_span(struct heap *heap, struct mspan *span);

// Sum of the memory prepared: what Sys must be.
size_t prepared_bytes(const struct heap *heap);

#endif
