// extend: grows a large object where it is, over the free pages behind it. Nothing is copied.
#ifndef MALLOC_EXTEND_H
#define MALLOC_EXTEND_H

#include "allocator/pages/mheap.h"
#include "allocator/spans/mcache.h"
#include "allocator/system/world.h"

// Makes the large object's span long enough for `size_bytes`, more than it has. It stays one
// object: TotalAlloc moves by what it gains, Mallocs does not. False: somebody has the pages behind
// it, or there is no memory; nothing changed but that the heap may have grown.
bool extend_large(struct heap *heap, struct mcache *cache, struct mspan *span, size_t size_bytes);

#endif
