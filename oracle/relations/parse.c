// parse: a text of relations into rules, one line at a time.
#include "oracle/relations/parser.h"

#include "oracle/core/harness_memory.h"
#include "oracle/relations/statistic.h"

#include <string.h>

// ---- rules

static bool take_comparison(struct parser *parser, enum comparison *comparison) {
    static const struct {
        const char *sign;
        enum comparison comparison;
    } signs[] = {{"==", EQUAL}, {"!=", UNEQUAL},  {"<=", AT_MOST},
                 {"<", BELOW},  {">=", AT_LEAST}, {">", ABOVE}};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (parser_take(parser, signs[i].sign)) {
            *comparison = signs[i].comparison;
            return true;
        }
    }
    return false;
}

// Whether the tree names what a collector makes a pair of bounds.
static bool names_live(const struct relations *relations, uint32_t node) {
    const struct node *at = &relations->nodes[node];
    return (at->kind == NODE_TALLY && at->index / RELATIONS_MEASURES != RELATIONS_TOTAL) ||
           (at->a != NO_NODE && names_live(relations, at->a)) ||
           (at->b != NO_NODE && names_live(relations, at->b));
}

static void parse_sides(struct parser *parser, struct rule *rule) {
    enum comparison comparison;
    rule->sides[0] = parse_expression(parser);
    rule->side_count = 1;
    while (!parser->has_failed && take_comparison(parser, &comparison)) {
        if (rule->side_count == SIDES_MAX) {
            (void)FAIL(parser, "a chain of more than %d sides", SIDES_MAX);
            return;
        }
        rule->comparisons[rule->side_count] = comparison;
        rule->sides[rule->side_count++] = parse_expression(parser);
    }
    if (!parser->has_failed && rule->side_count == 1) {
        (void)FAIL(parser, "here stands ==, !=, <=, <, >= or >");
    }
    for (uint32_t i = 0; i < rule->side_count && !parser->has_failed; i++) {
        uint32_t rows = parser->relations->nodes[rule->sides[i]].rows;
        if (rows != NO_ROW && rows != rule->rows) {
            (void)parser_fail(
                parser, parser->line,
                rule->rows == NO_ROW
                    ? "a row stands alone: add it up (sum), or begin with `each NAME:`"
                    : "a row of another length than that of `each`");
        }
        bool is_equal = i > 0 && (rule->comparisons[i] == EQUAL || rule->comparisons[i] == UNEQUAL);
        if (is_equal && (parser->schema->capabilities & COUNTERCHECK_COLLECTS) != 0 &&
            (names_live(parser->relations, rule->sides[i - 1]) ||
             names_live(parser->relations, rule->sides[i]))) {
            (void)parser_fail(parser, parser->line,
                              "with a collector live.* is a pair of bounds: write <= and >=");
        }
    }
}

// "5.3.1" against "5.3": 1, 0 or -1.
static int compare_versions(const char *a, const char *b, size_t b_bytes) {
    const char *b_end = b + b_bytes;
    while (*a != 0 || b < b_end) {
        unsigned long left = 0;
        unsigned long right = 0;
        for (; parser_is_digit(*a); a++) {
            left = left * 10 + (unsigned long)(*a - '0');
        }
        for (; b < b_end && parser_is_digit(*b); b++) {
            right = right * 10 + (unsigned long)(*b - '0');
        }
        if (left != right) {
            return left > right ? 1 : -1;
        }
        while (*a != 0 && !parser_is_digit(*a)) {
            a++;
        }
        while (b < b_end && !parser_is_digit(*b)) {
            b++;
        }
    }
    return 0;
}

