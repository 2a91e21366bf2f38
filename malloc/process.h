// process: the one heap of this process, and the cache that each of its threads has.
//
// A heap is an instance everywhere else; a replacement of malloc has no place to keep one but here.
// Three kinds of threads: one whose cache is its own; one that has ended, but for its last
// destructors; and one for which there was no cache any more (HEAP_CACHE_MAX). The last two share a
// cache under a lock.
#ifndef MALLOC_PROCESS_H
#define MALLOC_PROCESS_H

#include "allocator/heap.h"
#include "malloc/fast_path.h"

#include <stdbool.h>
#include <stdint.h>

struct runtime;

// The heap, made by the first call; NULL: no memory yet. Any thread.
struct heap *process_heap(void);

// What describes the heap's program to a dump: an empty one, made by the first call. NULL: no
// memory.
struct runtime *process_runtime(void);

// The calling thread's cache, or the shared one, whose lock is then held. NULL: no memory.
struct mcache *process_enter(void);
// Gives back what process_enter returned: unlocks the shared one, else does nothing. NULL is
// nothing.
void process_leave(const struct mcache *cache);

// Samples each allocation by the profile's rate from now on (0: none). Called while the process has
// one thread.
void process_set_profile_rate(uint64_t rate_bytes);

// The calling thread's fast path; closed: it has no cache of its own, the heap needs a fence, or
// the profile is on.
extern _Thread_local struct fast_lane process_lane;
extern struct heap *process_lane_heap; // the heap, once there is one

#endif
