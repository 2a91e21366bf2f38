// mheap: the page heap: spans of pages, where they come from and where they go.
//
// It hands out whole spans and takes them back, keeps address -> span, grows by chunks of 4 MiB,
// and moves the statistics of pages. Objects are the business of malloc.c. After Go's mheap.go.
#ifndef ALLOCATOR_PAGES_MHEAP_H
#define ALLOCATOR_PAGES_MHEAP_H

#include "allocator/pages/mspan.h"
#include "allocator/pages/mstats.h"
#include "allocator/structure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- spans of pages (mheap.c). Each takes heap->lock itself.

// A span in use of `page_count` pages at a multiple of `align_pages` (a power of two up to an
// arena; 0, 1: any), its base, page_count, span_class, sweep_generation (swept) and needzero set
// and every page of it named in the page table; no object fields, no bitmaps yet. Charges
// heap_inuse. When its class needs a block of bitmaps, the next fixalloc_alloc of bits_fix
// succeeds, unless another thread comes between. Under ASan its memory is poisoned. NULL: no
// memory, nothing changed.
struct mspan *mheap_alloc_span(struct heap *heap, size_t page_count, size_t align_pages,
                               uint8_t span_class);

// The span that `address` lies in (in use or manual), NULL: none. Any thread, no lock.
static inline struct mspan *mheap_span_of(const struct heap *heap, uintptr_t address) {
    uintptr_t offset = address - heap->base;
    if (offset >= HEAP_WINDOW_BYTES) {
        return NULL;
    }
    const struct heap_arena *arena =
        atomic_load_explicit(&heap->arenas[offset / HEAP_ARENA_BYTES], memory_order_acquire);
    if (arena == NULL) {
        return NULL;
    }
    size_t page = offset % HEAP_ARENA_BYTES / HEAP_PAGE_BYTES;
    return atomic_load_explicit(&arena->spans[page], memory_order_acquire);
}

// The arena's pointer bits of `address`: word pointer and bit index. After Go's heapBits.
uint64_t *mheap_pointer_bits(const struct heap *heap, uintptr_t address, unsigned *bit);

// ---- what mcentral, manual and grow share with mheap. heap->lock is held.

// As mheap_alloc_span, of either state, charged to `stat`; a manual span has class 0.
struct mspan *mheap_take_span(struct heap *heap, size_t page_count, size_t align_pages,
                              enum mspan_state state, uint8_t span_class, uint64_t *stat);
// Takes all pages of the span out of `stat` into idle, and frees its structure. Nobody may use it
// or stand on it.
void mheap_give_span(struct heap *heap, struct mspan *span, uint64_t *stat);

// Moves pages from idle to `stat`.
void mheap_charge_pages(struct heap *heap, size_t page_count, size_t scavenged_count,
                        uint64_t *stat);

// Names `named` (NULL: nobody) as the span of each of these pages.
void mheap_name_pages(struct heap *heap, uintptr_t base, size_t page_count, struct mspan *named);

// Grows the arenas by at least `page_count` pages, which are free and scavenged then. False: no
// memory; the caller's transaction gives back what it had obtained. (grow.c)
bool mheap_grow(struct heap *heap, size_t page_count);

#endif
