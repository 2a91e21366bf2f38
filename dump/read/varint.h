// varint: one unsigned varint of encoding/binary, at most 64 bits, from a window of bytes.
#ifndef DUMP_READ_VARINT_H
#define DUMP_READ_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define VARINT_BYTES_MAX 10 // ceil(64 / 7)

enum varint_status {
    VARINT_DONE,
    VARINT_PADDED, // whole, but longer than it must be
    VARINT_SHORT,  // the window ends inside it
    VARINT_OVER,   // more than 64 bits
};

// Reads the varint at *at and moves *at behind it when it is whole.
static inline enum varint_status varint_read(const uint8_t **at, const uint8_t *end,
                                             uint64_t *value) {
    const uint8_t *from = *at;
    size_t limit = (size_t)(end - from);
    if (limit > 0 && from[0] < 0x80) {
        *value = from[0];
        *at = from + 1;
        return VARINT_DONE;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < limit; i++) {
        uint64_t byte = from[i];
        if (i == VARINT_BYTES_MAX - 1 && byte > 1) {
            return VARINT_OVER;
        }
        sum |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *value = sum;
            *at = from + i + 1;
            return byte == 0 ? VARINT_PADDED : VARINT_DONE;
        }
    }
    return VARINT_SHORT;
}

#endif
