// table: the members one after the other; the first that makes no sense is told.
#include "fuzz/subject/table.h"

#include "oracle/relations/statistic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ALIGNMENT_MOST     ((size_t)1 << 30)
#define CAPABILITIES_KNOWN ((uint32_t)(COUNTERCHECK_RANDOM * 2 - 1))

enum subject_status table_unusable(char *message, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, SUBJECT_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    return SUBJECT_UNUSABLE;
}

// ---- the table

static bool is_power(size_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

bool table_is_line(const char *text) {
    for (; *text != 0; text++) {
        if (*text < ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

bool table_is_word(const char *text, const char *more) {
    if (text == NULL || *text == 0 || strlen(text) > 63) {
        return false;
    }
    for (; *text != 0; text++) {
        bool is_letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                         (*text >= '0' && *text <= '9') || *text == '_';
        if (!is_letter && strchr(more, *text) == NULL) {
            return false;
        }
    }
    return true;
}

// What a text of relations would read as a number of the ledger.
static bool is_reserved(const char *name) {
    static const char *const prefixes[] = {"live.", "total.",   "freed.", "ops.",
                                           "walk.", "backing.", "base."};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return strcmp(name, "row") == 0;
}

static enum subject_status check_statistic(const struct countercheck_subject *table, uint32_t at,
                                           char *message) {
    const struct countercheck_statistic *statistic = &table->statistics[at];
    bool has_of = statistic->of == NULL;
    uint32_t of_count = statistic->count;
    if (!table_is_word(statistic->name, ".") ||
        (*statistic->name >= '0' && *statistic->name <= '9')) {
        return table_unusable(
            message, "statistic %u: its name is not a letter, then letters, digits, '_' and '.'",
            at);
    }
    if (is_reserved(statistic->name)) {
        return table_unusable(message, "statistic %s: relations call something else so",
                              statistic->name);
    }
    if (statistic->of != NULL && strcmp(statistic->of, statistic->name) == 0) {
        return table_unusable(message, "statistic %s: `of` names itself", statistic->name);
    }
    if ((int)statistic->kind < COUNTERCHECK_GAUGE || statistic->kind > COUNTERCHECK_PLAIN) {
        return table_unusable(message, "statistic %s: there is no kind %d", statistic->name,
                              (int)statistic->kind);
    }
    if (statistic->bits > 64 || statistic->count > SUBJECT_VALUES_MAX) {
        return table_unusable(message, "statistic %s: %u bits, %u rows", statistic->name,
                              statistic->bits, statistic->count);
    }
    for (uint32_t other = 0; table->statistics[other].name != NULL; other++) {
        if (other < at && strcmp(table->statistics[other].name, statistic->name) == 0) {
            return table_unusable(message, "statistic %s is there twice", statistic->name);
        }
        if (statistic->of != NULL && strcmp(table->statistics[other].name, statistic->of) == 0) {
            has_of = true;
            of_count = table->statistics[other].count;
        }
    }
    if (of_count != statistic->count) {
        return table_unusable(message,
                              "statistic %s: it has %u places, and %s, which `of` names, %u",
                              statistic->name, statistic->count, statistic->of, of_count);
    }
    return has_of ? SUBJECT_OPEN
                  : table_unusable(message, "statistic %s: `of` names no statistic: %s",
                                   statistic->name, statistic->of);
}

enum subject_status table_check_statistics(const struct countercheck_subject *table,
                                           char *message) {
    uint64_t value_count = 0;
    if (table->statistics == NULL) {
        return SUBJECT_OPEN;
    }
    if (table->read == NULL) {
        return table_unusable(message, "there are statistics and no read()");
    }
    for (uint32_t i = 0; table->statistics[i].name != NULL; i++) {
        enum subject_status status = check_statistic(table, i, message);
        if (status != SUBJECT_OPEN) {
            return status;
        }
        value_count += statistic_numbers(&table->statistics[i]);
        if (value_count > SUBJECT_VALUES_MAX) { // or there is no end of them
            return table_unusable(message, "statistic %s: more than %d numbers in all",
                                  table->statistics[i].name, SUBJECT_VALUES_MAX);
        }
    }
    return SUBJECT_OPEN;
}

enum subject_status table_check(const struct countercheck_subject *table, char *message) {
    bool is_global = (table->capabilities & COUNTERCHECK_GLOBAL) != 0;
    if (!table_is_word(table->name, "-.")) {
        return table_unusable(message,
                              "the subject's name is not of letters, digits, '-', '_' and '.'");
    }
    if (!is_power(table->alignment)) {
        return table_unusable(message, "alignment %zu is no power of two", table->alignment);
    }
    if (table->alignment > ALIGNMENT_MOST) {
        return table_unusable(message, "alignment %zu is more than %zu", table->alignment,
                              ALIGNMENT_MOST);
    }
    if (table->alignment_max != 0 && !is_power(table->alignment_max)) {
        return table_unusable(message, "alignment_max %zu is no power of two",
                              table->alignment_max);
    }
    if (table->alignment_max != 0 && table->alignment_max < table->alignment) {
        return table_unusable(message, "alignment_max %zu is less than alignment %zu",
                              table->alignment_max, table->alignment);
    }
    if ((table->capabilities & ~CAPABILITIES_KNOWN) != 0) {
        return table_unusable(message, "capabilities 0x%x: no bit of 0x%x means anything",
                              table->capabilities, table->capabilities & ~CAPABILITIES_KNOWN);
    }
    for (uint32_t i = 0; table->options != NULL && table->options[i] != NULL; i++) {
        if (!table_is_line(table->options[i]) || strchr(table->options[i], ' ') != NULL) {
            return table_unusable(message, "option %u has a blank in it, or what is no ASCII", i);
        }
    }
    if (table->arena_bytes > (size_t)1 << 40 || table->size_max > (size_t)1 << 46) {
        return table_unusable(message, "an arena of %zu bytes, objects of %zu", table->arena_bytes,
                              table->size_max);
    }
    if (table->allocate == NULL) {
        return table_unusable(message, "there is no allocate()");
    }
    if (!is_global && table->create == NULL) {
        return table_unusable(message, "there is no create(), and it is not one to a process");
    }
    if (table->reallocate == NULL && table->expand == NULL && table->release == NULL &&
        table->release_sized == NULL && table->drop == NULL && table->reset == NULL) {
        return table_unusable(
            message, "nothing frees: no release(), release_sized(), drop() and no reset()");
    }
    return SUBJECT_OPEN;
}
