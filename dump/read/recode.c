// recode: one function for each kind of field, one per record made from records.def, a buffer, and
// an output that may fail.

#include "dump/recode.h"

#include <errno.h>
#include <string.h>

static void put_out(struct dump_recoder *recoder, const uint8_t *bytes, size_t size_bytes) {
    while (size_bytes > 0 && recoder->error == 0) {
        int64_t taken = recoder->output.write(recoder->output.context, bytes, size_bytes);
        if (taken == -EINTR) {
            continue;
        }
        if (taken <= 0 || (uint64_t)taken > size_bytes) {
            recoder->error = taken < 0 ? (int)-taken : EIO;
            return;
        }
        recoder->offset_bytes += (uint64_t)taken;
        bytes += taken;
        size_bytes -= (size_t)taken;
    }
}

static void flush(struct dump_recoder *recoder) {
    put_out(recoder, recoder->buffer, recoder->used_bytes);
    recoder->used_bytes = 0;
}

static void put_bytes(struct dump_recoder *recoder, const uint8_t *bytes, uint64_t size_bytes) {
    if (size_bytes > DUMP_RECODE_BUFFER_BYTES - recoder->used_bytes) {
        flush(recoder);
    }
    if (size_bytes > DUMP_RECODE_BUFFER_BYTES) {
        put_out(recoder, bytes, size_bytes);
        return;
    }
    if (size_bytes > 0) {
        memcpy(recoder->buffer + recoder->used_bytes, bytes, size_bytes);
        recoder->used_bytes += size_bytes;
    }
}

#define NUMBER_BYTES_MAX 10

// Room for so many numbers in the buffer.
static uint8_t *make_room(struct dump_recoder *recoder, size_t numbers) {
    if (DUMP_RECODE_BUFFER_BYTES - recoder->used_bytes < numbers * NUMBER_BYTES_MAX) {
        flush(recoder);
    }
    return recoder->buffer + recoder->used_bytes;
}

// Encodes the number at `at`; where it ends.
static uint8_t *encode(uint8_t *at, uint64_t value) {
    while (value > 0x7f) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static void put_number(struct dump_recoder *recoder, uint64_t value) {
    uint8_t *end = encode(make_room(recoder, 1), value);
    recoder->used_bytes = (size_t)(end - recoder->buffer);
}

static void put_string(struct dump_recoder *recoder, const struct dump_string *string) {
    put_number(recoder, string->size_bytes);
    put_bytes(recoder, string->bytes, string->size_bytes);
}

static void put_memory(struct dump_recoder *recoder, const struct dump_memory *memory,
                       bool begins) {
    if (begins) {
        put_number(recoder, memory->total_bytes);
    }
    put_bytes(recoder, memory->bytes, memory->size_bytes);
}

#define FIELDS_AT_ONCE 16

static void put_fields(struct dump_recoder *recoder, const struct dump_fields *fields, bool ends) {
    for (size_t i = 0; i < fields->count;) {
        size_t end = fields->count - i < FIELDS_AT_ONCE ? fields->count : i + FIELDS_AT_ONCE;
        uint8_t *at = make_room(recoder, (size_t)2 * FIELDS_AT_ONCE);
        for (; i < end; i++) {
            at = encode(encode(at, fields->at[i].kind), fields->at[i].offset);
        }
        recoder->used_bytes = (size_t)(at - recoder->buffer);
    }
    if (ends) {
        put_number(recoder, 0);
    }
}

static void put_pauses(struct dump_recoder *recoder, const uint64_t *pauses) {
    for (size_t i = 0; i < DUMP_PAUSE_COUNT; i++) {
        put_number(recoder, pauses[i]);
    }
}

static void put_calls(struct dump_recoder *recoder, const struct dump_calls *calls, bool begins) {
    if (begins) {
        put_number(recoder, calls->total);
    }
    for (size_t i = 0; i < calls->count; i++) {
        put_string(recoder, &calls->at[i].function);
        put_string(recoder, &calls->at[i].file);
        put_number(recoder, calls->at[i].line);
    }
}

// The members of one part.
struct part {
    uint32_t begin, end;
    bool is_continued, is_open;
};

// put_Object() and so on: the members that the part covers.
#define PUT(call)                                                                                  \
    if (member >= part->begin && member < part->end) {                                             \
        call;                                                                                      \
    }                                                                                              \
    member++;
#define BEGINS  (member != part->begin || !part->is_continued)
#define ENDS    (member + 1 != part->end || !part->is_open)
#define U(name) PUT(put_number(recoder, record->name))
#define A(name) PUT(put_number(recoder, record->name))
#define B(name) PUT(put_number(recoder, record->name))
#define P(name) PUT(put_number(recoder, record->name))
#define S(name) PUT(put_string(recoder, &record->name))
#define M(name) PUT(put_memory(recoder, &record->name, BEGINS))
#define F(name) PUT(put_fields(recoder, &record->name, ENDS))
#define N(name) PUT(put_pauses(recoder, record->name))
#define K(name) PUT(put_calls(recoder, &record->name, BEGINS))
#define DUMP_RECORD(tag, name, fields)                                                             \
    static void put_##name(struct dump_recoder *recoder, const struct dump_record_##name *record,  \
                           const struct part *part) {                                              \
        uint32_t member = 0;                                                                       \
        fields(void) member;                                                                       \
    }
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"

void dump_recoder_init(struct dump_recoder *recoder, const struct dump_output *output) {
    recoder->output = *output;
    recoder->error = 0;
    recoder->offset_bytes = 0;
    recoder->used_bytes = DUMP_HEADER_BYTES;
    memcpy(recoder->buffer, DUMP_HEADER, DUMP_HEADER_BYTES);
}

bool dump_recoder_add(struct dump_recoder *recoder, const struct dump_record *record) {
    const struct part part = {.begin = record->member_begin,
                              .end = record->member_end,
                              .is_continued = record->is_continued,
                              .is_open = record->is_open};
    if (record->is_first) {
        put_number(recoder, record->tag);
    }
    switch (record->tag) {
#define DUMP_RECORD(tag, name, fields)                                                             \
    case (enum dump_tag)(tag):                                                                     \
        put_##name(recoder, &record->as.name, &part);                                              \
        break;
#define DUMP_RECORD_BARE(tag, name)                                                                \
    case (enum dump_tag)(tag):                                                                     \
        break;
#include "dump/records.def"
    case DUMP_TAG_COUNT:
        break;
    }
    return recoder->error == 0;
}

bool dump_recoder_finish(struct dump_recoder *recoder) {
    flush(recoder);
    return recoder->error == 0;
}
