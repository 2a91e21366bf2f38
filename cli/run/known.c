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

// The next word, which is cut off; "" when there is none.
static char *next_word(char **at) {
    char *word = *at + strspn(*at, " \t\r");
    size_t length = strcspn(word, " \t\r");
    *at = word + length + (word[length] != 0);
    word[length] = 0;
    return word;
}

static int read_entry(struct known *known, char *line, size_t number) {
    cut_comment(line);
    const char *rule = next_word(&line);
    const char *field = next_word(&line);
    const char *expiry = next_word(&line);
    char *reason = line + strspn(line, " \t\r");
    if (rule[0] == 0) {
        return CLI_CLEAN;
    }
    for (size_t end = strlen(reason); end > 0 && strchr(" \t\r", reason[end - 1]) != NULL; end--) {
        reason[end - 1] = 0;
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

bool known_tell(const struct known *known, const struct finding *finding, const char *name,
                bool is_json, uint32_t *seen) {
    for (size_t i = 0; i < known->count; i++) {
        const struct known_entry *entry = &known->entries[i];
        if (strcmp(entry->rule, finding->row->name) != 0 ||
            strcmp(entry->field, finding->field) != 0 || is_expired(entry)) {
            continue;
        }
        *seen |= (uint32_t)1 << i;
        if (!is_json) {
            (void)printf("%s: known: %s %s: %s\n", escape_shown(name), entry->rule, finding->field,
                         entry->reason);
        }
        return true;
    }
    return false;
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
