// extend: grows a large object where it is, over the free pages behind it. Nothing is copied.
#include "malloc/extend.h"

#include "allocator/check.h"

static bool is_free(const struct heap *heap, uintptr_t base) {
    size_t page = (base - heap->base) / HEAP_PAGE_BYTES;
    size_t slot = page / HEAP_ARENA_PAGES;
    const struct palloc_arena *arena = slot < HEAP_ARENA_COUNT ? heap->palloc.arenas[slot] : NULL;
    size_t word = page % HEAP_ARENA_PAGES / 64; // of the arena
    return arena != NULL &&
           (arena->alloc_bits[word / PALLOC_CHUNK_WORDS][word % PALLOC_CHUNK_WORDS] >> (page % 64) &
            1) == 0;
}

// Free pages from `base` on, up to `page_count`.
static size_t count_free(const struct heap *heap, uintptr_t base, size_t page_count) {
    size_t count = 0;
    while (count < page_count && is_free(heap, base + count * HEAP_PAGE_BYTES)) {
        count++;
    }
    return count;
}

// Free pages behind the span; the heap grows when they end where it does.
static bool find_pages(struct heap *heap, uintptr_t base, size_t page_count) {
    size_t count = count_free(heap, base, page_count);
    if (count < page_count && base + count * HEAP_PAGE_BYTES == heap->grow_next &&
        mheap_grow(heap, page_count - count)) {
        count = count_free(heap, base, page_count);
    }
    return count == page_count;
}

static void take(struct heap *heap, struct mspan *span, uintptr_t base, size_t page_count) {
    size_t scavenged_count = palloc_take(&heap->palloc, base, page_count);
    mheap_charge_pages(heap, page_count, scavenged_count, &heap->stats.heap_inuse_bytes);
    mheap_name_pages(heap, base, page_count, span);
    span->page_count += (uint32_t)page_count;
    span->element_bytes = span->page_count * HEAP_PAGE_BYTES;
    span->needzero = span->needzero || scavenged_count != page_count;
}

bool extend_large(struct heap *heap, struct mcache *cache, struct mspan *span, size_t size_bytes) {
    CHECK(mspan_is_large(span));
    CHECK(size_bytes > span->element_bytes);
    if (size_bytes > HEAP_WINDOW_BYTES) {
        return false;
    }
    size_t page_count = (size_bytes + HEAP_PAGE_BYTES - 1) / HEAP_PAGE_BYTES - span->page_count;
    world_enter(heap, cache);
    lock_acquire(&heap->lock);
    uintptr_t base = span->base + span->element_bytes;
    bool found = find_pages(heap, base, page_count);
    if (found) {
        take(heap, span, base, page_count);
        mstats_live_add(heap, page_count * HEAP_PAGE_BYTES);
        stat_add(&cache->stats.large_alloc_bytes, page_count * HEAP_PAGE_BYTES);
    }
    lock_release(&heap->lock);
    world_leave(cache);
    return found;
}
