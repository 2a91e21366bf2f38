// summary: all of a trace in numbers, read once.
#ifndef CLI_TRACE_SUMMARY_H
#define CLI_TRACE_SUMMARY_H

#include "cli/trace/timeline.h"
#include "trace/ledger.h"

// Sizes by the power of two that they do not exceed, from 0 and 1 on; lifetimes by that of ten,
// from 10 µs on, and behind them what lives at the end.
#define SUMMARY_SIZES     66
#define SUMMARY_LIFETIMES 16

// How many, and how many bytes.
struct summary_row {
    uint64_t count, bytes;
};

// A trace in numbers.
struct summary {
    struct trace_header header;
    struct trace_counts counts;
    uint32_t thread_count;
    bool is_cut;          // it ends before its program
    const char *why_cut;  // a sentence's part, or NULL
    uint64_t duration_ns; // from the header to the last event
    struct summary_row sizes[SUMMARY_SIZES];
    struct summary_row lifetimes[SUMMARY_LIFETIMES + 1];
    struct timeline timeline;
};

// Reads it. CLI_CLEAN, or another status: a message was printed.
int summary_read(struct summary *summary, const char *path);

// Counts an object of that size in its row of SUMMARY_SIZES.
void summary_count_size(struct summary_row *rows, uint64_t size);
// The largest size of a row of sizes.
uint64_t summary_size(size_t row);
// What the lifetimes of a row are below, in microseconds; 0: those of the last live at the end.
uint64_t summary_lifetime(size_t row);

#endif
