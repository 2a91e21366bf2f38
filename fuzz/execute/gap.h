// gap: the moments of a call at which its thread holds no lock, though the call goes on.
//
// There another thread may do anything; whoever watches does it in its place. Whether a lock is
// taken is seen by mutexes.c, which is linked in place of pthreads' own calls (cmake/layers.cmake).
#ifndef FUZZ_EXECUTE_GAP_H
#define FUZZ_EXECUTE_GAP_H

#include <stddef.h>
#include <stdint.h>

// Who is told of a thread's gaps.
struct gap_watch {
    void (*visit)(void *context); // the last lock that was taken since gap_begin is given back
    void *context;
    uintptr_t base; // where the locks lie that count: the heap's, not those of the harness
    size_t size_bytes;
    uint32_t held_count;
};

// Tells `watch` of this thread's gaps until gap_end(); the thread holds no lock now. `visit` may
// call gap_end() itself.
void gap_begin(struct gap_watch *watch);
// Tells of no more.
void gap_end(void);

// Who watches this thread; NULL: nobody does, mostly.
extern _Thread_local struct gap_watch *gap_watched;

// For mutexes.c, while somebody watches: the calling thread has taken a lock, or given one back.
void gap_taken(const void *lock);
void gap_left(const void *lock); // may visit

#endif
