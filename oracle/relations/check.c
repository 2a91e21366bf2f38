// check: whether each rule holds at a moment, and what a failed one shows.
#include "oracle/relations/private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MARK_FACTOR UINT64_C(0x100000001b3) // odd: no place of a row is lost

#define RULE_SHOWN_BYTES (RELATIONS_TEXT_BYTES / 2) // of a rule: there is room for its numbers

// ---- comparison

__extension__ typedef unsigned __int128 unsigned_wide; // wraps, and so is no overflow

// Whether some values of the two are equal modulo 2^bits: a difference of theirs is a multiple of
// it.
static bool are_equal(struct interval a, struct interval b, uint32_t bits) {
    if (bits >= 64) {
        return a.low <= b.high && b.low <= a.high;
    }
    unsigned_wide mask = ((unsigned_wide)1 << bits) - 1;
    unsigned_wide a_more = (unsigned_wide)a.high - (unsigned_wide)a.low;
    unsigned_wide b_more = (unsigned_wide)b.high - (unsigned_wide)b.low;
    unsigned_wide most = (unsigned_wide)a.high - (unsigned_wide)b.low;
    return a_more >= mask || b_more >= mask || (most & mask) <= a_more + b_more;
}

// Whether some values of the two intervals compare so.
static bool may_hold(enum comparison comparison, struct interval a, struct interval b,
                     uint32_t bits) {
    switch (comparison) {
    case EQUAL:
        return are_equal(a, b, bits);
    case UNEQUAL:
        return a.low != a.high || b.low != b.high || !are_equal(a, b, bits);
    case AT_MOST:
        return a.low <= b.high;
    case BELOW:
        return a.low < b.high;
    case AT_LEAST:
        return a.high >= b.low;
    case ABOVE:
        return a.high > b.low;
    }
    return false;
}

static bool compare(enum comparison comparison, int64_t a, int64_t b, uint32_t bits) {
    uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    switch (comparison) {
    case EQUAL:
        return (((uint64_t)a - (uint64_t)b) & mask) == 0;
    case UNEQUAL:
        return (((uint64_t)a - (uint64_t)b) & mask) != 0;
    case AT_MOST:
        return a <= b;
    case BELOW:
        return a < b;
    case AT_LEAST:
        return a >= b;
    case ABOVE:
        return a > b;
    }
    return false;
}

// ---- what is shown

