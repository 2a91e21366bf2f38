// text_word: words compared, cut, and read as numbers.
#include "fuzz/program/text_word.h"

#include <string.h>

bool word_is(struct word word, const char *text) {
    return strlen(text) == word.length && memcmp(word.text, text, word.length) == 0;
}

bool word_after(struct word word, const char *key, struct word *rest) {
    size_t length = strlen(key);
    if (word.length <= length || memcmp(word.text, key, length) != 0 || word.text[length] != '=') {
        return false;
    }
    *rest = (struct word){word.text + length + 1, word.length - length - 1};
    return true;
}

static int digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

bool word_number(struct word word, uint64_t max, uint64_t *value) {
    unsigned base = 10;
    if (word.length > 2 && word.text[0] == '0' && word.text[1] == 'x') {
        base = 16;
        word = (struct word){word.text + 2, word.length - 2};
    }
    *value = 0;
    for (size_t i = 0; i < word.length; i++) {
        unsigned digit = (unsigned)digit_of(word.text[i]);
        if (digit >= base || *value > (max - digit) / base || digit > max) {
            return false;
        }
        *value = *value * base + digit;
    }
    return word.length > 0;
}

bool word_slot(struct word word, const char *key, uint64_t max, uint64_t *value) {
    size_t length = strlen(key);
    return word.length > length && memcmp(word.text, key, length) == 0 &&
           word_number((struct word){word.text + length, word.length - length}, max, value);
}

bool word_choice(struct word word, enum word_table table, uint64_t *value) {
    const char *const *words = word_table_words(table);
    for (size_t i = 0; words[i] != NULL; i++) {
        if (word_is(word, words[i])) {
            *value = i;
            return true;
        }
    }
    return false;
}

struct word word_cut(struct word *word, char separator) {
    const char *at = memchr(word->text, separator, word->length);
    if (at == NULL) {
        return (struct word){word->text + word->length, 0};
    }
    size_t before = (size_t)(at - word->text);
    struct word rest = {at + 1, word->length - before - 1};
    word->length = before;
    return rest;
}
