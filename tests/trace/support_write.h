// support_write: traces made by hand, for who reads them.
#ifndef TESTS_TRACE_SUPPORT_WRITE_H
#define TESTS_TRACE_SUPPORT_WRITE_H

#include "trace/format.h"

#include <stddef.h>

#define BUILT_CHUNKS 3

// A file in the making.
struct built {
    uint8_t bytes[TRACE_HEADER_BYTES + BUILT_CHUNKS * TRACE_CHUNK_BYTES];
    size_t size_bytes; // of the file
    size_t at;         // where the next record goes
};

// An empty trace of process 7.
void build_begin(struct built *built);
// Begins a chunk at that time; the records go there.
void build_chunk(struct built *built, uint64_t time_ns);
// A record by its fields as they stand in the file: zigzag is of the address, in steps of 16.
void build_record(struct built *built, enum trace_kind kind, uint64_t elapsed_ns, uint64_t zigzag,
                  uint64_t size);
// Writes the file.
void build_write(const struct built *built, const char *path);

#endif
