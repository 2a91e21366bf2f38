// part: what a record shows when it comes in parts: nothing stale outside of the part.

#include "dump/read/private.h"

// Strings, memory and lists outside the part are emptied; what is still to come is zero.
#define NUMBER(name, zero)                                                                         \
    if (member++ >= end) {                                                                         \
        record->name = zero;                                                                       \
    }
#define LIST(name, type, ...)                                                                      \
    if (member < begin || member >= end) {                                                         \
        record->name = (struct type){__VA_ARGS__};                                                 \
    }                                                                                              \
    member++;
#define U(name) NUMBER(name, 0)
#define A(name) NUMBER(name, 0)
#define B(name) NUMBER(name, false)
#define P(name) NUMBER(name, 0)
#define S(name) LIST(name, dump_string, .size_bytes = 0)
#define M(name)                                                                                    \
    LIST(name, dump_memory, .total_bytes = member < begin ? record->name.total_bytes : 0)
#define F(name) LIST(name, dump_fields, .count = 0)
#define N(name)                                                                                    \
    for (size_t i = 0; i < DUMP_PAUSE_COUNT && member >= end; i++) {                               \
        record->name[i] = 0;                                                                       \
    }                                                                                              \
    member++;
#define K(name) LIST(name, dump_calls, .total = member < begin ? record->name.total : 0)
#define DUMP_RECORD(tag, name, fields)                                                             \
    static void tidy_##name(struct dump_record_##name *record, uint32_t begin, uint32_t end) {     \
        uint32_t member = 0;                                                                       \
        (void)begin;                                                                               \
        fields(void) member;                                                                       \
    }
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"

void reader_tidy(struct dump_reader *reader) {
    struct dump_record *record = &reader->record;
    switch (record->tag) {
#define DUMP_RECORD(tag, name, fields)                                                             \
    case (enum dump_tag)(tag):                                                                     \
        tidy_##name(&record->as.name, record->member_begin, record->member_end);                   \
        return;
#define DUMP_RECORD_BARE(tag, name)                                                                \
    case (enum dump_tag)(tag):                                                                     \
        break;
#include "dump/records.def"
    case DUMP_TAG_COUNT:
        break;
    }
}
