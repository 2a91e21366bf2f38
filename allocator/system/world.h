// world: keeps the world from being stopped while a call is inside the heap, at almost no cost.
//
// Each heap call of a cache's owner is wrapped in world_enter and world_leave; each call that has
// no cache, in world_acquire and world_release. Stopping itself is heap.h's.
//
// An example: owner O enters by its cache while S stops the world. Each stores, then loads:
//   O: inside = 1, then reads stopping          S: stopping = 1, barrier, then reads inside
// By plain stores each might read the other's old 0, and both would go on. membarrier(), where
// there is one (fence_free), has O pass a barrier between its two, so that O only keeps the
// compiler from changing their order; else all four are seq_cst. Then one sees the other: S sees
// inside 1, and waits until world_leave stores 0, with release, so that S sees all that O did; or
// O sees stopping 1, and world_wait steps out and waits for S.
#ifndef ALLOCATOR_SYSTEM_WORLD_H
#define ALLOCATOR_SYSTEM_WORLD_H

#include "allocator/spans/mcache.h"
#include "allocator/structure.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

// Slow path of world_enter: the world is stopped, or being stopped. Returns at once when by this
// thread.
void world_wait(struct heap *heap);

// Keeps others from stopping the world; waits while another thread has it. Nests on one thread. A
// thread that is inside a call of a cache does not hold up the stopper that it waits for.
void world_acquire(struct heap *heap);
// Undoes one world_acquire of this thread.
void world_release(struct heap *heap);

// Its address is the thread's identity, see world_self(); nobody reads its value.
extern _Thread_local char world_thread;

// The calling thread's identity; never 0.
static inline uintptr_t world_self(void) {
    return (uintptr_t)&world_thread;
}

// Enters the heap on behalf of `cache`; NULL cache: the caller holds what it needs. Nests.
//
// The stopper sets `stopping` and then reads `inside`; the owner sets `inside` and then reads
// `stopping`: one of them sees the other, because the stopper's membarrier stands between for both,
// or without it because all four are sequentially consistent. In the same way the stopper reads
// `thread`, which an owner that follows another sets before: a stopper that finds itself in all
// caches needs no membarrier, since whoever comes now sees `stopping`.
static inline void world_enter(struct heap *heap, struct mcache *cache) {
    if (cache == NULL) {
        return;
    }
    uint32_t depth = atomic_load_explicit(&cache->inside, memory_order_relaxed);
    if (depth > 0) {
        atomic_store_explicit(&cache->inside, depth + 1, memory_order_relaxed);
        return;
    }
    if (atomic_load_explicit(&cache->thread, memory_order_relaxed) != world_self()) {
        atomic_store_explicit(&cache->thread, world_self(), memory_order_seq_cst);
    }
    if (heap->fence_free) {
        atomic_store_explicit(&cache->inside, 1, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
    } else {
        atomic_store_explicit(&cache->inside, 1, memory_order_seq_cst);
    }
    if (atomic_load_explicit(&heap->stopping, memory_order_seq_cst) != 0) {
        world_wait(heap);
    }
}

// Leaves the heap; of nested calls, the outermost lets a stopper go on. NULL: nothing.
static inline void world_leave(struct mcache *cache) {
    if (cache != NULL) {
        uint32_t depth = atomic_load_explicit(&cache->inside, memory_order_relaxed);
        atomic_store_explicit(&cache->inside, depth - 1, memory_order_release);
    }
}

#endif
