// transaction: takes back what a failed operation obtained, and several things obtained as one.
#include "allocator/pages/transaction.h"

#include "allocator/heap.h"
#include "allocator/pages/persistentalloc.h"
#include "allocator/structure.h"
#include "allocator/system/sysmem.h"

#include <string.h>

void heap_undo_begin(const struct heap *heap, struct heap_undo *undo) {
    *undo = (struct heap_undo){
        .stats = heap->stats,
        .persistent = heap->persistent,
        .span_fix = heap->span_fix,
        .cache_fix = heap->cache_fix,
        .special_fix = heap->special_fix,
        .bits_fix = heap->bits_fix,
        .all_spans = heap->all_spans,
        .all_span_count = heap->all_span_count,
        .all_span_capacity = heap->all_span_capacity,
        .serial = heap->sysmem->serial,
    };
}

void heap_undo(struct heap *heap, const struct heap_undo *undo) {
    const struct persistent_header *block;
    uintptr_t position = undo->persistent.next;
    while ((block = persistent_block(position, undo->persistent.end)) != NULL) {
        size_t taken_bytes = block->size_bytes;
        memset((void *)position, 0, taken_bytes);
        position += taken_bytes;
    }
    sysmem_rollback(heap->sysmem, undo->serial);
    heap->stats = undo->stats;
    heap->persistent = undo->persistent;
    heap->span_fix = undo->span_fix;
    heap->cache_fix = undo->cache_fix;
    heap->special_fix = undo->special_fix;
    heap->bits_fix = undo->bits_fix;
    heap->all_spans = undo->all_spans;
    heap->all_span_count = undo->all_span_count;
    heap->all_span_capacity = undo->all_span_capacity;
}

void heap_begin_transaction(struct heap *heap) {
    heap_stop_world(heap);
    heap_undo_begin(heap, &heap->transaction);
}

void heap_end_transaction(struct heap *heap, bool keep) {
    if (!keep) {
        heap_undo(heap, &heap->transaction);
    }
    heap_start_world(heap);
}
