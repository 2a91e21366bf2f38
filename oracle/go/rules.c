// rules: the tables of the rules for a Go-like heap.
#include "oracle/go/rules.h"

_Static_assert(RULE_COUNT <= RULE_MAX, "a book has room for each rule");

static const struct rule_row rows[RULE_COUNT] = {
#define RULE(id, name, truth, reason) {name, truth, reason},
#include "oracle/core/rules.def"
#define RULE(id, name, truth, reason) {name, truth, reason},
#include "oracle/go/rules.def"
};

const struct rule_table go_rules = {rows, RULE_COUNT};
