// writer: the heap dump: the runtime's state as a stream of records in Go's "go1.7 heap dump"
// format.
//
// It stops the world, finishes the sweep, reads the statistics once after that, and writes that
// struct. It needs O(1) memory and holds no heap memory of its own. A dump holds whatever secrets
// the heap holds.
#ifndef DUMP_WRITER_H
#define DUMP_WRITER_H

#include "runtime/runtime.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

// Where the bytes go. `write` takes up to size_bytes and returns how many it took (> 0), or -errno.
// A short count is continued, -EINTR repeated, -EAGAIN waited for when `wait` is there (else an
// error). Others end the dump.
struct dump_sink {
    int64_t (*write)(void *context, const void *bytes, size_t size_bytes);
    int (*wait)(void *context); // until writable: 0 or -errno; may be NULL
    void *context;
    // As `write`, of pieces that follow each other, at most DUMP_PIECES_MAX: objects of some size
    // are then given from where they lie, uncopied. A sanitizer may hold parts of them for
    // nobody's: whoever looks at them looks past it. May be NULL: all comes through `write`.
    int64_t (*write_pieces)(void *context, const struct iovec *pieces, size_t piece_count);
};
// The most pieces of memory that a sink is given at once.
#define DUMP_PIECES_MAX 256

// How a dump ended.
struct dump_result {
    int error;             // 0, or an errno value
    uint64_t offset_bytes; // that the sink had taken when it ended
};

// Writes a whole dump. The heap is unchanged but for the sweep, on success and failure alike.
struct dump_result dump_write(struct runtime *runtime, struct mcache *cache,
                              const struct dump_sink *sink);

// To a descriptor (pipe, socket, file; blocking or not). SIGPIPE does not kill: EPIPE is returned.
struct dump_result dump_write_descriptor(struct runtime *runtime, struct mcache *cache,
                                         int descriptor);

// To a path: a temporary beside it, fsync, then rename; on failure nothing is left under either
// name.
struct dump_result dump_write_path(struct runtime *runtime, struct mcache *cache, const char *path);

#endif
