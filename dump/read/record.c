// record: from bytes to members of a record: one function for each kind of field, one per
// record made from records.def.
//
// In the table each field is a letter and a name, and a letter is a macro here. Itab, which is
// A(address) A(type), becomes
//   static enum step take_Itab(struct dump_reader *reader) {
//       struct dump_record_Itab *record = &reader->record.as.Itab;
//       uint32_t member = 0;
//       if (member >= reader->now.member) { take_address() to record->address, or stop }
//       member++;
//       ... the same to record->type
//       reader->now.member = member;
//       return STEP_DONE;
//   }
// so that a reading that goes on inside a record skips the members that it has: now.member is the
// first that it has not.

#include "dump/read/private.h"
#include "dump/read/varint.h"

// The stream is short here: an error when nothing follows the window.
static enum step run_short(struct dump_reader *reader) {
    if (!reader->at_end) {
        return STEP_SHORT;
    }
    return reader_fail(reader, DUMP_ERROR_TRUNCATED, reader_offset_of(reader, reader->end), 0);
}

static enum step fail_at(struct dump_reader *reader, enum dump_error_kind kind,
                         const uint8_t *where, uint64_t value) {
    return reader_fail(reader, kind, reader_offset_of(reader, where), value);
}

// Where a unit of several numbers began, so that it is taken whole or not at all.
struct unit {
    const uint8_t *at;
    uint64_t padded, kinds;
};

static inline struct unit unit_begin(const struct dump_reader *reader) {
    return (struct unit){.at = reader->now.at,
                         .padded = reader->now.forgiven[DUMP_FORGIVEN_PADDED_VARINT],
                         .kinds = reader->now.forgiven[DUMP_FORGIVEN_FIELD_KIND]};
}

// Always `step`.
static enum step unit_cancel(struct dump_reader *reader, const struct unit *unit, enum step step) {
    reader->now.at = unit->at;
    reader->now.forgiven[DUMP_FORGIVEN_PADDED_VARINT] = unit->padded;
    reader->now.forgiven[DUMP_FORGIVEN_FIELD_KIND] = unit->kinds;
    return step;
}

static inline enum step take_number(struct dump_reader *reader, uint64_t *value) {
    const uint8_t *from = reader->now.at;
    switch (varint_read(&reader->now.at, reader->end, value)) {
    case VARINT_DONE:
        return STEP_DONE;
    case VARINT_SHORT:
        return run_short(reader);
    case VARINT_OVER:
        return fail_at(reader, DUMP_ERROR_VARINT, from, 0);
    case VARINT_PADDED:
        break;
    }
    if (!reader->is_lenient) {
        return fail_at(reader, DUMP_ERROR_PADDED, from, *value);
    }
    reader->now.forgiven[DUMP_FORGIVEN_PADDED_VARINT]++;
    return STEP_DONE;
}

static inline enum step take_address(struct dump_reader *reader, uint64_t *value) {
    const uint8_t *from = reader->now.at;
    enum step step = take_number(reader, value);
    if (step != STEP_DONE || *value <= reader->address_max) {
        return step;
    }
    if (!reader->is_lenient) {
        return fail_at(reader, DUMP_ERROR_ADDRESS, from, *value);
    }
    reader->now.forgiven[DUMP_FORGIVEN_WIDE_ADDRESS]++;
    return STEP_DONE;
}

static enum step take_bool(struct dump_reader *reader, bool *value) {
    const uint8_t *from = reader->now.at;
    uint64_t number = 0;
    enum step step = take_number(reader, &number);
    if (step == STEP_DONE && number > 1) {
        return fail_at(reader, DUMP_ERROR_BOOL, from, number);
    }
    *value = number == 1;
    return step;
}

