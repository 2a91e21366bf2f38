// roundtrip_recode: each record encoded again, with an encoder of the oracle's own, and compared
// with the dump's bytes.
//
// Nothing is stored: each atom is compared where it must stand.
#include "oracle/roundtrip_private.h"

#include <string.h>

// A record's encoding, compared as it is made. `bytes` and `end` bound what the dump has left.
struct recoder {
    const uint8_t *at, *end;
    bool is_same;
};

static void same_bytes(struct recoder *recoder, const void *bytes, uint64_t size_bytes) {
    if (!recoder->is_same || (uint64_t)(recoder->end - recoder->at) < size_bytes ||
        (size_bytes > 0 && memcmp(recoder->at, bytes, (size_t)size_bytes) != 0)) {
        recoder->is_same = false;
        return;
    }
    recoder->at += size_bytes;
}

static void same_number(struct recoder *recoder, uint64_t value) {
    uint8_t bytes[10];
    size_t count = 0;
    do {
        uint8_t more = value > 0x7f ? 0x80 : 0;
        bytes[count++] = (uint8_t)((value & 0x7f) | more);
        value >>= 7;
    } while (value > 0);
    same_bytes(recoder, bytes, count);
}

static void same_string(struct recoder *recoder, const struct dump_string *string) {
    same_number(recoder, string->size_bytes);
    same_bytes(recoder, string->bytes, string->size_bytes);
}

// ---- members that may come in parts

static void same_memory(struct recoder *recoder, const struct dump_memory *memory) {
    if (memory->begin_bytes == 0) {
        same_number(recoder, memory->total_bytes);
    }
    same_bytes(recoder, memory->bytes, memory->size_bytes);
}

static void same_fields(struct recoder *recoder, const struct dump_fields *fields, bool is_open) {
    for (size_t i = 0; i < fields->count; i++) {
        same_number(recoder, fields->at[i].kind);
        same_number(recoder, fields->at[i].offset);
    }
    if (!is_open) {
        same_number(recoder, 0);
    }
}

static void same_calls(struct recoder *recoder, const struct dump_calls *calls) {
    if (calls->begin == 0) {
        same_number(recoder, calls->total);
    }
    for (size_t i = 0; i < calls->count; i++) {
        same_string(recoder, &calls->at[i].function);
        same_string(recoder, &calls->at[i].file);
        same_number(recoder, calls->at[i].line);
    }
}

static void same_pauses(struct recoder *recoder, const uint64_t *pauses) {
    for (size_t i = 0; i < DUMP_PAUSE_COUNT; i++) {
        same_number(recoder, pauses[i]);
    }
}

// ---- records: the members of this part, in the table's order

struct part {
    struct recoder *recoder;
    const struct dump_record *record;
    uint32_t member; // index of the next
};

// Is the next member one of this part?
static bool part_has(struct part *part) {
    uint32_t member = part->member++;
    return member >= part->record->member_begin && member < part->record->member_end;
}

static bool part_is_open(const struct part *part) {
    return part->record->is_open && part->member == part->record->member_end;
}

#define MEMBER(call)                                                                               \
    if (part_has(part)) {                                                                          \
        call;                                                                                      \
    }
#define A(name) MEMBER(same_number(part->recoder, record->name))
#define B(name) MEMBER(same_number(part->recoder, record->name ? 1 : 0))
#define F(name) MEMBER(same_fields(part->recoder, &record->name, part_is_open(part)))
#define K(name) MEMBER(same_calls(part->recoder, &record->name))
#define M(name) MEMBER(same_memory(part->recoder, &record->name))
#define N(name) MEMBER(same_pauses(part->recoder, record->name))
#define P(name) MEMBER(same_number(part->recoder, record->name))
#define S(name) MEMBER(same_string(part->recoder, &record->name))
#define U(name) MEMBER(same_number(part->recoder, record->name))
#define DUMP_RECORD(tag, name, members)                                                            \
    static void same_##name(struct part *part, const struct dump_record_##name *record) {          \
        members                                                                                    \
    }
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"

static void same_members(struct part *part) {
    switch (part->record->tag) {
#define DUMP_RECORD(tag, name, members)                                                            \
    case DUMP_TAG_##name:                                                                          \
        same_##name(part, &part->record->as.name);                                                 \
        break;
#define DUMP_RECORD_BARE(tag, name)                                                                \
    case DUMP_TAG_##name:                                                                          \
        break;
#include "dump/records.def"
    case DUMP_TAG_COUNT:
        break;
    }
}

bool roundtrip_recode(struct roundtrip *trip, const struct dump_record *record) {
    const uint8_t *bytes = trip->dump.bytes;
    struct recoder recoder = {
        .at = bytes + trip->recoded_bytes,
        .end = bytes + trip->dump.size_bytes,
        .is_same = true,
    };
    if (trip->recoded_bytes == 0) {
        same_bytes(&recoder, DUMP_HEADER, DUMP_HEADER_BYTES);
    }
    if (record->is_first) {
        same_number(&recoder, record->tag);
    }
    struct part part = {.recoder = &recoder, .record = record};
    same_members(&part);
    trip->recoded_bytes = (size_t)(recoder.at - bytes);
    return roundtrip_holds(trip, RULE_DUMP_RECODE, recoder.is_same, 0,
                           "a record's bytes are not its encoding");
}

bool roundtrip_recode_end(struct roundtrip *trip) {
    return roundtrip_equal(trip, RULE_DUMP_RECODE, "bytes", trip->dump.size_bytes, "recoded",
                           trip->recoded_bytes);
}
