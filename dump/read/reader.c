// reader: the loop that turns a window of bytes into records: attempt, refill, part, grow.
//
// An attempt takes as much of a record as the window holds. Where it runs short, it is put back and
// made again on a refilled window; where that cannot help, what it took is handed out as a part;
// where it took nothing, the window grows.
//
// An example: an Object of 100 bytes with two fields, read by windows of 64. The first attempt
// takes tag, address and length, then what there is of the bytes, and runs short. Where something
// lies before the tag, the window is filled anew from the tag on, and the attempt made again:
// 1 + 6 + 1 bytes, then 56 of the 100. Nothing more can be had so: a part is handed out, is_first,
// is_open, members 0 to 2. The next attempt begins inside, at member 1 with 44 bytes remaining, on
// a refilled window, and takes these and the fields: is_continued, is_last, members 1 to 3.

#include "dump/read/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct dump_reader *create(enum dump_mode mode) {
    struct dump_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return NULL;
    }
    reader->is_lenient = mode == DUMP_LENIENT;
    reader->pointer_bytes = 8;
    reader->address_max = UINT64_MAX;
    return reader;
}

struct dump_reader *dump_reader_create_memory(const void *bytes, size_t size_bytes,
                                              enum dump_mode mode) {
    static const uint8_t nothing[1];
    struct dump_reader *reader = create(mode);
    if (reader == NULL) {
        return NULL;
    }
    reader->base = size_bytes > 0 ? bytes : nothing;
    reader->end = reader->base + size_bytes;
    reader->now.at = reader->base;
    reader->at_end = true;
    return reader;
}

struct dump_reader *dump_reader_create_windowed(const struct dump_source *source,
                                                enum dump_mode mode, size_t window_bytes) {
    struct dump_reader *reader = create(mode);
    if (reader == NULL) {
        return NULL;
    }
    reader->buffer = malloc(window_bytes > 0 ? window_bytes : 1);
    if (reader->buffer == NULL) {
        free(reader);
        return NULL;
    }
    reader->buffer_bytes = window_bytes;
    reader->source = *source;
    reader->base = reader->buffer;
    reader->end = reader->buffer;
    reader->now.at = reader->buffer;
    return reader;
}

struct dump_reader *dump_reader_create(const struct dump_source *source, enum dump_mode mode) {
    return dump_reader_create_windowed(source, mode, DUMP_WINDOW_BYTES);
}

static int64_t read_descriptor(void *context, void *bytes, size_t size_bytes) {
    const int *descriptor = context;
    ssize_t got = read(*descriptor, bytes, size_bytes);
    return got < 0 ? -errno : got;
}

struct dump_reader *dump_reader_create_descriptor(int descriptor, enum dump_mode mode) {
    const struct dump_source source = {.read = read_descriptor};
    struct dump_reader *reader = dump_reader_create(&source, mode);
    if (reader != NULL) {
        reader->descriptor = descriptor;
        reader->source.context = &reader->descriptor;
    }
    return reader;
}

void dump_reader_destroy(struct dump_reader *reader) {
    if (reader != NULL) {
        free(reader->buffer);
        free(reader);
    }
}

static bool fail_header(struct dump_reader *reader, enum dump_error_kind kind, size_t offset) {
    reader_fail(reader, kind, offset, 0);
    reader->error.field = "header";
    return false;
}

// "go1.4 heap dump": the header of another version, for the message.
static void note_header(struct dump_reader *reader, const uint8_t *bytes, size_t size_bytes) {
    static const char end[] = " heap dump";
    char *header = reader->error.header;
    size_t length = 0;
    while (length < size_bytes && length + 1 < sizeof reader->error.header &&
           bytes[length] > 0x20 - (length > 0) && bytes[length] < 0x7f) {
        header[length] = (char)bytes[length];
        length++;
    }
    header[length] = '\0';
    size_t end_bytes = sizeof end - 1;
    bool is_header = strncmp(header, "go", 2) == 0 && length > end_bytes &&
                     memcmp(header + length - end_bytes, end, end_bytes) == 0;
    header[is_header ? length : 0] = '\0';
}

