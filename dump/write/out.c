// out: the writer's buffer before its sink: short writes continued, interruptions repeated.
#include "dump/write/out.h"

#include "allocator/check.h"
#include "allocator/poison.h"

#include <errno.h>
#include <string.h>

void out_init(struct out *out, const struct dump_sink *sink) {
    out->sink = sink;
    out->taken_bytes = 0;
    out->used_bytes = 0;
    out->error = 0;
    out->pieced_bytes = 0;
    out->piece_count = 0;
}

int out_recover(const struct dump_sink *sink, int error) {
    if (error == EINTR) {
        return 0;
    }
    if (error == EAGAIN && sink->wait != NULL) {
        int status = sink->wait(sink->context);
        return status == -EINTR ? 0 : -status;
    }
    return error;
}

// Gives all of it to the sink, in as many writes as it wants.
static void out_give(struct out *out, const uint8_t *bytes, size_t size_bytes) {
    while (size_bytes > 0 && out->error == 0) {
        int64_t count = out->sink->write(out->sink->context, bytes, size_bytes);
        if (count > 0) {
            CHECK((uint64_t)count <= size_bytes);
            bytes += count;
            size_bytes -= (size_t)count;
            out->taken_bytes += (uint64_t)count;
        } else if (count == 0) {
            out->error = EIO; // it takes nothing and names no reason: trying again would never end
        } else {
            out->error = out_recover(out->sink, (int)-count);
        }
    }
}

void out_flush(struct out *out) {
    if (out->piece_count > 0) {
        out_give_pieces(out);
    } else {
        out_give(out, out->bytes, out->used_bytes);
    }
    out->used_bytes = 0;
}

void out_varint(struct out *out, uint64_t value) {
    uint8_t *at = out_reserve(out, OUT_VARINT_BYTES_MAX);
    out->used_bytes += (size_t)(out_encode_varint(at, value) - at);
}

void out_bytes(struct out *out, const void *bytes, size_t size_bytes) {
    const uint8_t *from = bytes;
    while (size_bytes > 0) {
        size_t piece_bytes = size_bytes < OUT_BUFFER_BYTES ? size_bytes : OUT_BUFFER_BYTES;
        memcpy(out_reserve(out, piece_bytes), from, piece_bytes);
        out->used_bytes += piece_bytes;
        from += piece_bytes;
        size_bytes -= piece_bytes;
    }
}

// One whole buffer's worth of memory, with the buffer empty. The sink sees the same writes in every
// build, so that "the nth write fails" means the same byte; only a build that poisons has to copy,
// because write() would look.
static void out_memory_block(struct out *out, const uint8_t *from) {
#if HEAP_POISON_ACTIVE
    heap_peek(out->bytes, from, OUT_BUFFER_BYTES);
    out_give(out, out->bytes, OUT_BUFFER_BYTES);
#else
    out_give(out, from, OUT_BUFFER_BYTES);
#endif
}

void out_memory(struct out *out, uintptr_t address, size_t size_bytes) {
    const uint8_t *from = (const uint8_t *)address;
    if (size_bytes >= OUT_PIECE_BYTES_MIN && out_takes_pieces(out)) {
        out_piece(out, address, size_bytes);
        return;
    }
    if (size_bytes >= OUT_BUFFER_BYTES) {
        out_flush(out);
        for (; size_bytes >= OUT_BUFFER_BYTES && out->error == 0; size_bytes -= OUT_BUFFER_BYTES) {
            out_memory_block(out, from);
            from += OUT_BUFFER_BYTES;
        }
    }
    if (out->error == 0) {
        heap_peek(out_reserve(out, size_bytes), from, size_bytes);
        out->used_bytes += size_bytes;
    }
}

// ---- pieces: memory that the sink takes from where it lies, with the buffer's bytes around it.
// The kernel copies a short piece slower than the processor fills the buffer: only large memory
// goes this way, and then many objects in one call.

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
