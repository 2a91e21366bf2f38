// feed: a trace's events handed to a process of its own, in which an allocator runs under them.
//
// The trace is read in the parent, so that neither the reading nor what lives by the trace costs
// the child memory of its own or time; what a child dies of is told, and is not ours.
#ifndef CLI_TRACE_FEED_H
#define CLI_TRACE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEED_BATCH 65536 // events

// What an event asks for.
enum feed_kind {
    FEED_NOTHING, // it failed, or is of what was there before the recorder
    FEED_ALLOCATE,
    FEED_ALLOCATE_ZEROED,
    FEED_RESIZE,
    FEED_RELEASE,
};

// An event, as small as it goes.
struct feed_event {
    uint64_t size_bytes; // of ALLOCATE and RESIZE
    uint32_t place;      // of the object: a number that no other has while it lives
    uint16_t thread;     // the lowest bits of its number
    uint8_t kind;        // enum feed_kind
    uint8_t align_log;   // of ALLOCATE; 0: none is asked for
};

// Events that follow each other.
struct feed_batch {
    uint64_t first;       // the number of the first event
    uint32_t count;       // 0: the trace has ended
    uint32_t place_count; // the places so far
    struct feed_event events[FEED_BATCH];
};

// What the trace itself says, after feed_run().
struct feed_totals {
    uint64_t events, peak_event, peak_bytes, peak_objects;
};

struct feed;

// In the child: the next events; the last ones are not used any more. NULL: there are none.
const struct feed_batch *feed_next(struct feed *feed);
// In the child: where it is, for who asks where it died. Cheap.
void feed_at(struct feed *feed, uint64_t event);

// A child; it returns the status that its process is to have, which is told by feed_end.
typedef int feed_work(void *context, struct feed *feed);

// How a child ended.
struct feed_end {
    int status;    // of the child, as waitpid() gives it
    bool is_whole; // it came to its own end: `result` is what it returned
    int result;
    uint64_t event; // where it was last
};

// Has a child do the work while the trace is read. A status; a message was printed unless it is
// CLI_CLEAN: *end says then how the child ended, which may be before the trace's end.
int feed_run(const char *path, feed_work *work, void *context, struct feed_end *end,
             struct feed_totals *totals);

#endif
