// drive: a trace's events on an allocator, and a ledger of what it gave: results, contents and
// statistics are judged by it.
//
// The rules are those of oracle/core/rules.def and of the allocator's relations, but for what needs
// to be looked at after each event: peaks, and a walk. Statistics are read every FEED_BATCH events
// and at the end.
#ifndef CLI_TRACE_DRIVE_H
#define CLI_TRACE_DRIVE_H

#include "cli/trace/driven.h"
#include "cli/trace/feed.h"
#include "oracle/core/rule.h"

// What is done with what the allocator gives.
struct drive_options {
    bool has_ledger;   // it is judged
    bool has_contents; // objects are filled, and must keep it
};

// What came of it; it lies in memory that the child shares.
struct drive_result {
    uint64_t call_count;   // of the allocator
    uint64_t failed_count; // that gave nothing
    uint64_t check_count;  // of all that is judged
    uint64_t peak_kib;     // of the child's memory that is there
    double seconds;        // of the processor
    bool is_environment;   // the system refused
    bool has_finding;
    struct finding finding;
};

// Drives all that the feed has, in its child. The subject lives as long.
void drive_all(struct feed *feed, struct subject *subject, const struct drive_options *options,
               struct drive_result *result);

#endif
