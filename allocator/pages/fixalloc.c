// fixalloc: blocks of one size, cut from 16 KiB chunks of the persistent allocator, with a free
// list.
#include "allocator/pages/fixalloc.h"

#include "allocator/check.h"
#include "allocator/inspect.h"
#include "allocator/pages/persistentalloc.h"

#include <string.h>

void fixalloc_init(struct fixalloc *fix, size_t block_bytes, enum inspect_metadata metadata) {
    size_t rounded_bytes = (block_bytes + 15) / 16 * 16;
    CHECK(rounded_bytes >= sizeof(struct fixalloc_block));
    CHECK(rounded_bytes <= FIXALLOC_CHUNK_BYTES);
    *fix = (struct fixalloc){.block_bytes = rounded_bytes, .metadata = metadata};
}

bool fixalloc_is_ready(const struct fixalloc *fix) {
    return fix->free_list != NULL || fix->chunks.left >= fix->block_bytes;
}

bool fixalloc_reserve(struct heap *heap, struct fixalloc *fix) {
    if (fixalloc_is_ready(fix)) {
        return true;
    }
    void *chunk = persistent_alloc(heap, FIXALLOC_CHUNK_BYTES, fix->metadata);
    if (chunk == NULL) {
        return false;
    }
    fix->chunks.next = (uintptr_t)chunk;
    fix->chunks.left = FIXALLOC_CHUNK_BYTES;
    fix->chunks.count++;
    ASSERT_SLOW(fixalloc_is_valid(fix));
    return true;
}

void *fixalloc_alloc(struct heap *heap, struct fixalloc *fix, bool *first) {
    if (!fixalloc_reserve(heap, fix)) {
        return NULL;
    }
    struct fixalloc_block *block = fix->free_list;
    if (first != NULL) {
        *first = block == NULL;
    }
    if (block != NULL) {
        fix->free_list = block->next;
        memset(block, 0, fix->block_bytes);
    } else {
        block = (struct fixalloc_block *)fix->chunks.next;
        fix->chunks.next += fix->block_bytes;
        fix->chunks.left -= fix->block_bytes;
    }
    fix->inuse_bytes += fix->block_bytes;
    ASSERT((uintptr_t)block % 16 == 0);
    return block;
}

void fixalloc_free(struct fixalloc *fix, void *block) {
    struct fixalloc_block *freed = block;
    ASSERT(freed != NULL);
    ASSERT((uintptr_t)freed % 16 == 0);
    ASSERT(freed != fix->free_list);
    CHECK(fix->inuse_bytes >= fix->block_bytes);
    freed->next = fix->free_list;
    fix->free_list = freed;
    fix->inuse_bytes -= fix->block_bytes;
}

// ---- validity: all is looked at, so that no order of the invariants hides one

static size_t free_count(const struct fixalloc *fix, size_t limit) {
    size_t count = 0;
    const struct fixalloc_block *at = fix->free_list;
    while ((at != NULL) & (count <= limit)) { // no ring is walked for ever
        at = at->next;
        count++;
    }
    return count;
}

bool fixalloc_is_valid(const struct fixalloc *fix) {
    bool fits = (fix->block_bytes >= sizeof(struct fixalloc_block)) & (fix->block_bytes % 16 == 0) &
                (fix->block_bytes <= FIXALLOC_CHUNK_BYTES); // F1: what follows divides by it
    if (!fits) {
        return false;
    }
    size_t last_bytes = fix->chunks.count > 0 ? FIXALLOC_CHUNK_BYTES : 0;
    size_t all_count = fix->chunks.count * (FIXALLOC_CHUNK_BYTES / fix->block_bytes);
    size_t made_count = all_count - fix->chunks.left / fix->block_bytes;
    size_t used_count = fix->inuse_bytes / fix->block_bytes;
    bool valid = fix->chunks.left <= last_bytes; // F2
    valid &= fix->inuse_bytes % fix->block_bytes == 0;
    valid &= used_count + free_count(fix, made_count) == made_count; // F3
    return valid;
}
