// source: the reader's window on its source: refilled from the front, grown only when it is
// full of real bytes.

#include "dump/read/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool fail_read(struct dump_reader *reader, int system_error) {
    reader_fail(reader, DUMP_ERROR_READ, reader_offset_of(reader, reader->end), 0);
    reader->error.system_error = system_error;
    return false;
}

// Reads until the window is full or the stream ends. A failure waits until what came before it has
// been read, so that the good part of a broken stream is handed out whole.
static bool fill(struct dump_reader *reader) {
    size_t used = (size_t)(reader->end - reader->base);
    size_t kept = used;
    if (reader->source_error != 0) {
        return fail_read(reader, reader->source_error);
    }
    while (used < reader->buffer_bytes && !reader->at_end) {
        size_t want = reader->buffer_bytes - used;
        int64_t got = reader->source.read(reader->source.context, reader->buffer + used, want);
        if (got == -EINTR) {
            continue;
        }
        if (got < 0 || (uint64_t)got > want) {
            reader->source_error = got < 0 ? (int)-got : EIO;
            return used > kept || fail_read(reader, reader->source_error);
        }
        reader->at_end = got == 0;
        used += (size_t)got;
        reader->end = reader->buffer + used;
    }
    return true;
}

bool reader_refill(struct dump_reader *reader) {
    size_t kept = (size_t)(reader->end - reader->now.at);
    reader->base_offset = reader_offset_of(reader, reader->now.at);
    memmove(reader->buffer, reader->now.at, kept); // where every window begins
    reader->now.at = reader->buffer;
    reader->end = reader->buffer + kept;
    return fill(reader);
}

bool reader_grow(struct dump_reader *reader) {
    size_t used = (size_t)(reader->end - reader->base);
    size_t at = (size_t)(reader->now.at - reader->base);
    size_t size_bytes = 2 * reader->buffer_bytes;
    uint8_t *buffer = realloc(reader->buffer, size_bytes);
    if (buffer == NULL) {
        reader_fail(reader, DUMP_ERROR_MEMORY, reader_offset_of(reader, reader->now.at),
                    size_bytes);
        return false;
    }
    reader->buffer = buffer;
    reader->buffer_bytes = size_bytes;
    reader->base = buffer;
    reader->now.at = buffer + at;
    reader->end = buffer + used;
    return reader_refill(reader);
}
