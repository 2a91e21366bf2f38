// text_word: a word of a program's text: where it lies, and what it may say.
#ifndef FUZZ_PROGRAM_TEXT_WORD_H
#define FUZZ_PROGRAM_TEXT_WORD_H

#include "fuzz/program/operation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A part of the text; no NUL ends it.
struct word {
    const char *text;
    size_t length;
};

// Whether it is just that text.
bool word_is(struct word word, const char *text);

// "key=rest": true and `rest` when the word begins with that key and "=".
bool word_after(struct word word, const char *key, struct word *rest);

// A number up to `max`, decimal or 0x...
bool word_number(struct word word, uint64_t max, uint64_t *value);

// "h17" with key "h".
bool word_slot(struct word word, const char *key, uint64_t max, uint64_t *value);

// The place of the word in the table.
bool word_choice(struct word word, enum word_table table, uint64_t *value);

// Cuts the word at the first `separator`; the part behind it, empty when there is none.
struct word word_cut(struct word *word, char separator);

#endif