static bool take_header(struct dump_reader *reader) {
    if (reader->buffer != NULL && reader->buffer_bytes == 0) {
        return fail_header(reader, DUMP_ERROR_WINDOW, 0);
    }
    while ((size_t)(reader->end - reader->now.at) < DUMP_HEADER_BYTES && !reader->at_end) {
        bool ok = reader->end == reader->base ? reader_refill(reader) : reader_grow(reader);
        if (!ok) {
            return false;
        }
    }
    size_t there = (size_t)(reader->end - reader->now.at);
    for (size_t i = 0; i < DUMP_HEADER_BYTES; i++) {
        if (i == there) {
            return fail_header(reader, DUMP_ERROR_TRUNCATED, i);
        }
        if (reader->now.at[i] != (uint8_t)DUMP_HEADER[i]) {
            note_header(reader, reader->now.at, there);
            return fail_header(reader, DUMP_ERROR_HEADER, i);
        }
    }
    reader->now.at += DUMP_HEADER_BYTES;
    reader->good_bytes = DUMP_HEADER_BYTES;
    reader->has_header = true;
    return true;
}

static enum step take_step(struct dump_reader *reader, const uint8_t **members_at) {
    if (!reader->now.is_inside) {
        enum step step = reader_take_tag(reader);
        if (step != STEP_DONE) {
            *members_at = reader->now.at;
            return step;
        }
    }
    *members_at = reader->now.at;
    return reader_take_members(reader);
}

static void end_record(struct dump_reader *reader) {
    const struct dump_record *record = &reader->record;
    reader->now.is_inside = false;
    reader->good_bytes = reader_offset_of(reader, reader->now.at);
    reader_note_order(reader, record->tag);
    if (record->tag == DUMP_TAG_Params) {
        reader->is_big_endian = record->as.Params.big_endian;
    }
}

// Hands out what lies between the mark and now.
static const struct dump_record *deliver(struct dump_reader *reader, const struct mark *mark,
                                         enum step step) {
    struct dump_record *record = &reader->record;
    bool began_inside = mark->is_inside;
    record->is_last = step == STEP_DONE;
    record->is_first = !began_inside;
    record->is_continued = began_inside && mark->is_continued;
    record->is_open = !record->is_last && reader->now.is_continued;
    record->member_begin = began_inside ? mark->member : 0;
    record->member_end = reader->now.member + (record->is_open ? 1 : 0);
    if (!record->is_first || !record->is_last) {
        reader_tidy(reader);
    }
    if (record->is_last) {
        end_record(reader);
    }
    return record;
}

// After EOF nothing may come.
static void check_trailing(struct dump_reader *reader) {
    reader->has_ended = true;
    if (reader->now.at == reader->end && !reader->at_end && !reader_refill(reader)) {
        return;
    }
    reader->error.record = NULL;
    if (reader->now.at < reader->end) {
        reader_fail(reader, DUMP_ERROR_TRAILING, reader_offset_of(reader, reader->now.at), 0);
    }
}

static bool is_over(struct dump_reader *reader) {
    if (!reader->has_ended && !reader->has_header && !take_header(reader)) {
        return true;
    }
    bool is_after_eof = (reader->seen >> DUMP_TAG_EOF & 1) != 0;
    if (!reader->has_ended && is_after_eof) {
        check_trailing(reader);
    }
    return reader->has_ended;
}

const struct dump_record *dump_reader_next(struct dump_reader *reader) {
    if (reader_take_plain_object(reader)) {
        return &reader->record;
    }
    if (is_over(reader)) {
        return NULL;
    }
    for (;;) {
        const struct mark mark = reader->now;
        const uint8_t *members_at;
        enum step step = take_step(reader, &members_at);
        if (step == STEP_FAILED) {
            return NULL;
        }
        bool can_refill =
            step == STEP_SHORT && (mark.at > reader->base || reader->end == reader->base);
        bool has_part = reader->now.at > members_at;
        if (step == STEP_DONE || (has_part && !can_refill)) {
            return deliver(reader, &mark, step);
        }
        reader->now = mark;
        if (!(can_refill ? reader_refill(reader) : reader_grow(reader))) {
            return NULL;
        }
    }
}

const struct dump_error *dump_reader_error(const struct dump_reader *reader) {
    return &reader->error;
}

uint64_t dump_reader_offset(const struct dump_reader *reader) {
    return reader->good_bytes;
}

uint32_t dump_reader_pointer_bytes(const struct dump_reader *reader) {
    return reader->pointer_bytes;
}

bool dump_reader_is_big_endian(const struct dump_reader *reader) {
    return reader->is_big_endian;
}

uint64_t dump_reader_forgiven(const struct dump_reader *reader, enum dump_forgiven what) {
    return reader->now.forgiven[what];
}

uint64_t dump_pointer_at(const uint8_t *bytes, uint32_t pointer_bytes, bool is_big_endian) {
    uint64_t pointer = 0;
    for (uint32_t i = 0; i < pointer_bytes; i++) {
        pointer = pointer << 8 | bytes[is_big_endian ? i : pointer_bytes - 1 - i];
    }
    return pointer;
}
