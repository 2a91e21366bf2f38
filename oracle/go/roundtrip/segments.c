// segments: Data and BSS: where they are, their bytes, and the words that may hold
// pointers.
#include "oracle/go/roundtrip/private.h"
#include "oracle/go/rules.h"

#define WORD_BYTES 8

struct segment_record {
    uint64_t address;
    const struct dump_memory *contents;
    const struct dump_fields *fields;
};

static bool check_segment(struct roundtrip *trip, const struct segment *segment,
                          const struct segment_record *in_dump, const struct dump_record *record) {
    if (record->is_first) {
        if (!roundtrip_equal(trip, RULE_DUMP_SEGMENT, "address", in_dump->address, "runtime",
                             segment->base) ||
            !roundtrip_equal(trip, RULE_DUMP_SEGMENT, "size", in_dump->contents->total_bytes,
                             "runtime", segment->size_bytes) ||
            !roundtrip_memory_equal(trip, RULE_DUMP_SEGMENT_CONTENTS, in_dump->contents,
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
                                  in_dump->fields, record->is_last);
}

bool roundtrip_data(struct roundtrip *trip, const struct dump_record *record) {
    const struct dump_record_Data *data = &record->as.Data;
    struct segment_record in_dump = {data->address, &data->contents, &data->fields};
    return check_segment(trip, runtime_data_segment(trip->dump.runtime), &in_dump, record);
}

bool roundtrip_bss(struct roundtrip *trip, const struct dump_record *record) {
    const struct dump_record_BSS *bss = &record->as.BSS;
    struct segment_record in_dump = {bss->address, &bss->contents, &bss->fields};
    return check_segment(trip, runtime_bss_segment(trip->dump.runtime), &in_dump, record);
}
