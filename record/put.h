// put: a record written behind the last one of a chunk.
#ifndef RECORD_PUT_H
#define RECORD_PUT_H

#include "record/file.h"
#include "trace/format.h"

#include <endian.h>
#include <stdatomic.h>
#include <string.h>

// What a record says.
struct note {
    enum trace_kind kind;
    uint64_t address, size;
    uint8_t align;  // the binary logarithm
    uint32_t stack; // of TRACE_AT, before the record; 0: none
};

static inline unsigned put_byte_count(uint64_t number) {
    if (number <= UINT16_MAX) {
        return (unsigned)(number > 0) + (unsigned)(number > UINT8_MAX);
    }
    unsigned count = 3;
    while (count < 8 && number >> (8 * count) != 0) {
        count++;
    }
    return count;
}

static inline uint8_t *put_number(uint8_t *at, uint64_t number, unsigned count) {
    uint64_t bytes = htole64(number);
    memcpy(at, &bytes, sizeof bytes);
    return at + count;
}

// The first byte comes last: until then there is no record. That it is so in the order of this
// thread's instructions is enough, as whoever is killed is between two of them.
static inline void put_head(uint8_t *head, unsigned first) {
    atomic_signal_fence(memory_order_release);
    *(volatile uint8_t *)head = (uint8_t)first;
    atomic_signal_fence(memory_order_release);
}

// A record of that time; of one that is earlier than the last it is the last's. There is room for
// TRACE_RECORD_BYTES_MAX and the extra bytes, which stand behind it.
static inline void put_record(struct chunk *chunk, const struct note *note, uint64_t time_ns,
                              const void *extra, size_t extra_bytes) {
    uint64_t elapsed_ns = time_ns > chunk->time_ns ? time_ns - chunk->time_ns : 0;
    int64_t difference = (int64_t)(note->address - chunk->address);
    bool is_fine = difference % 16 != 0;
    int64_t steps = is_fine ? difference : difference / 16;
    uint64_t zigzag = ((uint64_t)steps << 1) ^ (steps < 0 ? UINT64_MAX : 0);
    unsigned time_bytes = put_byte_count(elapsed_ns);
    unsigned address_bytes = put_byte_count(zigzag);
    unsigned size_bytes = put_byte_count(note->size);
    uint8_t *head = chunk->base + chunk->used_bytes;
    uint8_t *at = put_number(head + 2, elapsed_ns, time_bytes);
    at = put_number(at, zigzag, address_bytes);
    at = put_number(at, note->size, size_bytes);
    if (note->kind == TRACE_ALIGNED) {
        *at++ = note->align;
    }
    if (extra_bytes > 0) {
        memcpy(at, extra, extra_bytes);
        at += extra_bytes;
    }
    head[1] = (uint8_t)(address_bytes | size_bytes << 4);
    put_head(head, (unsigned)note->kind | time_bytes << 4 | (is_fine ? 0x80U : 0));
    chunk->time_ns += elapsed_ns;
    chunk->address = note->address;
    chunk->used_bytes = (size_t)(at - chunk->base);
}

// Says by which stack the next record is made.
static inline void put_stack(struct chunk *chunk, uint32_t stack) {
    uint8_t *head = chunk->base + chunk->used_bytes;
    unsigned size_bytes = put_byte_count(stack);
    uint8_t *at = put_number(head + 2, stack, size_bytes);
    head[1] = (uint8_t)(size_bytes << 4);
    put_head(head, TRACE_AT);
    chunk->used_bytes = (size_t)(at - chunk->base);
}

#endif
