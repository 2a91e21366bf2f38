// expression: terms, calls and arithmetic into a tree, by recursive descent of bounded depth.
#include "oracle/relations/parser.h"

#include "oracle/core/harness_memory.h"
#include "oracle/core/nearest.h"
#include "oracle/relations/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// ---- nodes

static uint32_t place_of(const struct relations *relations, const struct node *node) {
    bool is_one = node->kind == NODE_STATISTIC && node->a == NO_NODE && node->rows == NO_ROW &&
                  relations->statistic_places[node->index] == 1;
    return is_one ? relations->statistic_at[node->index] : NO_NODE;
}

// Names may stand for trees that share their parts, so that a short text can mean a huge one.
static bool measure(const struct relations *relations, struct node *node) {
    const uint32_t operands[] = {node->a, node->b};
    uint64_t cost = 1;
    node->height = 1;
    node->at = place_of(relations, node);
    node->bits = relations_bits_of(relations, node);
    for (int i = 0; i < 2; i++) {
        if (operands[i] != NO_NODE) {
            const struct node *operand = &relations->nodes[operands[i]];
            cost += operand->cost;
            node->height = operand->height >= node->height ? operand->height + 1 : node->height;
        }
    }
    bool goes_through =
        node->kind == NODE_SUM || node->kind == NODE_ROW_MIN || node->kind == NODE_ROW_MAX;
    cost *= goes_through ? node->index : 1;
    node->cost = (uint32_t)(cost < COST_MAX ? cost : COST_MAX);
    return cost < COST_MAX && node->height < HEIGHT_MAX;
}

static uint32_t add_node(struct parser *parser, struct node node) {
    struct relations *relations = parser->relations;
    if (relations->node_count == NODES_MAX) {
        return FAIL(parser, "more than %d terms in all", NODES_MAX);
    }
    if (!measure(relations, &node)) {
        return FAIL(parser, "too much to work out: more than %d terms, or %d in each other",
                    COST_MAX, HEIGHT_MAX);
    }
    relations->nodes[relations->node_count] = node;
    return relations->node_count++;
}

static struct node *node_of(struct parser *parser, uint32_t node) {
    return &parser->relations->nodes[node];
}

// Values of rows go with values of as many rows, and with single ones.
static uint32_t rows_of(struct parser *parser, uint32_t a, uint32_t b) {
    uint32_t left = node_of(parser, a)->rows;
    uint32_t right = node_of(parser, b)->rows;
    if (left != NO_ROW && right != NO_ROW && left != right) {
        (void)FAIL(parser, "a row of %" PRIu32 " beside one of %" PRIu32, left, right);
    }
    return left != NO_ROW ? left : right;
}

static uint32_t binary(struct parser *parser, enum node_kind kind, uint32_t a, uint32_t b) {
    if (a == NO_NODE || b == NO_NODE) {
        return NO_NODE;
    }
    return add_node(parser,
                    (struct node){.kind = kind, .a = a, .b = b, .rows = rows_of(parser, a, b)});
}

// ---- names

static uint32_t parse_find_statistic(const struct parser *parser, const char *name,
                                     size_t name_bytes) {
    const struct countercheck_statistic *statistics = parser->schema->statistics;
    for (uint32_t i = 0; i < parser->relations->statistic_count; i++) {
        if (parser_is_word(statistics[i].name, name, name_bytes)) {
            return i;
        }
    }
    return NO_NODE;
}

static void offer_words(struct nearest *nearest, const char *prefix, const char *const *words,
                        uint32_t count, char (*room)[NAME_BYTES]) {
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(room[i], NAME_BYTES, "%s%s", prefix, words[i]);
        nearest_offer(nearest, room[i]);
    }
}

