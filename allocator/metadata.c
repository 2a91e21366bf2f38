// metadata: memory for the records of whoever the heap serves.
#include "allocator/heap.h"

#include "allocator/mheap.h"
#include "allocator/persistentalloc.h"

void *heap_metadata_alloc(struct heap *heap, size_t size_bytes) {
    lock_acquire(&heap->lock);
    void *memory = persistent_alloc(heap, size_bytes, INSPECT_BOOK_OTHER);
    lock_release(&heap->lock);
    return memory;
}
