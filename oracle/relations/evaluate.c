// evaluate: what a tree is worth at a moment, and what peaks, troughs and deltas remember.
#include "oracle/relations/private.h"

#include <string.h>

static struct interval known(wide low, wide high) {
    return (struct interval){.low = low, .high = high, .is_known = true};
}

static const struct interval unknown = {.is_known = false};

// The same, and past 128 bits if one of the operands was.
static struct interval after(struct interval value, struct interval a, struct interval b) {
    value.has_overflowed = value.has_overflowed || a.has_overflowed || b.has_overflowed;
    return value;
}

static wide lesser(wide a, wide b) {
    return a < b ? a : b;
}

static wide greater(wide a, wide b) {
    return a > b ? a : b;
}

// ---- leaves

static struct interval statistic(const struct relations *relations, const struct node *node,
                                 const int64_t *values, uint32_t row) {
    uint32_t places = relations->statistic_places[node->index];
    uint64_t place = relations->statistic_at[node->index] + (uint64_t)row * places;
    if (values == NULL || place + places > relations->statistic_at[node->index + 1]) {
        return unknown;
    }
    return known(values[place], values[place + places - 1]);
}

static struct interval lanes(const struct relations *relations, const struct node *node,
                             const struct relations_facts *facts, uint32_t row) {
    struct interval sum = known(0, 0);
    if (facts->lane_values == NULL) {
        return unknown;
    }
    for (uint32_t lane = 0; lane < facts->lane_count; lane++) {
        struct interval own = statistic(relations, node, facts->lane_values[lane], row);
        if (!own.is_known) {
            return unknown;
        }
        sum = known(sum.low + own.low, sum.high + own.high);
    }
    return sum;
}

// What was dropped lives, or was freed.
static struct interval tallied(const int64_t (*sums)[RELATIONS_MEASURES], uint32_t which,
                               uint32_t measure) {
    wide value = sums[which][measure];
    wide dropped = sums[RELATIONS_DROPPED][measure];
    return known(which == RELATIONS_LIVE ? value - dropped : value,
                 which == RELATIONS_FREED ? value + dropped : value);
}

static struct interval tally(const struct relations *relations, const struct node *node,
                             const struct relations_facts *facts, uint32_t row) {
    uint32_t which = node->index / RELATIONS_MEASURES;
    uint32_t measure = node->index % RELATIONS_MEASURES;
    if (node->a == NO_NODE) {
        return tallied(facts->tally, which, measure);
    }
    struct interval place = relations_wide(relations, node->a, facts, row);
    if (!place.is_known || facts->rows == NULL || place.low < 0) {
        return unknown;
    }
    if (place.low >= facts->row_count) {
        return known(0, 0); // no object was ever of that class
    }
    return tallied(facts->rows[(size_t)place.low], which, measure);
}

// The row that a statistic is read at: its own index, or the one that `each` or sum is at; what is
// one number has one row.
static uint32_t row_of(const struct relations *relations, const struct node *node,
                       const struct relations_facts *facts, uint32_t row) {
    if (node->a == NO_NODE) {
        return node->rows == NO_ROW ? 0 : row;
    }
    struct interval place = relations_wide(relations, node->a, facts, row);
    return !place.is_known || place.low < 0 || place.low > UINT32_MAX / 4 ? UINT32_MAX / 4
                                                                          : (uint32_t)place.low;
}

// ---- operators

static struct interval add(struct interval a, struct interval b, bool is_subtracted) {
    struct interval sum = {.is_known = true,
                           .has_overflowed = a.has_overflowed || b.has_overflowed};
    bool low = is_subtracted ? __builtin_sub_overflow(a.low, b.high, &sum.low)
                             : __builtin_add_overflow(a.low, b.low, &sum.low);
    bool high = is_subtracted ? __builtin_sub_overflow(a.high, b.low, &sum.high)
                              : __builtin_add_overflow(a.high, b.high, &sum.high);
    sum.has_overflowed = sum.has_overflowed || low || high;
    return sum;
}

static struct interval multiply(struct interval a, struct interval b) {
    const wide left[] = {a.low, a.low, a.high, a.high};
    const wide right[] = {b.low, b.high, b.low, b.high};
    struct interval product = {.is_known = true,
                               .has_overflowed = a.has_overflowed || b.has_overflowed};
    for (int i = 0; i < 4; i++) {
        wide value;
        product.has_overflowed =
            __builtin_mul_overflow(left[i], right[i], &value) || product.has_overflowed;
        product.low = i == 0 ? value : lesser(product.low, value);
        product.high = i == 0 ? value : greater(product.high, value);
    }
    return product;
}

