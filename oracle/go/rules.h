// rules: the rules for a Go-like heap by number and by name: the core's, and those of rules.def.
#ifndef ORACLE_GO_RULES_H
#define ORACLE_GO_RULES_H

#include "oracle/core/finding.h"

enum go_rule {
    RULE_BEFORE_GO = RULE_CORE_COUNT - 1, // the next one stands right behind the core's
#define RULE(id, name, truth, reason) RULE_##id,
#include "oracle/go/rules.def"
    RULE_COUNT,
};

extern const struct rule_table go_rules;

extern const char *const rule_names[RULE_COUNT];   // "scan-field"
extern const char *const rule_truths[RULE_COUNT];  // "scan"
extern const char *const rule_reasons[RULE_COUNT]; // one line each

#endif
