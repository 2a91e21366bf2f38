// description: one line at a time, each begun by a word that says what it is.
#include "subject/drivers/description.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 16

struct line {
    struct description *to;
    char bytes[1024];
    char *words[WORDS_MAX];
    uint32_t count;
    const char *wrong; // NULL: nothing
};

void description_init(struct description *description) {
    memset(description, 0, sizeof *description);
    description->answer_ms = DESCRIPTION_ANSWER_MS;
    description->does[0] = ' ';
    description->table.struct_size_bytes = sizeof description->table;
    description->table.abi = COUNTERCHECK_ABI;
    description->table.capabilities = COUNTERCHECK_REMOTE;
    description->table.alignment = 1;
    description->table.statistics = description->statistics;
    description->table.options = description->options;
    description->table.hang_ms = 600000; // of a program: the bridge watches over each answer
}

bool description_repeats(const struct description *description, const char *line, size_t *at) {
    size_t length = strlen(line);
    bool is_same = length < description->said_used - *at &&
                   memcmp(description->said + *at, line, length) == 0 &&
                   description->said[*at + length] == '\n';
    *at += is_same ? length + 1 : 0;
    return is_same;
}

bool description_does(const struct description *description, const char *request) {
    char word[32];
    (void)snprintf(word, sizeof word, " %s ", request);
    return strstr(description->does, word) != NULL;
}

const char *description_number(const char *text, int64_t *value) {
    char *end = NULL;
    text += *text == ' ';
    const char *digits = text + (*text == '-');
    if (*digits < '0' || *digits > '9') {
        return NULL;
    }
    errno = 0;
    *value = *text == '-' ? strtoll(text, &end, 10) : (int64_t)strtoull(text, &end, 10);
    return errno == 0 && (*end == 0 || *end == ' ') ? end : NULL;
}

void description_quote(char *to, size_t to_bytes, const char *from) {
    size_t i = 0;
    for (; from[i] != 0 && i + 1 < to_bytes; i++) {
        to[i] = '?';
        if (from[i] >= ' ' && from[i] <= '~') {
            to[i] = from[i];
        }
    }
    to[i] = 0;
}

// ---- words

static const char *keep(struct description *description, const char *text) {
    size_t bytes = strlen(text) + 1;
    if (bytes > sizeof description->texts - description->texts_used) {
        return NULL;
    }
    char *to = description->texts + description->texts_used;
    memcpy(to, text, bytes);
    description->texts_used += bytes;
    return to;
}

static bool wrong(struct line *line, const char *sentence) {
    line->wrong = sentence;
    return false;
}

static bool one_number(struct line *line, const char *text, int64_t least, int64_t most,
                       int64_t *value) {
    const char *end = description_number(text, value);
    return (end != NULL && *end == 0 && *value >= least && *value <= most) ||
           wrong(line, "there is no such number");
}

static bool take_name(struct line *line) {
    line->to->table.name = keep(line->to, line->words[1]);
    return line->to->table.name != NULL || wrong(line, "too much text");
}
static bool take_version(struct line *line) {
    line->to->table.version = keep(line->to, line->words[1]);
    return line->to->table.version != NULL || wrong(line, "too much text");
}
static bool take_alignment(struct line *line) {
    int64_t value = 0;
    line->to->table.alignment = 0;
    if (!one_number(line, line->words[1], 1, 1 << 20, &value)) {
        return false;
    }
    line->to->table.alignment = (size_t)value;
    return (value & (value - 1)) == 0 || wrong(line, "no power of two");
}
static bool take_size_max(struct line *line) {
    int64_t value = 0;
    bool is = one_number(line, line->words[1], 1, INT64_C(1) << 46, &value);
    line->to->table.size_max = (size_t)value;
    return is;
}
static bool take_answer_ms(struct line *line) {
    int64_t value = 0;
    bool is = one_number(line, line->words[1], 1, 600000, &value);
    line->to->answer_ms = (uint32_t)value;
    return is;
}

static bool take_is(struct line *line) {
    static const struct {
        const char *word;
        uint32_t bit;
    } capabilities[] = {{"may_fail", COUNTERCHECK_MAY_FAIL},
                        {"collects", COUNTERCHECK_COLLECTS},
                        {"global", COUNTERCHECK_GLOBAL},
                        {"random", COUNTERCHECK_RANDOM}};
    for (uint32_t i = 1; i < line->count; i++) {
        uint32_t bit = 0;
        for (size_t j = 0; j < sizeof capabilities / sizeof capabilities[0]; j++) {
            bit |= strcmp(line->words[i], capabilities[j].word) == 0 ? capabilities[j].bit : 0;
        }
        if (bit == 0) {
            return wrong(line, "may_fail, collects, global or random");
        }
        line->to->table.capabilities |= bit;
    }
    return true;
}

static bool take_does(struct line *line) {
    static const char all[] = " zeroed realloc expand free drop reset flush purge collect "
                              "settle reset_peaks verify ";
    for (uint32_t i = 1; i < line->count; i++) {
        char word[32];
        size_t used = strlen(line->to->does);
        (void)snprintf(word, sizeof word, " %.24s ", line->words[i]);
        if (strstr(all, word) == NULL) {
            return wrong(line, "no such request");
        }
        if (!description_does(line->to, line->words[i])) {
            (void)snprintf(line->to->does + used, sizeof line->to->does - used, "%s", word + 1);
        }
    }
    return true;
}