// What stands there is a name, and means nothing.
static uint32_t fail_name(struct parser *parser, const char *name, size_t name_bytes) {
    char tallies[RELATIONS_TALLIES][RELATIONS_MEASURES][NAME_BYTES];
    char operations[RELATIONS_OPERATIONS][NAME_BYTES];
    char walk[RELATIONS_WALKS * RELATIONS_WALK_MEASURES][NAME_BYTES];
    char backing[RELATIONS_BACKINGS][NAME_BYTES];
    struct nearest nearest = nearest_begin(name, name_bytes);
    for (uint32_t i = 0; i < parser->relations->statistic_count; i++) {
        nearest_offer(&nearest, parser->schema->statistics[i].name);
    }
    for (uint32_t i = 0; i < parser->let_count; i++) {
        nearest_offer(&nearest, parser->lets[i].name);
    }
    for (uint32_t i = 0; i < RELATIONS_TALLIES; i++) {
        offer_words(&nearest, relations_tally_prefixes[i], relations_measure_names,
                    RELATIONS_MEASURES, tallies[i]);
    }
    offer_words(&nearest, "ops.", relations_operation_names, RELATIONS_OPERATIONS, operations);
    offer_words(&nearest, "walk.", relations_walk_names,
                parser->schema->has_walk ? RELATIONS_WALKS * RELATIONS_WALK_MEASURES : 0, walk);
    offer_words(&nearest, "backing.", relations_backing_names, RELATIONS_BACKINGS, backing);
    return parser_fail(
        parser, name, "'%.*s' names nothing%s%s", (int)(name_bytes < 40 ? name_bytes : 40), name,
        nearest.best == NULL ? "" : "; the nearest is ", nearest.best == NULL ? "" : nearest.best);
}

static bool starts_with(const char *name, size_t name_bytes, const char *prefix) {
    return name_bytes > strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0;
}

// The place of the word behind the prefix; `count`: it is none of them.
static uint32_t word_of(const char *const *words, uint32_t count, const char *word,
                        size_t word_bytes) {
    for (uint32_t i = 0; i < count; i++) {
        if (parser_is_word(words[i], word, word_bytes)) {
            return i;
        }
    }
    return count;
}

// "[row]" behind a name, or nothing. *rows: how many rows the whole has.
static uint32_t parse_index(struct parser *parser, uint32_t *rows) {
    *rows = NO_ROW;
    if (!parser_take(parser, "[")) {
        return NO_NODE;
    }
    uint32_t index = parse_expression(parser);
    if (index != NO_NODE) {
        *rows = node_of(parser, index)->rows;
        (void)parser_expect(parser, "]");
    }
    return index;
}

static uint32_t parse_tally(struct parser *parser, uint32_t tally, const char *name,
                            size_t name_bytes) {
    size_t prefix_bytes = strlen(relations_tally_prefixes[tally]);
    uint32_t number = word_of(relations_measure_names, RELATIONS_MEASURES, name + prefix_bytes,
                              name_bytes - prefix_bytes);
    if (number == RELATIONS_MEASURES) {
        return fail_name(parser, name, name_bytes);
    }
    uint32_t rows;
    uint32_t index = parse_index(parser, &rows);
    return parser->has_failed
               ? NO_NODE
               : add_node(parser, (struct node){.kind = NODE_TALLY,
                                                .a = index,
                                                .b = NO_NODE,
                                                .index = tally * RELATIONS_MEASURES + number,
                                                .rows = rows});
}

static uint32_t parse_ledger(struct parser *parser, const char *name, size_t name_bytes) {
    static const struct {
        const char *prefix;
        const char *const *words;
        uint32_t count;
        enum node_kind kind;
    } kinds[] = {{"ops.", relations_operation_names, RELATIONS_OPERATIONS, NODE_OPERATIONS},
                 {"walk.", relations_walk_names,
                  (uint32_t)RELATIONS_WALKS * RELATIONS_WALK_MEASURES, NODE_WALK},
                 {"backing.", relations_backing_names, RELATIONS_BACKINGS, NODE_BACKING}};
    for (uint32_t i = 0; i < RELATIONS_TALLIES; i++) {
        if (starts_with(name, name_bytes, relations_tally_prefixes[i])) {
            return parse_tally(parser, i, name, name_bytes);
        }
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (starts_with(name, name_bytes, kinds[i].prefix)) {
            size_t prefix_bytes = strlen(kinds[i].prefix);
            uint32_t word = word_of(kinds[i].words, kinds[i].count, name + prefix_bytes,
                                    name_bytes - prefix_bytes);
            if (word == kinds[i].count) {
                return fail_name(parser, name, name_bytes);
            }
            if (kinds[i].kind == NODE_WALK && !parser->schema->has_walk) {
                return parser_fail(parser, name, "the adapter has no walk");
            }
            parser->relations->needs_walk =
                parser->relations->needs_walk || kinds[i].kind == NODE_WALK;
            return add_node(
                parser,
                (struct node){.kind = kinds[i].kind, .a = NO_NODE, .b = NO_NODE, .index = word});
        }
    }
    return NO_NODE;
}

