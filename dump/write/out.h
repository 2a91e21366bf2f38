// out: the writer's buffer before its sink, and the format's atoms: varints, strings,
// memory.
//
// Internal to the writer. The first error of the sink ends it: from then on everything is dropped.
// So nobody above checks each byte; who walks the heap asks out_is_open() now and then.
#ifndef DUMP_WRITE_OUT_H
#define DUMP_WRITE_OUT_H

#include "dump/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes that are collected before the sink gets them.
#define OUT_BUFFER_BYTES     65536
#define OUT_VARINT_BYTES_MAX 10    // 64 bits in groups of 7
#define OUT_PIECE_BYTES_MIN  16384 // of memory that goes uncopied: below, a copy costs less

// The writer's output: what was encoded, and what the sink has taken of it.
struct out {
    const struct dump_sink *sink;
    uint64_t taken_bytes; // by the sink
    size_t used_bytes;    // of the buffer, not yet given to it
    int error;            // 0, or the errno value that ended it
    size_t pieced_bytes;  // of the buffer: those that stand in pieces already
    size_t piece_count;   // 0: nothing but the buffer is to be given
    struct iovec pieces[DUMP_PIECES_MAX];
    uint8_t bytes[OUT_BUFFER_BYTES];
};

// Empties the buffer, with this sink from now on and no error. The sink lives as long.
void out_init(struct out *out, const struct dump_sink *sink);

// Whether the sink still takes bytes.
static inline bool out_is_open(const struct out *out) {
    return out->error == 0;
}

// Gives what the buffer holds, and the pieces between, to the sink.
void out_flush(struct out *out);

// 0 when a write that ended in `error` is to be tried again, else the errno value that ends the
// dump.
int out_recover(const struct dump_sink *sink, int error);

// ---- pieces: memory that goes to the sink from where it lies

// Whether the sink takes memory from where it lies.
static inline bool out_takes_pieces(const struct out *out) {
    return out->sink->write_pieces != NULL;
}

// Memory behind what was written so far, which stays where it is until the sink has taken it.
void out_piece(struct out *out, uintptr_t address, size_t size_bytes);

// All pieces, and what the buffer holds behind the last.
void out_give_pieces(struct out *out);

// ---- the format's atoms

// Makes room for `size_bytes` (at most OUT_BUFFER_BYTES) and returns where they go; who has written
// them adds their number to used_bytes.
static inline uint8_t *out_reserve(struct out *out, size_t size_bytes) {
    if (OUT_BUFFER_BYTES - out->used_bytes < size_bytes) {
        out_flush(out);
    }
    return out->bytes + out->used_bytes;
}

// Writes `value` at `to`, least group first, and returns the end. After encoding/binary's
// PutUvarint.
static inline uint8_t *out_encode_varint(uint8_t *to, uint64_t value) {
    while (value >= 0x80) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

// Writes a number in 1 to OUT_VARINT_BYTES_MAX bytes.
void out_varint(struct out *out, uint64_t value);

// The writer's own bytes.
void out_bytes(struct out *out, const void *bytes, size_t size_bytes);

// The heap's or a stack's memory: read without the sanitizers' eyes, because parts of it may be
// poisoned. No length in front. Large memory goes to the sink from where it lies, in pieces when
// the sink takes them.
void out_memory(struct out *out, uintptr_t address, size_t size_bytes);

#endif
