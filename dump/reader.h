// reader: a heap dump read back, record by record, from any stream, in bounded memory, trusting nothing.
//
// It is total: any bytes give records and then EOF or an error with what, record and byte offset; it never asserts about its
// input and never allocates by a length that the input merely claims. Big- and little-endian, 4- and 8-byte
// pointers. It shares no code with the writer. What strict and lenient mean is in dump/FORMAT.md.
#ifndef DUMP_READER_H
#define DUMP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dump_tag {
#define DUMP_RECORD(tag, name, fields) DUMP_TAG_##name = (tag),
#include "dump/records.def"
    DUMP_TAG_COUNT,
};
extern const char *const dump_tag_names[DUMP_TAG_COUNT]; // "EOF", "Object", ...

// Bytes lie in the reader's buffer until the next record; not NUL-terminated.
struct dump_bytes {
    const uint8_t *bytes;
    uint64_t size_bytes;
};
struct dump_field { // of Object, StackFrame, Data, BSS
    uint64_t kind;  // 1: pointer; 2 and 3 only when lenient
    uint64_t offset;
};
struct dump_call { // of MemProf
    struct dump_bytes function, file;
    uint64_t line;
};

// Tables keep the records' layouts; the reader fills the member that `tag` names.
struct dump_record {
    enum dump_tag tag;
    uint64_t offset_bytes; // of the tag, from the start of the stream
    union {
#define U(name) uint64_t name;
#define A(name) uint64_t name;
#define B(name) bool name;
#define S(name) struct dump_bytes name;
#define M(name) struct dump_bytes name;
#define F(name)                                                                                    \
    const struct dump_field *name;                                                                 \
    size_t name##_count;
#define N(name) uint64_t name[256];
#define K(name)                                                                                    \
    const struct dump_call *name;                                                                  \
    size_t name##_count;
#define DUMP_RECORD(tag, name, fields)                                                             \
    struct {                                                                                       \
        fields                                                                                     \
    } name;
#include "dump/records.def"
#undef U
#undef A
#undef B
#undef S
#undef M
#undef F
#undef N
#undef K
    } as;
};

#endif
