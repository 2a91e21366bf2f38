// judge: a member of a record beside what a truth says of it; a difference is told to the oracle.
#include "oracle/go/roundtrip/private.h"

#include "oracle/go/view/raw.h"

struct record_judge roundtrip_judge(struct roundtrip *trip, unsigned rule, const char *truth_name,
                                    uint64_t object) {
    trip->checked[rule] = true;
    return (struct record_judge){oracle_book(trip->oracle), rule, "dump", truth_name,
                                 (uintptr_t)object};
}

bool roundtrip_equal(struct roundtrip *trip, unsigned rule, const char *field, uint64_t in_dump,
                     const char *truth_name, uint64_t truth) {
    struct record_judge judge = roundtrip_judge(trip, rule, truth_name, 0);
    return record_number_equal(&judge, field, in_dump, truth);
}

bool roundtrip_text_equal(struct roundtrip *trip, unsigned rule, const char *field,
                          const struct dump_string *in_dump, const char *truth) {
    struct record_judge judge = roundtrip_judge(trip, rule, "truth", 0);
    return record_string_equal(&judge, field, *in_dump, record_string(truth));
}

bool roundtrip_memory_equal(struct roundtrip *trip, unsigned rule,
                            const struct dump_memory *in_dump, uintptr_t address) {
    struct record_judge judge = roundtrip_judge(trip, rule, "heap", address);
    size_t size_bytes = (size_t)in_dump->size_bytes;
    size_t offset = raw_mismatch(address, in_dump->bytes, size_bytes);
    return offset == size_bytes ||
           rule_fail(judge.book, rule, (struct rule_place){.object = judge.object},
                     "byte %zu is 0x%02x in the dump", offset, in_dump->bytes[offset]);
}
