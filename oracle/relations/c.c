// c: the tree of each rule as an expression; what goes through rows or remembers becomes a function
// in front of it.
#include "oracle/relations/c.h"

#include "oracle/relations/private.h"
#include "oracle/relations/words.h"

#include <inttypes.h>
#include <string.h>

static const char *const moment_names[] = {
    "SETTLED",     "QUIET",    "EMPTY",   "ONE_LANE",         "AFTER_COLLECT",       "AFTER_PURGE",
    "AFTER_RESET", "ON_ALLOC", "ON_FREE", "ON_REALLOC_MOVED", "ON_REALLOC_IN_PLACE", "ON_FAILED"};
#define MOMENT_COUNT (sizeof moment_names / sizeof moment_names[0])
_Static_assert(RELATIONS_ON_FAILED == 1 << (MOMENT_COUNT - 1), "a name for each bit");

static const char *const tally_words[RELATIONS_TALLIES] = {"live", "total", "freed"};

// ---- names

static bool is_keyword(const char *name) {
    static const char *const words[] = {
        "auto",    "break",  "case",     "char",   "const",    "continue", "default",
        "do",      "double", "else",     "enum",   "extern",   "float",    "for",
        "goto",    "if",     "inline",   "int",    "long",     "register", "restrict",
        "return",  "short",  "signed",   "sizeof", "static",   "struct",   "switch",
        "typedef", "union",  "unsigned", "void",   "volatile", "while"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void without_dots(const char *name, char to[NAME_BYTES]) {
    (void)snprintf(to, NAME_BYTES, "%s", name);
    for (char *at = to; *at != 0; at++) {
        if (*at == '.') {
            *at = '_';
        }
    }
}

void relations_c_name(const struct countercheck_statistic *statistics, uint32_t number,
                      char name[RELATIONS_C_NAME_BYTES]) {
    char own[NAME_BYTES];
    char other[NAME_BYTES];
    without_dots(statistics[number].name, own);
    bool is_taken = is_keyword(own);
    for (uint32_t i = 0; statistics[i].name != NULL; i++) {
        without_dots(statistics[i].name, other);
        is_taken = is_taken || (i != number && strcmp(own, other) == 0);
    }
    if (is_taken) {
        (void)snprintf(name, RELATIONS_C_NAME_BYTES, "%s_of_%" PRIu32, own, number);
    } else {
        (void)snprintf(name, RELATIONS_C_NAME_BYTES, "%s", own);
    }
}

void relations_c_string(FILE *stream, const char *text) {
    (void)fputc('"', stream);
    for (; *text != 0; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte >= 127 || byte == '"' || byte == '\\' || byte == '?') {
            (void)fprintf(stream, "\\%03o", byte);
        } else {
            (void)fputc(byte, stream);
        }
    }
    (void)fputc('"', stream);
}

void relations_c_moments(FILE *stream) {
    (void)fprintf(stream, "enum {");
    for (size_t i = 0; i < MOMENT_COUNT; i++) {
        (void)fprintf(stream, "%s %s = %d", i == 0 ? "" : ",", moment_names[i], 1 << i);
    }
    (void)fprintf(stream, " };\n");
}

// ---- what can be said

static const char *node_obstacle(const struct relations_c *c, uint32_t number) {
    const struct node *node = &c->relations->nodes[number];
    const char *obstacle = NULL;
    bool is_statistic =
        node->kind == NODE_STATISTIC || node->kind == NODE_BASE || node->kind == NODE_LANES;
    if (is_statistic && !c->has_value[node->index]) {
        return c->statistics[node->index].name;
    }
    if (is_statistic && c->relations->statistic_places[node->index] > 1) {
        return "a rounded statistic";
    }
    if (node->kind == NODE_WALK || (node->kind == NODE_BACKING && !c->has_backing)) {
        return node->kind == NODE_WALK ? "walk.*" : "backing.*";
    }
    if (node->kind == NODE_TALLY && node->a != NO_NODE && !c->has_classes) {
        return "the classes of objects";
    }
    if (node->kind == NODE_TALLY && c->collects &&
        node->index / RELATIONS_MEASURES != RELATIONS_TOTAL) {
        return "what lives under a collector";
    }
    if (node->a != NO_NODE) {
        obstacle = node_obstacle(c, node->a);
    }
    return obstacle == NULL && node->b != NO_NODE ? node_obstacle(c, node->b) : obstacle;
}

const char *relations_c_obstacle(const struct relations_c *c, uint32_t number) {
    const struct rule *rule = &c->relations->rules[number];
    const char *obstacle = NULL;
    if (rule->is_off) {
        return "another version";
    }
    if (rule->option != NULL && (c->option == NULL || strcmp(c->option, rule->option) != 0)) {
        return "another option";
    }
    for (uint32_t i = 0; i < rule->side_count && obstacle == NULL; i++) {
        obstacle = node_obstacle(c, rule->sides[i]);
    }
    return obstacle;
}

// ---- expressions

static void write_node(const struct relations_c *c, uint32_t number);

static void write_call(const struct relations_c *c, const char *name, const struct node *node) {
    (void)fprintf(c->stream, "%s(", name);
    write_node(c, node->a);
    (void)fprintf(c->stream, ", ");
    write_node(c, node->b);
    (void)fprintf(c->stream, ")");
}

static void write_statistic(const struct relations_c *c, const struct node *node) {
    char name[RELATIONS_C_NAME_BYTES];
    const char *when = node->kind == NODE_BASE                    ? "base"
                       : node->kind == NODE_LANES && c->has_lanes ? "shares"
                                                                  : "now";
    relations_c_name(c->statistics, node->index, name);
    if (c->statistics[node->index].count == 0) {
        (void)fprintf(c->stream, "%s.%s", when, name);
        return;
    }
    (void)fprintf(c->stream, "at_place(%s.%s, %" PRIu32 ", ", when, name,
                  c->statistics[node->index].count);
    if (node->a == NO_NODE) {
        (void)fprintf(c->stream, "row)");
    } else {
        write_node(c, node->a);
        (void)fprintf(c->stream, ")");
    }
}

static void write_tally(const struct relations_c *c, const struct node *node) {
    const char *measure = relations_measure_names[node->index % RELATIONS_MEASURES];
    const char *tally = tally_words[node->index / RELATIONS_MEASURES];
    if (node->a == NO_NODE) {
        (void)fprintf(c->stream, "%s.%s", tally, measure);
        return;
    }
    (void)fprintf(c->stream, "of_class(class_%s, ", tally);
    write_node(c, node->a);
    (void)fprintf(c->stream, ")->%s", measure);
}

static void write_operation(const struct relations_c *c, const char *word) {
    char name[NAME_BYTES];
    without_dots(word, name);
    (void)fprintf(c->stream, "ops.%s", name);
}

static void write_remembered(const struct relations_c *c, uint32_t number) {
    bool is_one = c->relations->nodes[number].rows == NO_ROW;
    (void)fprintf(c->stream, "past_%" PRIu32 "[%s]", number, is_one ? "0" : "row");
}

static void write_change(const struct relations_c *c, uint32_t number) {
    (void)fprintf(c->stream, "(");
    write_node(c, c->relations->nodes[number].a);
    (void)fprintf(c->stream, " - ");
    write_remembered(c, number);
    (void)fprintf(c->stream, ")");
}

static void write_operator(const struct relations_c *c, const struct node *node, char sign) {
    (void)fprintf(c->stream, "(");
    write_node(c, node->a);
    (void)fprintf(c->stream, " %c ", sign);
    write_node(c, node->b);
    (void)fprintf(c->stream, ")");
}

static void write_node(const struct relations_c *c, uint32_t number) {
    const struct node *node = &c->relations->nodes[number];
    switch (node->kind) {
    case NODE_NUMBER:
        (void)fprintf(c->stream, "%" PRId64, node->number);
        break;
    case NODE_STATISTIC:
    case NODE_BASE:
    case NODE_LANES:
        write_statistic(c, node);
        break;
    case NODE_TALLY:
        write_tally(c, node);
        break;
    case NODE_OPERATIONS:
        write_operation(c, relations_operation_names[node->index]);
        break;
    case NODE_ROW:
        (void)fprintf(c->stream, "row");
        break;
    case NODE_NEGATE:
        (void)fprintf(c->stream, "(-");
        write_node(c, node->a);
        (void)fprintf(c->stream, ")");
        break;
    case NODE_ADD:
        write_operator(c, node, '+');
        break;
    case NODE_SUBTRACT:
        write_operator(c, node, '-');
        break;
    case NODE_MULTIPLY:
        write_operator(c, node, '*');
        break;
    case NODE_DIVIDE:
        write_call(c, "quotient", node);
        break;
    case NODE_MODULO:
        write_call(c, "rest_of", node);
        break;
    case NODE_ROUND_UP:
        write_call(c, "round_up", node);
        break;
    case NODE_LESSER:
        write_call(c, "least_of", node);
        break;
    case NODE_GREATER:
        write_call(c, "most_of", node);
        break;
    case NODE_SUM:
    case NODE_ROW_MIN:
    case NODE_ROW_MAX:
        (void)fprintf(c->stream, "rows_%" PRIu32 "()", number);
        break;
    case NODE_DELTA:
        write_change(c, number);
        break;
    case NODE_PEAK:
    case NODE_TROUGH:
        write_remembered(c, number);
        break;
    case NODE_BACKING:
        (void)fprintf(c->stream, "backing.%s", relations_backing_names[node->index]);
        break;
    case NODE_WALK: // an obstacle
        break;
    }
}

// ---- functions

static bool is_history(const struct node *node) {
    return node->kind == NODE_DELTA || node->kind == NODE_PEAK || node->kind == NODE_TROUGH;
}

// What the node's expression calls: the functions and the memory of those below it first.
static void write_helpers(const struct relations_c *c, uint32_t number, bool *is_written) {
    const struct node *node = &c->relations->nodes[number];
    if (is_written[number]) {
        return;
    }
    is_written[number] = true;
    if (node->a != NO_NODE) {
        write_helpers(c, node->a, is_written);
    }
    if (node->b != NO_NODE) {
        write_helpers(c, node->b, is_written);
    }
    if (is_history(node)) {
        (void)fprintf(c->stream, "static number past_%" PRIu32 "[%" PRIu32 "];\n", number,
                      node->rows == NO_ROW ? 1 : node->rows);
        return;
    }
    const char *step = node->kind == NODE_SUM       ? "whole + "
                       : node->kind == NODE_ROW_MIN ? "row == 0 ? one : least_of(whole, one)"
                       : node->kind == NODE_ROW_MAX ? "row == 0 ? one : most_of(whole, one)"
                                                    : NULL;
    if (step != NULL) {
        (void)fprintf(c->stream,
                      "static number rows_%" PRIu32 "(void) {\n    number whole = 0;\n"
                      "    for (number row = 0; row < %" PRIu32 "; row++) {\n"
                      "        number one = ",
                      number, node->index);
        write_node(c, node->a);
        (void)fprintf(c->stream, ";\n        whole = %s%s;\n    }\n    return whole;\n}\n", step,
                      node->kind == NODE_SUM ? "one" : "");
    }
}

static void write_past(const struct relations_c *c, uint32_t number) {
    const struct node *node = &c->relations->nodes[number];
    (void)fprintf(c->stream,
                  "    for (number row = 0; row < %" PRIu32 "; row++) {\n"
                  "        number one = ",
                  node->rows == NO_ROW ? 1 : node->rows);
    write_node(c, node->a);
    if (node->kind == NODE_DELTA) {
        (void)fprintf(c->stream, ";\n        if (how == BEGIN || how == CHECKED) {\n");
    } else {
        (void)fprintf(c->stream,
                      ";\n        if (how == BEGIN || how == PEAKS || one %c past_%" PRIu32
                      "[row]) {\n",
                      node->kind == NODE_PEAK ? '>' : '<', number);
    }
    (void)fprintf(c->stream, "            past_%" PRIu32 "[row] = one;\n        }\n    }\n",
                  number);
}

static void write_memory(const struct relations_c *c, const bool *is_written) {
    (void)fprintf(c->stream, "static void remember(enum remembering how) {\n    (void)how;\n");
    for (uint32_t i = 0; i < c->relations->node_count; i++) {
        if (is_written[i] && is_history(&c->relations->nodes[i])) {
            write_past(c, i);
        }
    }
    (void)fprintf(c->stream, "}\n");
}

static void write_moment(const struct relations_c *c, uint32_t moment) {
    const char *between = "    if ((moment & (";
    for (size_t i = 0; i < MOMENT_COUNT; i++) {
        if ((moment & UINT32_C(1) << i) != 0) {
            (void)fprintf(c->stream, "%s%s", between, moment_names[i]);
            between = " | ";
        }
    }
    if (moment != 0) {
        (void)fprintf(c->stream, ")) != %" PRIu32 ") {\n        return;\n    }\n", moment);
    }
}

static void write_comparison(const struct relations_c *c, const struct rule *rule, uint32_t side) {
    static const char *const signs[] = {"==", "!=", "<=", "<", ">=", ">"};
    uint32_t bits = relations_bits_at(c->relations, rule, side);
    (void)fprintf(c->stream, "        %sif (!is_unknown && !(", side == 1 ? "" : "} else ");
    enum comparison comparison = rule->comparisons[side];
    if ((comparison == EQUAL || comparison == UNEQUAL) && bits < 64) { // as its own variable counts
        (void)fprintf(c->stream,
                      "rest_of(side_%" PRIu32 " - side_%" PRIu32 ", (number)1 << %" PRIu32 ") %s 0",
                      side - 1, side, bits > 62 ? 62 : bits, signs[comparison]);
    } else {
        (void)fprintf(c->stream, "side_%" PRIu32 " %s side_%" PRIu32, side - 1, signs[comparison],
                      side);
    }
    (void)fprintf(c->stream, ")) {\n            tell_failure(");
    relations_c_string(c->stream, rule->shown.text);
    (void)fprintf(c->stream, ", %s, side_%" PRIu32 ", side_%" PRIu32 ");\n",
                  rule->rows == NO_ROW ? "-1" : "row", side - 1, side);
}

static void write_rule(const struct relations_c *c, uint32_t number) {
    const struct rule *rule = &c->relations->rules[number];
    (void)fprintf(c->stream, "static void rule_%" PRIu32 "(void) {\n", number);
    write_moment(c, rule->moment);
    (void)fprintf(c->stream,
                  "    for (number row = 0; row < %" PRIu32 "; row++) {\n"
                  "        is_unknown = 0;\n",
                  rule->rows == NO_ROW ? 1 : rule->rows);
    for (uint32_t side = 0; side < rule->side_count; side++) {
        (void)fprintf(c->stream, "        number side_%" PRIu32 " = ", side);
        write_node(c, rule->sides[side]);
        (void)fprintf(c->stream, ";\n");
    }
    for (uint32_t side = 1; side < rule->side_count; side++) {
        write_comparison(c, rule, side);
    }
    (void)fprintf(c->stream, "        }\n    }\n}\n");
}

void relations_c_rules(const struct relations_c *c, const bool wanted[RELATIONS_RULES_MAX]) {
    bool is_written[NODES_MAX] = {false};
    for (uint32_t i = 0; i < c->relations->rule_count; i++) {
        const struct rule *rule = &c->relations->rules[i];
        for (uint32_t side = 0; wanted[i] && side < rule->side_count; side++) {
            write_helpers(c, rule->sides[side], is_written);
        }
    }
    write_memory(c, is_written);
    for (uint32_t i = 0; i < c->relations->rule_count; i++) {
        if (wanted[i]) {
            write_rule(c, i);
        }
    }
    (void)fprintf(c->stream, "static void check_rules(void) {\n");
    for (uint32_t i = 0; i < c->relations->rule_count; i++) {
        if (wanted[i]) {
            (void)fprintf(c->stream, "    rule_%" PRIu32 "();\n", i);
        }
    }
    (void)fprintf(c->stream, "}\n");
}