static void parse_version(struct parser *parser, struct rule *rule) {
    enum comparison comparison;
    if (!take_comparison(parser, &comparison) || comparison == UNEQUAL) {
        (void)FAIL(parser, "here stands >=, <=, <, > or ==");
        return;
    }
    const char *begin = parser->token;
    const char *end = begin;
    while (end < parser->line_end && (parser_is_digit(*end) || *end == '.')) {
        end++;
    }
    if (end == begin) {
        (void)FAIL(parser, "here stands a version, as 5.3.0");
        return;
    }
    parser->at = end;
    parser_next(parser);
    int order = parser->schema->version == NULL
                    ? -1
                    : compare_versions(parser->schema->version, begin, (size_t)(end - begin));
    bool holds = comparison == EQUAL      ? order == 0
                 : comparison == AT_LEAST ? order >= 0
                 : comparison == ABOVE    ? order > 0
                 : comparison == AT_MOST  ? order <= 0
                                          : order < 0;
    rule->is_off = rule->is_off || !holds || parser->schema->version == NULL;
    rule->shown.is_elsewhere = rule->is_off && parser->schema->version != NULL;
}

static void parse_condition(struct parser *parser, struct rule *rule) {
    static const struct {
        const char *first, *second;
        uint32_t moment;
    } moments[] = {{"always", NULL, 0},
                   {"settled", NULL, RELATIONS_SETTLED},
                   {"quiet", NULL, RELATIONS_QUIET},
                   {"empty", NULL, RELATIONS_EMPTY},
                   {"lanes", "1", RELATIONS_ONE_LANE},
                   {"after", "collect", RELATIONS_AFTER_COLLECT},
                   {"after", "purge", RELATIONS_AFTER_PURGE},
                   {"after", "reset", RELATIONS_AFTER_RESET},
                   {"on", "alloc", RELATIONS_ON_ALLOC},
                   {"on", "free", RELATIONS_ON_FREE},
                   {"on", "realloc.moved", RELATIONS_ON_REALLOC_MOVED},
                   {"on", "realloc.in_place", RELATIONS_ON_REALLOC_IN_PLACE},
                   {"on", "failed", RELATIONS_ON_FAILED}};
    if (parser_take(parser, "version")) {
        parse_version(parser, rule);
        return;
    }
    const char *const *option = parser->schema->options;
    for (; option != NULL && *option != NULL; option++) {
        const char *begin = parser->token;
        if (parser_take_text(parser, *option)) {
            if (rule->option != NULL && strcmp(rule->option, *option) != 0) {
                (void)parser_fail(parser, begin, "a program runs under one option, not under two");
            }
            rule->option = *option;
            return;
        }
    }
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        struct parser before = *parser;
        if (parser_take(parser, moments[i].first) &&
            (moments[i].second == NULL || parser_take(parser, moments[i].second))) {
            rule->moment |= moments[i].moment;
            return;
        }
        *parser = before;
    }
    (void)FAIL(parser,
               "here stands a condition: always, settled, quiet, empty, lanes 1, after "
               "collect|purge|reset, "
               "on alloc|free|realloc.moved|realloc.in_place|failed, version >= N, or an option");
}

// Cuts [begin, end) out of the text, blanks at either end taken away, and ends it with a NUL: the
// parser is past it.
static const char *cut(const char *begin, const char *end, const struct relations *relations) {
    while (begin < end && (*begin == ' ' || *begin == '\t')) {
        begin++;
    }
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) {
        end--;
    }
    size_t length = (size_t)(end - begin);
    char *copy = relations->labels + (begin - relations->text);
    memcpy(copy, begin, length);
    copy[length] = 0;
    return copy;
}

// "slack NAME: REASON" at the end of a rule.
static void parse_slack(struct parser *parser, struct rule *rule) {
    const char *name = parser->token;
    size_t name_bytes = parser->token_bytes;
    if (parser->kind != TOKEN_NAME) {
        (void)FAIL(parser, "here stands the slack's name");
        return;
    }
    parser_next(parser);
    if (!parser_is(parser, ":") || parser->at >= parser->line_end) {
        (void)FAIL(parser, "here stand ':' and the reason of the slack");
        return;
    }
    rule->shown.reason = cut(parser->at, parser->line_end, parser->relations);
    rule->shown.slack = cut(name, name + name_bytes, parser->relations);
    if (rule->shown.reason[0] == 0) {
        (void)FAIL(parser, "a slack has a reason");
    }
    parser->at = parser->line_end;
    parser_next(parser);
}

