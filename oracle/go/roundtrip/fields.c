// fields: compares the pointer fields that follow from a mask, a map or a layout with those of a
// record.
#include "oracle/go/roundtrip/private.h"

#define WORD_BYTES 8

static bool word_is_field(const struct expected_words *words, size_t word) {
    if (words->bits == NULL) {
        return true;
    }
    if (words->element_words > 0) {
        word %= words->element_words;
        if (word >= words->pointer_words) {
            return false;
        }
    }
    return (words->bits[word / 8] >> (word % 8) & 1) != 0;
}

bool expected_fields_next(struct expected_fields *expected, uint64_t *offset) {
    for (; expected->run < 2; expected->run++, expected->word = 0) {
        const struct expected_words *words = &expected->runs[expected->run];
        while (expected->word < words->word_count) {
            size_t word = expected->word++;
            if (word_is_field(words, word)) {
                *offset = words->first_offset + word * WORD_BYTES;
                return true;
            }
        }
    }
    return false;
}

bool roundtrip_fields_equal(struct roundtrip *trip, unsigned rule, uintptr_t object,
                            struct expected_fields *expected, const struct dump_fields *in_dump,
                            bool is_last) {
    uint64_t offset;
    for (size_t i = 0; i < in_dump->count; i++) {
        if (!expected_fields_next(expected, &offset)) {
            return roundtrip_holds(trip, rule, false, object, "has a pointer field too many");
        }
        if (in_dump->at[i].offset != offset) {
            return roundtrip_equal(trip, rule, "field offset", in_dump->at[i].offset, "map",
                                   offset);
        }
    }
    bool is_missing = is_last && expected_fields_next(expected, &offset);
    return roundtrip_holds(trip, rule, !is_missing, object, "lacks a pointer field at its end");
}
