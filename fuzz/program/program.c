// program: the binary forms of a list of operations: total to decode, canonical to encode.
#include "fuzz/program/program.h"

#include <string.h>

static const uint8_t magic[4] = {'C', 'C', 'P', 1};
static const uint8_t magic_wide[4] = {'C', 'C', 'P', 2};

#define CHECK_EVERY_DEFAULT 16
#define STARTS_AT           32 // in the header of version 2
#define START_PLACES        24 // there, used or not

_Static_assert(START_COUNT <= START_PLACES, "a starting value has a place");
_Static_assert(STARTS_AT + 8 * START_PLACES == PROGRAM_WIDE_HEADER_BYTES, "the header is whole");

static const struct {
    const char *name;
    uint64_t most;
} starts[START_COUNT] = {
#define START(id, most, meaning) {#id, most},
#include "fuzz/program/start.def"
};

const char *program_start_name(enum program_start start) {
    return starts[start].name;
}

uint64_t program_start_most(enum program_start start) {
    return starts[start].most;
}

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

// ---- decode

// Either header; where its caches, cadence and fault stand differs.
struct header_places {
    size_t caches, caches_bytes, check_every, fault_call;
    uint16_t caches_max;
};
static const struct header_places places = {10, 1, 11, 12, PROGRAM_CACHES_MAX};
static const struct header_places places_wide = {12, 2, 14, 16, PROGRAM_CACHES_LIMIT};
#define FLAGS_AT  10 // of version 2
#define FLAG_WIDE 1

static struct program_header header_decode(const uint8_t *bytes, const struct header_places *at) {
    uint64_t caches = read_little(bytes + at->caches, at->caches_bytes);
    uint8_t check_every = bytes[at->check_every];
    struct program_header header = {
        .seed = (uint32_t)read_little(bytes + 4, 4),
        .groups_off = (uint16_t)read_little(bytes + 8, 2),
        .caches = (uint16_t)(caches == 0 ? 1 : 1 + (caches - 1) % at->caches_max),
        .check_every = check_every == 0 ? CHECK_EVERY_DEFAULT : check_every,
        .fault_at = (uint16_t)read_little(bytes + at->fault_call + 2, 2),
    };
    if (header.fault_at != 0) {
        header.fault_call = (uint8_t)(bytes[at->fault_call] % FAULT_CALL_COUNT);
        header.fault_and_on = (bytes[at->fault_call + 1] & 1) != 0;
    }
    return header;
}

static struct program_header header_decode_wide(const uint8_t *bytes) {
    struct program_header header = header_decode(bytes, &places_wide);
    header.is_wide = (bytes[FLAGS_AT] & FLAG_WIDE) != 0;
    for (size_t i = 0; i < START_COUNT; i++) {
        uint64_t value = read_little(bytes + STARTS_AT + 8 * i, 8);
        header.start[i] = value <= starts[i].most ? value : value % (starts[i].most + 1);
    }
    return header;
}

static bool begins_with(const uint8_t *bytes, size_t size_bytes, const uint8_t *start) {
    return size_bytes >= sizeof magic && memcmp(bytes, start, sizeof magic) == 0;
}

static bool is_wide_file(const uint8_t *bytes, size_t size_bytes) {
    return size_bytes >= PROGRAM_WIDE_HEADER_BYTES && begins_with(bytes, size_bytes, magic_wide);
}

void program_decode(struct program *program, const uint8_t *bytes, size_t size_bytes) {
    program_clear(program);
    size_t at = 0;
    bool is_wide = is_wide_file(bytes, size_bytes);
    if (is_wide) {
        program->header = header_decode_wide(bytes);
        at = PROGRAM_WIDE_HEADER_BYTES;
    } else if (size_bytes >= PROGRAM_HEADER_BYTES && begins_with(bytes, size_bytes, magic)) {
        program->header = header_decode(bytes, &places);
        at = PROGRAM_HEADER_BYTES;
    }
    size_t step = is_wide ? OPERATION_WIDE_BYTES : OPERATION_BYTES;
    for (; at + step <= size_bytes; at += step) {
        uint64_t head = read_little(bytes + at, 8);
        struct operation operation =
            is_wide ? operation_from_words(head, read_little(bytes + at + 8, 8))
                    : operation_from_bits(head);
        if (!program_append(program, operation)) {
            return;
        }
    }
}

// ---- encode

static bool header_is_narrow(const struct program_header *header) {
    bool is_narrow = !header->is_wide && header->caches <= PROGRAM_CACHES_MAX;
    for (size_t i = 0; i < START_COUNT; i++) {
        is_narrow = is_narrow && header->start[i] == 0;
    }
    return is_narrow;
}

bool program_is_narrow(const struct program *program) {
    bool is_narrow = header_is_narrow(&program->header);
    for (size_t i = 0; is_narrow && i < program->count; i++) {
        is_narrow = operation_is_narrow(program->operations[i]);
    }
    return is_narrow;
}