struct line {
    char *text;
    size_t length;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
put(struct line *line, const char *format, ...);

static void put(struct line *line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(line->text + line->length, RELATIONS_TEXT_BYTES - line->length, format,
                          arguments);
    va_end(arguments);
    line->length += added > 0 ? (size_t)added : 0;
    line->length = line->length < RELATIONS_TEXT_BYTES ? line->length : RELATIONS_TEXT_BYTES - 1;
}

// As near as 64 bits come.
static int64_t narrow(wide value) {
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

static void put_number(struct line *line, wide value) {
    char digits[40]; // of 2^127, and a sign
    size_t at = sizeof digits;
    unsigned_wide left = value < 0 ? -(unsigned_wide)value : (unsigned_wide)value;
    do {
        digits[--at] = (char)('0' + (int)(left % 10));
        left /= 10;
    } while (left != 0);
    put(line, "%s%.*s", value < 0 ? "-" : "", (int)(sizeof digits - at), digits + at);
}

static void put_value(struct line *line, struct interval value) {
    put_number(line, value.low);
    if (value.low != value.high) {
        put(line, "..");
        put_number(line, value.high);
    }
}

struct terms {
    uint32_t count;
    uint32_t nodes[TERMS_MAX];
};

// Each name and each call of the tree once, as it is written.
static void collect_terms(const struct relations *relations, uint32_t number, struct terms *terms) {
    const struct node *node = &relations->nodes[number];
    bool is_new = node->name_bytes > 0 && node->kind != NODE_ROW && terms->count < TERMS_MAX;
    for (uint32_t i = 0; i < terms->count && is_new; i++) {
        const struct node *other = &relations->nodes[terms->nodes[i]];
        is_new = other->name_bytes != node->name_bytes ||
                 memcmp(relations->text + other->name_at, relations->text + node->name_at,
                        node->name_bytes) != 0;
    }
    if (is_new) {
        terms->nodes[terms->count++] = number;
    }
    if (node->a != NO_NODE) {
        collect_terms(relations, node->a, terms);
    }
    if (node->b != NO_NODE) {
        collect_terms(relations, node->b, terms);
    }
}

static uint32_t number_of(const struct relations *relations, const struct rule *rule) {
    return (uint32_t)(rule - relations->rules);
}

static void describe(const struct relations *relations, const struct rule *rule, uint32_t side,
                     uint32_t row, const struct relations_facts *facts,
                     struct relations_failure *failure) {
    *failure = (struct relations_failure){.rule = number_of(relations, rule)};
    struct line line = {.text = failure->text};
    struct terms terms = {0};
    put(&line, "%.*s: ", RULE_SHOWN_BYTES, rule->shown.text);
    if (rule->rows != NO_ROW) {
        put(&line, "row %" PRIu32 ": ", row);
    }
    put_value(&line, relations_value(relations, rule->sides[side - 1], facts, row));
    put(&line, " and ");
    put_value(&line, relations_value(relations, rule->sides[side], facts, row));
    for (uint32_t i = 0; i < rule->side_count; i++) {
        collect_terms(relations, rule->sides[i], &terms);
    }
    for (uint32_t i = 0; i < terms.count; i++) {
        const struct node *node = &relations->nodes[terms.nodes[i]];
        struct interval value = relations_value(relations, terms.nodes[i], facts, row);
        put(&line, "%s %.*s ", i == 0 ? ";" : ",", (int)node->name_bytes,
            relations->text + node->name_at);
        if (node->rows != NO_ROW && rule->rows == NO_ROW) {
            put(&line, "(a row)");
        } else if (value.is_known) {
            put_value(&line, value);
        } else {
            put(&line, "?");
        }
    }
}

static void describe_overflow(const struct relations *relations, const struct rule *rule,
                              struct relations_failure *failure) {
    *failure = (struct relations_failure){.rule = number_of(relations, rule)};
    struct line line = {.text = failure->text};
    put(&line, "%.*s: its sides do not fit into 128 bits", RULE_SHOWN_BYTES, rule->shown.text);
}

// ---- rules

static bool applies(const struct rule *rule, const struct relations_facts *facts) {
    return !rule->is_off && (rule->moment & ~facts->moment) == 0 &&
           (rule->option == NULL ||
            (facts->option != NULL && strcmp(rule->option, facts->option) == 0));
}

// A side's mark with the number of one more place: the sides have moved when it is another.
static uint64_t add_mark(uint64_t mark, uint64_t value) {
    return (mark ^ value) * MARK_FACTOR;
}

// Whether each side is one number of 64 bits and the rule holds. False: nothing is known of it, and
// nothing was noted.
static bool holds_quickly(const struct relations *relations, struct rule *rule, uint32_t row,
                          const struct relations_facts *facts, uint64_t *marks) {
    int64_t values[SIDES_MAX] = {0};
    for (uint32_t i = 0; i < rule->side_count; i++) {
        if (!relations_quick(relations, rule->sides[i], facts, row, &values[i])) {
            return false;
        }
        if (i > 0 && !compare(rule->comparisons[i], values[i - 1], values[i],
                              relations_bits_at(relations, rule, i))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < rule->side_count; i++) {
        marks[i] = add_mark(marks[i], (uint64_t)values[i]);
    }
    rule->shown.unequal += rule->shown.slack != NULL && values[0] != values[1];
    return true;
}

// Evaluates at one row, and adds it to the marks of the sides. False: the rule failed, and *failure
// says how.
static bool check_row(const struct relations *relations, struct rule *rule, uint32_t row,
                      const struct relations_facts *facts, bool *is_known, uint64_t *marks,
                      struct relations_failure *failure) {
    *is_known = true;
    if (holds_quickly(relations, rule, row, facts, marks)) {
        return true;
    }
    struct interval values[SIDES_MAX] = {{0}};
    for (uint32_t i = 0; i < rule->side_count && *is_known; i++) {
        values[i] = relations_value(relations, rule->sides[i], facts, row);
        *is_known = values[i].is_known;
        if (*is_known && values[i].has_overflowed) {
            describe_overflow(relations, rule, failure);
            return false;
        }
    }
    if (!*is_known) {
        return true;
    }
    for (uint32_t i = 0; i < rule->side_count; i++) {
        marks[i] = add_mark(marks[i], (uint64_t)values[i].low);
    }
    rule->shown.unequal += rule->shown.slack != NULL && values[0].low != values[1].low;
    for (uint32_t i = 1; i < rule->side_count; i++) {
        if (!may_hold(rule->comparisons[i], values[i - 1], values[i],
                      relations_bits_at(relations, rule, i))) {
            describe(relations, rule, i, row, facts, failure);
            failure->left = narrow(values[i - 1].low);
            failure->right = narrow(values[i].low);
            return false;
        }
    }
    return true;
}

// False: it failed.
static bool check_rule(const struct relations *relations, struct rule *rule,
                       const struct relations_facts *facts, struct relations_failure *failure) {
    bool holds = true;
    bool was_known = false;
    uint64_t marks[SIDES_MAX];
    for (uint32_t i = 0; i < rule->side_count; i++) {
        marks[i] = 0;
    }
    for (uint32_t row = 0; row < (rule->rows == NO_ROW ? 1 : rule->rows) && holds; row++) {
        bool is_known;
        holds = check_row(relations, rule, row, facts, &is_known, marks, failure);
        was_known = was_known || is_known;
    }
    bool has_moved = false;
    for (uint32_t i = 0; i < rule->side_count && was_known; i++) {  // one by one: they are new
        has_moved |= rule->has_last & (marks[i] != rule->marks[i]); // no branch: see note_moves
        rule->marks[i] = marks[i];
    }
    rule->has_last = rule->has_last || was_known;
    rule->shown.evaluated += was_known;
    rule->shown.effective += has_moved;
    rule->shown.failed += !holds;
    return holds;
}

// Of what could not be read when the program began, nobody knows that it did not move. What earlier
// programs moved decides no branch: an engine counts those, and an input is to take one path.
static void note_moves(struct relations *relations, const struct relations_facts *facts) {
    for (uint32_t i = 0; i < relations->statistic_count && facts->values != NULL; i++) {
        int64_t difference = 0;
        for (uint32_t at = relations->statistic_at[i]; at < relations->statistic_at[i + 1]; at++) {
            difference |= facts->values[at] ^ relations->base[at];
        }
        relations->statistic_moves[i] |= !relations->has_base | (difference != 0);
    }
}

size_t relations_check(struct relations *relations, const struct relations_facts *facts,
                       struct relations_failure *failures, size_t capacity) {
    size_t count = 0;
    for (uint32_t i = 0; i < relations->rule_count; i++) {
        struct rule *rule = &relations->rules[i];
        struct relations_failure failure; // large: filled in by a rule that fails
        if (!applies(rule, facts) || check_rule(relations, rule, facts, &failure) ||
            rule->shown.is_known) {
            continue;
        }
        if (count < capacity) {
            failures[count] = failure;
        }
        count++;
    }
    relations_note_deltas(relations, facts);
    note_moves(relations, facts);
    return count;
}

// ---- what others ask

static bool names_what_moves(const struct relations *relations, uint32_t number) {
    const struct node *node = &relations->nodes[number];
    switch (node->kind) {
    case NODE_STATISTIC:
    case NODE_BASE:
    case NODE_LANES:
        return relations->statistic_moves[node->index];
    case NODE_TALLY:
    case NODE_OPERATIONS:
    case NODE_WALK:
    case NODE_BACKING:
        return true;
    case NODE_NUMBER:
    case NODE_ROW:
    case NODE_NEGATE:
    case NODE_ADD:
    case NODE_SUBTRACT:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_MODULO:
    case NODE_ROUND_UP:
    case NODE_LESSER:
    case NODE_GREATER:
    case NODE_SUM:
    case NODE_ROW_MIN:
    case NODE_ROW_MAX:
    case NODE_DELTA:
    case NODE_PEAK:
    case NODE_TROUGH:
        break;
    }
    return (node->a != NO_NODE && names_what_moves(relations, node->a)) ||
           (node->b != NO_NODE && names_what_moves(relations, node->b));
}

bool relations_rule_moves(const struct relations *relations, uint32_t number) {
    const struct rule *rule = &relations->rules[number];
    bool moves = rule->shown.effective > 0;
    for (uint32_t i = 0; i < rule->side_count; i++) {
        moves = moves || names_what_moves(relations, rule->sides[i]);
    }
    return moves;
}

const char *relations_known(const struct relations *relations, unsigned free_rule) {
    return relations->free_reasons[free_rule];
}

uint32_t relations_count(const struct relations *relations) {
    return relations->rule_count;
}

const struct relations_rule *relations_rule(const struct relations *relations, uint32_t rule) {
    return &relations->rules[rule].shown;
}

bool relations_need_values(const struct relations *relations) {
    return relations->needs_values;
}

bool relations_need_walk(const struct relations *relations) {
    return relations->needs_walk;
}

bool relations_need_lanes(const struct relations *relations) {
    return relations->needs_lanes;
}

// Whether the tree names a node of the kind, of the index; of a tally, any.
static bool names(const struct relations *relations, uint32_t number, enum node_kind kind,
                  uint32_t index) {
    const struct node *node = &relations->nodes[number];
    bool is_one = node->kind == kind && (kind == NODE_TALLY || node->index == index);
    return is_one || (node->a != NO_NODE && names(relations, node->a, kind, index)) ||
           (node->b != NO_NODE && names(relations, node->b, kind, index));
}

// Whether a side names what a call that gives nothing leaves alone.
static bool names_ledger(const struct relations *relations, uint32_t side) {
    bool does = names(relations, side, NODE_TALLY, 0);
    for (uint32_t operation = 0; operation < RELATIONS_OPERATIONS; operation++) {
        does = does || (operation != RELATIONS_FAILED &&
                        names(relations, side, NODE_OPERATIONS, operation));
    }
    return does;
}

static bool is_equality(const struct rule *rule) {
    for (uint32_t i = 1; i < rule->side_count; i++) {
        if (rule->comparisons[i] != EQUAL) {
            return false;
        }
    }
    return true;
}

bool relations_tie(const struct relations *relations, uint32_t index) {
    for (uint32_t i = 0; i < relations->rule_count; i++) {
        const struct rule *rule = &relations->rules[i];
        if (rule->moment != 0 || rule->is_off || rule->option != NULL || !is_equality(rule)) {
            continue;
        }
        bool has_statistic = false;
        bool has_ledger = false;
        bool counts_failures = false;
        for (uint32_t side = 0; side < rule->side_count; side++) {
            uint32_t node = rule->sides[side];
            has_statistic = has_statistic || names(relations, node, NODE_STATISTIC, index);
            has_ledger = has_ledger || names_ledger(relations, node);
            counts_failures =
                counts_failures || names(relations, node, NODE_OPERATIONS, RELATIONS_FAILED);
        }
        if (has_statistic && has_ledger && !counts_failures) {
            return true;
        }
    }
    return false;
}
