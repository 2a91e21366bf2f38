// text_parse: a program's text read back, line by line; the first wrong word ends it.
#include "fuzz/program/text.h"

#include "fuzz/program/text_help.h"
#include "fuzz/program/text_word.h"
#include "oracle/core/harness_memory.h"
#include "oracle/core/nearest.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 40 // of a line

struct parser {
    struct program *program;
    struct text_error *error;
    struct word words[WORDS_MAX];
    size_t word_count;
    bool seen_line; // anything but comments came before
    bool seen_start;
};

static bool fail(struct parser *parser, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(parser->error->message, sizeof parser->error->message, format, arguments);
    va_end(arguments);
    return false;
}

// printf's "%.*s" of a word, short enough for a message.
#define WORD_ARGUMENTS(word) (int)((word).length < 40 ? (word).length : 40), (word).text

static bool parse_target(struct word word, struct operation *operation) {
    if (word_is(word, "nil")) {
        *operation = operation_set_target(*operation, true, 0, 0);
        return true;
    }
    bool has_offset = memchr(word.text, '+', word.length) != NULL;
    struct word rest = word_cut(&word, '+');
    uint64_t handle = 0;
    uint64_t offset = 0;
    if (!word_slot(word, "h", operand_descriptions[OPERAND_TO].limit, &handle) ||
        (has_offset && !word_number(rest, TARGET_OFFSET_LIMIT, &offset))) {
        return false;
    }
    *operation = operation_set_target(*operation, false, (uint32_t)handle, offset);
    return true;
}

static bool parse_sink(struct word word, struct operation *operation) {
    bool has_number = memchr(word.text, ':', word.length) != NULL;
    struct word rest = word_cut(&word, ':');
    uint64_t kind = 0;
    uint64_t number = 0;
    if (!word_choice(word, TABLE_SINKS, &kind) || has_number != (kind >= SINK_SHORT) ||
        (has_number && !word_number(rest, UINT16_MAX, &number))) {
        return false;
    }
    *operation = operation_set_sink(*operation, (enum sink_kind)kind, (uint32_t)number);
    return true;
}

// Turns a power of two into its exponent; false for another number.
static bool power_of(uint64_t *value) {
    uint64_t exponent = 0;
    while (exponent < 63 && (uint64_t)1 << exponent != *value) {
        exponent++;
    }
    bool found = (uint64_t)1 << exponent == *value;
    *value = exponent;
    return found;
}

enum match { MATCH_NONE, MATCH_OK, MATCH_BAD };

static enum match match_value(struct word rest, enum operand operand, struct operation *operation) {
    const struct operand_description *d = &operand_descriptions[operand];
    uint64_t value = 0;
    bool ok = false;
    switch (d->kind) {
    case OPERAND_KIND_TARGET:
        return parse_target(rest, operation) ? MATCH_OK : MATCH_BAD;
    case OPERAND_KIND_SINK:
        return parse_sink(rest, operation) ? MATCH_OK : MATCH_BAD;
    case OPERAND_KIND_CHOICE:
        ok = word_choice(rest, d->table, &value);
        break;
    case OPERAND_KIND_POWER:
        ok = word_number(rest, (uint64_t)1 << d->limit, &value) && power_of(&value);
        break;
    case OPERAND_KIND_NUMBER:
    case OPERAND_KIND_OPTION:
    case OPERAND_KIND_SIZE:
    case OPERAND_KIND_MASK:
    case OPERAND_KIND_SLOT:
    case OPERAND_KIND_FLAG:
    case OPERAND_KIND_WORD:
    case OPERAND_KIND_FIELD:
        ok = word_number(rest, d->limit, &value) && value >= d->min;
        break;
    }
    if (!ok) {
        return MATCH_BAD;
    }
    *operation = operation_set(*operation, operand, value);
    return MATCH_OK;
}

