// mheap: spans of pages: handed out, taken back, and found by address.
#include "allocator/pages/mheap.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/inspect.h"
#include "allocator/pages/arena.h"
#include "allocator/pages/fixalloc.h"
#include "allocator/pages/mspan.h"
#include "allocator/pages/mstats.h"
#include "allocator/pages/palloc.h"
#include "allocator/pages/transaction.h"
#include "allocator/size_classes.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"
#include "allocator/system/sysmem.h"

#include <string.h>

#define FIRST_SPAN_CAPACITY (SYSMEM_UNIT_BYTES / sizeof(struct mspan *))

// ---- address -> span

// The address lies in an arena.
static struct heap_arena *arena_of(const struct heap *heap, uintptr_t address) {
    uintptr_t offset = address - heap->base;
    ASSERT(offset < HEAP_WINDOW_BYTES);
    return atomic_load_explicit(&heap->arenas[offset / HEAP_ARENA_BYTES], memory_order_acquire);
}

uint64_t *mheap_pointer_bits(const struct heap *heap, uintptr_t address, unsigned *bit) {
    struct heap_arena *arena = arena_of(heap, address);
    ASSERT(arena != NULL);
    uintptr_t word = address % HEAP_ARENA_BYTES / sizeof(uint64_t);
    *bit = (unsigned)(word % 64);
    return &arena->pointer_bits[word / 64];
}

void mheap_name_pages(struct heap *heap, uintptr_t base, size_t page_count, struct mspan *named) {
    uintptr_t end = base + page_count * HEAP_PAGE_BYTES;
    while (base < end) {
        struct heap_arena *arena = arena_of(heap, base);
        uintptr_t border = base - base % HEAP_ARENA_BYTES + HEAP_ARENA_BYTES;
        uintptr_t part_end = border < end ? border : end;
        size_t page = base % HEAP_ARENA_BYTES / HEAP_PAGE_BYTES;
        for (; base < part_end; base += HEAP_PAGE_BYTES) {
            atomic_store_explicit(&arena->spans[page++], named, memory_order_release);
        }
    }
}

// ---- spans

// Room in all_spans for one more. The old array lives on until the caller unmaps it.
static bool reserve_span_entry(struct heap *heap) {
    if (heap->all_span_count < heap->all_span_capacity) {
        return true;
    }
    size_t capacity =
        heap->all_span_capacity == 0 ? FIRST_SPAN_CAPACITY : 2 * heap->all_span_capacity;
    struct mspan **bigger =
        sysmem_map(heap->sysmem, capacity * sizeof(struct mspan *), INSPECT_RANGE_DIRECT,
                   INSPECT_METADATA_OTHER, true, &heap->stats.other_sys_bytes);
    if (bigger == NULL) {
        return false;
    }
    if (heap->all_span_count > 0) {
        memcpy(bigger, heap->all_spans, heap->all_span_count * sizeof(struct mspan *));
    }
    heap->all_spans = bigger;
    heap->all_span_capacity = capacity;
    return true;
}

// What a span is to be made of.
struct request {
    size_t page_count, align_pages;
    bool needs_block; // of bitmaps
};

// Whether the metadata that one more span needs is at hand.
static bool has_metadata(const struct heap *heap, const struct request *request) {
    return fixalloc_is_ready(&heap->span_fix) &&
           (!request->needs_block || fixalloc_is_ready(&heap->bits_fix)) &&
           heap->all_span_count < heap->all_span_capacity;
}

static bool reserve_metadata(struct heap *heap, const struct request *request) {
    return fixalloc_reserve(heap, &heap->span_fix) &&
           (!request->needs_block || fixalloc_reserve(heap, &heap->bits_fix)) &&
           reserve_span_entry(heap);
}

// Takes the pages; all that can fail is done before they are taken. 0: no memory, nothing changed.
static uintptr_t take_growing(struct heap *heap, const struct request *request,
                              size_t *scavenged_count) {
    struct mspan **old_spans = heap->all_spans;
    uintptr_t base = 0;
    transaction_begin(heap);
    if (reserve_metadata(heap, request)) {
        base =
            palloc_alloc(&heap->palloc, request->page_count, request->align_pages, scavenged_count);
        if (base == 0 && mheap_grow(heap, request->page_count + request->align_pages - 1)) {
            base = palloc_alloc(&heap->palloc, request->page_count, request->align_pages,
                                scavenged_count);
            CHECK(base != 0);
        }
    }
    transaction_end(heap, base != 0);
    if (base != 0 && old_spans != heap->all_spans && old_spans != NULL) {
        sysmem_unmap(heap->sysmem, (uintptr_t)old_spans, &heap->stats.other_sys_bytes);
    }
    return base;
}

