// recode: the records written down again by the recoder, and compared with the dump as
// they come out of it.
#include "oracle/go/roundtrip/private.h"
#include "oracle/go/rules.h"

#include <errno.h>
#include <string.h>

// Takes what is the same as in the dump at this place; refuses the rest.
static int64_t take_same(void *context, const void *bytes, size_t size_bytes) {
    struct roundtrip *trip = context;
    const uint8_t *in_dump = trip->dump.bytes;
    if (size_bytes > trip->dump.size_bytes - trip->recoded_bytes ||
        memcmp(in_dump + trip->recoded_bytes, bytes, size_bytes) != 0) {
        return -EILSEQ;
    }
    trip->recoded_bytes += size_bytes;
    return (int64_t)size_bytes;
}

static bool check_same(struct roundtrip *trip, bool is_same) {
    return roundtrip_holds(trip, RULE_DUMP_RECODE, is_same, 0,
                           "the records come out of the recoder with other bytes");
}

void roundtrip_recode_begin(struct roundtrip *trip) {
    dump_recoder_init(trip->recoder, &(struct dump_output){take_same, trip});
}

bool roundtrip_recode(struct roundtrip *trip, const struct dump_record *record) {
    return check_same(trip, dump_recoder_add(trip->recoder, record));
}

bool roundtrip_recode_end(struct roundtrip *trip) {
    return check_same(trip, dump_recoder_finish(trip->recoder)) &&
           roundtrip_equal(trip, RULE_DUMP_RECODE, "size", trip->dump.size_bytes, "recoded",
                           trip->recoded_bytes);
}
