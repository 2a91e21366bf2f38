// check_told: what is in the memory that a child of `subject check` and its parent have in common.
#include "cli/run/machine.h"
#include "cli/subject/check_private.h"

bool check_is_enough(const struct subject_check_options *options, const struct shared *shared) {
    return options->operations != 0 && shared->operation_count >= options->operations;
}

void check_set_aside(const struct shared *shared, struct rule_book *book, struct judge *judge) {
    for (unsigned i = 0; i < RULE_CORE_COUNT; i++) {
        if (shared->core_is_aside[i]) {
            (void)rule_set_aside(book, core_rules.rows[i].name);
        }
    }
    for (uint32_t i = 0; i < RELATIONS_RULES_MAX; i++) {
        if (shared->rule_is_aside[i]) {
            judge_set_aside(judge, i);
        }
    }
    for (size_t i = 0; i < shared->field_aside_count; i++) {
        const struct rule_field *field = &shared->fields_aside[i];
        rule_set_field_aside(book, field->rule, field->name);
    }
}

void check_tell_counts(struct shared *shared, const struct shared *before,
                       const struct rule_book *book, uint64_t operation_count) {
    const struct relations *relations = machine_subject()->relations;
    for (uint32_t i = 0; i < relations_count(relations); i++) {
        const struct relations_rule *rule = relations_rule(relations, i);
        const struct subject_check_rule *old = &before->rules[i];
        shared->rules[i] = (struct subject_check_rule){
            old->evaluated + rule->evaluated, old->effective + rule->effective,
            old->failed + rule->failed, old->unequal + rule->unequal,
            old->moves || relations_rule_moves(relations, i)};
    }
    for (unsigned i = 0; i < RULE_CORE_COUNT; i++) {
        shared->core_evaluated[i] = before->core_evaluated[i] + book->evaluated[i];
        shared->core_failed[i] = before->core_failed[i] + book->fired[i];
    }
    shared->operation_count = before->operation_count + operation_count;
}
