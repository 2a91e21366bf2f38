// pieces: memory that the sink takes from where it lies, with the buffer's bytes around it.
//
// The kernel copies a short piece slower than the processor fills the buffer: only large memory
// goes this way, and then many objects in one call.
#include "dump/write/out.h"

#include "allocator/check.h"

#include <errno.h>

static void add(struct out *out, uintptr_t address, size_t size_bytes) {
    if (size_bytes > 0) {
        out->pieces[out->piece_count++] =
            (struct iovec){.iov_base = (void *)address, .iov_len = size_bytes};
    }
}

// What the buffer holds and no piece does becomes one.
static void add_buffer(struct out *out) {
    uintptr_t begin = (uintptr_t)(out->bytes + out->pieced_bytes);
    add(out, begin, out->used_bytes - out->pieced_bytes);
    out->pieced_bytes = out->used_bytes;
}

void out_piece(struct out *out, uintptr_t address, size_t size_bytes) {
    add_buffer(out);
    add(out, address, size_bytes);
    if (out->piece_count + 3 > DUMP_PIECES_MAX) { // the next two and the buffer behind them
        out_flush(out);
    }
}

// Drops the bytes that were taken; returns the first piece that is left.
static struct iovec *skip(struct iovec *at, const struct iovec *end, size_t count) {
    while (at < end && count >= at->iov_len) {
        count -= at->iov_len;
        at++;
    }
    CHECK(at < end || count == 0);
    if (count > 0) {
        at->iov_base = (uint8_t *)at->iov_base + count;
        at->iov_len -= count;
    }
    return at;
}

void out_give_pieces(struct out *out) {
    add_buffer(out);
    struct iovec *at = out->pieces;
    const struct iovec *end = at + out->piece_count;
    while (at < end && out->error == 0) {
        const struct dump_sink *sink = out->sink;
        int64_t count = sink->write_pieces(sink->context, at, (size_t)(end - at));
        if (count > 0) {
            out->taken_bytes += (uint64_t)count;
            at = skip(at, end, (size_t)count);
        } else {
            out->error = count == 0 ? EIO : out_recover(sink, (int)-count);
        }
    }
    out->piece_count = 0;
    out->pieced_bytes = 0;
}