static enum match match_operand(struct word word, enum operand operand,
                                struct operation *operation) {
    const struct operand_description *d = &operand_descriptions[operand];
    struct word rest;
    uint64_t value = 0;
    if (d->kind == OPERAND_KIND_SLOT) {
        if (!word_slot(word, d->key, UINT32_MAX, &value)) {
            return MATCH_NONE;
        }
        if (value > d->limit) {
            return MATCH_BAD;
        }
        *operation = operation_set(*operation, operand, value);
        return MATCH_OK;
    }
    if (d->kind == OPERAND_KIND_FLAG) {
        if (!word_is(word, d->key)) {
            return MATCH_NONE;
        }
        *operation = operation_set(*operation, operand, 1);
        return MATCH_OK;
    }
    if (d->kind == OPERAND_KIND_WORD) {
        if (!word_choice(word, d->table, &value)) {
            return MATCH_NONE;
        }
        *operation = operation_set(*operation, operand, value);
        return MATCH_OK;
    }
    return word_after(word, d->key, &rest) ? match_value(rest, operand, operation) : MATCH_NONE;
}

// The operand that the word gives; `seen` has a bit for each that came before.
static bool parse_operand(struct parser *parser, struct word word, struct operation *operation,
                          uint32_t *seen) {
    const struct operation_description *d = &operation_descriptions[operation_code(*operation)];
    char help[TEXT_HELP_BYTES];
    char nearest[TEXT_HELP_BYTES];
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && d->operands[i] != OPERAND_NONE; i++) {
        enum match match = match_operand(word, d->operands[i], operation);
        if (match == MATCH_NONE) {
            continue;
        }
        if (match == MATCH_BAD) {
            return fail(parser, "'%.*s' is no value for %s: %s", WORD_ARGUMENTS(word), d->name,
                        text_help_operand(d->operands[i], help, sizeof help));
        }
        if ((*seen >> i & 1) != 0) {
            return fail(parser, "'%.*s' comes twice", WORD_ARGUMENTS(word));
        }
        *seen |= (uint32_t)1 << i;
        return true;
    }
    enum operation_code code = operation_code(*operation);
    return fail(parser, "%s takes no '%.*s': it takes %s%s", d->name, WORD_ARGUMENTS(word),
                text_help_operands(code, help, sizeof help),
                text_help_nearest_operand(code, word.text, word.length, nearest, sizeof nearest));
}

static bool append(struct parser *parser, struct operation operation) {
    return program_append(parser->program, operation) ||
           fail(parser, "more than %d operations", PROGRAM_OPERATIONS_MAX);
}

static bool parse_operands(struct parser *parser, struct operation operation, size_t first,
                           uint32_t seen) {
    const struct operation_description *d = &operation_descriptions[operation_code(operation)];
    char help[TEXT_HELP_BYTES];
    for (size_t i = first; i < parser->word_count; i++) {
        if (!parse_operand(parser, parser->words[i], &operation, &seen)) {
            return false;
        }
    }
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && d->operands[i] != OPERAND_NONE; i++) {
        bool is_there = (seen >> i & 1) != 0;
        if (!is_there && text_help_default(d->operands[i], help, sizeof help) == NULL) {
            return fail(parser, "%s lacks its '%s': %s", d->name,
                        operand_descriptions[d->operands[i]].key,
                        text_help_operand(d->operands[i], help, sizeof help));
        }
    }
    return append(parser, operation);
}

// "expect A=1 B=2": an operation each.
static bool parse_expect(struct parser *parser) {
    char help[TEXT_HELP_BYTES];
    if (parser->word_count < 2) {
        return fail(parser, "expect lacks a statistic");
    }
    for (size_t i = 1; i < parser->word_count; i++) {
        struct word name = parser->words[i];
        struct word rest = word_cut(&name, '=');
        uint64_t field = 0;
        uint64_t value = 0;
        if (!word_choice(name, TABLE_FIELDS, &field)) {
            return fail(parser, "unknown statistic '%.*s'%s", WORD_ARGUMENTS(name),
                        text_help_nearest_field(name.text, name.length, help, sizeof help));
        }
        if (!word_number(rest, UINT64_MAX, &value)) {
            return fail(parser, "'%.*s' is no value for expect: %s", WORD_ARGUMENTS(rest),
                        text_help_operand(OPERAND_FIELD, help, sizeof help));
        }
        struct operation expect = operation_from_bits(OP_EXPECT);
        if (!append(parser, operation_set_field(expect, (uint32_t)field, value))) {
            return false;
        }
    }
    return true;
}