static void parse_each(struct parser *parser, struct rule *rule) {
    const char *name = parser->token;
    size_t name_bytes = parser->token_bytes;
    if (parser->kind != TOKEN_NAME || name_bytes >= NAME_BYTES) {
        (void)FAIL(parser,
                   "here stands the name of a row: what its statistics have before the dot");
        return;
    }
    for (uint32_t i = 0; i < parser->relations->statistic_count; i++) {
        const struct countercheck_statistic *statistic = &parser->schema->statistics[i];
        bool begins_so = strncmp(statistic->name, name, name_bytes) == 0;
        if (statistic->count > 0 && begins_so &&
            (statistic->name[name_bytes] == '.' || statistic->name[name_bytes] == 0)) {
            rule->rows = statistic->count;
        }
    }
    if (rule->rows == NO_ROW) {
        (void)FAIL(parser, "no row of statistics is '%.*s' or begins with '%.*s.'", (int)name_bytes,
                   name, (int)name_bytes, name);
        return;
    }
    memcpy(parser->row_name, name, name_bytes);
    parser->row_name[name_bytes] = 0;
    parser->row_count = rule->rows;
    parser_next(parser);
    (void)parser_expect(parser, ":");
}

static void parse_rule(struct parser *parser, const char *label) {
    struct relations *relations = parser->relations;
    if (relations->rule_count == RELATIONS_RULES_MAX) {
        (void)FAIL(parser, "more than %d rules", RELATIONS_RULES_MAX);
        return;
    }
    struct rule *rule = &relations->rules[relations->rule_count];
    const char *begin = parser->token;
    *rule = (struct rule){.shown = {.label = label, .line = parser->line_number}};
    if (parser_take(parser, "each")) {
        parse_each(parser, rule);
    }
    if (!parser->has_failed) {
        parse_sides(parser, rule);
    }
    if (!parser->has_failed && parser_take(parser, "when")) {
        do {
            parse_condition(parser, rule);
        } while (!parser->has_failed && (parser_take(parser, "and") || parser_take(parser, ",")));
    }
    const char *end = parser->token;
    if (!parser->has_failed && parser_take(parser, "slack")) {
        parse_slack(parser, rule);
    }
    if (!parser->has_failed && parser->kind != TOKEN_END) {
        (void)FAIL(parser, "the rule is over: here stand `when`, `slack` or a comment");
    }
    rule->shown.text = cut(begin, end, relations);
    relations->rule_count += !parser->has_failed;
}

static void parse_let(struct parser *parser) {
    if (parser->kind != TOKEN_NAME || parser->token_bytes >= NAME_BYTES) {
        (void)FAIL(parser, "here stands a name of at most %d letters", NAME_BYTES - 1);
        return;
    }
    if (parser->let_count == LETS_MAX) {
        (void)FAIL(parser, "more than %d names", LETS_MAX);
        return;
    }
    if (parse_is_name(parser, parser->token, parser->token_bytes)) {
        (void)FAIL(parser, "'%.*s' is a name already", (int)parser->token_bytes, parser->token);
        return;
    }
    struct let *let = &parser->lets[parser->let_count];
    memcpy(let->name, parser->token, parser->token_bytes);
    let->name[parser->token_bytes] = 0;
    parser_next(parser);
    if (parser_expect(parser, "=")) {
        let->node = parse_expression(parser);
    }
    if (!parser->has_failed && parser->kind != TOKEN_END) {
        (void)FAIL(parser, "the line is over");
    }
    parser->let_count++;
}

// Whether ':' stands here; what is behind it is the reason, else an error was noted.
static const char *parse_reason(struct parser *parser) {
    if (!parser_is(parser, ":")) {
        (void)FAIL(parser, "here stand ':' and the reason");
        return NULL;
    }
    const char *reason = cut(parser->at, parser->line_end, parser->relations);
    if (reason[0] == 0) {
        (void)parser_fail(parser, parser->at, "what is known to fail, or still, has a reason");
    }
    return reason;
}

