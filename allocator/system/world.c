// world: stopping all threads that use the heap, at no cost to those that do not stop.
//
// An owner says in its cache that it is inside a call; the stopper raises a flag, lets every thread
// of the process pass a barrier, and waits until nobody else is inside. Where no other thread is an
// owner, it need not. Calls that have no cache hold world_lock for their time, which the stopper
// has.
#include "allocator/system/world.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/spans/mcache.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"
#include "allocator/system/sysmem.h"

#include <sched.h>

_Thread_local char world_thread;

static bool owned_by_self(const struct heap *heap) {
    return atomic_load_explicit(&heap->world_owner, memory_order_relaxed) == world_self();
}

// Depth of heap calls in the cache; `by_self`: made by this thread.
static uint32_t depth_of(const struct mcache *cache, bool *by_self) {
    uint32_t depth = atomic_load_explicit(&cache->inside, memory_order_seq_cst);
    *by_self = atomic_load_explicit(&cache->thread, memory_order_relaxed) == world_self();
    return depth;
}

// ---- waiting for a stopper

// Steps out of the calls that this thread is inside of, so that nobody waits for it.
static void park(struct heap *heap) {
    lock_acquire(&heap->lock);
    for (uint32_t id = 0; id < heap->cache_limit; id++) {
        struct mcache *cache = heap->caches[id];
        bool by_self = false;
        uint32_t depth = cache == NULL ? 0 : depth_of(cache, &by_self);
        if (depth > 0 && by_self) {
            cache->parked_depth = depth;
            atomic_store_explicit(&cache->inside, 0, memory_order_release);
        }
    }
    lock_release(&heap->lock);
}

// Steps back in. The world's lock is held, so that nobody is stopping it.
static void unpark(struct heap *heap) {
    lock_acquire(&heap->lock);
    for (uint32_t id = 0; id < heap->cache_limit; id++) {
        struct mcache *cache = heap->caches[id];
        if (cache != NULL && cache->parked_depth > 0 &&
            atomic_load_explicit(&cache->thread, memory_order_relaxed) == world_self()) {
            atomic_store_explicit(&cache->inside, cache->parked_depth, memory_order_relaxed);
            cache->parked_depth = 0;
        }
    }
    lock_release(&heap->lock);
}

void world_acquire(struct heap *heap) {
    if (!owned_by_self(heap)) {
        if (!lock_try(&heap->world_lock)) {
            park(heap);
            lock_acquire(&heap->world_lock);
            unpark(heap);
        }
        atomic_store_explicit(&heap->world_owner, world_self(), memory_order_relaxed);
    }
    heap->hold_depth++;
}

void world_release(struct heap *heap) {
    CHECK(owned_by_self(heap));
    heap->hold_depth--;
    if (heap->hold_depth == 0) {
        atomic_store_explicit(&heap->world_owner, 0, memory_order_relaxed);
        lock_release(&heap->world_lock);
    }
}

void world_wait(struct heap *heap) {
    if (!owned_by_self(heap)) {
        world_acquire(heap);
        world_release(heap);
    }
}

// ---- stopping

static bool somebody_else_is_inside(struct heap *heap) {
    bool found = false;
    lock_acquire(&heap->lock);
    for (uint32_t id = 0; id < heap->cache_limit && !found; id++) {
        bool by_self = false;
        found = heap->caches[id] != NULL && depth_of(heap->caches[id], &by_self) > 0 && !by_self;
    }
    lock_release(&heap->lock);
    return found;
}

// Whether no other thread was the last in any cache.
static bool is_alone(struct heap *heap) {
    bool alone = true;
    lock_acquire(&heap->lock);
    for (uint32_t id = 0; id < heap->cache_limit && alone; id++) {
        const struct mcache *cache = heap->caches[id];
        alone = cache == NULL ||
                atomic_load_explicit(&cache->thread, memory_order_seq_cst) == world_self();
    }
    lock_release(&heap->lock);
    return alone;
}

void heap_stop_world(struct heap *heap) {
    world_acquire(heap);
    heap->stop_depth++;
    if (heap->stop_depth > 1) {
        return;
    }
    atomic_store_explicit(&heap->stopping, 1, memory_order_seq_cst);
    if (is_alone(heap)) {
        return;
    }
    if (heap->fence_free) {
        sysmem_barrier();
    }
    while (somebody_else_is_inside(heap)) {
        (void)sched_yield();
    }
}

void heap_start_world(struct heap *heap) {
    if (!owned_by_self(heap) || heap->stop_depth == 0) {
        check_misuse("heap_start_world: this thread has not stopped the world", (uintptr_t)heap);
    }
    heap->stop_depth--;
    if (heap->stop_depth == 0) {
        atomic_store_explicit(&heap->stopping, 0, memory_order_release);
    }
    world_release(heap);
}

bool heap_is_waiting(struct heap *heap, const struct mcache *cache) {
    lock_acquire(&heap->lock);
    bool is_waiting = cache->parked_depth > 0;
    lock_release(&heap->lock);
    return is_waiting;
}

// ---- fork

// Nobody is inside a call then, and nobody holds a lock that a call without a cache takes.
void heap_fork_prepare(struct heap *heap) {
    heap_stop_world(heap);
    lock_acquire(&heap->special_lock);
    lock_acquire(&heap->profile_lock);
    lock_acquire(&heap->lock);
}

void heap_fork_parent(struct heap *heap) {
    lock_release(&heap->lock);
    lock_release(&heap->profile_lock);
    lock_release(&heap->special_lock);
    heap_start_world(heap);
}

// A thread that came while the world was stopped says in its cache that it is inside, or that it
// waits, and the child has no such thread.
static void forget_other_threads(struct heap *heap) {
    for (uint32_t id = 0; id < heap->cache_limit; id++) {
        struct mcache *cache = heap->caches[id];
        if (cache != NULL &&
            atomic_load_explicit(&cache->thread, memory_order_relaxed) != world_self()) {
            cache->parked_depth = 0;
            atomic_store_explicit(&cache->inside, 0, memory_order_relaxed);
        }
    }
}

void heap_fork_child(struct heap *heap) {
    heap->fence_free =
        sysmem_register_barrier(heap->sysmem); // it belongs to the address space, which is new
    forget_other_threads(heap);
    heap_fork_parent(heap);
}
