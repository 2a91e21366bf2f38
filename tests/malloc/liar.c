// liar: canaries of the checked malloc: the environment's LIE says that one object too many was
// freed, or hides the spans that caches keep; its check has to see either.
//
// cmake/malloc.cmake puts these functions before the true ones.
#include "allocator/memstats.h"
#include "malloc/retained.h"

#include <stdlib.h>
#include <string.h>

void __real_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __real_retained_visit(uint32_t cache_id, void (*visit)(void *, const struct mspan *),
                           void *context);
void __wrap_retained_visit(uint32_t cache_id, void (*visit)(void *, const struct mspan *),
                           void *context);

static bool lies(const char *about) {
    const char *lie = getenv("LIE");
    return lie != NULL && strcmp(lie, about) == 0;
}

void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats) {
    __real_heap_read_memstats(heap, stats);
    if (lies("frees")) {
        stats->Frees++;
        stats->HeapObjects--;
        stats->BySize[5].Frees++;
    }
}

void __wrap_retained_visit(uint32_t cache_id, void (*visit)(void *, const struct mspan *),
                           void *context) {
    if (!lies("places")) {
        __real_retained_visit(cache_id, visit, context);
    }
}