// "known subject-contents: REASON", behind "subject": a rule that needs no line.
static void parse_known_free(struct parser *parser, const char *name) {
    (void)parser_expect(parser, "-");
    size_t name_bytes = (size_t)(parser->token - name) + parser->token_bytes;
    for (unsigned rule = RULE_SUBJECT_OVERLAP; rule < RULE_SUBJECT_RELATION; rule++) {
        if (parser_is_word(core_rules.rows[rule].name, name, name_bytes)) {
            parser_next(parser);
            parser->relations->free_reasons[rule] = parse_reason(parser);
            return;
        }
    }
    (void)parser_fail(parser, name, "no rule is called '%.*s'",
                      (int)(name_bytes < 40 ? name_bytes : 40), name);
}

// The rule of that label; NULL: none.
static struct rule *find_label(struct relations *relations, const char *name, size_t name_bytes) {
    for (uint32_t i = 0; i < relations->rule_count; i++) {
        const char *label = relations->rules[i].shown.label;
        if (label != NULL && parser_is_word(label, name, name_bytes)) {
            return &relations->rules[i];
        }
    }
    return NULL;
}

// "known LABEL: REASON", "still LABEL: REASON"
static void parse_known(struct parser *parser, bool is_still) {
    const char *name = parser->token;
    size_t name_bytes = parser->token_bytes;
    parser_next(parser);
    if (!is_still && parser_is_word("subject", name, name_bytes) && parser_is(parser, "-")) {
        parse_known_free(parser, name);
        return;
    }
    struct rule *rule = find_label(parser->relations, name, name_bytes);
    if (rule != NULL) {
        rule->shown.is_known = rule->shown.is_known || !is_still;
        rule->shown.is_still = rule->shown.is_still || is_still;
        rule->shown.reason = parse_reason(parser);
        return;
    }
    (void)parser_fail(parser, name, "no rule above is labelled '%.*s'",
                      (int)(name_bytes < 40 ? name_bytes : 40), name);
}

// What a rule is called, as no other one is.
static const char *parse_label(struct parser *parser, const char *name, size_t name_bytes) {
    if (find_label(parser->relations, name, name_bytes) != NULL) {
        (void)parser_fail(parser, name, "another rule is labelled '%.*s'",
                          (int)(name_bytes < 40 ? name_bytes : 40), name);
    }
    return cut(name, name + name_bytes, parser->relations);
}

static void parse_line(struct parser *parser) {
    parser->at = parser->line;
    parser->depth = 0;
    parser->row_name[0] = 0;
    parser->row_count = NO_ROW;
    parser_next(parser);
    if (parser->kind == TOKEN_END) {
        return;
    }
    if (parser_take(parser, "let")) {
        parse_let(parser);
        return;
    }
    bool is_still = parser_is(parser, "still");
    if (parser_take(parser, "known") || parser_take(parser, "still")) {
        parse_known(parser, is_still);
        return;
    }
    struct parser before = *parser;
    const char *label = NULL;
    if (parser->kind == TOKEN_NAME && !parser_is(parser, "each")) {
        const char *name = parser->token;
        size_t name_bytes = parser->token_bytes;
        parser_next(parser);
        if (parser_take(parser, ":")) {
            label = parse_label(parser, name, name_bytes);
        } else {
            *parser = before;
        }
    }
    parse_rule(parser, label);
}

// ---- the whole

