// reader: the records of a trace in the order of their times, whatever chunks they lie in.
//
// Memory: 16 bytes for each chunk of the file, and 64 KiB for each open one; about as many are open
// as there are threads. Bytes that are no trace are refused; nothing is asserted of them.
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include "trace/format.h"
#include "trace/stacks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A record as it is meant.
struct trace_record {
    enum trace_kind kind; // never TRACE_NONE or TRACE_THREAD
    uint8_t align_log;    // TRACE_ALIGNED: the binary logarithm of the alignment
    uint32_t thread;      // its number, 0, 1, ...
    uint32_t stack;       // the number of its innermost frame; 0: it has none
    uint64_t time_ns;     // of the clock of header.start_ns
    uint64_t address;     // of the kinds that have one
    uint64_t size;        // bytes; likewise
};

// What is wrong.
struct trace_error {
    const char *what; // NULL: nothing
    uint64_t offset;  // the byte of the file; of what is broken
    int system;       // errno, or 0: the file is what is wrong
};

struct trace_reader;

// Opens a trace. NULL: *error says why.
struct trace_reader *trace_reader_open(const char *path, struct trace_error *error);
// Frees it; NULL is allowed.
void trace_reader_close(struct trace_reader *reader);

// The header, in this machine's byte order.
const struct trace_header *trace_reader_header(const struct trace_reader *reader);

// Whether the file ends in the midst of a chunk.
bool trace_reader_is_cut(const struct trace_reader *reader);

// The next record. False: there is none; *error says whether something is wrong.
bool trace_reader_next(struct trace_reader *reader, struct trace_record *record,
                       struct trace_error *error);

// The frames and modules; all of them from the first record on.
const struct trace_stacks *trace_reader_stacks(const struct trace_reader *reader);

// How many threads were seen so far, and the system's id of one of them.
uint32_t trace_reader_thread_count(const struct trace_reader *reader);
// thread < trace_reader_thread_count(). 0: of this number nothing was seen.
uint64_t trace_reader_thread_id(const struct trace_reader *reader, uint32_t thread);

#endif