// A statistic by its name; `kind` STATISTIC, BASE or LANES.
static uint32_t parse_statistic(struct parser *parser, enum node_kind kind, const char *name,
                                size_t name_bytes) {
    uint32_t index = parse_find_statistic(parser, name, name_bytes);
    if (index == NO_NODE) {
        return fail_name(parser, name, name_bytes);
    }
    uint32_t count = parser->schema->statistics[index].count;
    uint32_t rows;
    uint32_t row = parse_index(parser, &rows);
    if (parser->has_failed) {
        return NO_NODE;
    }
    if (row != NO_NODE && count == 0) {
        return parser_fail(parser, name, "'%.*s' is one number and no row", (int)name_bytes, name);
    }
    if (row != NO_NODE && node_of(parser, row)->kind == NODE_NUMBER &&
        node_of(parser, row)->number >= (int64_t)count) {
        return parser_fail(parser, name, "'%.*s' has the places 0 to %" PRIu32, (int)name_bytes,
                           name, count - 1);
    }
    rows = row == NO_NODE && count > 0 ? count : rows;
    return add_node(
        parser, (struct node){.kind = kind, .a = row, .b = NO_NODE, .index = index, .rows = rows});
}

static bool need_histories(struct parser *parser, uint32_t count) {
    struct relations *relations = parser->relations;
    size_t wanted = (size_t)relations->history_count + count;
    if (wanted > PAST_MAX) {
        (void)FAIL(parser, "more than %d values to remember", PAST_MAX);
        return false;
    }
    struct history *grown = harness_realloc(relations->histories, wanted * sizeof *grown);
    if (grown == NULL) {
        parser->has_failed = true;
        *parser->error = (struct relations_error){0};
        return false;
    }
    memset(grown + relations->history_count, 0, count * sizeof *grown);
    relations->histories = grown;
    return true;
}

static uint32_t add_history(struct parser *parser, enum node_kind kind, uint32_t a) {
    uint32_t rows = node_of(parser, a)->rows;
    uint32_t count = rows == NO_ROW ? 1 : rows;
    if (!need_histories(parser, count)) {
        return NO_NODE;
    }
    struct relations *relations = parser->relations;
    uint32_t first = relations->history_count;
    relations->history_count += count;
    uint32_t node = add_node(
        parser, (struct node){.kind = kind, .a = a, .b = NO_NODE, .index = first, .rows = rows});
    if (node != NO_NODE) {
        relations->past[relations->past_count++] = node;
    }
    return node;
}

static uint32_t parse_call_of_one(struct parser *parser, enum node_kind kind) {
    uint32_t a = parser_expect(parser, "(") ? parse_expression(parser) : NO_NODE;
    if (a != NO_NODE && kind == NODE_SUM && node_of(parser, a)->rows == NO_ROW) {
        return FAIL(parser, "sum adds up a row, and here is one number");
    }
    if (a == NO_NODE || !parser_expect(parser, ")")) {
        return NO_NODE;
    }
    if (kind != NODE_SUM) {
        return add_history(parser, kind, a);
    }
    return add_node(
        parser,
        (struct node){.kind = kind, .a = a, .b = NO_NODE, .index = node_of(parser, a)->rows});
}

// min and max of a row, or of several values.
static uint32_t parse_extreme(struct parser *parser, bool is_least) {
    uint32_t value = parser_expect(parser, "(") ? parse_expression(parser) : NO_NODE;
    if (value != NO_NODE && node_of(parser, value)->rows != NO_ROW && parser_is(parser, ")")) {
        parser_next(parser);
        return add_node(parser, (struct node){.kind = is_least ? NODE_ROW_MIN : NODE_ROW_MAX,
                                              .a = value,
                                              .b = NO_NODE,
                                              .index = node_of(parser, value)->rows});
    }
    while (value != NO_NODE && parser_take(parser, ",")) {
        value =
            binary(parser, is_least ? NODE_LESSER : NODE_GREATER, value, parse_expression(parser));
    }
    return value != NO_NODE && parser_expect(parser, ")") ? value : NO_NODE;
}

