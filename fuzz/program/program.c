// program: the binary form of a list of operations: total to decode, canonical to encode.
#include "fuzz/program/program.h"

#include <string.h>

static const uint8_t magic[4] = {'C', 'C', 'P', PROGRAM_VERSION};

#define CHECK_EVERY_DEFAULT 16

void program_clear(struct program *program) {
    program->header = PROGRAM_HEADER_DEFAULT;
    program->count = 0;
}

bool program_append(struct program *program, struct operation operation) {
    if (program->count == PROGRAM_OPERATIONS_MAX) {
        return false;
    }
    program->operations[program->count++] = operation;
    return true;
}

static uint64_t read_little(const uint8_t *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

static void write_little(uint8_t *bytes, size_t count, uint64_t value) {
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

static struct program_header header_decode(const uint8_t *bytes) {
    struct program_header header = {
        .seed = (uint32_t)read_little(bytes + 4, 4),
        .groups_off = (uint16_t)read_little(bytes + 8, 2),
        .caches = (uint8_t)(bytes[10] == 0 ? 1 : 1 + (bytes[10] - 1) % PROGRAM_CACHES_MAX),
        .check_every = bytes[11] == 0 ? CHECK_EVERY_DEFAULT : bytes[11],
        .fault_at = (uint16_t)read_little(bytes + 14, 2),
    };
    if (header.fault_at != 0) {
        header.fault_call = (uint8_t)(bytes[12] % FAULT_CALL_COUNT);
        header.fault_and_on = (bytes[13] & 1) != 0;
    }
    return header;
}

void program_decode(struct program *program, const uint8_t *bytes, size_t size_bytes) {
    program_clear(program);
    size_t at = 0;
    if (size_bytes >= PROGRAM_HEADER_BYTES && memcmp(bytes, magic, sizeof magic) == 0) {
        program->header = header_decode(bytes);
        at = PROGRAM_HEADER_BYTES;
    }
    for (; at + OPERATION_BYTES <= size_bytes; at += OPERATION_BYTES) {
        uint64_t bits = read_little(bytes + at, OPERATION_BYTES);
        if (!program_append(program, operation_from_bits(bits))) {
            return;
        }
    }
}

size_t program_encode(const struct program *program, uint8_t *bytes, size_t capacity_bytes) {
    if (capacity_bytes < PROGRAM_HEADER_BYTES) {
        return 0;
    }
    const struct program_header *header = &program->header;
    memcpy(bytes, magic, sizeof magic);
    write_little(bytes + 4, 4, header->seed);
    write_little(bytes + 8, 2, header->groups_off);
    bytes[10] = header->caches;
    bytes[11] = header->check_every;
    bytes[12] = header->fault_call;
    bytes[13] = header->fault_and_on ? 1 : 0;
    write_little(bytes + 14, 2, header->fault_at);
    size_t at = PROGRAM_HEADER_BYTES;
    for (size_t i = 0; i < program->count && at + OPERATION_BYTES <= capacity_bytes; i++) {
        write_little(bytes + at, OPERATION_BYTES, program->operations[i].bits);
        at += OPERATION_BYTES;
    }
    return at;
}

static bool header_equal(const struct program_header *a, const struct program_header *b) {
    return a->seed == b->seed && a->groups_off == b->groups_off && a->caches == b->caches &&
           a->check_every == b->check_every && a->fault_call == b->fault_call &&
           a->fault_and_on == b->fault_and_on && a->fault_at == b->fault_at;
}

bool program_header_is_default(const struct program_header *header) {
    return header_equal(header, &PROGRAM_HEADER_DEFAULT);
}

bool program_equal(const struct program *a, const struct program *b) {
    return header_equal(&a->header, &b->header) && a->count == b->count &&
           memcmp(a->operations, b->operations, a->count * sizeof a->operations[0]) == 0;
}

bool program_bytes_are_binary(const uint8_t *bytes, size_t size_bytes) {
    return size_bytes >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

size_t program_bytes_control(const uint8_t *bytes, size_t size_bytes) {
    size_t at = 0;
    for (; at < size_bytes; at++) {
        uint8_t c = bytes[at];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
            break;
        }
    }
    return at;
}

bool program_bytes_are_text(const uint8_t *bytes, size_t size_bytes) {
    return !program_bytes_are_binary(bytes, size_bytes) &&
           program_bytes_control(bytes, size_bytes) == size_bytes;
}
