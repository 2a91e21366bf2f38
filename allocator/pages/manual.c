// manual: pages that the caller manages, charged to the statistic that it names; and memory
// straight from the system for the stacks of OS threads.
#include "allocator/heap.h"

#include "allocator/check.h"
#include "allocator/inspect.h"
#include "allocator/pages/mheap.h"
#include "allocator/pages/mspan.h"
#include "allocator/poison.h"
#include "allocator/size_classes.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"
#include "allocator/system/sysmem.h"
#include "allocator/system/world.h"

static uint64_t *stat_of(struct heap *heap, enum manual_stat stat) {
    switch (stat) {
    case MANUAL_STACK:
        return &heap->stats.stack_inuse_bytes;
    case MANUAL_WORKBUF:
        return &heap->stats.workbuf_inuse_bytes;
    case MANUAL_POINTER_BITS:
        return &heap->stats.pointer_bits_inuse_bytes;
    case MANUAL_OTHER:
        return &heap->stats.other_inuse_bytes;
    case MANUAL_STAT_COUNT:
        break;
    }
    check_misuse("no such statistic of manual spans", (uintptr_t)stat);
}

void *heap_alloc_manual(struct heap *heap, size_t page_count, enum manual_stat stat) {
    world_acquire(heap);
    lock_acquire(&heap->lock);
    uintptr_t base = 0;
    struct mspan *span = mheap_take_span(heap, page_count, 1, MSPAN_MANUAL, 0, stat_of(heap, stat));
    if (span != NULL) {
        span->stat = (uint8_t)stat;
        base = span->base;
        heap_unpoison(base, page_count * HEAP_PAGE_BYTES);
    }
    lock_release(&heap->lock);
    world_release(heap);
    return (void *)base;
}

void heap_free_manual(struct heap *heap, void *base, enum manual_stat stat) {
    world_acquire(heap);
    lock_acquire(&heap->lock);
    struct mspan *span = mheap_span_of(heap, (uintptr_t)base);
    if (span == NULL || span->state != MSPAN_MANUAL || span->base != (uintptr_t)base) {
        check_misuse("heap_free_manual: not the base of a manual span", (uintptr_t)base);
    }
    if (span->stat != stat) {
        check_misuse("heap_free_manual: the span is charged to another statistic", (uintptr_t)base);
    }
    heap_poison(span->base, span->page_count * HEAP_PAGE_BYTES);
    mheap_give_span(heap, span, stat_of(heap, stat));
    lock_release(&heap->lock);
    world_release(heap);
}

void *heap_map_os_stack(struct heap *heap, size_t size_bytes) {
    void *base = NULL;
    world_acquire(heap);
    lock_acquire(&heap->lock);
    if (size_bytes > 0) {
        base = sysmem_map(heap->sysmem, size_bytes, INSPECT_RANGE_OS_STACK, INSPECT_METADATA_OTHER,
                          false, &heap->stats.stack_sys_bytes);
    }
    lock_release(&heap->lock);
    world_release(heap);
    return base;
}

void heap_unmap_os_stack(struct heap *heap, void *base, size_t size_bytes) {
    world_acquire(heap);
    lock_acquire(&heap->lock);
    const struct sysmem_range *range = sysmem_range_at(heap->sysmem, (uintptr_t)base);
    if (range == NULL || range->kind != INSPECT_RANGE_OS_STACK) {
        check_misuse("heap_unmap_os_stack: no such stack", (uintptr_t)base);
    }
    if (range->size_bytes != sysmem_round_up(size_bytes)) {
        check_misuse("heap_unmap_os_stack: the stack has another size", (uintptr_t)base);
    }
    sysmem_unmap(heap->sysmem, (uintptr_t)base, &heap->stats.stack_sys_bytes);
    lock_release(&heap->lock);
    world_release(heap);
}
