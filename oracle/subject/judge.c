// judge: each check in turn; the first that fails is the finding.
#include "oracle/subject/judge.h"

#include "oracle/core/harness_memory.h"
#include "oracle/relations/statistic.h"
#include "oracle/subject/kind.h"
#include "oracle/subject/pattern.h"
#include "oracle/subject/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FAILURES_MAX   8
#define CONTENTS_SHARE 8 // objects that a check looks at, in turn
#define GUARD_COUNT    8 // values behind the last that a read must leave alone
#define GUARD          INT64_C(0x5ca1ab1e0ddba115)

struct judge {
    const struct countercheck_subject *table;
    struct relations *relations;
    struct live *live;
    struct rule_book *book;
    void *self;
    uintptr_t arena; // 0: none
    uint32_t value_count;
    int64_t *values, *values_before, *values_again; // of the last read and check, and of a second
    bool has_values, has_before;
    bool is_at_rest;              // nothing was called since `values` were read
    int64_t *values_at_call;      // before a call that may fail
    const int64_t *shown_at_call; // these, or `values`; NULL: not known
    bool *is_tied;                // by value
    bool ties_any;
    uint32_t next_looked_at;
    struct relations_facts facts;
    bool is_aside[RELATIONS_RULES_MAX];
    judge_liar *lie;
    void *lie_context;
};

// ---- making

static void tie_values(struct judge *judge) {
    uint32_t at = 0;
    const struct countercheck_statistic *statistic = judge->table->statistics;
    for (uint32_t i = 0; statistic != NULL && statistic[i].name != NULL; i++) {
        bool is_tied = relations_tie(judge->relations, i);
        for (uint32_t place = 0; place < statistic_numbers(&statistic[i]); place++) {
            judge->is_tied[at++] = is_tied;
        }
        judge->ties_any = judge->ties_any || is_tied;
    }
}

struct judge *judge_create(const struct countercheck_subject *table, struct relations *relations,
                           struct live *live, struct rule_book *book) {
    struct judge *judge = harness_calloc(1, sizeof *judge);
    if (judge == NULL) {
        return NULL;
    }
    *judge = (struct judge){.table = table, .relations = relations, .live = live, .book = book};
    const struct countercheck_statistic *statistic = table->statistics;
    for (; statistic != NULL && statistic->name != NULL; statistic++) {
        judge->value_count += statistic_numbers(statistic);
    }
    int64_t **const arrays[] = {&judge->values, &judge->values_before, &judge->values_again,
                                &judge->values_at_call};
    bool has_memory = true;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        *arrays[i] = harness_calloc((size_t)judge->value_count + JUDGE_SLACK, sizeof(int64_t));
        has_memory = has_memory && *arrays[i] != NULL;
    }
    judge->is_tied = harness_calloc((size_t)judge->value_count + 1, sizeof(bool));
    if (!has_memory || judge->is_tied == NULL) {
        judge_destroy(judge);
        return NULL;
    }
    tie_values(judge);
    for (unsigned rule = RULE_SUBJECT_OVERLAP; rule < RULE_SUBJECT_RELATION; rule++) {
        if (relations_known(relations, rule) != NULL) {
            (void)rule_set_aside(book, core_rules.rows[rule].name);
        }
    }
    return judge;
}

void judge_destroy(struct judge *judge) {
    if (judge != NULL) {
        harness_free(judge->values);
        harness_free(judge->values_before);
        harness_free(judge->values_again);
        harness_free(judge->values_at_call);
        harness_free(judge->is_tied);
        harness_free(judge);
    }
}

void judge_set_liar(struct judge *judge, judge_liar *lie, void *context) {
    judge->lie = lie;
    judge->lie_context = context;
}

void judge_alter(const struct judge *judge, uint32_t lane, int64_t *values) {
    if (judge->lie != NULL) {
        judge->lie(judge->lie_context, lane, values);
    }
}

void judge_set_aside(struct judge *judge, uint32_t rule) {
    judge->is_aside[rule] = true;
}

struct relations_facts *judge_facts(struct judge *judge) {
    return &judge->facts;
}

const int64_t *judge_values(const struct judge *judge) {
    return judge->has_values ? judge->values : NULL;
}

// ---- reading

void judge_before_read(const struct judge *judge, int64_t *values) {
    for (uint32_t i = 0; i < GUARD_COUNT; i++) {
        values[judge->value_count + i] = GUARD;
    }
}

bool judge_after_read(struct judge *judge, const int64_t *values) {
    bool is_whole = true;
    for (uint32_t i = 0; i < GUARD_COUNT; i++) {
        is_whole = is_whole && values[judge->value_count + i] == GUARD;
    }
    rule_count(judge->book, RULE_SUBJECT_READ);
    return is_whole ||
           rule_fail(judge->book, RULE_SUBJECT_READ, (struct rule_place){0},
                     "read() writes past the last of its values (%" PRIu32 ")", judge->value_count);
}

