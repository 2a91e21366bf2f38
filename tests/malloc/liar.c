// liar: a canary of the checked malloc: one object too many is said to be freed, and its check has
// to see it. cmake/malloc.cmake puts it before the true one.
#include "allocator/memstats.h"

void __real_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats);

void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats) {
    __real_heap_read_memstats(heap, stats);
    stats->Frees++;
    stats->HeapObjects--;
    stats->BySize[5].Frees++;
}