static enum step take_pointer_size(struct dump_reader *reader, uint64_t *value) {
    const uint8_t *from = reader->now.at;
    enum step step = take_number(reader, value);
    if (step != STEP_DONE) {
        return step;
    }
    if (*value != 4 && *value != 8) {
        return fail_at(reader, DUMP_ERROR_POINTER_SIZE, from, *value);
    }
    reader->pointer_bytes = (uint32_t)*value;
    reader->address_max = *value == 4 ? UINT32_MAX : UINT64_MAX;
    return STEP_DONE;
}

static enum step take_string(struct dump_reader *reader, struct dump_string *string) {
    struct unit unit = unit_begin(reader);
    uint64_t size_bytes = 0;
    enum step step = take_number(reader, &size_bytes);
    if (step != STEP_DONE) {
        return step;
    }
    if (size_bytes > DUMP_STRING_BYTES_MAX) {
        return fail_at(reader, DUMP_ERROR_STRING_LENGTH, unit.at, size_bytes);
    }
    if (size_bytes > (uint64_t)(reader->end - reader->now.at)) {
        return reader->at_end ? fail_at(reader, DUMP_ERROR_LENGTH, unit.at, size_bytes)
                              : unit_cancel(reader, &unit, STEP_SHORT);
    }
    *string = (struct dump_string){.bytes = reader->now.at, .size_bytes = size_bytes};
    reader->now.at += size_bytes;
    return STEP_DONE;
}

static inline enum step begin_memory(struct dump_reader *reader, struct dump_memory *memory) {
    const uint8_t *from = reader->now.at;
    enum step step = take_number(reader, &memory->total_bytes);
    if (step == STEP_DONE) {
        reader->length_offset = reader_offset_of(reader, from);
        reader->now.remaining = memory->total_bytes;
        reader->now.is_continued = true;
    }
    return step;
}

static inline enum step take_memory(struct dump_reader *reader, struct dump_memory *memory) {
    if (!reader->now.is_continued) {
        enum step step = begin_memory(reader, memory);
        if (step != STEP_DONE) {
            return step;
        }
    }
    uint64_t there = (uint64_t)(reader->end - reader->now.at);
    bool is_short = there < reader->now.remaining;
    if (is_short && reader->at_end) {
        return reader_fail(reader, DUMP_ERROR_LENGTH, reader->length_offset, memory->total_bytes);
    }
    uint64_t size_bytes = is_short ? there : reader->now.remaining;
    memory->bytes = reader->now.at;
    memory->size_bytes = size_bytes;
    memory->begin_bytes = memory->total_bytes - reader->now.remaining;
    reader->now.at += size_bytes;
    reader->now.remaining -= size_bytes;
    return is_short ? STEP_SHORT : STEP_DONE;
}

// One field, whole or not at all; kind 0 ends the list.
static enum step take_field(struct dump_reader *reader, struct dump_field *field) {
    const uint8_t *from = reader->now.at;
    enum step step = take_number(reader, &field->kind);
    if (step != STEP_DONE || field->kind == 0) {
        return step;
    }
    if (field->kind > (reader->is_lenient ? 3 : 1)) {
        return fail_at(reader, DUMP_ERROR_FIELD_KIND, from, field->kind);
    }
    reader->now.forgiven[DUMP_FORGIVEN_FIELD_KIND] += field->kind > 1;
    return take_number(reader, &field->offset);
}

// The plain case at once: kind 1 and an offset below 2^14, while the window is not near its end.
static inline size_t take_plain_fields(struct dump_reader *reader, size_t count) {
    const uint8_t *at = reader->now.at;
    while (reader->end - at >= 3 && at[0] == 1 && count < DUMP_PART_FIELDS_MAX) {
        uint64_t offset = at[1];
        if (at[1] >= 0x80) {
            if (at[2] >= 0x80 || at[2] == 0) {
                break;
            }
            offset = (at[1] & 0x7fu) | (uint64_t)at[2] << 7;
            at++;
        }
        at += 2;
        reader->fields[count++] = (struct dump_field){.kind = 1, .offset = offset};
    }
    reader->now.at = at;
    return count;
}

