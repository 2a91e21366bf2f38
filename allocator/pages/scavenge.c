// scavenge: gives idle pages back to the system, the highest addresses first.
#include "allocator/heap.h"

#include "allocator/check.h"
#include "allocator/pages/palloc.h"
#include "allocator/size_classes.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"
#include "allocator/system/sysmem.h"
#include "allocator/system/world.h"

// One run of at most `page_limit` pages below `*limit`; returns its pages. 0: none, or the system
// refused.
static size_t scavenge_run(struct heap *heap, uintptr_t *limit, size_t page_limit) {
    size_t page_count;
    uintptr_t base = palloc_find_unscavenged(&heap->palloc, *limit, page_limit, &page_count);
    if (base == 0 || !sysmem_unused(heap->sysmem, base, page_count * HEAP_PAGE_BYTES)) {
        return 0;
    }
    ASSERT(page_count > 0);
    ASSERT(page_count <= page_limit);
    ASSERT(base + page_count * HEAP_PAGE_BYTES <= *limit);
    palloc_mark_scavenged(&heap->palloc, base, page_count);
    mstats_free_subtract(heap, page_count * HEAP_PAGE_BYTES);
    heap->stats.heap_released_bytes += page_count * HEAP_PAGE_BYTES;
    *limit = base;
    return page_count;
}

size_t heap_scavenge(struct heap *heap, size_t size_bytes) {
    size_t wanted_pages = size_bytes / HEAP_PAGE_BYTES + (size_bytes % HEAP_PAGE_BYTES != 0);
    size_t done_pages = 0;
    uintptr_t limit = heap->base + HEAP_WINDOW_BYTES;
    world_acquire(heap);
    lock_acquire(&heap->lock);
    while (done_pages < wanted_pages) {
        size_t run_pages = scavenge_run(heap, &limit, wanted_pages - done_pages);
        if (run_pages == 0) {
            break;
        }
        done_pages += run_pages;
    }
    lock_release(&heap->lock);
    world_release(heap);
    return done_pages * HEAP_PAGE_BYTES;
}

size_t heap_take_idle_low(struct heap *heap) {
    world_acquire(heap);
    lock_acquire(&heap->lock);
    size_t low_bytes = heap->free_low_bytes;
    heap->free_low_bytes = heap->stats.heap_free_bytes;
    lock_release(&heap->lock);
    world_release(heap);
    return low_bytes;
}
