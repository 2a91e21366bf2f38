// private: what the files of the reader share: its state, and how one step of reading can
// end.
//
// Reading goes by units: a number, a string, a field, a call, a run of memory. A unit is taken
// whole or not at all, so that an attempt that runs short of bytes is put back to its mark and made
// again after a refill.
#ifndef DUMP_READ_PRIVATE_H
#define DUMP_READ_PRIVATE_H

#include "dump/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum step {
    STEP_DONE,
    STEP_SHORT,  // the window ends here, the stream does not
    STEP_FULL,   // the list of this part is full
    STEP_FAILED, // reader->error says why
};

// Where reading stands inside a record; what an attempt is put back to.
struct mark {
    const uint8_t *at;  // next byte
    bool is_inside;     // a record whose tag has been read
    bool is_continued;  // `member` has begun
    uint32_t member;    // next to read, or being read
    uint64_t remaining; // of `member`: bytes or calls
    uint64_t delivered; // of `member`: fields in earlier parts
    uint64_t forgiven[DUMP_FORGIVEN_COUNT];
};

struct dump_reader {
    struct mark now;
    const uint8_t *base, *end; // the window; base <= now.at <= end
    uint64_t base_offset;      // of `base` in the stream
    bool at_end;               // nothing follows the window
    bool is_lenient;
    bool has_header, has_ended;
    bool is_big_endian;
    uint32_t pointer_bytes;
    uint64_t address_max;
    enum dump_tag previous; // for the order: OtherRoot does not count
    bool has_previous;
    uint32_t seen; // bit per tag
    uint64_t good_bytes;
    uint64_t length_offset; // of the length of the memory being read
    struct dump_error error;
    struct dump_source source; // .read is NULL over memory
    int source_error;          // errno of a read that failed: told when the window is used up
    uint8_t *buffer;           // the window of a stream
    size_t buffer_bytes;
    int descriptor;
    struct dump_record record;
    struct dump_field fields[DUMP_PART_FIELDS_MAX];
    struct dump_call calls[DUMP_PART_CALLS_MAX];
};

static inline uint64_t reader_offset_of(const struct dump_reader *reader, const uint8_t *where) {
    return reader->base_offset + (uint64_t)(where - reader->base);
}

// error.c: notes the error and ends the reading. Always STEP_FAILED.
enum step reader_fail(struct dump_reader *reader, enum dump_error_kind kind, uint64_t offset_bytes,
                      uint64_t value);

// source.c: drops what lies before now.at and fills the rest of the window. False: failed.
bool reader_refill(struct dump_reader *reader);
// The same with a window of twice the size.
bool reader_grow(struct dump_reader *reader);

// record.c: the tag, then members of the record until it is done or the step ends otherwise.
enum step reader_take_tag(struct dump_reader *reader);
enum step reader_take_members(struct dump_reader *reader);
// An object that follows another, whole in the window and with nothing to refuse or to forgive: the
// whole record at once. False: it is something else, and nothing was taken.
bool reader_take_plain_object(struct dump_reader *reader);
// Empties the members outside the part that has just been read.
void reader_tidy(struct dump_reader *reader);

// order.c: may `tag` stand here? Fails, or counts what it forgave.
enum step reader_check_order(struct dump_reader *reader, enum dump_tag tag, uint64_t offset_bytes);
void reader_note_order(struct dump_reader *reader, enum dump_tag tag);

#endif
