// calls: an allocator's own calls as C text, by which a program is written without us. Internal to
// cli/subject.
//
// A line is "KEY: TEXT"; subject/README.md lists the keys. In TEXT the words OBJECT, SIZE,
// ALIGNMENT and ROW stand for what a call gets.
#ifndef CLI_SUBJECT_CALLS_H
#define CLI_SUBJECT_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CALLS_MAX 512

struct calls {
    char *text; // from malloc; keys and texts lie in it
    size_t count;
    struct calls_line {
        const char *key, *name; // of "value NAME: ..." and "option NAME: ..."; "": none
        const char *text;
    } lines[CALLS_MAX];
};

// What stands for the words; NULL: the word itself.
struct calls_words {
    const char *object, *size, *alignment, *row;
};

// Takes the text apart. A status; a message was printed unless it is CLI_CLEAN. `path` is for
// messages.
int calls_parse(struct calls *calls, const char *path, const char *text);
void calls_free(struct calls *calls);

// The text of the key, and of the name where it has one ("": none). NULL: there is no such line.
const char *calls_find(const struct calls *calls, const char *key, const char *name);

// Whether a text has the word.
bool calls_mention(const struct calls *calls, const char *word);

// Writes each line of the key, indented so.
void calls_write_all(const struct calls *calls, const char *key, const char *name,
                     const char *indent, FILE *stream);
// Writes a line's text with the words filled in.
void calls_write(const char *text, const struct calls_words *words, FILE *stream);

#endif
