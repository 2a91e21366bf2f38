// program: a list of operations and the header that it runs under; its binary form.
//
// Binary: 16 bytes of header {'C', 'C', 'P', version, seed u32, groups off u16, caches,
// check_every, fault call, fault flags, fault at u16}, little-endian, then 8 bytes an operation.
// Bytes that do not begin with the magic are operations under the default header. A partial record
// at the end is ignored, and so is what comes after PROGRAM_OPERATIONS_MAX: any bytes are a
// program.
#ifndef FUZZ_PROGRAM_PROGRAM_H
#define FUZZ_PROGRAM_PROGRAM_H

#include "fuzz/program/operation.h"

// Bounds of a program and of its binary form.
#define PROGRAM_OPERATIONS_MAX 4096
#define PROGRAM_HEADER_BYTES   16
#define PROGRAM_BYTES_MAX      (PROGRAM_HEADER_BYTES + PROGRAM_OPERATIONS_MAX * OPERATION_BYTES)
#define PROGRAM_VERSION        1
#define PROGRAM_CACHES_MAX     8

// What a program is run with.
struct program_header {
    uint32_t seed;       // of the swarm: what the generator drew it from
    uint16_t groups_off; // a bit for each enum operation_group that the mutator leaves out
    uint8_t caches;      // at the start, 1..8
    uint8_t check_every; // operations between two full checks, 1..255
    uint8_t fault_call;  // enum sysmem_call
    bool fault_and_on;
    uint16_t fault_at; // 0: no fault from the start
};

// The header of a text that has none.
#define PROGRAM_HEADER_DEFAULT ((struct program_header){.seed = 0, .caches = 1, .check_every = 16})

// A header and a list of operations: what is run, drawn, changed and kept.
struct program {
    struct program_header header;
    size_t count;
    struct operation operations[PROGRAM_OPERATIONS_MAX];
};

// No operations, and the default header.
void program_clear(struct program *program);

// Adds one at the end; false when it is full.
bool program_append(struct program *program, struct operation operation);

// Total: see above.
void program_decode(struct program *program, const uint8_t *bytes, size_t size_bytes);

// Writes the canonical form into `bytes` and returns its size: header and whole records only, as
// many as fit `capacity_bytes`; 0 when not even the header fits.
size_t program_encode(const struct program *program, uint8_t *bytes, size_t capacity_bytes);

// Whether all its fields are those of PROGRAM_HEADER_DEFAULT: then the text form leaves them out.
bool program_header_is_default(const struct program_header *header);
// Whether header and operations are the same.
bool program_equal(const struct program *a, const struct program *b);

// True when the bytes begin with the magic: a binary program, and meant as one.
bool program_bytes_are_binary(const uint8_t *bytes, size_t size_bytes);

// The offset of the first control character but tab, newline and return; size_bytes: none.
size_t program_bytes_control(const uint8_t *bytes, size_t size_bytes);

// True when the bytes are text: no magic, and no such control character.
bool program_bytes_are_text(const uint8_t *bytes, size_t size_bytes);

#endif
