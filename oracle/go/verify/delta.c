// delta: a field that moved as no operation since may move it is a finding, which names the
// operation at once.
#include "oracle/go/verify/delta.h"

#include "oracle/core/rule.h"
#include "oracle/go/rules.h"

const char *const memstats_field_names[MEMSTATS_INDEX_COUNT] = {
#define MEMSTATS_FIELD(name, unit, meaning, truths) #name,
#include "allocator/memstats_fields.def"
};

_Static_assert(MEMSTATS_INDEX_COUNT <= 32, "a field is a bit of the half of a uint64_t");

static bool check_moved(struct rule_book *book, const char *field, uint64_t before, uint64_t now,
                        uint64_t may_rise, uint64_t may_fall) {
    rule_count(book, RULE_DELTA_MOVED);
    if (now == before || (now > before ? may_rise : may_fall) != 0) {
        return true;
    }
    return rule_fail_values(book, RULE_DELTA_MOVED, field, (struct rule_value){"fast account", now},
                            (struct rule_value){"before", before});
}

// Each object that an operation got counts once, those that share a tiny block as well; each that
// it freed counts, and those that were swept besides.
static bool check_objects(struct rule_book *book, const struct memstats *before,
                          const struct memstats *now, const struct delta *delta) {
    uint64_t least_frees = before->Frees + delta->freed;
    bool clean = rule_equal(book, RULE_DELTA_AMOUNT, "Mallocs",
                            (struct rule_value){"fast account", now->Mallocs},
                            (struct rule_value){"operations", before->Mallocs + delta->allocated});
    rule_count(book, RULE_DELTA_AMOUNT);
    return clean && (now->Frees >= least_frees ||
                     rule_fail_values(book, RULE_DELTA_AMOUNT, "Frees",
                                      (struct rule_value){"fast account", now->Frees},
                                      (struct rule_value){"operations, at least", least_frees}));
}

bool delta_check(struct rule_book *book, const struct memstats *before, const struct memstats *now,
                 const struct delta *delta) {
    bool clean = true;
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    clean &= check_moved(book, #name, before->name, now->name, delta->moves & ORACLE_RISES(name),  \
                         delta->moves & ORACLE_FALLS(name));
#include "allocator/memstats_fields.def"
    return (!delta->counts_objects || check_objects(book, before, now, delta)) && clean;
}
