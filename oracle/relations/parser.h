// parser: where a text of relations is being read: the line, the token, what has a name so far.
#ifndef ORACLE_RELATIONS_PARSER_H
#define ORACLE_RELATIONS_PARSER_H

#include "oracle/relations/private.h"

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_SIGN };

struct let {
    char name[NAME_BYTES];
    uint32_t node;
};

struct parser {
    struct relations *relations;
    const struct relations_schema *schema;
    struct relations_error *error;
    bool has_failed;

    const char *line;     // begins here
    const char *line_end; // behind its last character
    uint32_t line_number;
    const char *at; // behind the token
    const char *token;
    size_t token_bytes;
    enum token_kind kind;
    int64_t number; // of the token

    uint32_t depth;
    char row_name[NAME_BYTES]; // of `each` or of the rows that were met; "" none
    uint32_t row_count;        // of `each`; NO_ROW: none
    uint32_t let_count;
    struct let lets[LETS_MAX];
};

// Notes an error at a place of the line, printf-like; the first one stays. Always NO_NODE.
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
uint32_t
parser_fail(struct parser *parser, const char *where, const char *format, ...);
#define FAIL(parser, ...) parser_fail(parser, (parser)->token, __VA_ARGS__)

// Reads the next token of the line.
void parser_next(struct parser *parser);
// Whether the token is this word or sign; whether it is, and then past it; the same, or an error.
bool parser_is(const struct parser *parser, const char *word);
bool parser_take(struct parser *parser, const char *word);
bool parser_expect(struct parser *parser, const char *word);
// Takes this text, whatever its characters, when a blank, a comma or the line's end is behind it.
bool parser_take_text(struct parser *parser, const char *text);
bool parser_is_digit(char c);

// Whether the text, which does not end with a NUL, is this word.
bool parser_is_word(const char *word, const char *text, size_t text_bytes);

// Whether a name means something already: in a let it would hide that. expression.c
bool parse_is_name(const struct parser *parser, const char *name, size_t name_bytes);
// A sum of products: the number of its node; NO_NODE: an error was noted. expression.c
uint32_t parse_expression(struct parser *parser);

#endif
