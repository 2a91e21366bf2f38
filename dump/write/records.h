// records: a struct and an encoder for each record of the table. A field that the writer does not
// fill shows as a zero in the dump; one that the table does not know does not compile.
//
// Internal to the writer. Small objects are encoded by objects.c, which cannot afford a call per
// byte.
#ifndef DUMP_WRITE_RECORDS_H
#define DUMP_WRITE_RECORDS_H

#include "dump/write/out.h"

// A string of a record: a name behind its package.
struct writer_text {
    const char *package; // "" or NULL: none; else followed by a dot
    const char *name;
};

// A record's contents: bytes of the heap, or of a stack.
struct writer_memory {
    uintptr_t address;
    size_t size_bytes;
};

// A run of words that may hold pointers: word i lies at first_offset + 8 i; it is a field when its
// bit is set.
struct writer_words {
    size_t first_offset; // bytes
    size_t word_count;
    const uint8_t *bits; // NULL: all words
};
// Where a record's contents hold pointers: by words of bits, or by the heap's own bits of an
// object.
struct writer_fields {
    struct writer_words runs[2]; // a frame's out-args, then its locals; else the first alone
    const struct heap *heap;     // of an object with pointer bits: these are the fields; else NULL
    uintptr_t object;
    size_t object_bytes;
};

// The bits from `bit` up to `end`, or to the end of bit's word, as the lowest ones.
static inline uint64_t writer_bits_from(const uint64_t *words, size_t bit, size_t end) {
    uint64_t bits = words[bit / 64] >> (bit % 64);
    return end - bit < 64 ? bits & (((uint64_t)1 << (end - bit)) - 1) : bits;
}

// A call stack, of which the record gets function, file and line of each pc.
struct writer_stack {
    const struct runtime *runtime; // which knows the functions
    const uintptr_t *pcs;          // leaf first
    size_t count;
};

#define A(name) uint64_t name;
#define B(name) bool name;
#define F(name) struct writer_fields name;
#define K(name) struct writer_stack name;
#define M(name) struct writer_memory name;
#define N(name) const uint64_t *name;
#define P(name) uint64_t name;
#define S(name) struct writer_text name;
#define U(name) uint64_t name;
#define DUMP_RECORD(tag, name, members)                                                            \
    struct writer_##name {                                                                         \
        members                                                                                    \
    };                                                                                             \
    void write_##name(struct out *out, const struct writer_##name *record);
#define DUMP_RECORD_BARE(tag, name) void write_##name(struct out *out);
#include "dump/records.def"

// The tag of an object's record, and what stands before each entry of a field list and at its end.
enum { WRITER_TAG_OBJECT = 1, WRITER_FIELD_END = 0, WRITER_FIELD_POINTER = 1 };

#endif