static uint32_t parse_round_up(struct parser *parser) {
    uint32_t a = parser_expect(parser, "(") ? parse_expression(parser) : NO_NODE;
    uint32_t b = a != NO_NODE && parser_expect(parser, ",") ? parse_expression(parser) : NO_NODE;
    uint32_t value = binary(parser, NODE_ROUND_UP, a, b);
    return value != NO_NODE && parser_expect(parser, ")") ? value : NO_NODE;
}

static uint32_t parse_lanes(struct parser *parser) {
    if (!parser_expect(parser, "(") || parser->kind != TOKEN_NAME) {
        return FAIL(parser, "here stands a statistic");
    }
    const char *name = parser->token;
    size_t name_bytes = parser->token_bytes;
    uint32_t index = parse_find_statistic(parser, name, name_bytes);
    if (index == NO_NODE) {
        return fail_name(parser, name, name_bytes);
    }
    if ((parser->schema->statistics[index].flags & COUNTERCHECK_PER_LANE) == 0) {
        return FAIL(parser, "'%.*s' is no lane's own share", (int)name_bytes, name);
    }
    parser_next(parser);
    uint32_t value = parse_statistic(parser, NODE_LANES, name, name_bytes);
    parser->relations->needs_lanes = true;
    return value != NO_NODE && parser_expect(parser, ")") ? value : NO_NODE;
}

// Within `each NAME:` the words NAME and `row` are the number of the row, unless a statistic is
// called so.
static bool is_row_number(const struct parser *parser, const char *name, size_t name_bytes) {
    bool is_word = parser_is_word("row", name, name_bytes) ||
                   parser_is_word(parser->row_name, name, name_bytes);
    return parser->row_count != NO_ROW && is_word &&
           parse_find_statistic(parser, name, name_bytes) == NO_NODE;
}

bool parse_is_name(const struct parser *parser, const char *name, size_t name_bytes) {
    static const char *const prefixes[] = {"live.", "total.",   "freed.", "ops.",
                                           "walk.", "backing.", "base."};
    bool is_name = parser_is_word("row", name, name_bytes) ||
                   parse_find_statistic(parser, name, name_bytes) != NO_NODE;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        is_name = is_name || starts_with(name, name_bytes, prefixes[i]);
    }
    for (uint32_t i = 0; i < parser->let_count; i++) {
        is_name = is_name || parser_is_word(parser->lets[i].name, name, name_bytes);
    }
    return is_name;
}

static uint32_t parse_word(struct parser *parser, const char *name, size_t name_bytes) {
    for (uint32_t i = 0; i < parser->let_count; i++) {
        if (parser_is_word(parser->lets[i].name, name, name_bytes)) {
            return parser->lets[i].node;
        }
    }
    if (is_row_number(parser, name, name_bytes)) {
        return add_node(
            parser,
            (struct node){.kind = NODE_ROW, .a = NO_NODE, .b = NO_NODE, .rows = parser->row_count});
    }
    if (starts_with(name, name_bytes, "base.")) {
        return parse_statistic(parser, NODE_BASE, name + 5, name_bytes - 5);
    }
    if (parse_find_statistic(parser, name, name_bytes) == NO_NODE) {
        uint32_t ledger = parse_ledger(parser, name, name_bytes);
        if (ledger != NO_NODE || parser->has_failed) {
            return ledger;
        }
    }
    return parse_statistic(parser, NODE_STATISTIC, name, name_bytes);
}