static inline enum step take_fields(struct dump_reader *reader, struct dump_fields *fields) {
    reader->now.delivered = reader->now.is_continued ? reader->now.delivered : 0;
    reader->now.is_continued = true;
    *fields = (struct dump_fields){.at = reader->fields, .begin = reader->now.delivered};
    for (;;) {
        fields->count = take_plain_fields(reader, fields->count);
        struct unit unit = unit_begin(reader);
        struct dump_field field;
        enum step step = take_field(reader, &field);
        if (step == STEP_DONE && field.kind == 0) {
            return STEP_DONE;
        }
        if (step == STEP_DONE && fields->count < DUMP_PART_FIELDS_MAX) {
            reader->fields[fields->count++] = field;
            continue;
        }
        reader->now.delivered += fields->count;
        return unit_cancel(reader, &unit, step == STEP_DONE ? STEP_FULL : step);
    }
}

static enum step take_pauses(struct dump_reader *reader, uint64_t *pauses) {
    struct unit unit = unit_begin(reader);
    for (size_t i = 0; i < DUMP_PAUSE_COUNT; i++) {
        enum step step = take_number(reader, &pauses[i]);
        if (step != STEP_DONE) {
            return unit_cancel(reader, &unit, step);
        }
    }
    return STEP_DONE;
}

// One call of a stack, whole or not at all.
static enum step take_call(struct dump_reader *reader, struct dump_call *call) {
    struct unit unit = unit_begin(reader);
    enum step step = take_string(reader, &call->function);
    if (step == STEP_DONE) {
        step = take_string(reader, &call->file);
    }
    if (step == STEP_DONE) {
        step = take_number(reader, &call->line);
    }
    return step == STEP_DONE ? step : unit_cancel(reader, &unit, step);
}

static enum step take_calls(struct dump_reader *reader, struct dump_calls *calls) {
    if (!reader->now.is_continued) {
        enum step step = take_number(reader, &calls->total);
        if (step != STEP_DONE) {
            return step;
        }
        reader->now.remaining = calls->total;
        reader->now.is_continued = true;
    }
    calls->at = reader->calls;
    calls->begin = calls->total - reader->now.remaining;
    calls->count = 0;
    while (reader->now.remaining > 0) {
        if (calls->count == DUMP_PART_CALLS_MAX) {
            return STEP_FULL;
        }
        enum step step = take_call(reader, &reader->calls[calls->count]);
        if (step != STEP_DONE) {
            return step;
        }
        calls->count++;
        reader->now.remaining--;
    }
    return STEP_DONE;
}

// Remembers the member that stopped a part; names it in an error.
static enum step stop(struct dump_reader *reader, uint32_t member, const char *name,
                      enum step step) {
    reader->now.member = member;
    if (step == STEP_FAILED) {
        reader->error.field = name;
    }
    return step;
}

// take_Object() and so on: each member from now.member on.
#define TAKE(name, call)                                                                           \
    if (member >= reader->now.member) {                                                            \
        enum step step = call;                                                                     \
        if (step != STEP_DONE) {                                                                   \
            return stop(reader, member, #name, step);                                              \
        }                                                                                          \
        reader->now.is_continued = false;                                                          \
    }                                                                                              \
    member++;
#define U(name) TAKE(name, take_number(reader, &record->name))
#define A(name) TAKE(name, take_address(reader, &record->name))
#define B(name) TAKE(name, take_bool(reader, &record->name))
#define P(name) TAKE(name, take_pointer_size(reader, &record->name))
#define S(name) TAKE(name, take_string(reader, &record->name))
#define M(name) TAKE(name, take_memory(reader, &record->name))
#define F(name) TAKE(name, take_fields(reader, &record->name))
#define N(name) TAKE(name, take_pauses(reader, record->name))
#define K(name) TAKE(name, take_calls(reader, &record->name))
#define DUMP_RECORD(tag, name, fields)                                                             \
    static enum step take_##name(struct dump_reader *reader) {                                     \
        struct dump_record_##name *record = &reader->record.as.name;                               \
        uint32_t member = 0;                                                                       \
        fields reader->now.member = member;                                                        \
        return STEP_DONE;                                                                          \
    }
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"

