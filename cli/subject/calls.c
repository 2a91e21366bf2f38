// calls: lines by key; words are filled in where whole names of C stand.
#define _POSIX_C_SOURCE 200809L
#include "cli/subject/calls.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key;
    bool may_repeat, has_name;
} keys[] = {
    {"compile", false, false},
    {"include", true, false},
    {"declare", true, false},
    {"begin", true, false},
    {"option", true, true},
    {"read", true, false},
    {"value", false, true},
    {"allocate", false, false},
    {"allocate_zeroed", false, false},
    {"allocate_aligned", false, false},
    {"reallocate", false, false},
    {"expand", false, false},
    {"release", false, false},
    {"release_sized", false, false},
    {"drop", false, false},
    {"reset", false, false},
    {"usable", false, false},
    {"footprint", false, false},
    {"class_of", false, false},
    {"flush", false, false},
    {"purge", false, false},
    {"collect", false, false},
    {"settle", false, false},
    {"reset_peaks", false, false},
    {"lane_begin", false, false},
    {"lane_end", false, false},
};

static int refuse(const char *path, uint32_t line, const char *what, const char *word) {
    cli_message("%s: line %u: %s: '%.40s'", escape_shown(path), line, what, escape_shown(word));
    return CLI_UNUSABLE;
}

// Cuts the blanks off both ends.
static char *trimmed(char *text) {
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) {
        text[--length] = 0;
    }
    return text;
}

static int take(struct calls *calls, const char *path, char *line, uint32_t number) {
    char *colon = strchr(line, ':');
    if (colon == NULL) {
        return refuse(path, number, "no KEY: TEXT", line);
    }
    *colon = 0;
    char *key = trimmed(line);
    char *name = key + strcspn(key, " \t");
    if (*name != 0) {
        *name++ = 0;
        name = trimmed(name);
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i].key, key) != 0) {
            continue;
        }
        if (keys[i].has_name != (*name != 0)) {
            return refuse(path, number, keys[i].has_name ? "a name is missing" : "a name too much",
                          key);
        }
        if (!keys[i].may_repeat && calls_find(calls, key, name) != NULL) {
            return refuse(path, number, "it is there twice", key);
        }
        if (calls->count == CALLS_MAX) {
            return refuse(path, number, "more lines than are taken", key);
        }
        calls->lines[calls->count++] = (struct calls_line){key, name, trimmed(colon + 1)};
        return CLI_CLEAN;
    }
    return refuse(path, number, "there is no such key", key);
}

int calls_parse(struct calls *calls, const char *path, const char *text) {
    *calls = (struct calls){.text = strdup(text)};
    if (calls->text == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    int status = CLI_CLEAN;
    uint32_t number = 0;
    for (char *at = calls->text; status == CLI_CLEAN && at != NULL;) {
        char *line = at;
        at = strchr(at, '\n');
        if (at != NULL) {
            *at++ = 0;
        }
        number++;
        line = trimmed(line);
        if (*line != 0 && *line != '#') {
            status = take(calls, path, line, number);
        }
    }
    if (status != CLI_CLEAN) {
        calls_free(calls);
    }
    return status;
}

void calls_free(struct calls *calls) {
    free(calls->text);
    calls->text = NULL;
}

const char *calls_find(const struct calls *calls, const char *key, const char *name) {
    for (size_t i = 0; i < calls->count; i++) {
        if (strcmp(calls->lines[i].key, key) == 0 && strcmp(calls->lines[i].name, name) == 0) {
            return calls->lines[i].text;
        }
    }
    return NULL;
}

bool calls_mention(const struct calls *calls, const char *word) {
    bool is_there = false;
    for (size_t i = 0; i < calls->count; i++) {
        is_there = is_there || strstr(calls->lines[i].text, word) != NULL;
    }
    return is_there;
}

static const char *word_for(const char *word, size_t length, const struct calls_words *words) {
    const struct {
        const char *word, *with;
    } all[] = {{"OBJECT", words->object},
               {"SIZE", words->size},
               {"ALIGNMENT", words->alignment},
               {"ROW", words->row}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strlen(all[i].word) == length && memcmp(all[i].word, word, length) == 0) {
            return all[i].with;
        }
    }
    return NULL;
}

void calls_write(const char *text, const struct calls_words *words, FILE *stream) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    while (*text != 0) {
        size_t length = strspn(text, letters);
        const char *with = word_for(text, length, words);
        length = length == 0 ? 1 : length;
        if (with != NULL) {
            (void)fputs(with, stream);
        } else {
            (void)fprintf(stream, "%.*s", (int)length, text);
        }
        text += length;
    }
}

void calls_write_all(const struct calls *calls, const char *key, const char *name,
                     const char *indent, FILE *stream) {
    for (size_t i = 0; i < calls->count; i++) {
        const struct calls_line *line = &calls->lines[i];
        if (strcmp(line->key, key) == 0 && strcmp(line->name, name) == 0) {
            (void)fprintf(stream, "%s%s\n", indent, line->text);
        }
    }
}