static bool copy_schema(struct relations *relations, const struct relations_schema *schema) {
    uint32_t count = 0;
    while (schema->statistics != NULL && schema->statistics[count].name != NULL) {
        count++;
    }
    relations->statistic_count = count;
    relations->statistic_at = harness_calloc((size_t)count + 1, sizeof(uint32_t));
    relations->statistic_places = harness_calloc((size_t)count + 1, sizeof(uint32_t));
    relations->statistic_bits = harness_calloc((size_t)count + 1, sizeof(uint32_t));
    relations->statistic_is_peak = harness_calloc((size_t)count + 1, sizeof(bool));
    relations->statistic_moves = harness_calloc((size_t)count + 1, sizeof(bool));
    if (relations->statistic_at == NULL || relations->statistic_places == NULL ||
        relations->statistic_bits == NULL || relations->statistic_is_peak == NULL ||
        relations->statistic_moves == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct countercheck_statistic *statistic = &schema->statistics[i];
        relations->statistic_at[i] = relations->value_count;
        relations->statistic_places[i] = statistic_places(statistic);
        relations->statistic_bits[i] = statistic->bits == 0 ? 64 : statistic->bits;
        relations->statistic_is_peak[i] =
            statistic->kind == COUNTERCHECK_PEAK || statistic->kind == COUNTERCHECK_TROUGH;
        relations->statistic_moves[i] = statistic->kind == COUNTERCHECK_CONSTANT;
        relations->value_count += statistic_numbers(statistic);
    }
    relations->statistic_at[count] = relations->value_count;
    relations->base = harness_calloc((size_t)relations->value_count + 1, sizeof(int64_t));
    return relations->base != NULL;
}

static bool needs_values(const struct relations *relations, uint32_t node, bool is_in_history) {
    const struct node *at = &relations->nodes[node];
    bool is_history = is_in_history || at->kind == NODE_PEAK || at->kind == NODE_TROUGH;
    return (is_in_history && (at->kind == NODE_STATISTIC || at->kind == NODE_LANES)) ||
           (at->a != NO_NODE && needs_values(relations, at->a, is_history)) ||
           (at->b != NO_NODE && needs_values(relations, at->b, is_history));
}

static void parse_all(struct parser *parser) {
    struct relations *relations = parser->relations;
    const char *at = relations->text;
    while (*at != 0 && !parser->has_failed) {
        parser->line = at;
        parser->line_number++;
        parser->line_end = at + strcspn(at, "\n");
        parse_line(parser);
        at = parser->line_end + (*parser->line_end == '\n');
    }
    for (uint32_t i = 0; i < relations->rule_count && !parser->has_failed; i++) {
        for (uint32_t side = 0; side < relations->rules[i].side_count; side++) {
            relations->needs_values =
                relations->needs_values ||
                needs_values(relations, relations->rules[i].sides[side], false);
        }
    }
}

struct relations *relations_parse(const char *text, const struct relations_schema *schema,
                                  struct relations_error *error) {
    size_t text_bytes = strlen(text) + 1;
    *error = (struct relations_error){0};
    struct relations *relations = harness_calloc(1, sizeof *relations);
    struct parser *parser = harness_calloc(1, sizeof *parser);
    bool has_memory = relations != NULL && parser != NULL;
    if (has_memory) {
        relations->text = harness_alloc(text_bytes);
        relations->labels = harness_calloc(text_bytes + 1, 1);
        has_memory =
            relations->text != NULL && relations->labels != NULL && copy_schema(relations, schema);
    }
    bool is_good = false;
    if (has_memory) {
        memcpy(relations->text, text, text_bytes);
        *parser = (struct parser){.relations = relations, .schema = schema, .error = error};
        parse_all(parser);
        is_good = !parser->has_failed;
    }
    harness_free(parser);
    if (!is_good) {
        relations_free(relations);
        return NULL;
    }
    return relations;
}

void relations_free(struct relations *relations) {
    if (relations != NULL) {
        harness_free(relations->text);
        harness_free(relations->labels);
        harness_free(relations->histories);
        harness_free(relations->statistic_at);
        harness_free(relations->statistic_places);
        harness_free(relations->statistic_bits);
        harness_free(relations->statistic_is_peak);
        harness_free(relations->statistic_moves);
        harness_free(relations->base);
        harness_free(relations);
    }
}