static bool take_option(struct line *line) {
    if (line->to->option_count == DESCRIPTION_OPTIONS_MAX) {
        return wrong(line, "too many options");
    }
    const char *kept = keep(line->to, line->words[1]);
    line->to->options[line->to->option_count++] = kept;
    return kept != NULL || wrong(line, "too much text");
}

// ---- statistics

static bool take_kind(struct line *line, struct countercheck_statistic *statistic) {
    static const char *const kinds[] = {"gauge",  "cumulative", "peak",
                                        "trough", "constant",   "plain"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(line->words[1], kinds[i]) == 0) {
            statistic->kind = (enum countercheck_kind)i;
            return true;
        }
    }
    return wrong(line, "gauge, cumulative, peak, trough, constant or plain");
}

static bool take_property(struct line *line, const char *word,
                          struct countercheck_statistic *statistic) {
    int64_t value = 0;
    if (strcmp(word, "unsteady") == 0) {
        statistic->flags |= COUNTERCHECK_UNSTEADY;
    } else if (strcmp(word, "rounded") == 0) {
        statistic->flags |= COUNTERCHECK_ROUNDED;
    } else if (strncmp(word, "bits=", 5) == 0) {
        bool is = one_number(line, word + 5, 1, 64, &value);
        statistic->bits = (uint32_t)value;
        return is;
    } else if (strncmp(word, "count=", 6) == 0) {
        bool is = one_number(line, word + 6, 1, 4096, &value);
        statistic->count = (uint32_t)value;
        return is;
    } else if (strncmp(word, "of=", 3) == 0) {
        statistic->of = keep(line->to, word + 3);
        return statistic->of != NULL || wrong(line, "too much text");
    } else {
        return wrong(line, "unsteady, rounded, bits=N, count=N or of=NAME");
    }
    return true;
}

static bool take_statistic(struct line *line) {
    struct description *to = line->to;
    struct countercheck_statistic *statistic = &to->statistics[to->statistic_count];
    if (line->count < 3) {
        return wrong(line, "a kind and a name");
    }
    if (to->statistic_count == DESCRIPTION_STATISTICS_MAX) {
        return wrong(line, "too many statistics");
    }
    if (!take_kind(line, statistic)) {
        return false;
    }
    for (uint32_t i = 3; i < line->count; i++) {
        if (!take_property(line, line->words[i], statistic)) {
            return false;
        }
    }
    statistic->name = keep(to, line->words[2]);
    to->statistic_count++;
    to->value_count += (statistic->count == 0 ? 1 : statistic->count) *
                       ((statistic->flags & COUNTERCHECK_ROUNDED) != 0 ? 2 : 1);
    return statistic->name != NULL || wrong(line, "too much text");
}

static bool take_ready(struct line *line) {
    if (line->to->table.name == NULL) {
        return wrong(line, "no line has given a name");
    }
    if (line->to->option_count == 0) {
        line->to->table.options = NULL;
    }
    if (line->to->statistic_count == 0) {
        line->to->table.statistics = NULL;
    }
    line->to->is_ready = true;
    return true;
}

// ---- lines

static bool take_words(struct line *line) {
    static const struct {
        const char *word;
        uint32_t least, most; // words
        bool (*take)(struct line *line);
    } kinds[] = {{"name", 2, 2, take_name},           {"version", 2, 2, take_version},
                 {"alignment", 2, 2, take_alignment}, {"size_max", 2, 2, take_size_max},
                 {"answer_ms", 2, 2, take_answer_ms}, {"is", 2, WORDS_MAX, take_is},
                 {"does", 2, WORDS_MAX, take_does},   {"option", 2, 2, take_option},
                 {"statistic", 3, 9, take_statistic}, {"ready", 1, 1, take_ready}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (line->count > 0 && strcmp(line->words[0], kinds[i].word) == 0) {
            return line->count < kinds[i].least || line->count > kinds[i].most
                       ? wrong(line, "too few words, or too many")
                       : kinds[i].take(line);
        }
    }
    return wrong(line, "name, version, alignment, size_max, answer_ms, is, does, option, "
                       "statistic or ready");
}

bool description_take(struct description *description, const char *text,
                      char why[PROCESS_WRONG_BYTES]) {
    struct line line = {.to = description};
    char said[48];
    description->line_count++;
    description_quote(said, sizeof said, text);
    size_t length = strlen(text);
    bool fits = length < sizeof line.bytes &&
                length + 1 < sizeof description->said - description->said_used;
    if (fits) {
        char *rest = NULL;
        memcpy(line.bytes, text, length + 1);
        memcpy(description->said + description->said_used, text, length);
        description->said_used += length + 1;
        description->said[description->said_used - 1] = '\n';
        for (char *word = strtok_r(line.bytes, " ", &rest); word != NULL && line.count < WORDS_MAX;
             word = strtok_r(NULL, " ", &rest)) {
            line.words[line.count++] = word;
        }
    }
    if (fits && take_words(&line)) {
        return true;
    }
    (void)snprintf(why, PROCESS_WRONG_BYTES, "line %" PRIu32 " of its description, '%s': %s",
                   description->line_count, said, fits ? line.wrong : "too long");
    return false;
}
