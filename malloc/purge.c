// purge: gives back to the system what the program has not needed for a while, on the way of an
// allocation: no thread, no signal.
#define _GNU_SOURCE // CLOCK_MONOTONIC_COARSE
#include "malloc/purge.h"

#include "allocator/heap.h"

#include <errno.h>
#include <time.h>

#define SELDOM_NS ((uint64_t)16 * 1000 * 1000) // between two ticks; the clock goes by 1 to 10 ms

static _Atomic bool is_busy;      // somebody gives back: others allocate meanwhile
static _Atomic uint64_t due_ns;   // the end of the window
static _Atomic size_t owed_bytes; // of windows that are over; written by who is busy

// A few instructions and no call of the system, where the kernel shows its time to all.
static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void set_period(struct fast_lane *lane, uint64_t now) {
    bool is_seldom = now - lane->ticked_ns >= SELDOM_NS;
    uint32_t doubled =
        lane->tick_period < FAST_LANE_TICKS / 2 ? 2 * lane->tick_period : FAST_LANE_TICKS;
    lane->tick_period = is_seldom || lane->tick_period == 0 ? 1 : doubled;
    lane->tick_count = lane->tick_period;
    lane->ticked_ns = now;
}

// A window is over: what lay idle in it from its beginning to its end is owed.
static void end_window(struct heap *heap, uint64_t now) {
    size_t low_bytes = heap_take_idle_low(heap);
    size_t owed = low_bytes > PURGE_KEPT_BYTES ? low_bytes - PURGE_KEPT_BYTES : 0;
    atomic_store_explicit(&owed_bytes, owed, memory_order_relaxed);
    atomic_store_explicit(&due_ns, now + PURGE_WINDOW_NS, memory_order_relaxed);
}

// One slice; when the system refuses, or others have taken the pages, nothing is owed any more.
static void give_back(struct heap *heap, size_t owed) {
    size_t slice_bytes = owed < PURGE_SLICE_BYTES ? owed : PURGE_SLICE_BYTES;
    size_t done_bytes = heap_scavenge(heap, slice_bytes);
    size_t left = done_bytes >= slice_bytes && owed > done_bytes ? owed - done_bytes : 0;
    atomic_store_explicit(&owed_bytes, left, memory_order_relaxed);
}

static void give_back_what_is_due(struct heap *heap, uint64_t now) {
    if (now >= atomic_load_explicit(&due_ns, memory_order_relaxed)) {
        end_window(heap, now);
    }
    size_t owed = atomic_load_explicit(&owed_bytes, memory_order_relaxed);
    if (owed != 0) {
        give_back(heap, owed);
    }
}

void purge_begin_child(void) {
    atomic_store_explicit(&is_busy, false, memory_order_relaxed);
}

void purge_tick(struct heap *heap, struct fast_lane *lane) {
    int error = errno;
    uint64_t now = now_ns();
    set_period(lane, now);
    bool is_due = now >= atomic_load_explicit(&due_ns, memory_order_relaxed) ||
                  atomic_load_explicit(&owed_bytes, memory_order_relaxed) != 0;
    if (is_due && !atomic_exchange_explicit(&is_busy, true, memory_order_acquire)) {
        give_back_what_is_due(heap, now);
        atomic_store_explicit(&is_busy, false, memory_order_release);
    }
    if (atomic_load_explicit(&owed_bytes, memory_order_relaxed) != 0) {
        lane->tick_count = 1;
    }
    errno = error;
}
