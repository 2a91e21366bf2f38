// walk: a trace from its first event to its last, with what lives by it.
#ifndef CLI_TRACE_WALK_H
#define CLI_TRACE_WALK_H

#include "trace/ledger.h"

// A trace that is being read.
struct walk {
    const char *path;
    struct trace_reader *reader; // NULL: it could not be opened
    struct trace_ledger *ledger;
    const struct trace_counts *counts; // up to the last event
    int64_t told_ms;                   // when it was told last how far it is
    int status;                        // CLI_CLEAN, or a message was printed
};

// Opens the trace, whose path lives as long. False: walk->status says what to exit with, and
// walk_end() is called all the same.
bool walk_begin(struct walk *walk, const char *path);

// The next event. False: there is none, or walk->status is not CLI_CLEAN any more.
bool walk_next(struct walk *walk, struct trace_event *event);

// Closes it. Returns the status.
int walk_end(struct walk *walk);

#endif