void program_make_narrow(struct program *program) {
    struct program_header *header = &program->header;
    header->is_wide = false;
    header->caches =
        header->caches < PROGRAM_CACHES_MAX ? header->caches : (uint16_t)PROGRAM_CACHES_MAX;
    memset(header->start, 0, sizeof header->start);
    for (size_t i = 0; i < program->count; i++) {
        program->operations[i] = operation_narrowed(program->operations[i]);
    }
}

static void header_encode(const struct program_header *header, uint8_t *bytes,
                          const struct header_places *at) {
    write_little(bytes + 4, 4, header->seed);
    write_little(bytes + 8, 2, header->groups_off);
    write_little(bytes + at->caches, at->caches_bytes, header->caches);
    bytes[at->check_every] = header->check_every;
    bytes[at->fault_call] = header->fault_call;
    bytes[at->fault_call + 1] = header->fault_and_on ? 1 : 0;
    write_little(bytes + at->fault_call + 2, 2, header->fault_at);
}

static void header_encode_wide(const struct program_header *header, uint8_t *bytes) {
    memset(bytes, 0, PROGRAM_WIDE_HEADER_BYTES);
    memcpy(bytes, magic_wide, sizeof magic_wide);
    header_encode(header, bytes, &places_wide);
    bytes[FLAGS_AT] = header->is_wide ? FLAG_WIDE : 0;
    for (size_t i = 0; i < START_COUNT; i++) {
        write_little(bytes + STARTS_AT + 8 * i, 8, header->start[i]);
    }
}

static size_t header_bytes(bool is_narrow) {
    return is_narrow ? PROGRAM_HEADER_BYTES : PROGRAM_WIDE_HEADER_BYTES;
}

static size_t record_bytes(bool is_narrow) {
    return is_narrow ? OPERATION_BYTES : OPERATION_WIDE_BYTES;
}

size_t program_encoded_bytes(const struct program *program) {
    bool is_narrow = program_is_narrow(program);
    return header_bytes(is_narrow) + program->count * record_bytes(is_narrow);
}

size_t program_encode(const struct program *program, uint8_t *bytes, size_t capacity_bytes) {
    bool is_narrow = program_is_narrow(program);
    if (capacity_bytes < header_bytes(is_narrow)) {
        return 0;
    }
    if (is_narrow) {
        memcpy(bytes, magic, sizeof magic);
        header_encode(&program->header, bytes, &places);
    } else {
        header_encode_wide(&program->header, bytes);
    }
    size_t at = header_bytes(is_narrow);
    size_t step = record_bytes(is_narrow);
    for (size_t i = 0; i < program->count && at + step <= capacity_bytes; i++) {
        struct operation operation = program->operations[i];
        write_little(bytes + at, 8, is_narrow ? operation_bits(operation) : operation.head);
        if (!is_narrow) {
            write_little(bytes + at + 8, 8, operation.argument);
        }
        at += step;
    }
    return at;
}

// ---- questions

static bool header_equal(const struct program_header *a, const struct program_header *b) {
    return a->seed == b->seed && a->groups_off == b->groups_off && a->caches == b->caches &&
           a->check_every == b->check_every && a->fault_call == b->fault_call &&
           a->fault_and_on == b->fault_and_on && a->fault_at == b->fault_at &&
           a->is_wide == b->is_wide && memcmp(a->start, b->start, sizeof a->start) == 0;
}

bool program_header_is_default(const struct program_header *header) {
    return header_equal(header, &PROGRAM_HEADER_DEFAULT);
}

bool program_equal(const struct program *a, const struct program *b) {
    return header_equal(&a->header, &b->header) && a->count == b->count &&
           memcmp(a->operations, b->operations, a->count * sizeof a->operations[0]) == 0;
}

bool program_bytes_are_binary(const uint8_t *bytes, size_t size_bytes) {
    return begins_with(bytes, size_bytes, magic) || begins_with(bytes, size_bytes, magic_wide);
}

bool program_bytes_are_cut(const uint8_t *bytes, size_t size_bytes) {
    return size_bytes < PROGRAM_WIDE_HEADER_BYTES && begins_with(bytes, size_bytes, magic_wide);
}

// The bits of that byte of the header that mean nothing yet.
static uint8_t reserved_bits(size_t at) {
    bool is_whole = at == FLAGS_AT + 1 || at == 15 || (at >= 20 && at < STARTS_AT) ||
                    at >= STARTS_AT + 8 * START_COUNT;
    return is_whole ? UINT8_MAX : at == FLAGS_AT ? (uint8_t)~FLAG_WIDE : 0;
}

size_t program_bytes_reserved(const uint8_t *bytes, size_t size_bytes) {
    if (!is_wide_file(bytes, size_bytes)) {
        return size_bytes;
    }
    for (size_t at = 0; at < PROGRAM_WIDE_HEADER_BYTES; at++) {
        if ((bytes[at] & reserved_bits(at)) != 0) {
            return at;
        }
    }
    return size_bytes;
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