static uint32_t parse_named(struct parser *parser) {
    static const struct {
        const char *word;
        enum node_kind kind;
    } calls[] = {
        {"sum", NODE_SUM}, {"delta", NODE_DELTA}, {"peak", NODE_PEAK}, {"trough", NODE_TROUGH}};
    const char *name = parser->token;
    size_t name_bytes = parser->token_bytes;
    parser_next(parser);
    bool is_call = parser_is(parser, "(");
    for (size_t i = 0; is_call && i < sizeof calls / sizeof calls[0]; i++) {
        if (parser_is_word(calls[i].word, name, name_bytes)) {
            return parse_call_of_one(parser, calls[i].kind);
        }
    }
    bool is_least = parser_is_word("min", name, name_bytes);
    if (is_call && (is_least || parser_is_word("max", name, name_bytes))) {
        return parse_extreme(parser, is_least);
    }
    if (is_call && parser_is_word("round_up", name, name_bytes)) {
        return parse_round_up(parser);
    }
    if (is_call && parser_is_word("lanes", name, name_bytes)) {
        return parse_lanes(parser);
    }
    if (is_call) {
        return parser_fail(
            parser, name,
            "'%.*s' is no function: sum, min, max, round_up, delta, peak, trough, lanes",
            (int)(name_bytes < 40 ? name_bytes : 40), name);
    }
    return parse_word(parser, name, name_bytes);
}

// A name or a call, which is shown as it is written.
static uint32_t parse_name(struct parser *parser) {
    const char *begin = parser->token;
    uint32_t node = parse_named(parser);
    if (node != NO_NODE && node_of(parser, node)->name_bytes == 0) {
        const char *end = parser->token;
        while (strchr(" \t\r", end[-1]) != NULL) {
            end--;
        }
        node_of(parser, node)->name_at = (uint32_t)(begin - parser->relations->text);
        node_of(parser, node)->name_bytes = (uint32_t)(end - begin);
    }
    return node;
}

// ---- expressions

static uint32_t parse_number(struct parser *parser) {
    static const struct {
        const char *word;
        unsigned shift;
    } units[] = {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
    int64_t number = parser->number;
    parser_next(parser);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (parser_is(parser, units[i].word)) {
            if (number > INT64_MAX >> units[i].shift) {
                return FAIL(parser, "the number is more than 2^63 - 1");
            }
            number *= (int64_t)1 << units[i].shift;
            parser_next(parser);
            break;
        }
    }
    return add_node(
        parser, (struct node){.kind = NODE_NUMBER, .a = NO_NODE, .b = NO_NODE, .number = number});
}

static uint32_t parse_factor(struct parser *parser) {
    uint32_t value = NO_NODE;
    if (parser->depth == DEPTH_MAX) {
        return FAIL(parser, "nested more than %d deep", DEPTH_MAX);
    }
    parser->depth++;
    if (parser->kind == TOKEN_NUMBER) {
        value = parse_number(parser);
    } else if (parser->kind == TOKEN_NAME) {
        value = parse_name(parser);
    } else if (parser_take(parser, "(")) {
        value = parse_expression(parser);
        value = value != NO_NODE && parser_expect(parser, ")") ? value : NO_NODE;
    } else if (parser_take(parser, "-")) {
        uint32_t a = parse_factor(parser);
        value = a == NO_NODE ? NO_NODE
                             : add_node(parser, (struct node){.kind = NODE_NEGATE,
                                                              .a = a,
                                                              .b = NO_NODE,
                                                              .rows = node_of(parser, a)->rows});
    } else {
        value = FAIL(parser, "here stands a number, a name or a parenthesis");
    }
    parser->depth--;
    return value;
}

static uint32_t parse_product(struct parser *parser) {
    uint32_t value = parse_factor(parser);
    while (value != NO_NODE &&
           (parser_is(parser, "*") || parser_is(parser, "/") || parser_is(parser, "%"))) {
        enum node_kind kind = parser_is(parser, "*")   ? NODE_MULTIPLY
                              : parser_is(parser, "/") ? NODE_DIVIDE
                                                       : NODE_MODULO;
        parser_next(parser);
        value = binary(parser, kind, value, parse_factor(parser));
    }
    return value;
}

uint32_t parse_expression(struct parser *parser) {
    uint32_t value = parse_product(parser);
    while (value != NO_NODE && (parser_is(parser, "+") || parser_is(parser, "-"))) {
        enum node_kind kind = parser_is(parser, "+") ? NODE_ADD : NODE_SUBTRACT;
        parser_next(parser);
        value = binary(parser, kind, value, parse_product(parser));
    }
    return value;
}
