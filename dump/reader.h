// reader: a heap dump read back, record by record, from any stream, in bounded memory, trusting
// nothing.
//
// It is total: any bytes give records and then the end or an error with what, record, field and
// byte offset; it never asserts about its input and never allocates by a length that the input
// merely claims. Big- and little-endian, 4- and 8-byte pointers. It shares no code with the writer.
// dump/FORMAT.md says what strict and lenient mean.
//
// The loop of every user:
//     while ((record = dump_reader_next(reader)) != NULL)
//         if (record->tag == DUMP_TAG_Object && record->is_last) ...record->as.Object.address...
//     if (dump_reader_error(reader)->kind != DUMP_ERROR_NONE) ...dump_error_text()...
#ifndef DUMP_READER_H
#define DUMP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The tags of the records, as the stream has them.
enum dump_tag {
#define DUMP_RECORD(tag, name, fields) DUMP_TAG_##name = (tag),
#define DUMP_RECORD_BARE(tag, name)    DUMP_TAG_##name = (tag),
#include "dump/records.def"
    DUMP_TAG_COUNT,
};
extern const char *const dump_tag_names[DUMP_TAG_COUNT]; // "EOF", "Object", ...

// The stream's first bytes, and the pauses that a MemStats record holds.
#define DUMP_HEADER           "go1.7 heap dump\n"
#define DUMP_HEADER_BYTES     16
#define DUMP_PAUSE_COUNT      256
#define DUMP_PART_FIELDS_MAX  1024       // of one part
#define DUMP_PART_CALLS_MAX   128        // of one part
#define DUMP_STRING_BYTES_MAX (4u << 20) // a longer string is DUMP_ERROR_STRING_LENGTH
#define DUMP_WINDOW_BYTES     (256u << 10) // of a stream; grows only for strings that really are there

// All pointers in a record are good until the next dump_reader_next(). Strings are not
// NUL-terminated, and may hold NUL and bytes that are not UTF-8.
struct dump_string { // always whole
    const uint8_t *bytes;
    uint64_t size_bytes;
};
struct dump_memory {      // of Object, StackFrame, Data, BSS: raw memory in the dump's byte order
    const uint8_t *bytes; // this part's
    uint64_t size_bytes;  // in this part
    uint64_t begin_bytes; // this part's place in the whole
    uint64_t total_bytes; // the whole: known from its first part on
};
// One entry of a record's field list: where its contents hold a pointer.
struct dump_field {
    uint64_t kind;   // 1: pointer; 2 and 3 (interfaces) only when lenient
    uint64_t offset; // in the contents, in bytes; may lie past their end, be unsorted or repeated
};
// A record's field list, or the part of it that this call brings.
struct dump_fields {
    const struct dump_field *at; // this part's
    size_t count;                // in this part
    uint64_t begin;              // how many came in earlier parts
};
struct dump_call { // of MemProf, leaf first
    struct dump_string function, file;
    uint64_t line;
};
// A MemProf record's call stack, or the part of it that this call brings.
struct dump_calls {
    const struct dump_call *at; // this part's
    size_t count;               // in this part
    uint64_t begin;             // how many came in earlier parts
    uint64_t total;             // of the whole stack
};

// struct dump_record_Object and so on, one for each record that has fields.
#define U(name) uint64_t name;
#define A(name) uint64_t name;
#define B(name) bool name;
#define P(name) uint64_t name;
#define S(name) struct dump_string name;
#define M(name) struct dump_memory name;
#define F(name) struct dump_fields name;
#define N(name) uint64_t name[DUMP_PAUSE_COUNT];
#define K(name) struct dump_calls name;
#define DUMP_RECORD(tag, name, fields)                                                             \
    struct dump_record_##name {                                                                    \
        fields                                                                                     \
    };
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"

// One record, or one part of a record that does not fit the window or the lists. Nearly every
// record is one part: is_first && is_last. A part covers the members [member_begin, member_end),
// numbered as in records.def. Numbers and booleans, once read, stay until the record ends; strings,
// memory, fields and calls of members outside the part are empty, but for total_bytes and total.
// From a source in memory, memory is never split.
struct dump_record {
    enum dump_tag tag;
    bool is_first, is_last;
    bool is_continued; // member_begin began in an earlier part
    bool is_open;      // the last member of this part goes on in the next
    uint32_t member_begin, member_end;
    uint64_t offset_bytes; // of the tag, from the start of the stream
    union {                // the member that `tag` names; EOF has none
#define DUMP_RECORD(tag, name, fields) struct dump_record_##name name;
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"
    } as;
};