// What is left of a division by a positive number, at least 0.
static wide rest_of(wide value, wide by) {
    wide rest = value % by;
    return rest < 0 ? rest + by : rest;
}

static bool round_up(wide value, wide by, wide *rounded) {
    wide rest = rest_of(value, by);
    return !__builtin_add_overflow(value, rest == 0 ? 0 : by - rest, rounded);
}

// By a positive number, downwards; by anything else the value is not known.
static struct interval divide(const struct node *node, struct interval a, struct interval b) {
    if (b.low != b.high || b.low <= 0) {
        return unknown;
    }
    wide by = b.low;
    wide low = a.low / by - (a.low % by < 0);
    wide high = a.high / by - (a.high % by < 0);
    if (node->kind == NODE_DIVIDE) {
        return known(low, high);
    }
    if (node->kind == NODE_MODULO) {
        return low == high ? known(rest_of(a.low, by), rest_of(a.high, by)) : known(0, by - 1);
    }
    struct interval rounded = known(0, 0);
    bool fits = round_up(a.low, by, &rounded.low) && round_up(a.high, by, &rounded.high);
    rounded.has_overflowed = !fits;
    return rounded;
}

static struct interval least_of(struct interval a, struct interval b) {
    return after(known(lesser(a.low, b.low), lesser(a.high, b.high)), a, b);
}

static struct interval greatest_of(struct interval a, struct interval b) {
    return after(known(greater(a.low, b.low), greater(a.high, b.high)), a, b);
}

static struct interval over_rows(const struct relations *relations, const struct node *node,
                                 const struct relations_facts *facts) {
    struct interval whole = known(0, 0);
    for (uint32_t row = 0; row < node->index; row++) {
        struct interval value = relations_wide(relations, node->a, facts, row);
        if (!value.is_known) {
            return unknown;
        }
        if (node->kind == NODE_SUM) {
            whole = add(whole, value, false);
        } else if (node->kind == NODE_ROW_MIN) {
            whole = row == 0 ? value : least_of(whole, value);
        } else {
            whole = row == 0 ? value : greatest_of(whole, value);
        }
    }
    return whole;
}

static struct interval remembered(const struct relations *relations, const struct node *node,
                                  const struct relations_facts *facts, uint32_t row) {
    const struct history *history =
        &relations->histories[node->index + (node->rows == NO_ROW ? 0 : row)];
    struct interval past = known(history->low, history->high);
    if (!history->is_set || node->kind != NODE_DELTA) {
        return history->is_set ? past : unknown;
    }
    struct interval now = relations_wide(relations, node->a, facts, row);
    return now.is_known ? add(now, past, true) : unknown;
}

static struct interval of_two(const struct node *node, struct interval a, struct interval b) {
    if (!a.is_known || !b.is_known) {
        return unknown;
    }
    if (node->kind == NODE_ADD || node->kind == NODE_SUBTRACT) {
        return add(a, b, node->kind == NODE_SUBTRACT);
    }
    if (node->kind == NODE_MULTIPLY) {
        return multiply(a, b);
    }
    if (node->kind == NODE_LESSER) {
        return least_of(a, b);
    }
    return node->kind == NODE_GREATER ? greatest_of(a, b) : after(divide(node, a, b), a, b);
}

struct interval relations_wide(const struct relations *relations, uint32_t number,
                               const struct relations_facts *facts, uint32_t row) {
    const struct node *node = &relations->nodes[number];
    switch (node->kind) {
    case NODE_NUMBER:
        return known(node->number, node->number);
    case NODE_STATISTIC:
        return statistic(relations, node, facts->values, row_of(relations, node, facts, row));
    case NODE_BASE:
        return statistic(relations, node, relations->has_base ? relations->base : NULL,
                         row_of(relations, node, facts, row));
    case NODE_LANES:
        return lanes(relations, node, facts, row_of(relations, node, facts, row));
    case NODE_TALLY:
        return tally(relations, node, facts, row);
    case NODE_OPERATIONS:
        return known(facts->operations[node->index], facts->operations[node->index]);
    case NODE_WALK: {
        int64_t value = facts->walk[node->index / RELATIONS_WALK_MEASURES]
                                   [node->index % RELATIONS_WALK_MEASURES];
        return facts->has_walk ? known(value, value) : unknown;
    }
    case NODE_BACKING:
        return known(facts->backing[node->index], facts->backing[node->index]);
    case NODE_ROW:
        return known(row, row);
    case NODE_NEGATE: {
        struct interval a = relations_wide(relations, node->a, facts, row);
        return a.is_known ? add(known(0, 0), a, true) : unknown;
    }
    case NODE_ADD:
    case NODE_SUBTRACT:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_MODULO:
    case NODE_ROUND_UP:
    case NODE_LESSER:
    case NODE_GREATER:
        return of_two(node, relations_wide(relations, node->a, facts, row),
                      relations_wide(relations, node->b, facts, row));
    case NODE_SUM:
    case NODE_ROW_MIN:
    case NODE_ROW_MAX:
        return over_rows(relations, node, facts);
    case NODE_DELTA:
    case NODE_PEAK:
    case NODE_TROUGH:
        return remembered(relations, node, facts, row);
    }
    return unknown;
}

