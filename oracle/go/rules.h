// rules: the rules for a Go-like heap by number and by name: the core's, and those of rules.def.
#ifndef ORACLE_GO_RULES_H
#define ORACLE_GO_RULES_H

#include "oracle/core/finding.h"

// The rules of a Go-like heap; their numbers go on where the core's end.
enum go_rule {
    RULE_BEFORE_GO = RULE_CORE_COUNT - 1, // the next one stands right behind the core's
#define RULE(id, name, truth, reason) RULE_##id,
#include "oracle/go/rules.def"
    RULE_COUNT,
};

// Rows by enum go_rule, the core's first.
extern const struct rule_table go_rules;

#endif
