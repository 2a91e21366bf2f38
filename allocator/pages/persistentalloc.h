// persistentalloc: memory that is never given back, cut from chunks of 256 KiB, charged to the
// statistic that the caller names.
//
// A chunk is charged to OtherSys when it is mapped; a block moves its bytes (header and alignment
// gap included) from OtherSys to the statistic named. Requests of 64 KiB and more get a mapping of
// their own. Each block has a header (size, metadata) in front, so that blocks can be walked. After
// Go's persistentalloc. Under the heap's lock.
#ifndef ALLOCATOR_PAGES_PERSISTENTALLOC_H
#define ALLOCATOR_PAGES_PERSISTENTALLOC_H

#include "allocator/inspect.h"

#include <stddef.h>
#include <stdint.h>

struct heap;

// Bytes that are taken from the system at once, and the request from which one has a mapping of
// its own. Go's persistentChunkSize and maxBlock.
#define PERSISTENT_CHUNK_BYTES  ((size_t)256 << 10)
#define PERSISTENT_DIRECT_BYTES ((size_t)64 << 10) // from here on: a mapping of its own

struct persistent { // of the last chunk: what nobody has taken
    uintptr_t next, end;
};

// In front of each block. Size 0: none, and none behind it in the chunk.
struct persistent_header {
    uint64_t size_bytes; // of the block, this header included
    uint64_t metadata;   // enum inspect_metadata
};

// Zeroed memory at a multiple of 16 bytes, NULL when the system gives none (nothing has changed
// then).
void *persistent_alloc(struct heap *heap, size_t size_bytes, enum inspect_metadata metadata);

// The statistic that blocks of this metadata are charged to.
uint64_t *persistent_stat(struct heap *heap, enum inspect_metadata metadata);

// The block at `position` of a chunk that ends at `end`, NULL: none.
const struct persistent_header *persistent_block(uintptr_t position, uintptr_t end);

#endif