struct interval relations_value(const struct relations *relations, uint32_t number,
                                const struct relations_facts *facts, uint32_t row) {
    int64_t value;
    return relations_quick(relations, number, facts, row, &value)
               ? known(value, value)
               : relations_wide(relations, number, facts, row);
}

// ---- width

static uint32_t twos_of(const struct node *node) {
    bool is_constant = node->kind == NODE_NUMBER && node->number > 0;
    return is_constant ? (uint32_t)__builtin_ctzll((uint64_t)node->number) : 0;
}

uint32_t relations_bits_of(const struct relations *relations, const struct node *node) {
    const uint32_t operands[] = {node->a, node->b};
    bool is_variable =
        node->kind == NODE_STATISTIC || node->kind == NODE_BASE || node->kind == NODE_LANES;
    uint32_t bits = is_variable ? relations->statistic_bits[node->index] : 64;
    uint32_t more_bits = 0;
    for (int i = 0; i < 2; i++) {
        if (operands[i] != NO_NODE) {
            const struct node *operand = &relations->nodes[operands[i]];
            bits = operand->bits < bits ? operand->bits : bits;
            more_bits += node->kind == NODE_MULTIPLY ? twos_of(operand) : 0;
        }
    }
    return bits + more_bits < 64 ? bits + more_bits : 64;
}

// ---- history

// What is only known between bounds has a peak between theirs.
static void move(struct history *history, enum node_kind kind, struct interval now) {
    if (!history->is_set || kind == NODE_DELTA) {
        *history = (struct history){now.low, now.high, true};
    } else if (kind == NODE_PEAK) {
        history->low = greater(history->low, now.low);
        history->high = greater(history->high, now.high);
    } else {
        history->low = lesser(history->low, now.low);
        history->high = lesser(history->high, now.high);
    }
}

static void remember(struct relations *relations, const struct relations_facts *facts,
                     bool is_delta) {
    for (uint32_t i = 0; i < relations->past_count; i++) {
        const struct node *node = &relations->nodes[relations->past[i]];
        if (is_delta != (node->kind == NODE_DELTA)) {
            continue;
        }
        for (uint32_t row = 0; row < (node->rows == NO_ROW ? 1 : node->rows); row++) {
            struct interval now = relations_value(relations, node->a, facts, row);
            if (facts->is_crowded && !is_delta) {
                relations->histories[node->index + row].is_set = false;
            } else if (now.is_known && !now.has_overflowed) {
                move(&relations->histories[node->index + row], node->kind, now);
            }
        }
    }
}

void relations_begin(struct relations *relations, const struct relations_facts *facts) {
    for (uint32_t i = 0; i < relations->history_count; i++) {
        relations->histories[i].is_set = false;
    }
    for (uint32_t i = 0; i < relations->rule_count; i++) {
        relations->rules[i].has_last = false;
    }
    relations->has_base = facts->values != NULL;
    if (relations->has_base) {
        memcpy(relations->base, facts->values, relations->value_count * sizeof *relations->base);
    }
    remember(relations, facts, true);
    remember(relations, facts, false);
}

void relations_observe(struct relations *relations, const struct relations_facts *facts) {
    remember(relations, facts, false);
}

void relations_begin_peaks(struct relations *relations, const struct relations_facts *facts) {
    for (uint32_t i = 0; i < relations->past_count; i++) {
        const struct node *node = &relations->nodes[relations->past[i]];
        uint32_t rows = node->kind == NODE_DELTA ? 0 : node->rows == NO_ROW ? 1 : node->rows;
        for (uint32_t row = 0; row < rows; row++) {
            relations->histories[node->index + row].is_set = false;
        }
    }
    for (uint32_t i = 0; i < relations->statistic_count && facts->values != NULL; i++) {
        uint32_t at = relations->statistic_at[i];
        size_t size_bytes = (relations->statistic_at[i + 1] - at) * sizeof *facts->values;
        if (relations->statistic_is_peak[i] && relations->has_base) {
            memcpy(relations->base + at, facts->values + at, size_bytes);
        }
    }
    remember(relations, facts, false);
}

void relations_note_deltas(struct relations *relations, const struct relations_facts *facts) {
    remember(relations, facts, true);
}
