// rule: the book of the rules: how often each was evaluated and fired, and the first finding.
//
// Checkers take the book, not the oracle. In loops over objects, count once with rule_count and
// report the bad ones alone: an evaluation is one pass.
#ifndef ORACLE_CORE_RULE_H
#define ORACLE_CORE_RULE_H

#include "oracle/core/finding.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define RULE_FIELDS_ASIDE_MAX 32 // of a book

// A field of a rule that is set aside: "bin.live" is each place of that row as well.
struct rule_field {
    unsigned rule;
    char name[FINDING_FIELD_BYTES];
};

// The rules of a run: counters for each, and the first finding.
struct rule_book {
    const struct rule_table *rules;
    uint64_t evaluated[RULE_MAX];
    uint64_t fired[RULE_MAX];
    bool is_set_aside[RULE_MAX]; // counted, but taken for held
    struct rule_field fields_aside[RULE_FIELDS_ASIDE_MAX];
    size_t field_aside_count;
    struct finding finding; // the first since rule_book_begin
    bool found;
    uint64_t operation;
    uint64_t checked_before; // first operation since the last clean check
    void (*describe)(void *context, uint64_t operation, char *text, size_t size_bytes);
    void *describe_context;
};

// An empty book of these rules, which must live as long.
void rule_book_init(struct rule_book *book, const struct rule_table *rules);

// Forgets finding and operation, keeps the counters and what is set aside.
void rule_book_begin(struct rule_book *book);

// Counts an evaluation.
static inline void rule_count(struct rule_book *book, unsigned rule) {
    book->evaluated[rule]++;
}

// A value in a comparison, and whose it is.
struct rule_value {
    const char *name;
    uint64_t value;
};

// Reports that the rule failed on a field. False, but for a rule that is set aside: true.
bool rule_fail_values(struct rule_book *book, unsigned rule, const char *field,
                      struct rule_value left, struct rule_value right);

// Adds to the finding just made (and only to the first) what both values were at the check before.
void rule_add_before(struct rule_book *book, uint64_t left_before, uint64_t right_before);

// Adds to the finding just made (and only to the first) the record of a dump that it is about.
void rule_add_record(struct rule_book *book, const char *record, uint64_t offset_bytes);

// Where a failure is; members that do not apply are 0.
struct rule_place {
    uintptr_t span;
    uintptr_t object;
};

// Reports that the rule failed at a place, in words; printf-like. Two failures of one rule are the
// same where the format is, and each "%s" before its first other conversion: what a helper is told
// goes there, numbers and what a heap holds behind it. Returns as rule_fail_values.
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
bool rule_fail(struct rule_book *book, unsigned rule, struct rule_place place,
               const char *format, ...);

// The same with the arguments as a list.
#if defined(__GNUC__)
__attribute__((format(printf, 4, 0)))
#endif
bool rule_fail_list(struct rule_book *book, unsigned rule, struct rule_place place,
                    const char *format, va_list arguments);

// Reports that the rule failed on a field, in words that are made; `sentence` is what stays the
// same when their numbers change.
bool rule_fail_words(struct rule_book *book, unsigned rule, const char *field, const char *sentence,
                     const char *words);

// Sets the rule, or all rules of the truth, of that name aside for good ("all": every one): they
// are counted and find nothing. False: no such name.
bool rule_set_aside(struct rule_book *book, const char *name);

// Sets one field of a rule aside, for rule_fail_words(); what is more than RULE_FIELDS_ASIDE_MAX is
// not. A place ("[3]") in the name is left away.
void rule_set_field_aside(struct rule_book *book, unsigned rule, const char *field);

// Counts an evaluation; reports the values when it does not hold. Returns as rule_fail_values.
bool rule_judge(struct rule_book *book, unsigned rule, bool holds, const char *field,
                struct rule_value left, struct rule_value right);

// Counts an evaluation and compares: a failure unless the values are equal.
static inline bool rule_equal(struct rule_book *book, unsigned rule, const char *field,
                              struct rule_value left, struct rule_value right) {
    rule_count(book, rule);
    return left.value == right.value || rule_fail_values(book, rule, field, left, right);
}

#endif
