// known: the file of known findings, and what has become of its entries.
#define _XOPEN_SOURCE 700 // strptime
#include "cli/run/known.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/input.h"
#include "fuzz/program/program.h"
#include "oracle/core/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int refuse(const struct known *known, size_t line, const char *what) {
    cli_message("%s:%zu: %s", escape_shown(known->path), line, what);
    return CLI_UNUSABLE;
}

// The day is a real one: the calendar gives it back.
static bool is_day(const char *text) {
    struct tm day = {0};
    char back[16];
    const char *end = strptime(text, "%Y-%m-%d", &day);
    if (end == NULL || *end != 0) {
        return false;
    }
    day.tm_hour = 12; // far from any change of the clock
    return mktime(&day) != (time_t)-1 && strftime(back, sizeof back, "%Y-%m-%d", &day) != 0 &&
           strcmp(back, text) == 0;
}

// Cuts the comment off: # at the beginning or behind a blank, and a blank behind it; "#12" is a
// word.
static void cut_comment(char *line) {
    for (char *at = line; (at = strchr(at, '#')) != NULL; at++) {
        bool begins = at == line || strchr(" \t", at[-1]) != NULL;
        if (begins && strchr(" \t\r", at[1]) != NULL) { // or the line's end
            *at = 0;
            return;
        }
    }
}

// The next word, or what stands between two quotes, which is cut off; "" when there is none.
static char *next_word(char **at) {
    char *word = *at + strspn(*at, " \t\r");
    bool is_quoted = word[0] == '"' && strchr(word + 1, '"') != NULL;
    word += is_quoted;
    size_t length = strcspn(word, is_quoted ? "\"" : " \t\r");
    *at = word + length + (word[length] != 0);
    word[length] = 0;
    return word;
}

// What is left of the line, without blanks at its ends.
static char *rest_of(char *at) {
    char *rest = at + strspn(at, " \t\r");
    for (size_t end = strlen(rest); end > 0 && strchr(" \t\r", rest[end - 1]) != NULL; end--) {
        rest[end - 1] = 0;
    }
    return rest;
}

static int read_says(struct known *known, char *line, size_t number) {
    const char *says = rest_of(line);
    if (known->count == 0 || known->entries[known->count - 1].says[0] != 0) {
        return refuse(known, number, "a line says TEXT stands behind a known finding's");
    }
    struct known_entry *entry = &known->entries[known->count - 1];
    if (says[0] == 0 || strlen(says) >= sizeof entry->says) {
        return refuse(known, number, "behind says is the text that a finding has there");
    }
    (void)snprintf(entry->says, sizeof entry->says, "%s", says);
    return CLI_CLEAN;
}

static int read_entry(struct known *known, char *line, size_t number) {
    cut_comment(line);
    const char *rule = next_word(&line);
    if (strcmp(rule, "says") == 0) {
        return read_says(known, line, number);
    }
    const char *field = next_word(&line);
    const char *expiry = next_word(&line);
    const char *reason = rest_of(line);
    if (rule[0] == 0) {
        return CLI_CLEAN;
    }
    if (reason[0] == 0) {
        return refuse(known, number, "a known finding is RULE FIELD EXPIRY REASON");
    }
    if (!is_day(expiry)) {
        return refuse(known, number, "the expiry is no day like 2027-01-31");
    }
    if (known->count == KNOWN_MAX) {
        return refuse(known, number, "more known findings than a list may have");
    }
    struct known_entry *entry = &known->entries[known->count++];
    *entry = (struct known_entry){.line = number};
    (void)snprintf(entry->rule, sizeof entry->rule, "%s", rule);
    (void)snprintf(entry->field, sizeof entry->field, "%s", strcmp(field, "-") == 0 ? "" : field);
    (void)snprintf(entry->expiry, sizeof entry->expiry, "%s", expiry);
    (void)snprintf(entry->reason, sizeof entry->reason, "%s", reason);
    return CLI_CLEAN;
}

