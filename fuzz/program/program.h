// program: a list of operations and the header that it runs under; its two binary forms.
//
// Version 1: 16 bytes of header {'C', 'C', 'P', 1, seed u32, groups off u16, caches, check_every,
// fault call, fault flags, fault at u16}, little-endian, then 8 bytes an operation.
//
// Version 2: 32 bytes of header {'C', 'C', 'P', 2, seed u32, groups off u16, flags u16 (1: drawn
// wide), caches u16, check_every u8, 0, fault call u8, fault flags u8, fault at u16, 12 bytes 0},
// then 24 starting values u64 in the order of start.def, the rest 0, then 16 bytes an operation.
// What is 0 is reserved: who reads another version than this may find something there, so that a
// file that was meant as this one has 0.
//
// A program is written as version 1 when that can say it. Bytes that begin with neither magic, or
// are too few for the header, are operations of version 1 under the default header. A partial
// record at the end is ignored, and so is what comes after PROGRAM_OPERATIONS_MAX, and what is
// reserved: any bytes are a program.
#ifndef FUZZ_PROGRAM_PROGRAM_H
#define FUZZ_PROGRAM_PROGRAM_H

#include "fuzz/program/operation.h"

// Bounds of a program and of its binary form.
#define PROGRAM_OPERATIONS_MAX    4096
#define PROGRAM_HEADER_BYTES      16
#define PROGRAM_WIDE_HEADER_BYTES 224
#define PROGRAM_BYTES_MAX                                                                          \
    (PROGRAM_WIDE_HEADER_BYTES + PROGRAM_OPERATIONS_MAX * OPERATION_WIDE_BYTES)
#define PROGRAM_CACHES_MAX   8 // of version 1, and what is drawn
#define PROGRAM_CACHES_LIMIT 1024

// The starting values, by their rows in start.def.
enum program_start {
#define START(id, most, meaning) START_##id,
#include "fuzz/program/start.def"
    START_COUNT,
};

// What a program is run with.
struct program_header {
    uint32_t seed;       // of the swarm: what the generator drew it from
    uint16_t groups_off; // a bit for each enum operation_group that the mutator leaves out
    uint16_t caches;     // at the start, 1..PROGRAM_CACHES_LIMIT
    uint8_t check_every; // operations between two full checks, 1..255
    uint8_t fault_call;  // enum sysmem_call
    bool fault_and_on;
    uint16_t fault_at; // 0: no fault from the start
    bool is_wide;      // the generator and the mutator draw what version 2 alone can say as well
    uint64_t start[START_COUNT]; // what the heap takes up, see start.def
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

// Whether version 1 can say it.
bool program_is_narrow(const struct program *program);
// Makes it so: what version 1 cannot say is folded or left out.
void program_make_narrow(struct program *program);

// Writes the canonical form into `bytes` and returns its size: header and whole records only, as
// many as fit `capacity_bytes`; 0 when not even the header fits.
size_t program_encode(const struct program *program, uint8_t *bytes, size_t capacity_bytes);
// The size of the whole of it.
size_t program_encoded_bytes(const struct program *program);

// A starting value's word, and the most that it may be.
const char *program_start_name(enum program_start start);
uint64_t program_start_most(enum program_start start); // what is above is folded

// Whether all its fields are those of PROGRAM_HEADER_DEFAULT: then the text form leaves them out.
bool program_header_is_default(const struct program_header *header);
// Whether header and operations are the same.
bool program_equal(const struct program *a, const struct program *b);

// True when the bytes begin with a magic: a binary program, and meant as one.
bool program_bytes_are_binary(const uint8_t *bytes, size_t size_bytes);

// Whether they begin with version 2's magic, and end before its header does.
bool program_bytes_are_cut(const uint8_t *bytes, size_t size_bytes);

// The offset of the first byte of a binary program that is reserved and not 0; size_bytes: none.
size_t program_bytes_reserved(const uint8_t *bytes, size_t size_bytes);

// The offset of the first control character but tab, newline and return; size_bytes: none.
size_t program_bytes_control(const uint8_t *bytes, size_t size_bytes);

// True when the bytes are text: no magic, and no such control character.
bool program_bytes_are_text(const uint8_t *bytes, size_t size_bytes);

#endif
