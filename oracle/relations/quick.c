// quick: the value of a tree where one number of 64 bits is all of it, which it nearly always is.
//
// It answers what relations_value() does, or nothing: what is an interval, is not known, or does
// not fit on the way, is asked there. fuzz_relations holds the two against each other.
#include "oracle/relations/private.h"

static bool statistic(const struct relations *relations, const struct node *node,
                      const int64_t *values, const struct relations_facts *facts, uint32_t row,
                      int64_t *value) {
    uint32_t places = relations->statistic_places[node->index];
    int64_t at = node->rows == NO_ROW ? 0 : row;
    if (node->a != NO_NODE && !relations_quick(relations, node->a, facts, row, &at)) {
        return false;
    }
    if (values == NULL || at < 0 || at > UINT32_MAX / 4) {
        return false;
    }
    uint64_t place = relations->statistic_at[node->index] + (uint64_t)at * places;
    if (place + places > relations->statistic_at[node->index + 1] || // no such place
        values[place] != values[place + places - 1]) {               // rounded
        return false;
    }
    *value = values[place];
    return true;
}

static bool tally(const struct relations *relations, const struct node *node,
                  const struct relations_facts *facts, uint32_t row, int64_t *value) {
    uint32_t which = node->index / RELATIONS_MEASURES;
    uint32_t measure = node->index % RELATIONS_MEASURES;
    const int64_t(*sums)[RELATIONS_MEASURES] = facts->tally;
    int64_t at;
    if (node->a != NO_NODE) {
        if (facts->rows == NULL || !relations_quick(relations, node->a, facts, row, &at) ||
            at < 0) {
            return false;
        }
        if (at >= facts->row_count) {
            *value = 0;
            return true;
        }
        sums = facts->rows[at];
    }
    *value = sums[which][measure];
    return which == RELATIONS_TOTAL || sums[RELATIONS_DROPPED][measure] == 0;
}

static int64_t rest_of(int64_t value, int64_t by) {
    int64_t rest = value % by;
    return rest < 0 ? rest + by : rest;
}

static bool divided(enum node_kind kind, int64_t a, int64_t b, int64_t *value) {
    if (b <= 0) {
        return false;
    }
    int64_t rest = rest_of(a, b);
    if (kind == NODE_ROUND_UP) {
        return !__builtin_add_overflow(a, rest == 0 ? 0 : b - rest, value);
    }
    *value = kind == NODE_MODULO ? rest : a / b - (a % b < 0);
    return true;
}

static bool of_two(enum node_kind kind, int64_t a, int64_t b, int64_t *value) {
    if (kind == NODE_ADD) {
        return !__builtin_add_overflow(a, b, value);
    }
    if (kind == NODE_SUBTRACT) {
        return !__builtin_sub_overflow(a, b, value);
    }
    if (kind == NODE_MULTIPLY) {
        return !__builtin_mul_overflow(a, b, value);
    }
    if (kind == NODE_LESSER || kind == NODE_GREATER) {
        *value = (kind == NODE_LESSER) == (a < b) ? a : b;
        return true;
    }
    return divided(kind, a, b, value);
}

static bool over_rows(const struct relations *relations, const struct node *node,
                      const struct relations_facts *facts, int64_t *value) {
    int64_t whole = 0;
    for (uint32_t row = 0; row < node->index; row++) {
        int64_t one;
        if (!relations_quick(relations, node->a, facts, row, &one)) {
            return false;
        }
        if (node->kind == NODE_SUM) {
            if (__builtin_add_overflow(whole, one, &whole)) {
                return false;
            }
        } else if (row == 0 || (node->kind == NODE_ROW_MIN ? one < whole : one > whole)) {
            whole = one;
        }
    }
    *value = whole;
    return true;
}

static bool remembered(const struct relations *relations, const struct node *node,
                       const struct relations_facts *facts, uint32_t row, int64_t *value) {
    const struct history *history =
        &relations->histories[node->index + (node->rows == NO_ROW ? 0 : row)];
    int64_t past = (int64_t)history->low;
    if (!history->is_set || history->low != history->high || past != history->low) {
        return false;
    }
    if (node->kind != NODE_DELTA) {
        *value = past;
        return true;
    }
    int64_t now;
    return relations_quick(relations, node->a, facts, row, &now) &&
           !__builtin_sub_overflow(now, past, value);
}

bool relations_quick(const struct relations *relations, uint32_t number,
                     const struct relations_facts *facts, uint32_t row, int64_t *value) {
    const struct node *node = &relations->nodes[number];
    switch (node->kind) {
    case NODE_NUMBER:
        *value = node->number;
        return true;
    case NODE_STATISTIC:
        if (node->at != NO_NODE && facts->values != NULL) {
            *value = facts->values[node->at];
            return true;
        }
        return statistic(relations, node, facts->values, facts, row, value);
    case NODE_BASE:
        return relations->has_base &&
               statistic(relations, node, relations->base, facts, row, value);
    case NODE_LANES: // asked seldom
        return false;
    case NODE_TALLY:
        return tally(relations, node, facts, row, value);
    case NODE_OPERATIONS:
        *value = facts->operations[node->index];
        return true;
    case NODE_WALK:
        *value = facts->walk[node->index / RELATIONS_WALK_MEASURES]
                            [node->index % RELATIONS_WALK_MEASURES];
        return facts->has_walk;
    case NODE_BACKING:
        *value = facts->backing[node->index];
        return true;
    case NODE_ROW:
        *value = row;
        return true;
    case NODE_NEGATE: {
        int64_t a;
        return relations_quick(relations, node->a, facts, row, &a) &&
               !__builtin_sub_overflow(0, a, value);
    }
    case NODE_ADD:
    case NODE_SUBTRACT:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_MODULO:
    case NODE_ROUND_UP:
    case NODE_LESSER:
    case NODE_GREATER: {
        int64_t a;
        int64_t b;
        return relations_quick(relations, node->a, facts, row, &a) &&
               relations_quick(relations, node->b, facts, row, &b) &&
               of_two(node->kind, a, b, value);
    }
    case NODE_SUM:
    case NODE_ROW_MIN:
    case NODE_ROW_MAX:
        return over_rows(relations, node, facts, value);
    case NODE_DELTA:
    case NODE_PEAK:
    case NODE_TROUGH:
        return remembered(relations, node, facts, row, value);
    }
    return false;
}