int known_read(struct known *known, const char *path) {
    uint8_t *bytes;
    size_t size_bytes;
    *known = (struct known){.path = path};
    int status = input_read_bytes(path, &bytes, &size_bytes);
    if (status != CLI_CLEAN) {
        return status;
    }
    if (program_bytes_control(bytes, size_bytes) != size_bytes) {
        free(bytes);
        return refuse(known, 1, "no text");
    }
    char *at = (char *)bytes;
    for (size_t number = 1; *at != 0 && status == CLI_CLEAN; number++) {
        size_t length = strcspn(at, "\n");
        bool is_last = at[length] == 0;
        at[length] = 0;
        status = read_entry(known, at, number);
        at += length + !is_last;
    }
    free(bytes);
    return status;
}

bool known_check(const struct known *known, const struct rule_table *rules) {
    for (size_t i = 0; i < known->count; i++) {
        const char *name = known->entries[i].rule;
        struct nearest nearest = nearest_begin(name, strlen(name));
        for (unsigned rule = 0; rule < rules->count; rule++) {
            nearest_offer(&nearest, rules->rows[rule].name);
        }
        if (nearest.best == NULL || strcmp(nearest.best, name) != 0) {
            cli_message("%s:%zu: no rule is called '%s'%s%s", known->path, known->entries[i].line,
                        name, nearest.best == NULL ? "" : ": nearest is ",
                        nearest.best == NULL ? "" : nearest.best);
            return false;
        }
    }
    return true;
}

// The last day is over, by the clock, in UTC.
static bool is_expired(const struct known_entry *entry) {
    char today[16] = "";
    time_t now = time(NULL);
    struct tm day;
    return gmtime_r(&now, &day) != NULL && strftime(today, sizeof today, "%Y-%m-%d", &day) != 0 &&
           strcmp(today, entry->expiry) > 0;
}

// Bytes of the number that begins there, 0x before its digits or not; 0: none does.
static size_t number_length(const char *text) {
    static const char digits[] = "0123456789abcdef";
    size_t hex = strncmp(text, "0x", 2) == 0 ? strspn(text + 2, digits) : 0;
    return hex > 0 ? hex + 2 : strspn(text, "0123456789");
}

// The same text but for its numbers.
static bool says_the_same(const char *a, const char *b) {
    while (*a != 0 && *b != 0) {
        size_t number_a = number_length(a);
        size_t number_b = number_length(b);
        if ((number_a == 0) != (number_b == 0) || (number_a == 0 && *a != *b)) {
            return false;
        }
        a += number_a == 0 ? 1 : number_a;
        b += number_b == 0 ? 1 : number_b;
    }
    return *a == *b;
}

// The entry that knows the finding; one that names its text comes before one that does not. NULL:
// none.
static const struct known_entry *entry_of(const struct known *known,
                                          const struct finding *finding) {
    const struct known_entry *found = NULL;
    for (size_t i = 0; i < known->count; i++) {
        const struct known_entry *entry = &known->entries[i];
        bool fits = strcmp(entry->rule, finding->row->name) == 0 &&
                    strcmp(entry->field, finding->field) == 0 && !is_expired(entry);
        if (fits && entry->says[0] != 0 && says_the_same(entry->says, finding->text)) {
            return entry;
        }
        found = fits && entry->says[0] == 0 && found == NULL ? entry : found;
    }
    return found;
}

bool known_tell(const struct known *known, const struct finding *finding, const char *name,
                bool is_json, uint32_t *seen) {
    const struct known_entry *entry = entry_of(known, finding);
    if (entry == NULL) {
        return false;
    }
    *seen |= (uint32_t)1 << (entry - known->entries);
    if (!is_json) {
        (void)printf("%s: known: %s %s: %s\n", escape_shown(name), entry->rule, finding->field,
                     entry->reason);
    }
    return true;
}

size_t known_judge(const struct known *known, uint32_t seen, bool is_whole) {
    size_t told = 0;
    for (size_t i = 0; i < known->count; i++) {
        const struct known_entry *entry = &known->entries[i];
        bool is_over = is_expired(entry);
        bool is_gone = !is_over && is_whole && (seen >> i & 1) == 0;
        if (is_over || is_gone) {
            cli_message("%s:%zu: %s %s: %s%s", escape_shown(known->path), entry->line, entry->rule,
                        entry->field[0] == 0 ? "-" : entry->field,
                        is_gone ? "no input finds it any more: take it out" : "it has expired on ",
                        is_gone ? "" : entry->expiry);
            told++;
        }
    }
    return told;
}
