// shares: what was obtained by each call stack of a trace, read twice: for its peak, and for what
// lived then.
#ifndef CLI_TRACE_SHARES_H
#define CLI_TRACE_SHARES_H

#include "cli/trace/summary.h"
#include "cli/trace/walk.h"

// Of what a share is a part.
enum shares_of {
    SHARES_ALL,       // that was ever allocated, or resized
    SHARES_TEMPORARY, // of that, what its thread freed as the next thing that it did
    SHARES_END,       // that lives at the end
    SHARES_PEAK,      // that lived at the peak
    SHARES_COUNT,
};

// A stack's.
struct share_row {
    struct summary_row of[SHARES_COUNT];
};

// All of them.
struct shares {
    struct summary summary;
    struct walk walk;
    const struct trace_stacks *stacks;
    struct share_row *rows; // by the stack's innermost frame; 0: what has no stack
    uint64_t *last;         // by thread: 1 + the object that its last event allocated
    uint32_t thread_count;  // of `last`
    struct share_row total; // of all rows
    uint32_t *order;        // the stacks that have anything
    uint32_t order_count;
    bool has_no_memory;
};

// Reads the trace, which must have stacks. A status; a message was printed unless it is CLI_CLEAN.
// shares_end() is called in any case.
int shares_read(struct shares *shares, const char *path);
// Gives it back. Returns the status, which reading left.
int shares_end(struct shares *shares);

// Sorts shares->order by bytes of that part, the most first.
void shares_sort(struct shares *shares, enum shares_of of);

#endif