static bool read_into(struct judge *judge, int64_t *values) {
    if (judge->table->read == NULL) {
        return false;
    }
    judge_before_read(judge, values);
    bool can_read = judge->table->read(judge->self, values);
    can_read = judge_after_read(judge, values) && can_read;
    if (can_read) {
        judge_alter(judge, 0, values);
    }
    return can_read;
}

static void read_values(struct judge *judge) {
    judge->has_values = read_into(judge, judge->values);
    judge->facts.values = judge->has_values ? judge->values : NULL;
}

void judge_begin(struct judge *judge, void *self, const void *arena, const char *option,
                 const int64_t backing[RELATIONS_BACKINGS]) {
    judge->self = self;
    judge->arena = (uintptr_t)arena;
    judge->has_before = false;
    judge->is_at_rest = false;
    judge->next_looked_at = 0;
    judge->facts = (struct relations_facts){.option = option, .moment = RELATIONS_EMPTY};
    memcpy(judge->facts.backing, backing, sizeof judge->facts.backing);
    live_facts(judge->live, &judge->facts);
    read_values(judge);
    relations_begin(judge->relations, &judge->facts);
}

void judge_observe(struct judge *judge, bool has_ended) {
    live_facts(judge->live, &judge->facts);
    judge->facts.values = NULL;
    if (has_ended && relations_need_values(judge->relations)) {
        read_values(judge);
    }
    relations_observe(judge->relations, &judge->facts);
}

// ---- results

// Who lives where the block is. What was dropped there has died: its memory is given anew.
static uint32_t who_overlaps(struct judge *judge, const struct live_block *block, uint32_t but) {
    for (;;) {
        uint32_t other = live_overlap(judge->live, block->address, block->usable_bytes, but);
        if (other == LIVE_NONE || !live_block(judge->live, other)->is_dropped) {
            return other;
        }
        live_leave(judge->live, other);
    }
}

bool judge_object(struct judge *judge, const struct live_block *block, size_t alignment,
                  bool is_zeroed, uint32_t but) {
    struct rule_book *book = judge->book;
    const struct rule_place place = {.object = block->address};
    rule_count(book, RULE_SUBJECT_ALIGNMENT);
    if (block->address % alignment != 0) {
        return rule_fail(book, RULE_SUBJECT_ALIGNMENT, place, "not a multiple of %zu", alignment);
    }
    rule_count(book, RULE_SUBJECT_USABLE);
    if (block->usable_bytes < block->requested_bytes) {
        return rule_fail(book, RULE_SUBJECT_USABLE, place,
                         "%zu bytes are usable, %zu were asked for", block->usable_bytes,
                         block->requested_bytes);
    }
    rule_count(book, RULE_SUBJECT_OVERLAP);
    if (judge->arena != 0 &&
        (block->address < judge->arena ||
         block->address - judge->arena > judge->table->arena_bytes - block->requested_bytes)) {
        return rule_fail(book, RULE_SUBJECT_OVERLAP, place, "outside the arena");
    }
    uint32_t other = block->is_touched ? who_overlaps(judge, block, but) : LIVE_NONE;
    if (other != LIVE_NONE) {
        const struct live_block *there = live_block(judge->live, other);
        return rule_fail(book, RULE_SUBJECT_OVERLAP, place,
                         "%zu usable bytes overlap the object at 0x%" PRIxPTR ", which has %zu",
                         block->usable_bytes, there->address, there->usable_bytes);
    }
    if (is_zeroed && block->is_touched) {
        rule_count(book, RULE_SUBJECT_ZERO);
        return pattern_is_zero(block->address, block->requested_bytes) ||
               rule_fail(book, RULE_SUBJECT_ZERO, place, "of %zu bytes some are not zero",
                         block->requested_bytes);
    }
    return true;
}

bool judge_contents(struct judge *judge, const struct live_block *block, uintptr_t address,
                    size_t size_bytes) {
    rule_count(judge->book, RULE_SUBJECT_CONTENTS);
    size_t looked_at = size_bytes < block->usable_bytes ? size_bytes : block->usable_bytes;
    return pattern_holds(block, address, size_bytes) ||
           rule_fail(judge->book, RULE_SUBJECT_CONTENTS, (struct rule_place){.object = address},
                     "its first %zu bytes are not what was written", looked_at);
}

void judge_before(struct judge *judge, bool may_give_nothing) {
    judge->shown_at_call = NULL;
    if (may_give_nothing && judge->ties_any) {
        bool is_known = judge->is_at_rest && judge->lie == NULL; // a lie is another at each time
        if (is_known) {
            judge->shown_at_call = judge->values;
        } else if (read_into(judge, judge->values_at_call)) {
            judge->shown_at_call = judge->values_at_call;
        }
    }
    judge->is_at_rest = false;
}

