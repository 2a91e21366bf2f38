// purge: gives back to the system what the program has not needed for a while, on the way of an
// allocation: no thread, no signal.
//
// Each thread counts its allocations, and looks at the clock at every 128th: at every one when it
// allocates seldom, and at the next when pages may have become idle. Each half second the fewest
// bytes that lay idle all that time are what is given back, highest addresses first, in slices, so
// that no allocation waits long. So a program that takes again what it has just freed keeps it, and
// one that is at rest asks for nothing and gives nothing back.
#ifndef MALLOC_PURGE_H
#define MALLOC_PURGE_H

#include "malloc/fast_path.h"

// The least idle time after which pages are given back; at most three times as long, where somebody
// allocates that often.
#define PURGE_WINDOW_NS ((uint64_t)500 * 1000 * 1000)

// What stays however long it was idle, and what one allocation gives back at most.
#define PURGE_KEPT_BYTES  ((size_t)1 << 20)
#define PURGE_SLICE_BYTES ((size_t)16 << 20)

// The lane's count is over: looks at the clock, and gives back what is due. Keeps errno. By the
// lane's thread, which stands in no call.
void purge_tick(struct heap *heap, struct fast_lane *lane);

// In a child of fork, whose parent's threads are not there: nobody gives back.
void purge_begin_child(void);

// An allocation that the lane did not take, or whose tick it was. NULL heap: there is none yet.
static inline void purge_count(struct heap *heap, struct fast_lane *lane) {
    if ((lane->tick_count == 0 || --lane->tick_count == 0) && heap != NULL) {
        purge_tick(heap, lane);
    }
}

#endif
