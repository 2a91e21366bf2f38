// error: the reader's verdicts in words: tag names, what was forgiven, and one line for each
// error.

#include "dump/read/private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const dump_tag_names[DUMP_TAG_COUNT] = {
#define DUMP_RECORD(tag, name, fields) [tag] = #name,
#define DUMP_RECORD_BARE(tag, name)    [tag] = #name,
#include "dump/records.def"
};

const char *const dump_forgiven_names[DUMP_FORGIVEN_COUNT] = {
    [DUMP_FORGIVEN_ORDER] = "order",
    [DUMP_FORGIVEN_REPEATED] = "repeated",
    [DUMP_FORGIVEN_MISSING_MEMSTATS] = "missing_memstats",
    [DUMP_FORGIVEN_PADDED_VARINT] = "padded_varint",
    [DUMP_FORGIVEN_FIELD_KIND] = "field_kind",
    [DUMP_FORGIVEN_WIDE_ADDRESS] = "wide_address",
};

struct line {
    char *text;
    size_t size_bytes, used_bytes;
};

// Appends what fits.
static void add(struct line *line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = line->size_bytes - line->used_bytes;
    int wanted = vsnprintf(line->text + line->used_bytes, room, format, arguments);
    va_end(arguments);
    if (wanted > 0) {
        line->used_bytes += (size_t)wanted < room ? (size_t)wanted : room - 1;
    }
}

// What needs no number and no name.
static const char *const plain_texts[DUMP_ERROR_COUNT] = {
    [DUMP_ERROR_NONE] = "no error",
    [DUMP_ERROR_VARINT] = "number over 64 bits",
    [DUMP_ERROR_TRAILING] = "bytes after the end of the dump",
    [DUMP_ERROR_MEMORY] = "out of memory",
    [DUMP_ERROR_WINDOW] = "the window has no bytes",
};

static void add_what(struct line *line, const struct dump_error *error) {
    const char *tag = error->value < DUMP_TAG_COUNT ? dump_tag_names[error->value] : "";
    const char *record = error->record != NULL ? error->record : "record";
    switch (error->kind) {
    case DUMP_ERROR_HEADER:
        if (error->header[0] != '\0') {
            add(line, "a heap dump of another version: the header is \"%s\", not \"%.15s\"",
                error->header, DUMP_HEADER);
        } else {
            add(line, "not a heap dump: the header is not \"%.15s\"", DUMP_HEADER);
        }
        return;
    case DUMP_ERROR_TAG:
        add(line, "unknown record tag %" PRIu64, error->value);
        return;
    case DUMP_ERROR_PADDED:
        add(line, "number %" PRIu64 " is not minimally encoded", error->value);
        return;
    case DUMP_ERROR_LENGTH:
        add(line, "length %" PRIu64 " runs past the end", error->value);
        return;
    case DUMP_ERROR_STRING_LENGTH:
        add(line, "string of %" PRIu64 " bytes is over the limit of %u", error->value,
            DUMP_STRING_BYTES_MAX);
        return;
    case DUMP_ERROR_BOOL:
        add(line, "bool is %" PRIu64 ", neither 0 nor 1", error->value);
        return;
    case DUMP_ERROR_POINTER_SIZE:
        add(line, "pointer size is %" PRIu64 ", neither 4 nor 8", error->value);
        return;
    case DUMP_ERROR_ADDRESS:
        add(line, "address 0x%" PRIx64 " is wider than a pointer", error->value);
        return;
    case DUMP_ERROR_FIELD_KIND:
        add(line, "unknown field kind %" PRIu64, error->value);
        return;
    case DUMP_ERROR_ORDER:
        add(line, "%s cannot stand %s%s", record, tag[0] != '\0' ? "after " : "at the start", tag);
        return;
    case DUMP_ERROR_REPEATED:
        add(line, "%s is there a second time", record);
        return;
    case DUMP_ERROR_MISSING:
        add(line, "%s is missing", tag);
        return;
    case DUMP_ERROR_TRUNCATED:
        add(line, error->field == NULL ? "truncated: EOF is missing" : "truncated");
        return;
    case DUMP_ERROR_READ:
        add(line, "cannot read: %s", strerror(error->system_error));
        return;
    case DUMP_ERROR_NONE:
    case DUMP_ERROR_VARINT:
    case DUMP_ERROR_TRAILING:
    case DUMP_ERROR_MEMORY:
    case DUMP_ERROR_WINDOW:
        add(line, "%s", plain_texts[error->kind]);
        return;
    case DUMP_ERROR_COUNT:
        break;
    }
    add(line, "unknown error");
}

const char *dump_error_text(const struct dump_error *error, char *text, size_t size_bytes) {
    if (size_bytes == 0) {
        return text;
    }
    struct line line = {.text = text, .size_bytes = size_bytes};
    text[0] = '\0';
    add_what(&line, error);
    if (error->record != NULL) {
        add(&line, ", record %s", error->record);
    }
    if (error->field != NULL) {
        add(&line, ", field %s", error->field);
    }
    add(&line, ", at byte %" PRIu64 ", good up to byte %" PRIu64, error->offset_bytes,
        error->good_bytes);
    return text;
}

enum step reader_fail(struct dump_reader *reader, enum dump_error_kind kind, uint64_t offset_bytes,
                      uint64_t value) {
    reader->error.kind = kind;
    reader->error.offset_bytes = offset_bytes;
    reader->error.value = value;
    reader->error.good_bytes = reader->good_bytes;
    reader->has_ended = true;
    return STEP_FAILED;
}