// ---- values

static bool fail_value(struct judge *judge, unsigned rule, uint32_t value, const char *sentence,
                       int64_t before, int64_t now) {
    char name[FINDING_FIELD_BYTES];
    char words[FINDING_TEXT_BYTES];
    kind_name(judge->table->statistics, value, name, sizeof name);
    (void)snprintf(words, sizeof words, "%s: %s: %" PRId64 " and %" PRId64, name, sentence, before,
                   now);
    return rule_fail_words(judge->book, rule, name, sentence, words);
}

bool judge_failed(struct judge *judge) {
    bool clean = true;
    if (judge->shown_at_call == NULL || !read_into(judge, judge->values_again)) {
        return true;
    }
    rule_count(judge->book, RULE_SUBJECT_FAILED);
    for (uint32_t i = 0; i < judge->value_count && clean; i++) {
        if (judge->is_tied[i] && judge->values_again[i] != judge->shown_at_call[i]) {
            clean = fail_value(judge, RULE_SUBJECT_FAILED, i, "moved by a call that gave nothing",
                               judge->shown_at_call[i], judge->values_again[i]);
        }
    }
    return clean;
}

// The least and the most of the statistic of that name at a row; false: there is none.
static bool value_of(const struct judge *judge, const int64_t *values, const char *name,
                     uint32_t row, int64_t value[2]) {
    uint32_t at = 0;
    const struct countercheck_statistic *statistic = judge->table->statistics;
    for (; statistic->name != NULL; statistic++) {
        if (strcmp(statistic->name, name) == 0) {
            uint32_t places = statistic_places(statistic);
            value[0] = values[at + row * places];
            value[1] = values[at + row * places + places - 1];
            return true;
        }
        at += statistic_numbers(statistic);
    }
    return false;
}

static bool check_kind(struct judge *judge, const struct countercheck_statistic *statistic,
                       uint32_t at, uint32_t row) {
    uint32_t most = at + statistic_places(statistic) - 1;
    const int64_t *before = judge->has_before ? judge->values_before : judge->values;
    struct kind_values values = {.now = {judge->values[at], judge->values[most]},
                                 .before = {before[at], before[most]}};
    if (values.now[0] > values.now[1]) {
        return fail_value(judge, RULE_SUBJECT_READ, at, "its least is above its most",
                          values.now[0], values.now[1]);
    }
    values.has_gauge =
        statistic->of != NULL && value_of(judge, judge->values, statistic->of, row, values.gauge);
    const char *sentence = kind_excludes(statistic, &values);
    bool is_gauge = values.has_gauge && values.now[0] != values.gauge[0];
    return sentence == NULL ||
           fail_value(judge, RULE_SUBJECT_KIND, at, sentence,
                      is_gauge ? values.gauge[0] : values.before[0], values.now[0]);
}

static bool check_kinds(struct judge *judge) {
    uint32_t at = 0;
    const struct countercheck_statistic *statistic = judge->table->statistics;
    rule_count(judge->book, RULE_SUBJECT_KIND);
    for (; statistic != NULL && statistic->name != NULL; statistic++) {
        for (uint32_t row = 0; row < statistic_rows(statistic); row++) {
            if (!check_kind(judge, statistic, at, row)) {
                return false;
            }
            at += statistic_places(statistic);
        }
    }
    return true;
}

static bool begin_peak(struct judge *judge, const struct countercheck_statistic *statistic,
                       uint32_t at, uint32_t row) {
    const int64_t *now = judge->values_again;
    uint32_t most = at + statistic_places(statistic) - 1;
    int64_t gauge[2];
    judge->values_before[at] = now[at];
    judge->values_before[most] = now[most];
    return statistic->of == NULL || !value_of(judge, now, statistic->of, row, gauge) ||
           (now[at] <= gauge[1] && gauge[0] <= now[most]) ||
           fail_value(judge, RULE_SUBJECT_KIND, at, "behind reset_peaks it is not its gauge",
                      gauge[0], now[at]);
}

bool judge_peaks_begin(struct judge *judge) {
    uint32_t at = 0;
    bool clean = true;
    const struct countercheck_statistic *statistic = judge->table->statistics;
    judge_observe(judge, true);
    bool can_read = read_into(judge, judge->values_again);
    judge->facts.values = can_read ? judge->values_again : NULL;
    relations_begin_peaks(judge->relations, &judge->facts);
    for (; can_read && statistic != NULL && statistic->name != NULL; statistic++) {
        bool is_peak =
            statistic->kind == COUNTERCHECK_PEAK || statistic->kind == COUNTERCHECK_TROUGH;
        for (uint32_t row = 0; row < statistic_rows(statistic); row++) {
            clean = clean && (!is_peak || begin_peak(judge, statistic, at, row));
            at += statistic_places(statistic);
        }
    }
    return clean;
}

