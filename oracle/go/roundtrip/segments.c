// segments: Data and BSS: where they are, their bytes, and the words that may hold
// pointers.
#include "oracle/go/program/own.h"
#include "oracle/go/roundtrip/private.h"
#include "oracle/go/rules.h"

#define WORD_BYTES 8

// Address and size; the bytes are another rule's.
static bool check_place(struct roundtrip *trip, const struct segment *segment,
                        const struct dump_record_Data *in_dump) {
    struct dump_record_Data own = own_segment(segment);
    own.contents.bytes = NULL;
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_SEGMENT, "runtime", 0);
    return record_equal_Data(&judge, in_dump, &own);
}

struct dump_record_Data roundtrip_segment_record(const struct dump_record *record) {
    const struct dump_record_BSS *bss = &record->as.BSS;
    return record->tag == DUMP_TAG_Data
               ? record->as.Data
               : (struct dump_record_Data){bss->address, bss->contents, bss->fields};
}

bool roundtrip_segment(struct roundtrip *trip, const struct dump_record *record) {
    const struct segment *segment = record->tag == DUMP_TAG_Data
                                        ? runtime_data_segment(trip->dump.runtime)
                                        : runtime_bss_segment(trip->dump.runtime);
    struct dump_record_Data in_dump = roundtrip_segment_record(record);
    if (record->is_first) {
        if (!check_place(trip, segment, &in_dump) ||
            !roundtrip_memory_equal(trip, RULE_DUMP_SEGMENT_CONTENTS, &in_dump.contents,
                                    segment->base)) {
            return false;
        }
        trip->fields = (struct expected_fields){
            .runs = {{
                .word_count = segment->size_bytes / WORD_BYTES,
                .bits = segment->pointer_mask,
            }},
        };
    }
    return roundtrip_fields_equal(trip, RULE_DUMP_SEGMENT_FIELDS, segment->base, &trip->fields,
                                  &in_dump.fields, record->is_last);
}
