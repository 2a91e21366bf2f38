// metadata: memory for the records of whoever the heap serves, and several things obtained as one.
#include "allocator/heap.h"

#include "allocator/pages/mheap.h"
#include "allocator/pages/persistentalloc.h"

void *heap_metadata_alloc(struct heap *heap, size_t size_bytes) {
    world_acquire(heap);
    lock_acquire(&heap->lock);
    void *memory = persistent_alloc(heap, size_bytes, INSPECT_BOOK_OTHER);
    lock_release(&heap->lock);
    world_release(heap);
    return memory;
}

void heap_begin_attempt(struct heap *heap) {
    heap_stop_world(heap);
    heap_undo_begin(heap, &heap->attempt);
}

void heap_end_attempt(struct heap *heap, bool keep) {
    if (!keep) {
        heap_undo(heap, &heap->attempt);
    }
    heap_start_world(heap);
}