enum step reader_take_members(struct dump_reader *reader) {
    switch (reader->record.tag) {
#define DUMP_RECORD(tag, name, fields)                                                             \
    case (enum dump_tag)(tag):                                                                     \
        return take_##name(reader);
#define DUMP_RECORD_BARE(tag, name)                                                                \
    case (enum dump_tag)(tag):                                                                     \
        break;
#include "dump/records.def"
    case DUMP_TAG_COUNT:
        break;
    }
    return STEP_DONE;
}

// ---- most records of most dumps are objects after objects, with nothing to refuse or to forgive

#define OBJECT_MEMBER_COUNT 3 // address, contents, fields

// A varint with nothing to refuse or to forgive. False: it is none, or may go past the end.
static inline bool take_plain_number(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    return end - *at >= VARINT_BYTES_MAX && varint_read(at, end, value) == VARINT_DONE;
}

// The fields up to their end. False: the list goes on with something that is not plain, or the
// window ends in it.
static inline bool take_plain_list(struct dump_reader *reader, struct dump_fields *fields) {
    *fields = (struct dump_fields){.at = reader->fields};
    fields->count = take_plain_fields(reader, 0);
    return reader->now.at < reader->end && *reader->now.at++ == 0;
}

static inline bool take_plain_members(struct dump_reader *reader,
                                      struct dump_record_Object *object) {
    const uint8_t *at = reader->now.at + 1;
    uint64_t size_bytes;
    if (!take_plain_number(&at, reader->end, &object->address) ||
        object->address > reader->address_max ||
        !take_plain_number(&at, reader->end, &size_bytes) ||
        (uint64_t)(reader->end - at) < size_bytes) {
        return false;
    }
    object->contents =
        (struct dump_memory){.bytes = at, .size_bytes = size_bytes, .total_bytes = size_bytes};
    reader->now.at = at + size_bytes;
    return take_plain_list(reader, &object->fields);
}

bool reader_take_plain_object(struct dump_reader *reader) {
    const uint8_t *from = reader->now.at;
    if (reader->previous != DUMP_TAG_Object || reader->now.is_inside || reader->has_ended ||
        from == reader->end || *from != DUMP_TAG_Object) {
        return false;
    }
    struct dump_record *record = &reader->record;
    record->tag = DUMP_TAG_Object;
    if (!take_plain_members(reader, &record->as.Object)) {
        reader->now.at = from;
        return false;
    }
    record->is_first = true; // and last, and not open, as the record before it was
    record->is_continued = false;
    record->member_begin = 0;
    record->member_end = OBJECT_MEMBER_COUNT;
    record->offset_bytes = reader_offset_of(reader, from);
    reader->good_bytes = reader_offset_of(reader, reader->now.at);
    return true;
}

enum step reader_take_tag(struct dump_reader *reader) {
    const uint8_t *from = reader->now.at;
    uint64_t tag = 0;
    reader->error.record = NULL;
    enum step step = take_number(reader, &tag);
    if (step == STEP_DONE && tag >= DUMP_TAG_COUNT) {
        step = fail_at(reader, DUMP_ERROR_TAG, from, tag);
    }
    if (step != STEP_DONE) {
        return stop(reader, 0, reader->error.kind == DUMP_ERROR_TRUNCATED ? NULL : "tag", step);
    }
    uint64_t offset_bytes = reader_offset_of(reader, from);
    reader->record.tag = (enum dump_tag)tag;
    reader->record.offset_bytes = offset_bytes;
    reader->error.record = dump_tag_names[tag];
    reader->now.is_inside = true;
    reader->now.is_continued = false;
    reader->now.member = 0;
    return reader_check_order(reader, (enum dump_tag)tag, offset_bytes);
}
