// trim: those parts of a C program that are reached from what is neither function nor variable
// alone.
#include "cli/subject/trim.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct section {
    const char *text;
    size_t size_bytes;
    const char *name; // of the one function that it is; NULL: it stays
    size_t name_bytes;
    bool is_kept;
};

static bool is_of_word(char c) {
    return isalnum((unsigned char)c) != 0 || c == '_';
}

static size_t line_bytes(const char *text, size_t size_bytes) {
    const char *end = memchr(text, '\n', size_bytes);
    return end == NULL ? size_bytes : (size_t)(end - text) + 1;
}

// The word before the first parenthesis of a line, or before its semicolon.
static void name_section(struct section *section, const char *line, char before,
                         size_t size_bytes) {
    const char *end = memchr(line, before, size_bytes);
    const char *begin = end;
    while (begin != NULL && begin > line && is_of_word(begin[-1])) {
        begin--;
    }
    section->name = begin == end ? NULL : begin;
    section->name_bytes = (size_t)(end - begin);
}

// One function has two lines that begin at the margin, beside comments: its first and its brace;
// one variable has one.
static void look_at(struct section *section) {
    size_t margin_count = 0;
    const char *first = NULL;
    size_t first_bytes = 0;
    bool is_closed = false;
    for (size_t at = 0, size; at < section->size_bytes; at += size) {
        const char *line = section->text + at;
        size = line_bytes(line, section->size_bytes - at);
        if (line[0] == ' ' || line[0] == '\n' || strncmp(line, "//", 2) == 0) {
            continue;
        }
        first_bytes = margin_count == 0 ? size : first_bytes;
        first = margin_count++ == 0 ? line : first;
        is_closed = line[0] == '}' && size <= 2;
    }
    bool is_static = first != NULL && strncmp(first, "static ", 7) == 0;
    if (is_static && margin_count == 2 && is_closed) {
        name_section(section, first, '(', first_bytes);
    } else if (is_static && margin_count == 1 && memchr(first, '(', first_bytes) == NULL) {
        name_section(section, first, ';', first_bytes);
    }
    section->is_kept = section->name == NULL;
}

// Behind what is no code: a comment to the end of its line, a string.
static const char *skip_prose(const char *at, const char *end) {
    if (at + 1 < end && at[0] == '/' && at[1] == '/') {
        return at + line_bytes(at, (size_t)(end - at));
    }
    if (*at != '"') {
        return at;
    }
    for (at++; at < end && *at != '"'; at++) {
        at += *at == '\\';
    }
    return at < end ? at + 1 : end;
}

// A statistic, which is a member of a structure, may be called as a function is.
static bool is_statistic(const char *word, const char *from) {
    static const char type[] = "number ";
    size_t size_bytes = sizeof type - 1;
    return (word > from && word[-1] == '.') || ((size_t)(word - from) >= size_bytes &&
                                                memcmp(word - size_bytes, type, size_bytes) == 0);
}

static bool is_named_in(const struct section *section, const struct section *in) {
    const char *end = in->text + in->size_bytes;
    for (const char *at = in->text; at < end;) {
        const char *word = at;
        while (at < end && is_of_word(*at)) {
            at++;
        }
        if ((size_t)(at - word) == section->name_bytes &&
            memcmp(word, section->name, section->name_bytes) == 0 &&
            !is_statistic(word, in->text)) {
            return true;
        }
        if (at == word) {
            const char *behind = skip_prose(at, end);
            at = behind == at ? at + 1 : behind;
        }
    }
    return false;
}

static size_t cut(const char *text, struct section *sections) { // NULL: they are counted
    size_t count = 0;
    for (const char *next; *text != 0; text = next) {
        const char *end = strstr(text, "\n\n");
        next = end == NULL ? text + strlen(text) : end + 2;
        if (sections != NULL) {
            sections[count] = (struct section){.text = text, .size_bytes = (size_t)(next - text)};
            look_at(&sections[count]);
        }
        count++;
    }
    return count;
}

static bool keep_more(struct section *sections, size_t count) {
    bool has_grown = false;
    for (size_t i = 0; i < count; i++) {
        for (size_t by = 0; by < count && !sections[i].is_kept; by++) {
            if (sections[by].is_kept && is_named_in(&sections[i], &sections[by])) {
                sections[i].is_kept = has_grown = true;
            }
        }
    }
    return has_grown;
}

bool trim_write(const char *text, FILE *to) {
    size_t count = cut(text, NULL);
    struct section *sections = calloc(count + 1, sizeof *sections);
    if (sections == NULL) {
        return false;
    }
    (void)cut(text, sections);
    while (keep_more(sections, count)) {
    }
    for (size_t i = 0; i < count; i++) {
        if (sections[i].is_kept) {
            (void)fwrite(sections[i].text, 1, sections[i].size_bytes, to);
        }
    }
    free(sections);
    return true;
}
