// persistentalloc: memory that is never given back, cut from chunks of 256 KiB, charged to the
// statistic that the caller names.
#include "allocator/pages/persistentalloc.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/inspect.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"
#include "allocator/system/sysmem.h"
#include "allocator/system/world.h"

#define ALIGN_BYTES ((size_t)16)

_Static_assert(sizeof(struct persistent_header) == ALIGN_BYTES, "a header keeps the alignment");

uint64_t *persistent_stat(struct heap *heap, enum inspect_metadata metadata) {
    switch (metadata) {
    case INSPECT_METADATA_MSPAN:
        return &heap->stats.mspan_sys_bytes;
    case INSPECT_METADATA_MCACHE:
        return &heap->stats.mcache_sys_bytes;
    case INSPECT_METADATA_BUCKHASH:
        return &heap->stats.buckhash_sys_bytes;
    case INSPECT_METADATA_GC:
        return &heap->stats.gc_misc_sys_bytes;
    case INSPECT_METADATA_OTHER:
    case INSPECT_METADATA_COUNT:
        break;
    }
    CHECK_EQUAL(metadata, INSPECT_METADATA_OTHER);
    return &heap->stats.other_sys_bytes;
}

static bool new_chunk(struct heap *heap) {
    void *chunk = sysmem_map(heap->sysmem, PERSISTENT_CHUNK_BYTES, INSPECT_RANGE_PERSISTENT,
                             INSPECT_METADATA_OTHER, true, &heap->stats.other_sys_bytes);
    if (chunk == NULL) {
        return false;
    }
    heap->persistent.next = (uintptr_t)chunk;
    heap->persistent.end = heap->persistent.next + PERSISTENT_CHUNK_BYTES;
    return true;
}

void *persistent_alloc(struct heap *heap, size_t size_bytes, enum inspect_metadata metadata) {
    uint64_t *stat = persistent_stat(heap, metadata);
    if (sysmem_refuses_metadata(heap->sysmem)) {
        return NULL;
    }
    if (size_bytes >= PERSISTENT_DIRECT_BYTES) {
        return sysmem_map(heap->sysmem, size_bytes, INSPECT_RANGE_DIRECT, metadata, false, stat);
    }
    size_t taken_bytes = sizeof(struct persistent_header) +
                         (size_bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
    if (heap->persistent.end - heap->persistent.next < taken_bytes && !new_chunk(heap)) {
        return NULL;
    }
    struct persistent_header *header = (struct persistent_header *)heap->persistent.next;
    *header = (struct persistent_header){.size_bytes = taken_bytes, .metadata = metadata};
    heap->persistent.next += taken_bytes;
    ASSERT(heap->persistent.next <= heap->persistent.end);
    ASSERT((uintptr_t)(header + 1) % ALIGN_BYTES == 0);
    heap->stats.other_sys_bytes -= taken_bytes;
    *stat += taken_bytes;
    return header + 1;
}

const struct persistent_header *persistent_block(uintptr_t position, uintptr_t end) {
    const struct persistent_header *header = (const struct persistent_header *)position;
    ASSERT(position <= end);
    return end - position < sizeof(*header) || header->size_bytes == 0 ? NULL : header;
}

void *heap_metadata_alloc(struct heap *heap, size_t size_bytes) {
    world_acquire(heap);
    lock_acquire(&heap->lock);
    void *memory = persistent_alloc(heap, size_bytes, INSPECT_METADATA_OTHER);
    lock_release(&heap->lock);
    world_release(heap);
    return memory;
}