static bool find_operation(struct word word, enum operation_code *code) {
    for (unsigned i = 0; i < OP_COUNT; i++) {
        if (word_is(word, operation_descriptions[i].name)) {
            *code = (enum operation_code)i;
            return true;
        }
    }
    return false;
}

static bool parse_operation(struct parser *parser) {
    bool has_result = parser->word_count >= 2 && word_is(parser->words[1], "=");
    size_t name_at = has_result ? 2 : 0;
    if (name_at >= parser->word_count) {
        return fail(parser, "an operation is missing behind '='");
    }
    struct word name = parser->words[name_at];
    enum operation_code code;
    if (!find_operation(name, &code)) {
        char nearest[TEXT_HELP_BYTES];
        return fail(parser, "unknown operation '%.*s'%s: ops --list shows all",
                    WORD_ARGUMENTS(name),
                    text_help_nearest_operation(name.text, name.length, nearest, sizeof nearest));
    }
    if (code == OP_EXPECT) {
        return has_result ? fail(parser, "expect has no result") : parse_expect(parser);
    }
    const struct operation_description *d = &operation_descriptions[code];
    struct operation operation = operation_from_bits(code);
    if (d->has_result != has_result) {
        return fail(parser,
                    d->has_result ? "%s lacks its result, as in '%s0 = %s'" : "%s has no result",
                    d->name, operand_descriptions[d->operands[0]].key, d->name);
    }
    if (!has_result) {
        return parse_operands(parser, operation, 1, 0);
    }
    if (match_operand(parser->words[0], d->operands[0], &operation) != MATCH_OK) {
        char help[TEXT_HELP_BYTES];
        return fail(parser, "'%.*s' is no result of %s: %s", WORD_ARGUMENTS(parser->words[0]),
                    d->name, text_help_operand(d->operands[0], help, sizeof help));
    }
    return parse_operands(parser, operation, 3, 1);
}

static bool parse_groups_off(struct word list, uint16_t *groups_off) {
    *groups_off = 0;
    while (list.length > 0) {
        struct word rest = word_cut(&list, ',');
        size_t group = 0;
        while (group < GROUP_COUNT && !word_is(list, group_names[group])) {
            group++;
        }
        if (group == GROUP_COUNT) {
            return false;
        }
        *groups_off = (uint16_t)(*groups_off | 1u << group);
        list = rest;
    }
    return true;
}

static bool parse_fault(struct word word, struct program_header *header) {
    struct word at = word_cut(&word, ':');
    struct word on = word_cut(&at, ':');
    uint64_t call = 0;
    uint64_t number = 0;
    if (!word_choice(word, TABLE_SYSTEM_CALLS, &call) || !word_number(at, UINT16_MAX, &number) ||
        number == 0 || (on.length > 0 && !word_is(on, "and_on"))) {
        return false;
    }
    header->fault_call = (uint8_t)call;
    header->fault_at = (uint16_t)number;
    header->fault_and_on = on.length > 0;
    return true;
}

static bool parse_header_word(struct word word, struct program_header *header) {
    struct word rest;
    uint64_t value = 0;
    if (word_after(word, "caches", &rest)) {
        bool ok = word_number(rest, PROGRAM_CACHES_LIMIT, &value) && value > 0;
        header->caches = (uint16_t)(ok ? value : 1);
        return ok;
    }
    if (word_after(word, "check", &rest)) {
        bool ok = word_number(rest, 255, &value) && value > 0;
        header->check_every = (uint8_t)(ok ? value : 1);
        return ok;
    }
    if (word_after(word, "seed", &rest)) {
        bool ok = word_number(rest, UINT32_MAX, &value);
        header->seed = (uint32_t)value;
        return ok;
    }
    if (word_after(word, "off", &rest)) {
        return parse_groups_off(rest, &header->groups_off);
    }
    if (word_is(word, "wide")) {
        header->is_wide = true;
        return true;
    }
    return word_after(word, "fault", &rest) && parse_fault(rest, header);
}

static bool parse_header(struct parser *parser) {
    if (parser->seen_line) {
        return fail(parser, "'program' stands before the first operation, once");
    }
    for (size_t i = 1; i < parser->word_count; i++) {
        if (!parse_header_word(parser->words[i], &parser->program->header)) {
            return fail(parser,
                        "'%.*s' is nothing that program takes: caches=1..%d, check=1..255, "
                        "seed=0..4294967295, off=GROUP,..., fault=CALL:1..65535[:and_on], wide",
                        WORD_ARGUMENTS(parser->words[i]), PROGRAM_CACHES_LIMIT);
        }
    }
    return true;
}

