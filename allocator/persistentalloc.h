// persistentalloc: memory that is never given back, cut from chunks of 256 KiB, charged to the statistic that
// the caller names.
//
// A chunk is charged to OtherSys when it is mapped; a taking moves its bytes (header and alignment gap included)
// from OtherSys to the book named. Requests of 64 KiB and more get a mapping of their own. Each taking has a header
// (size, book) in front, so that takings can be walked. After Go's persistentalloc. Under the heap's lock.
#ifndef ALLOCATOR_PERSISTENTALLOC_H
#define ALLOCATOR_PERSISTENTALLOC_H

#include "allocator/inspect.h"

#include <stddef.h>
#include <stdint.h>

struct heap;

// Zeroed memory at a multiple of 16 bytes, NULL when the system gives none. `book` names the statistic; alignment 16.
void *persistent_alloc(struct heap *heap, size_t size_bytes, enum inspect_book book);

#endif
