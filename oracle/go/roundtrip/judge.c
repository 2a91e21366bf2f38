// judge: a member of a record beside what a truth says of it; a difference is told to the oracle.
#include "oracle/go/roundtrip/private.h"

#include "oracle/go/view/raw.h"

#include <string.h>

bool roundtrip_equal(struct roundtrip *trip, unsigned rule, const char *field, uint64_t in_dump,
                     const char *truth_name, uint64_t truth) {
    trip->checked[rule] = true;
    return in_dump == truth ||
           oracle_rule(trip->oracle, rule, false, field, "dump", in_dump, truth_name, truth);
}

bool roundtrip_text_equal(struct roundtrip *trip, unsigned rule, const char *field,
                          const struct dump_string *in_dump, const char *truth) {
    trip->checked[rule] = true;
    size_t truth_bytes = strlen(truth);
    if (in_dump->size_bytes == truth_bytes && memcmp(in_dump->bytes, truth, truth_bytes) == 0) {
        return true;
    }
    int shown_bytes = in_dump->size_bytes < 60 ? (int)in_dump->size_bytes : 60;
    return oracle_rule_text(trip->oracle, rule, false, 0, "%s is \"%.*s\", should be \"%.60s\"",
                            field, shown_bytes, (const char *)in_dump->bytes, truth);
}

bool roundtrip_memory_equal(struct roundtrip *trip, unsigned rule,
                            const struct dump_memory *in_dump, uintptr_t address) {
    trip->checked[rule] = true;
    size_t size_bytes = (size_t)in_dump->size_bytes;
    size_t offset = raw_mismatch(address, in_dump->bytes, size_bytes);
    return offset == size_bytes ||
           oracle_rule_text(trip->oracle, rule, false, address, "byte %zu is 0x%02x in the dump",
                            offset, in_dump->bytes[offset]);
}