static bool check_steady(struct judge *judge) {
    uint32_t at = 0;
    const struct countercheck_statistic *statistic = judge->table->statistics;
    if (!read_into(judge, judge->values_again)) {
        return true;
    }
    rule_count(judge->book, RULE_SUBJECT_STEADY);
    for (; statistic != NULL && statistic->name != NULL; statistic++) {
        for (uint32_t end = at + statistic_numbers(statistic); at < end; at++) {
            bool may_differ = (statistic->flags & COUNTERCHECK_UNSTEADY) != 0;
            if (!may_differ && judge->values[at] != judge->values_again[at]) {
                return fail_value(judge, RULE_SUBJECT_STEADY, at, "two reads differ",
                                  judge->values[at], judge->values_again[at]);
            }
        }
    }
    return true;
}

static bool check_walk(struct judge *judge) {
    const char *sentence = NULL;
    uintptr_t address = 0;
    judge->facts.has_walk =
        walk_judge(judge->table, judge->self, judge->live, judge->facts.walk, &address, &sentence);
    if (!judge->facts.has_walk) {
        return true;
    }
    rule_count(judge->book, RULE_SUBJECT_WALK);
    return sentence == NULL || rule_fail(judge->book, RULE_SUBJECT_WALK,
                                         (struct rule_place){.object = address}, "%s", sentence);
}

// What an allocator says becomes a line that no terminal obeys.
static void copy_line(char *to, size_t size_bytes, const char *from) {
    (void)snprintf(to, size_bytes, "%s", from);
    for (; *to != 0; to++) {
        if (*to < ' ' || *to > '~') {
            *to = '?';
        }
    }
}

bool judge_verify(struct judge *judge) {
    if (judge->table->verify == NULL) {
        return true;
    }
    rule_count(judge->book, RULE_SUBJECT_VERIFY);
    const char *what = judge->table->verify(judge->self);
    char line[FINDING_TEXT_BYTES];
    if (what == NULL) {
        return true;
    }
    copy_line(line, sizeof line, what);
    return rule_fail(judge->book, RULE_SUBJECT_VERIFY, (struct rule_place){0}, "%s", line);
}

// ---- contents

static bool check_contents(struct judge *judge, bool all) {
    uint32_t count = live_count(judge->live);
    for (uint32_t i = 0; i < count && (all || i < CONTENTS_SHARE); i++) {
        uint32_t id = live_at(judge->live, (judge->next_looked_at + i) % count);
        const struct live_block *block = live_block(judge->live, id);
        bool may_be_gone = block->is_dropped;
        if (!may_be_gone && !judge_contents(judge, block, block->address, SIZE_MAX)) {
            return false;
        }
    }
    judge->next_looked_at = count == 0 ? 0 : (judge->next_looked_at + CONTENTS_SHARE) % count;
    return true;
}

// ---- relations

static bool check_relations(struct judge *judge) {
    struct relations_failure failures[FAILURES_MAX];
    size_t count = relations_check(judge->relations, &judge->facts, failures, FAILURES_MAX);
    rule_count(judge->book, RULE_SUBJECT_RELATION);
    for (size_t i = 0; i < count && i < FAILURES_MAX; i++) {
        const struct relations_rule *rule = relations_rule(judge->relations, failures[i].rule);
        if (!judge->is_aside[failures[i].rule]) {
            return rule_fail_words(judge->book, RULE_SUBJECT_RELATION,
                                   rule->label != NULL ? rule->label : rule->text, rule->text,
                                   failures[i].text);
        }
    }
    return true;
}

bool judge_check(struct judge *judge, enum oracle_level level) {
    bool is_full = level != ORACLE_CHEAP;
    bool clean = true;
    live_facts(judge->live, &judge->facts);
    read_values(judge);
    judge->is_at_rest = judge->has_values;
    judge->facts.has_walk = false;
    if (judge->table->walk != NULL && (is_full || relations_need_walk(judge->relations))) {
        clean = check_walk(judge);
    }
    if (judge->has_values) {
        clean = clean && check_kinds(judge);
        clean = clean && (!is_full || check_steady(judge));
    }
    clean = clean && (!is_full || judge_verify(judge));
    relations_observe(judge->relations, &judge->facts);
    clean = clean && check_relations(judge);
    clean = clean && check_contents(judge, level == ORACLE_PARANOID);
    if (judge->has_values) {
        memcpy(judge->values_before, judge->values, judge->value_count * sizeof *judge->values);
        judge->has_before = true;
    }
    judge->book->checked_before = judge->book->operation + 1;
    return clean && !judge->book->found;
}
