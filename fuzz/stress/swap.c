// swap: caches that come and go while others read the statistics.
#include "fuzz/stress/state.h"

#include "oracle/go/state/class.h"

#define SWAPS          256
#define PASSED_OBJECTS 256

static void allocate_and_free(struct worker *worker, struct mcache *from, struct mcache *into,
                              size_t size_bytes) {
    void *object = heap_alloc(worker->crew->heap, from, size_bytes, NULL, 0);
    if (object != NULL) {
        (void)heap_free(worker->crew->heap, into, object);
        ledger_malloc(&worker->ledger, go_class_of(size_bytes), size_bytes);
        ledger_free(&worker->ledger, go_class_of(size_bytes), size_bytes);
    }
}

// Allocates from the one cache and frees from the other: who adds up caches one after the other,
// while this goes on, sees more frees than allocations.
static void pass_objects(struct worker *worker, struct mcache *cache) {
    bool is_first = heap_cache_id(cache) < heap_cache_id(worker->cache);
    for (size_t i = 0; i < PASSED_OBJECTS; i++) {
        allocate_and_free(worker, is_first ? cache : worker->cache,
                          is_first ? worker->cache : cache, go_class_bytes[1 + i % 8]);
    }
}

// Many in a row, past the runtime and its lock, so that several workers give one up at a time; each
// leaves counts behind. Who reads the statistics meanwhile sees at most one object of this worker.
void worker_swap_caches(struct worker *worker) {
    struct heap *heap = worker->crew->heap;
    for (size_t i = 0; i < SWAPS; i++) {
        struct mcache *cache = heap_acquire_cache(heap);
        if (cache != NULL) {
            allocate_and_free(worker, cache, cache, go_class_bytes[1 + i % 8]);
            if (i % (SWAPS / 4) == 0 && worker->cache != NULL) {
                pass_objects(worker, cache);
            }
            heap_release_cache(heap, cache);
        }
    }
    atomic_fetch_sub(&worker->crew->swapping_count, 1);
}

void crew_use_own_cache(struct crew *crew) {
    void *objects[64];
    for (size_t i = 0; i < 64; i++) {
        objects[i] = heap_alloc(crew->heap, crew->cache, 1 + i * 40, NULL, 0);
    }
    for (size_t i = 0; i < 64; i++) {
        if (objects[i] != NULL) {
            size_t element_bytes = heap_usable_bytes(crew->heap, objects[i]);
            uint8_t class = go_class_of(1 + i * 40);
            ledger_malloc(&crew->collected, class, element_bytes);
            ledger_free(&crew->collected, class, element_bytes);
            (void)heap_free(crew->heap, crew->cache, objects[i]);
        }
    }
    (void)heap_scavenge(crew->heap, SIZE_MAX);
}