// "start Clock=5 NumGC=3"
static bool parse_start_word(struct parser *parser, struct word word) {
    struct nearest nearest = nearest_begin(word.text, word.length);
    struct word rest;
    uint64_t value;
    for (size_t i = 0; i < START_COUNT; i++) {
        const char *name = program_start_name((enum program_start)i);
        uint64_t most = program_start_most((enum program_start)i);
        if (word_after(word, name, &rest)) {
            if (!word_number(rest, most, &value)) {
                return fail(parser, "'%.*s' is no value to start from: %s=0..%" PRIu64,
                            WORD_ARGUMENTS(word), name, most);
            }
            parser->program->header.start[i] = value;
            return true;
        }
        nearest_offer(&nearest, name);
    }
    return fail(parser, "'%.*s' is nothing that start takes%s%s%s", WORD_ARGUMENTS(word),
                nearest.best == NULL ? "" : " (nearest: ", nearest.best == NULL ? "" : nearest.best,
                nearest.best == NULL ? "" : ")");
}

static bool parse_start(struct parser *parser) {
    if (parser->seen_start || parser->program->count > 0) {
        return fail(parser, "'start' stands before the first operation, once");
    }
    parser->seen_start = true;
    for (size_t i = 1; i < parser->word_count; i++) {
        if (!parse_start_word(parser, parser->words[i])) {
            return false;
        }
    }
    return true;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static bool split_line(struct parser *parser, const char *line, size_t length) {
    parser->word_count = 0;
    size_t at = 0;
    while (at < length && line[at] != '#') {
        if (is_blank(line[at])) {
            at++;
            continue;
        }
        size_t begin = at;
        while (at < length && !is_blank(line[at]) && line[at] != '#') {
            at++;
        }
        if (parser->word_count == WORDS_MAX) {
            return fail(parser, "more than %d words", WORDS_MAX);
        }
        parser->words[parser->word_count++] = (struct word){line + begin, at - begin};
    }
    return true;
}

static bool parse_line(struct parser *parser, const char *line, size_t length) {
    if (!split_line(parser, line, length)) {
        return false;
    }
    if (parser->word_count == 0) {
        return true;
    }
    bool ok = word_is(parser->words[0], "program") ? parse_header(parser)
              : word_is(parser->words[0], "start") ? parse_start(parser)
                                                   : parse_operation(parser);
    parser->seen_line = true;
    return ok;
}

// Parses line by line, until the program has more than `enough` operations.
static bool parse_lines(struct parser *parser, const char *text, size_t size_bytes, size_t enough) {
    program_clear(parser->program);
    *parser->error = (struct text_error){0};
    for (size_t at = 0; at < size_bytes && parser->program->count <= enough;) {
        const char *end = memchr(text + at, '\n', size_bytes - at);
        size_t length = end == NULL ? size_bytes - at : (size_t)(end - (text + at));
        parser->error->line++;
        if (!parse_line(parser, text + at, length)) {
            return false;
        }
        at += length + 1;
    }
    return true;
}

bool text_parse_program(struct program *program, const char *text, size_t size_bytes,
                        struct text_error *error) {
    struct parser parser = {.program = program, .error = error};
    return parse_lines(&parser, text, size_bytes, SIZE_MAX - 1);
}

size_t text_line_of(const char *text, size_t size_bytes, size_t operation) {
    struct text_error error = {0};
    struct parser parser = {.program = harness_alloc(sizeof *parser.program), .error = &error};
    bool found = parser.program != NULL && parse_lines(&parser, text, size_bytes, operation) &&
                 parser.program->count > operation;
    harness_free(parser.program);
    return found ? error.line : 0;
}

bool text_read_program(struct program *program, const uint8_t *bytes, size_t size_bytes,
                       struct text_error *error) {
    if (size_bytes > 0 && program_bytes_are_text(bytes, size_bytes)) {
        return text_parse_program(program, (const char *)bytes, size_bytes, error);
    }
    program_decode(program, bytes, size_bytes);
    return true;
}
