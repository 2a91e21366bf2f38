// validity: whether a heap, and every part of it, keeps its invariants.
//
// All is looked at, so that no order of the invariants hides one.
#include "allocator/structure.h"

#include "allocator/heap.h"
#include "allocator/pages/arena.h"
#include "allocator/pages/fixalloc.h"
#include "allocator/pages/mheap.h"
#include "allocator/pages/mspan.h"
#include "allocator/pages/palloc.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mcentral.h"
#include "allocator/spans/special_internal.h"
#include "allocator/system/sysmap.h"

static bool records_are_valid(const struct heap *heap) { // H1
    const struct fixalloc *const all[] = {&heap->span_fix, &heap->cache_fix, &heap->special_fix,
                                          &heap->bits_fix};
    bool valid = true;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        valid &= fixalloc_is_valid(all[i]);
    }
    return valid;
}

static bool lists_are_valid(const struct heap *heap) { // H1
    bool valid = true;
    for (uint32_t class = 0; class < SPAN_CLASS_COUNT; class ++) {
        valid &= mcentral_is_valid(heap, (uint8_t) class);
    }
    return valid;
}

// The pages of an arena that have a name; `fits`: they are those that are grown and taken (H4).
static size_t named_pages(const struct heap_arena *arena, bool *fits) {
    size_t named_count = 0;
    for (size_t page = 0; page < HEAP_ARENA_PAGES; page++) {
        size_t chunk = page / HEAP_CHUNK_PAGES;
        size_t word = page % HEAP_CHUNK_PAGES / 64;
        uint64_t taken =
            arena->pages.alloc_bits[chunk][word] & arena->pages.grown_bits[chunk][word];
        bool is_named = atomic_load_explicit(&arena->spans[page], memory_order_relaxed) != NULL;
        *fits &= is_named == ((taken >> (page % 64) & 1) != 0);
        named_count += is_named;
    }
    return named_count;
}

static bool is_named(const struct heap *heap, const struct mspan *span) { // H3
    bool valid = true;
    for (size_t page = 0; page < span->page_count; page++) {
        valid &= mheap_span_of(heap, span->base + page * HEAP_PAGE_BYTES) == span;
    }
    return valid;
}

static bool spans_are_valid(const struct heap *heap) {
    size_t page_count = 0;
    size_t named_count = 0;
    uint32_t unswept_count = 0;
    uint32_t generation = atomic_load_explicit(&heap->sweep_generation, memory_order_relaxed);
    bool valid = heap->all_span_count <= heap->all_span_capacity; // H2
    for (size_t i = 0; i < heap->all_span_count; i++) {
        const struct mspan *span = heap->all_spans[i];
        valid &= mspan_is_valid(span) && special_list_is_valid(span); // H1
        if (span->state != MSPAN_DEAD) {
            valid &= is_named(heap, span);
            page_count += span->page_count;
            unswept_count += (span->state == MSPAN_IN_USE) & (span->sweep_generation != generation);
        }
    }
    for (size_t slot = 0; slot < heap->palloc.arena_limit; slot++) {
        const struct heap_arena *arena =
            atomic_load_explicit(&heap->arenas[slot], memory_order_relaxed);
        named_count += arena == NULL ? 0 : named_pages(arena, &valid);
    }
    valid &= named_count == page_count; // H3: and no other page
    uint32_t counted = atomic_load_explicit(&heap->unswept_count, memory_order_relaxed);
    return valid & (unswept_count == counted); // H6
}

static bool caches_are_valid(const struct heap *heap) {
    bool valid = true;
    uint32_t limit = 0;
    for (uint32_t id = 0; id < HEAP_CACHE_MAX; id++) {
        if (heap->caches[id] != NULL) {
            valid &= mcache_is_valid(heap, heap->caches[id]); // H1
            limit = id + 1;
        } else {
            valid &= id >= heap->lowest_free_cache; // H5
        }
    }
    return valid & (limit == heap->cache_limit); // H5
}

static bool growth_is_valid(const struct heap *heap) { // H7
    return (heap->grow_next <= heap->grow_end) &
           (heap->grow_end == heap->base + heap->next_arena_slot * HEAP_ARENA_BYTES) &
           (heap->palloc.arena_limit <= heap->next_arena_slot);
}

bool heap_is_valid(const struct heap *heap) {
    bool valid = palloc_is_valid(&heap->palloc);
    valid &= sysmap_is_valid(heap->sysmem);
    valid &= transaction_is_valid(&heap->transaction);
    valid &= records_are_valid(heap);
    valid &= lists_are_valid(heap);
    valid &= spans_are_valid(heap);
    valid &= caches_are_valid(heap);
    valid &= growth_is_valid(heap);
    return valid;
}