// What ended a reading.
enum dump_error_kind {
    DUMP_ERROR_NONE,
    DUMP_ERROR_HEADER,        // not the 16 bytes of DUMP_HEADER
    DUMP_ERROR_TAG,           // over 17
    DUMP_ERROR_VARINT,        // over 64 bits
    DUMP_ERROR_PADDED,        // a varint that is longer than it must be
    DUMP_ERROR_LENGTH,        // a length past the end of the dump
    DUMP_ERROR_STRING_LENGTH, // over DUMP_STRING_BYTES_MAX
    DUMP_ERROR_BOOL,          // neither 0 nor 1
    DUMP_ERROR_POINTER_SIZE,  // neither 4 nor 8
    DUMP_ERROR_ADDRESS,       // wider than a pointer
    DUMP_ERROR_FIELD_KIND,    // neither end (0) nor pointer (1)
    DUMP_ERROR_ORDER,         // a record that cannot stand here; value: the tag before it, or 18
    DUMP_ERROR_REPEATED,      // a second Params, Data, BSS or MemStats
    DUMP_ERROR_MISSING,       // one of these is missing at EOF; value: its tag
    DUMP_ERROR_TRUNCATED,     // the stream ends inside a record, or before EOF
    DUMP_ERROR_TRAILING,      // bytes after EOF
    DUMP_ERROR_READ,          // the source failed: system_error
    DUMP_ERROR_MEMORY,        // out of memory
    DUMP_ERROR_WINDOW,        // a window of no bytes
    DUMP_ERROR_COUNT,
};
// Where and why a reading ended.
struct dump_error {
    enum dump_error_kind kind;
    const char *record;    // "Object", or NULL between records
    const char *field;     // "contents", "tag", "header", or NULL: the dump ends between records
    uint64_t offset_bytes; // of the first byte that is wrong or missing
    uint64_t good_bytes;   // the end of the last whole record
    uint64_t value;        // the value that was refused
    int system_error;      // errno of DUMP_ERROR_READ
    char header[24];       // of DUMP_ERROR_HEADER: that of another version of the format, or ""
};

// Writes the error as one line without a newline: what, record and field, byte offset, good up to.
// Returns `text`.
const char *dump_error_text(const struct dump_error *error, char *text, size_t size_bytes);

// What lenient reading forgave.
enum dump_forgiven {
    DUMP_FORGIVEN_ORDER,
    DUMP_FORGIVEN_REPEATED,
    DUMP_FORGIVEN_MISSING_MEMSTATS,
    DUMP_FORGIVEN_PADDED_VARINT,
    DUMP_FORGIVEN_FIELD_KIND, // 2 or 3
    DUMP_FORGIVEN_WIDE_ADDRESS,
    DUMP_FORGIVEN_COUNT,
};
extern const char *const dump_forgiven_names[DUMP_FORGIVEN_COUNT]; // "order", "repeated", ...

// How a dump is read: refusing what enum dump_forgiven lists, or counting it and going on.
enum dump_mode { DUMP_STRICT, DUMP_LENIENT };

// Where the bytes come from: takes up to size_bytes; returns how many (> 0), 0 at the end, or
// -errno. -EINTR is repeated.
struct dump_source {
    int64_t (*read)(void *context, void *bytes, size_t size_bytes);
    void *context;
};

struct dump_reader;

// Over a dump in memory, without copying; `bytes` outlive the reader. NULL: out of memory.
struct dump_reader *dump_reader_create_memory(const void *bytes, size_t size_bytes,
                                              enum dump_mode mode);
// Over a stream. NULL: out of memory. Memory: DUMP_WINDOW_BYTES and the lists of one part.
struct dump_reader *dump_reader_create(const struct dump_source *source, enum dump_mode mode);
// Over a descriptor, which must stay open and is not closed: a file, pipe or socket.
struct dump_reader *dump_reader_create_descriptor(int descriptor, enum dump_mode mode);
// Over a stream through a window of another size, which splits records into more or fewer parts. 0
// is an error of the first reading, DUMP_ERROR_WINDOW.
struct dump_reader *dump_reader_create_windowed(const struct dump_source *source,
                                                enum dump_mode mode, size_t window_bytes);
void dump_reader_destroy(struct dump_reader *reader); // NULL is fine

// The next record or part, or NULL at the end (EOF was a record of its own) or on an error.
const struct dump_record *dump_reader_next(struct dump_reader *reader);

// The error that ended the reading; kind is DUMP_ERROR_NONE until then, and after a dump that ended
// well.
const struct dump_error *dump_reader_error(const struct dump_reader *reader);
// How many bytes have become records.
uint64_t dump_reader_offset(const struct dump_reader *reader);
// Bytes of a pointer: 4 or 8, as Params says; 8 before it.
uint32_t dump_reader_pointer_bytes(const struct dump_reader *reader);
// Whether contents are big-endian, as Params says; before it they are not.
bool dump_reader_is_big_endian(const struct dump_reader *reader);
// How often a lenient reader has let this pass; of a strict one, 0.
uint64_t dump_reader_forgiven(const struct dump_reader *reader, enum dump_forgiven what);

// One pointer of the dump's size and byte order at `bytes`.
uint64_t dump_pointer_at(const uint8_t *bytes, uint32_t pointer_bytes, bool is_big_endian);

#ifdef __cplusplus
}
#endif

#endif
