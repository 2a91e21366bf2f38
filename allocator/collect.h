// collect: what a collector needs of the heap: mark bits, the walk over an object's pointers, lazy
// sweep, and the record of a cycle; the cycle itself and its roots are the runtime's.
//
// Phases: off -> marking (heap_mark_begin) -> off with unswept spans (heap_mark_end) -> all swept.
// Objects allocated while marking are born marked. An allocation that needs a span sweeps before it
// grows.
#ifndef ALLOCATOR_COLLECT_H
#define ALLOCATOR_COLLECT_H

#include "allocator/heap.h"

struct finalizer; // allocator/special.h

// Finishes the last sweep, clears mark bits, turns on black allocation. World stopped by the
// caller.
void heap_mark_begin(struct heap *heap);

// Marks the object that `address` points into. True when it was allocated and not marked before;
// `object` is then filled. World stopped, or the heap's marking done by one thread.
bool heap_mark(struct heap *heap, uintptr_t address, struct heap_object *object);

// The pointer words of an object: reads the heap's pointer bits; calls `visit` with each non-zero
// word's value.
void heap_visit_pointers(struct heap *heap, const struct heap_object *object,
                         void (*visit)(void *context, uintptr_t value), void *context);

// What a mark queue that overflowed needs: `visit` for each object that is allocated, marked and
// may hold pointers, in span order. The visit may mark. World stopped by the caller.
void heap_visit_marked(struct heap *heap,
                       void (*visit)(void *context, const struct heap_object *object),
                       void *context);

// Bytes of the objects that are allocated and marked: Go's heapMarked, when marking ends. World
// stopped.
uint64_t heap_marked_bytes(const struct heap *heap);

// Ends marking: flushes caches, starts a sweep generation: every span is unswept. World stopped by
// the caller.
void heap_mark_end(struct heap *heap);
// Whether a cycle marks: between heap_mark_begin and heap_mark_end. Any thread.
bool heap_is_marking(const struct heap *heap);

// Called by sweep, with no lock of the heap's held, for each finalizer whose object has died. The
// object stays allocated (resurrected, for this cycle), its finalizer special is gone.
typedef void (*heap_finalizer_queue)(void *context, const struct finalizer *finalizer);
// Who gets them, and its first argument. NULL queue: nobody. Set before the first sweep.
void heap_set_finalizer_queue(struct heap *heap, heap_finalizer_queue queue, void *context);

// Sweeps one unswept span on behalf of `cache`'s thread; returns its pages, or 0 when none is left.
size_t heap_sweep_one(struct heap *heap, struct mcache *cache);

// Sweeps all that is left. `cache` may be NULL: the frees then count in the heap's own statistics.
void heap_sweep_finish(struct heap *heap, struct mcache *cache);
// Whether no span waits for the sweep of the last cycle. Any thread.
bool heap_is_swept(const struct heap *heap);

// The record of a cycle, kept for MemStats. After Go's memstats.pause_ns, numgc, next_gc,
// last_gc_unix.
struct gc_cycle_record {
    uint64_t pause_ns; // total stop-the-world time of this cycle
    uint64_t end_ns;   // when it ended, by the injected clock
    uint64_t next_gc_bytes;
    bool forced;
    double cpu_fraction; // of the collector, since the start
};
// Adds a cycle that has ended to MemStats: counts, pauses, LastGC, NextGC, GCCPUFraction. Any
// thread.
void heap_note_gc_cycle(struct heap *heap, const struct gc_cycle_record *record);
// Sets NextGC alone, as a change of the percentage does between two cycles. Any thread.
void heap_set_next_gc(struct heap *heap, uint64_t next_gc_bytes);

// Bytes that a collection at this moment would have to consider live: all slots of cached spans,
// the allocated slots of others, of unswept spans the marked ones. Go's heap_live, but that refill
// charges no waste behind the last object.
uint64_t heap_live_bytes(struct heap *heap);

#endif