static uintptr_t take_pages(struct heap *heap, const struct request *request,
                            size_t *scavenged_count) {
    uintptr_t base = 0;
    if (has_metadata(heap, request)) {
        base =
            palloc_alloc(&heap->palloc, request->page_count, request->align_pages, scavenged_count);
    }
    return base != 0 ? base : take_growing(heap, request, scavenged_count);
}

void mheap_charge_pages(struct heap *heap, size_t page_count, size_t scavenged_count,
                        uint64_t *stat) {
    heap->stats.heap_released_bytes -= scavenged_count * HEAP_PAGE_BYTES;
    mstats_free_subtract(heap, (page_count - scavenged_count) * HEAP_PAGE_BYTES);
    *stat += page_count * HEAP_PAGE_BYTES;
}

static struct mspan *new_structure(struct heap *heap) {
    bool first;
    struct mspan *span = fixalloc_alloc(heap, &heap->span_fix, &first);
    CHECK(span != NULL);
    if (first) {
        heap->all_spans[heap->all_span_count++] = span;
    }
    heap->stats.mspan_inuse_bytes += heap->span_fix.block_bytes;
    return span;
}

struct mspan *mheap_take_span(struct heap *heap, size_t page_count, size_t align_pages,
                              enum mspan_state state, uint8_t span_class, uint64_t *stat) {
    struct request request = {.page_count = page_count,
                              .align_pages = align_pages == 0 ? 1 : align_pages,
                              .needs_block =
                                  state == MSPAN_IN_USE && mspan_needs_block(span_class)};
    size_t scavenged_count = 0;
    CHECK((request.align_pages & (request.align_pages - 1)) == 0);
    CHECK(request.align_pages <= HEAP_ARENA_PAGES);
    if (page_count == 0 || page_count > HEAP_WINDOW_BYTES / HEAP_PAGE_BYTES ||
        sysmem_refuses_pages(heap->sysmem)) {
        return NULL;
    }
    uintptr_t base = take_pages(heap, &request, &scavenged_count);
    if (base == 0) {
        return NULL;
    }
    struct mspan *span = new_structure(heap);
    span->base = base;
    span->page_count = (uint32_t)page_count;
    span->span_class = span_class;
    span->state = (uint8_t)state;
    span->needzero = scavenged_count != page_count;
    span->sweep_generation = atomic_load_explicit(&heap->sweep_generation, memory_order_relaxed);
    mheap_charge_pages(heap, page_count, scavenged_count, stat);
    mheap_name_pages(heap, base, page_count, span);
    ASSERT(mheap_span_of(heap, base + (page_count - 1) * HEAP_PAGE_BYTES) == span);
    ASSERT(span->list == MSPAN_LIST_NONE);
    return span;
}

void mheap_give_span(struct heap *heap, struct mspan *span, uint64_t *stat) {
    size_t size_bytes = span->page_count * HEAP_PAGE_BYTES;
    ASSERT(mheap_span_of(heap, span->base) == span);
    ASSERT(span->list == MSPAN_LIST_NONE);
    ASSERT(mspan_owner(span) == MSPAN_OWNER_NONE);
    ASSERT(!mspan_has_specials(span));
    mheap_name_pages(heap, span->base, span->page_count, NULL);
    palloc_free(&heap->palloc, span->base, span->page_count);
    heap->stats.heap_free_bytes += size_bytes;
    *stat -= size_bytes;
    memset(span, 0, sizeof(*span));
    fixalloc_free(&heap->span_fix, span);
    heap->stats.mspan_inuse_bytes -= heap->span_fix.block_bytes;
}

struct mspan *mheap_alloc_span(struct heap *heap, size_t page_count, size_t align_pages,
                               uint8_t span_class) {
    lock_acquire(&heap->lock);
    struct mspan *span = mheap_take_span(heap, page_count, align_pages, MSPAN_IN_USE, span_class,
                                         &heap->stats.heap_inuse_bytes);
    lock_release(&heap->lock);
    return span;
}
