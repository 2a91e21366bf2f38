// token: the words, numbers and signs of a line, and the error that is told first.
#include "oracle/relations/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// ---- errors

// The first error stays. Always NO_NODE.
uint32_t parser_fail(struct parser *parser, const char *where, const char *format, ...) {
    if (!parser->has_failed) {
        va_list arguments;
        parser->has_failed = true;
        parser->error->line = parser->line_number;
        parser->error->column = (uint32_t)(where - parser->line) + 1;
        va_start(arguments, format);
        (void)vsnprintf(parser->error->message, sizeof parser->error->message, format, arguments);
        va_end(arguments);
    }
    return NO_NODE;
}

// ---- tokens

static bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool parser_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_name_part(char c) {
    return is_name_start(c) || parser_is_digit(c) || c == '.';
}

static void read_number(struct parser *parser) {
    const char *at = parser->token;
    uint64_t value = 0;
    bool is_hex = parser->line_end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
    uint64_t base = is_hex ? 16 : 10;
    for (at += is_hex ? 2 : 0; at < parser->line_end; at++) {
        char c = (char)(*at | 0x20);
        uint64_t digit = parser_is_digit(*at)             ? (uint64_t)(*at - '0')
                         : is_hex && c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a') + 10
                                                          : 99;
        if (digit == 99) {
            break;
        }
        if (value > ((uint64_t)INT64_MAX - digit) / base) {
            (void)parser_fail(parser, parser->token, "the number is more than 2^63 - 1");
            break;
        }
        value = value * base + digit;
    }
    parser->kind = TOKEN_NUMBER;
    parser->number = (int64_t)value;
    parser->at = at;
}

void parser_next(struct parser *parser) {
    const char *at = parser->at;
    while (at < parser->line_end && (*at == ' ' || *at == '\t' || *at == '\r')) {
        at++;
    }
    parser->token = at;
    parser->kind = TOKEN_SIGN;
    if (at == parser->line_end || *at == '#') {
        parser->kind = TOKEN_END;
        parser->at = at;
    } else if (parser_is_digit(*at)) {
        read_number(parser);
    } else if (is_name_start(*at)) {
        while (at < parser->line_end && is_name_part(*at)) {
            at++;
        }
        parser->kind = TOKEN_NAME;
        parser->at = at;
    } else {
        bool is_pair = parser->line_end - at > 1 && at[1] == '=' && strchr("=!<>", *at) != NULL;
        parser->at = at + (is_pair ? 2 : 1);
    }
    parser->token_bytes = (size_t)(parser->at - parser->token);
}

bool parser_is_word(const char *word, const char *text, size_t text_bytes) {
    return strlen(word) == text_bytes && memcmp(word, text, text_bytes) == 0;
}

bool parser_is(const struct parser *parser, const char *word) {
    return parser->kind != TOKEN_END && parser_is_word(word, parser->token, parser->token_bytes);
}

bool parser_take_text(struct parser *parser, const char *text) {
    size_t text_bytes = strlen(text);
    size_t left = (size_t)(parser->line_end - parser->token);
    if (parser->kind == TOKEN_END || text_bytes > left ||
        memcmp(parser->token, text, text_bytes) != 0 ||
        (text_bytes < left && strchr(" \t\r,#", parser->token[text_bytes]) == NULL)) {
        return false;
    }
    parser->at = parser->token + text_bytes;
    parser_next(parser);
    return true;
}

bool parser_take(struct parser *parser, const char *word) {
    if (!parser_is(parser, word)) {
        return false;
    }
    parser_next(parser);
    return true;
}

bool parser_expect(struct parser *parser, const char *word) {
    if (parser_take(parser, word)) {
        return true;
    }
    (void)FAIL(parser, "here stands '%s'", word);
    return false;
}
