// delta: a field that no operation may have moved, and that moved, is a finding: it names the
// operation at once.
#include "oracle/delta.h"

#include "oracle/oracle.h"
#include "oracle/rule.h"

static bool check_moved(struct rule_book *book, const char *field, uint64_t before, uint64_t now) {
    return rule_equal(book, RULE_DELTA_MOVED, field, (struct rule_value){"fast account", now},
                      (struct rule_value){"before", before});
}

bool delta_check(struct rule_book *book, const struct memstats *before, const struct memstats *now,
                 uint32_t moves) {
    bool clean = true;
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    if ((moves & ORACLE_MOVES(name)) == 0) {                                                       \
        clean &= check_moved(book, #name, before->name, now->name);                                \
    }
#include "allocator/memstats_fields.def"
    return clean;
}
