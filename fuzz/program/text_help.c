// text_help: words made of the tables of operations, operands and choices.
#include "fuzz/program/text_help.h"

#include "oracle/core/nearest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *needs, *text;
} examples[OP_COUNT] = {
#define EXAMPLE(id, needs, text) [OP_##id] = {needs, text},
#include "fuzz/program/examples.def"
};

// One for each operation, no more and no less.
enum example_count {
#define EXAMPLE(id, needs, text) EXAMPLE_OF_##id,
#include "fuzz/program/examples.def"
    EXAMPLE_COUNT,
};
_Static_assert((int)EXAMPLE_COUNT == (int)OP_COUNT, "an example for each operation");

const char *text_help_example(enum operation_code code) {
    return examples[code].text;
}

const char *text_help_needs(enum operation_code code) {
    return examples[code].needs;
}

static void append(char *text, size_t size_bytes, const char *word) {
    size_t length = strlen(text);
    (void)snprintf(text + length, size_bytes - length, "%s", word);
}

static void append_words(char *text, size_t size_bytes, enum word_table table) {
    const char *const *words = word_table_words(table);
    for (size_t i = 0; words[i] != NULL; i++) {
        append(text, size_bytes, i == 0 ? "" : "|");
        append(text, size_bytes, words[i]);
        append(text, size_bytes, table == TABLE_SINKS && i >= SINK_SHORT ? ":0..65535" : "");
    }
}

const char *text_help_operand(enum operand operand, char *text, size_t size_bytes) {
    const struct operand_description *d = &operand_descriptions[operand];
    text[0] = 0;
    switch (d->kind) {
    case OPERAND_KIND_SLOT:
        (void)snprintf(text, size_bytes, "%s%" PRIu32 "..%s%" PRIu64, d->key, d->min, d->key,
                       d->limit);
        break;
    case OPERAND_KIND_NUMBER:
    case OPERAND_KIND_OPTION:
    case OPERAND_KIND_SIZE:
        (void)snprintf(text, size_bytes, "%s=%" PRIu32 "..%" PRIu64, d->key, d->min, d->limit);
        break;
    case OPERAND_KIND_FLAG:
        append(text, size_bytes, d->key);
        break;
    case OPERAND_KIND_CHOICE:
    case OPERAND_KIND_SINK:
        (void)snprintf(text, size_bytes, "%s=", d->key);
        append_words(text, size_bytes, d->table);
        break;
    case OPERAND_KIND_WORD:
        append_words(text, size_bytes, d->table);
        break;
    case OPERAND_KIND_POWER:
        (void)snprintf(text, size_bytes, "%s=1..%" PRIu64 ", a power of two", d->key,
                       (uint64_t)1 << d->limit);
        break;
    case OPERAND_KIND_TARGET:
        (void)snprintf(text, size_bytes,
                       "%s=nil or %s=h%" PRIu32 "..h%" PRIu64 ", +0..%" PRIu64 " behind it", d->key,
                       d->key, d->min, d->limit, TARGET_OFFSET_LIMIT);
        break;
    case OPERAND_KIND_MASK:
        (void)snprintf(text, size_bytes, "%s=0x%" PRIx32 "..0x%" PRIx64, d->key, d->min, d->limit);
        break;
    case OPERAND_KIND_FIELD:
        (void)snprintf(text, size_bytes, "STATISTIC=0..%" PRIu64, UINT64_MAX);
        break;
    }
    return text;
}

const char *text_help_default(enum operand operand, char *text, size_t size_bytes) {
    const struct operand_description *d = &operand_descriptions[operand];
    switch (d->kind) {
    case OPERAND_KIND_SLOT:
        return operand == OPERAND_CACHE ? "c0" : NULL;
    case OPERAND_KIND_SIZE:
    case OPERAND_KIND_TARGET:
    case OPERAND_KIND_FIELD:
        return NULL;
    case OPERAND_KIND_FLAG:
        return "no";
    case OPERAND_KIND_CHOICE:
    case OPERAND_KIND_WORD:
    case OPERAND_KIND_SINK:
        return word_table_words(d->table)[d->min];
    case OPERAND_KIND_POWER:
        return "1";
    case OPERAND_KIND_NUMBER:
    case OPERAND_KIND_OPTION:
    case OPERAND_KIND_MASK:
        break;
    }
    (void)snprintf(text, size_bytes, "%" PRIu32, d->min);
    return text;
}

const char *text_help_operands(enum operation_code code, char *text, size_t size_bytes) {
    const struct operation_description *d = &operation_descriptions[code];
    char one[TEXT_HELP_BYTES];
    text[0] = 0;
    for (size_t i = d->has_result; i < OPERATION_OPERANDS_MAX && d->operands[i] != 0; i++) {
        enum operand operand = (enum operand)d->operands[i];
        enum operand_kind kind = operand_descriptions[operand].kind;
        bool is_whole =
            kind == OPERAND_KIND_SLOT || kind == OPERAND_KIND_WORD || kind == OPERAND_KIND_FIELD;
        append(text, size_bytes, text[0] == 0 ? "" : ", ");
        append(text, size_bytes,
               is_whole ? text_help_operand(operand, one, sizeof one)
                        : operand_descriptions[operand].key);
    }
    append(text, size_bytes, text[0] == 0 ? "nothing" : "");
    return text;
}

// ---- nearest names

static const char *say_nearest(const struct nearest *nearest, char *text, size_t size_bytes) {
    text[0] = 0;
    if (nearest->best != NULL) {
        (void)snprintf(text, size_bytes, " (nearest: %s)", nearest->best);
    }
    return text;
}

const char *text_help_nearest_operation(const char *word, size_t length, char *text,
                                        size_t size_bytes) {
    struct nearest nearest = nearest_begin(word, length);
    for (unsigned code = 0; code < OP_COUNT; code++) {
        if (language_has(language_now(), operation_descriptions[code].capability)) {
            nearest_offer(&nearest, operation_descriptions[code].name);
        }
    }
    return say_nearest(&nearest, text, size_bytes);
}

const char *text_help_nearest_operand(enum operation_code code, const char *word, size_t length,
                                      char *text, size_t size_bytes) {
    const struct operation_description *d = &operation_descriptions[code];
    const char *equals = memchr(word, '=', length);
    struct nearest nearest = nearest_begin(word, equals == NULL ? length : (size_t)(equals - word));
    for (size_t i = d->has_result; i < OPERATION_OPERANDS_MAX && d->operands[i] != 0; i++) {
        const struct operand_description *one = &operand_descriptions[d->operands[i]];
        const char *const *words = word_table_words(one->table);
        if (one->kind != OPERAND_KIND_SLOT && one->kind != OPERAND_KIND_WORD) {
            nearest_offer(&nearest, one->key);
        }
        for (size_t k = 0; one->kind == OPERAND_KIND_WORD && words[k] != NULL; k++) {
            nearest_offer(&nearest, words[k]);
        }
    }
    return say_nearest(&nearest, text, size_bytes);
}

const char *text_help_nearest_field(const char *word, size_t length, char *text,
                                    size_t size_bytes) {
    struct nearest nearest = nearest_begin(word, length);
    for (unsigned i = 0; i < language_now()->field_count; i++) {
        nearest_offer(&nearest, language_now()->fields[i]);
    }
    return say_nearest(&nearest, text, size_bytes);
}
