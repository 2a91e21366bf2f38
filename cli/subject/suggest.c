// suggest: what held at every moment is written as relations, judged on other programs, and
// printed.
#include "cli/run/shared.h"
#include "cli/subject/suggest.h"

#include "cli/io/cli.h"
#include "cli/run/machine.h"
#include "cli/subject/trials.h"
#include "cli/subject/moments.h"
#include "oracle/relations/words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES   65536
#define RULES_MAX    250
#define BOUNDS_MAX   40
#define LINE_BYTES   320
#define ROWS_SET_MAX 6 // rows of one kind that are tried in threes

struct text {
    char to[TEXT_BYTES];
    size_t used;
    uint32_t rule_count;
};

struct search {
    const struct moments *moments;
    struct text *text;
    uint32_t equal_to[MOMENTS_TERMS_MAX]; // an earlier term that it equals; itself: none
    bool has_moved[MOMENTS_TERMS_MAX];
    bool is_shifted[MOMENTS_TERMS_MAX]; // "X - base.X", and base.X was one number in all programs
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
propose(struct text *text, const char *format, ...) {
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (size > 0 && (size_t)size < sizeof line && text->rule_count < RULES_MAX &&
        text->used + (size_t)size + 2 < sizeof text->to) {
        text->used +=
            (size_t)snprintf(text->to + text->used, sizeof text->to - text->used, "%s\n", line);
        text->rule_count++;
    }
}

// ---- what held

struct range { // of a number over the moments that count
    int64_t least, most;
    uint32_t count;
};

static void take(struct range *range, int64_t value) {
    range->least = range->count == 0 || value < range->least ? value : range->least;
    range->most = range->count == 0 || value > range->most ? value : range->most;
    range->count++;
}

static int64_t difference(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

// Of a - b - c; NO_TERM: nothing is taken away.
#define NO_TERM UINT32_MAX
static struct range range_of(const struct search *search, uint32_t a, uint32_t b, uint32_t c,
                             bool settled_only) {
    struct range range = {0, 0, 0};
    const struct moments *moments = search->moments;
    for (uint32_t i = 0; i < moments->moment_count; i++) {
        if (settled_only && !moments->is_settled[i]) {
            continue;
        }
        int64_t value = moments->values[i][a];
        value = b == NO_TERM ? value : difference(value, moments->values[i][b]);
        value = c == NO_TERM ? value : difference(value, moments->values[i][c]);
        take(&range, value);
        if (c != NO_TERM && range.least != range.most) {
            break; // of three, equalities alone are asked for
        }
    }
    return range;
}

static const char *name_of(const struct search *search, uint32_t term) {
    return search->moments->terms[term].name;
}

// Of "X - base.X" a bound is worth something by the ledger alone.
static bool is_worth_bound(const struct search *search, uint32_t a, uint32_t b) {
    const struct moments_term *terms = search->moments->terms;
    return (terms[a].since == a || !terms[b].is_statistic) &&
           (terms[b].since == b || !terms[a].is_statistic);
}

static bool is_worth(const struct search *search, uint32_t a, uint32_t b) {
    return search->has_moved[a] && search->has_moved[b] &&
           (search->moments->terms[a].is_statistic || search->moments->terms[b].is_statistic);
}

// "a == b", "a == b + 16", at every moment, or at those that are settled.
static bool propose_equal(struct search *search, uint32_t a, uint32_t b, bool settled_only) {
    struct range range = range_of(search, a, b, NO_TERM, settled_only);
    const char *when = settled_only ? " when settled" : "";
    if (range.count < 2 || range.least != range.most ||
        (search->is_shifted[a] && range.least != 0)) { // that is X and a number
        return false;
    }
    if (range.least == 0) {
        propose(search->text, "%s == %s%s", name_of(search, a), name_of(search, b), when);
    } else {
        propose(search->text, "%s == %s %c %" PRIu64 "%s", name_of(search, a), name_of(search, b),
                range.least < 0 ? '-' : '+',
                range.least < 0 ? -(uint64_t)range.least : (uint64_t)range.least, when);
    }
    return true;
}

static bool is_always_equal(const struct search *search, uint32_t a, uint32_t b) {
    struct range range = range_of(search, a, b, NO_TERM, false);
    return range.count > 1 && range.least == 0 && range.most == 0;
}

// Of "X - base.X": where base.X was always 0 it is X, and nothing is proposed.
static void begin_term(struct search *search, uint32_t a) {
    uint32_t since = search->moments->terms[a].since;
    struct range own = range_of(search, a, NO_TERM, NO_TERM, false);
    struct range base = range_of(search, since, a, NO_TERM, false);
    search->has_moved[a] = own.least != own.most;
    search->is_shifted[a] = since != a && base.least == base.most;
    search->equal_to[a] = search->is_shifted[a] && base.least == 0 ? since : a;
}

// Not X itself; nor, where base.X was one number, what X alone can be held against.
static bool says_more(const struct search *search, uint32_t a, uint32_t b) {
    const struct moments_term *terms = search->moments->terms;
    return terms[a].since != b &&
           !(search->is_shifted[a] && terms[b].is_statistic && terms[b].since == b);
}

// Two numbers of the ledger are nobody's promise, and X - base.X == Y - base.Y follows from X == Y:
// nothing is proposed.
static bool is_idle(const struct search *search, uint32_t a, uint32_t b) {
    const struct moments_term *terms = search->moments->terms;
    bool follows = terms[a].since != a && terms[b].since != b &&
                   search->equal_to[terms[a].since] == search->equal_to[terms[b].since];
    return (follows || !terms[a].is_statistic) && search->has_moved[a] &&
           is_always_equal(search, a, b);
}

static void find_equal(struct search *search) {
    uint32_t count = search->moments->term_count;
    for (uint32_t a = 0; a < count; a++) {
        begin_term(search, a);
        for (uint32_t b = 0; b < a && search->equal_to[a] == a; b++) {
            bool is_known = is_idle(search, a, b);
            bool is_equal =
                !is_known && search->equal_to[b] == b && is_worth(search, a, b) &&
                says_more(search, a, b) &&
                (propose_equal(search, a, b, false) || propose_equal(search, a, b, true));
            search->equal_to[a] = is_known || is_equal ? b : a;
        }
    }
}

// "free == capacity - in_use": two that add up to one that never moves.
static void find_sums(struct search *search) {
    const struct moments *moments = search->moments;
    for (uint32_t a = 0; a < moments->term_count; a++) {
        for (uint32_t b = a + 1; b < moments->term_count && search->has_moved[a]; b++) {
            for (uint32_t c = 0; c < moments->term_count; c++) {
                bool is_whole = moments->terms[b].since == b && moments->terms[a].is_statistic &&
                                moments->terms[b].is_statistic && moments->terms[c].is_statistic &&
                                search->has_moved[b] && !search->has_moved[c];
                struct range range =
                    is_whole ? range_of(search, c, a, b, false) : (struct range){0, 1, 0};
                if (range.least == 0 && range.most == 0 && range.count > 1) {
                    propose(search->text, "%s == %s - %s", name_of(search, a), name_of(search, c),
                            name_of(search, b));
                }
            }
        }
    }
}

// Whether a == b + c, at two moments or more.
static bool is_sum(const struct search *search, uint32_t a, uint32_t b, uint32_t c,
                   bool settled_only) {
    struct range range = range_of(search, a, b, c, settled_only);
    return range.count > 1 && range.least == 0 && range.most == 0;
}

// Of three less what they were: that they add up without that says it already.
static bool follows_from_whole(const struct search *search, uint32_t a, uint32_t b, uint32_t c) {
    const struct moments_term *terms = search->moments->terms;
    return terms[a].since != a && terms[b].since != b && terms[c].since != c &&
           is_sum(search, terms[a].since, terms[b].since, terms[c].since, false);
}

// "allocs == ops.alloc + ops.realloc.moved": of those that equal nothing, or stand for others.
static void find_threes(struct search *search) {
    const struct moments *moments = search->moments;
    for (uint32_t a = 0; a < moments->term_count; a++) {
        for (uint32_t b = 0; b < moments->term_count && search->equal_to[a] == a; b++) {
            for (uint32_t c = b + 1; c < moments->term_count && search->equal_to[b] == b; c++) {
                bool is_one = a != b && a != c && search->equal_to[c] == c &&
                              search->has_moved[a] && search->has_moved[b] && search->has_moved[c];
                bool is_of_subject = moments->terms[a].is_statistic ||
                                     moments->terms[b].is_statistic ||
                                     moments->terms[c].is_statistic;
                for (int settled = 0; settled < 2 && is_one && is_of_subject; settled++) {
                    if (is_sum(search, a, b, c, settled == 1) &&
                        !follows_from_whole(search, a, b, c)) {
                        propose(search->text, "%s == %s + %s%s", name_of(search, a),
                                name_of(search, b), name_of(search, c),
                                settled == 1 ? " when settled" : "");
                        break;
                    }
                }
            }
        }
    }
}

// Whether two were equal, and not 0, at one moment in a hundred.
static bool is_tight(const struct search *search, uint32_t a, uint32_t b) {
    const struct moments *moments = search->moments;
    uint32_t count = 0;
    for (uint32_t i = 0; i < moments->moment_count; i++) {
        count += moments->values[i][a] == moments->values[i][b] && moments->values[i][a] != 0;
    }
    return count > 0 && count >= moments->moment_count / 100;
}

// "a <= b", where it was as tight as can be.
static void find_bounds(struct search *search) {
    uint32_t bound_count = 0;
    for (uint32_t a = 0; a < search->moments->term_count; a++) {
        for (uint32_t b = 0; b < search->moments->term_count && bound_count < BOUNDS_MAX; b++) {
            if (a == b || search->equal_to[a] != a || search->equal_to[b] != b ||
                !is_worth(search, a, b) || !is_worth_bound(search, a, b)) {
                continue;
            }
            struct range range = range_of(search, a, b, NO_TERM, false);
            if (range.most == 0 && range.least < 0 && is_tight(search, a, b)) {
                propose(search->text, "%s <= %s", name_of(search, a), name_of(search, b));
                bound_count++;
            }
        }
    }
}

// ---- what a moment does not show: peaks and rows

static void propose_history(struct text *text, const struct countercheck_statistic *statistic) {
    bool is_peak = statistic->kind == COUNTERCHECK_PEAK;
    if ((!is_peak && statistic->kind != COUNTERCHECK_TROUGH) || statistic->of == NULL) {
        return;
    }
    const char *each = statistic->count > 0 ? "each " : "";
    const char *row = statistic->count > 0 ? statistic->name : "";
    const char *colon = statistic->count > 0 ? ": " : "";
    propose(text, "%s%s%s%s == %s(%s)", each, row, colon, statistic->name,
            is_peak ? "peak" : "trough", statistic->of);
    for (size_t i = 0; i < RELATIONS_MEASURES && is_peak && statistic->count == 0; i++) {
        propose(text, "%s == peak(live.%s)", statistic->name, relations_measure_names[i]);
    }
}

static void propose_rows(struct text *text, const struct countercheck_subject *table) {
    const struct countercheck_statistic *rows[ROWS_SET_MAX];
    uint32_t count = 0;
    const struct countercheck_statistic *statistic = table->statistics;
    for (; statistic->name != NULL; statistic++) {
        bool is_row = statistic->count > 0 && statistic->kind != COUNTERCHECK_CONSTANT &&
                      (statistic->flags & COUNTERCHECK_PER_LANE) == 0;
        for (int i = 0; i < 2 * RELATIONS_TALLIES && is_row && table->class_of != NULL; i++) {
            propose(text, "each %s: %s == %scount[row]%s", statistic->name, statistic->name,
                    relations_tally_prefixes[i / 2], i % 2 == 0 ? "" : " when settled");
        }
        if (is_row && count < ROWS_SET_MAX && (count == 0 || rows[0]->count == statistic->count)) {
            rows[count++] = statistic;
        }
    }
    for (uint32_t i = 0; i < count * count * count; i++) {
        uint32_t a = i / (count * count);
        uint32_t b = i / count % count;
        uint32_t c = i % count;
        if (a != b && b != c && a != c && b < c) {
            propose(text, "each %s: %s == %s + %s", rows[a]->name, rows[a]->name, rows[b]->name,
                    rows[c]->name);
        }
    }
}

// ---- the whole

static void find_all(const struct moments *moments, struct text *text,
                     const struct countercheck_subject *table) {
    static struct search search;
    search.moments = moments;
    search.text = text;
    find_equal(&search);
    for (const struct countercheck_statistic *at = table->statistics; at->name != NULL; at++) {
        propose_history(text, at);
    }
    propose_rows(text, table);
    find_sums(&search);
    find_threes(&search);
    find_bounds(&search);
}

// A rule without a condition that holds makes the same one `when settled` needless.
static bool holds_without_condition(const struct relations *relations,
                                    const struct moments *moments, uint32_t rule) {
    const char *text = relations_rule(relations, rule)->text;
    const char *when = strstr(text, " when settled");
    for (uint32_t i = 0; when != NULL && i < rule; i++) {
        const char *other = relations_rule(relations, i)->text;
        if (moments->failed[i] == 0 && moments->evaluated[i] > 0 &&
            strlen(other) == (size_t)(when - text) && memcmp(other, text, strlen(other)) == 0) {
            return true;
        }
    }
    return false;
}

static void print_held(const struct relations *relations, const struct moments *moments) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < relations_count(relations); i++) {
        if (moments->failed[i] == 0 && moments->effective[i] > 0 &&
            !holds_without_condition(relations, moments, i)) {
            (void)printf("%-64s # %" PRIu64 " times\n", relations_rule(relations, i)->text,
                         moments->evaluated[i]);
            count++;
        }
    }
    if (count == 0) {
        cli_message("subject: nothing always held");
    }
}

static int run(struct moments *moments, double seconds, uint64_t seed) {
    static struct subject trial;
    static struct text text;
    char message[SUBJECT_MESSAGE_BYTES];
    const struct countercheck_subject *table = &machine_subject()->table;
    if (subject_open_table(&trial, table, "", message) != SUBJECT_OPEN) {
        cli_message("subject: %s", message);
        return CLI_ENVIRONMENT;
    }
    moments_name_terms(moments, &trial);
    bool has_run = moments_run(moments, &trial, seconds / 2, seed);
    subject_close(&trial);
    find_all(moments, &text, table);
    if (has_run && subject_open_table(&trial, table, text.to, message) != SUBJECT_OPEN) {
        cli_message("subject: %s", message);
        return CLI_ENVIRONMENT;
    }
    has_run = has_run && moments_run(moments, &trial, seconds / 2, seed + 1);
    if (!has_run) {
        return trials_refused();
    }
    print_held(trial.relations, moments);
    subject_close(&trial);
    if (moments->death_count > 0) {
        cli_message("subject: %" PRIu64 " processes died or ended: `subject check` says of what",
                    moments->death_count);
        return CLI_FINDING;
    }
    return CLI_CLEAN;
}

int subject_suggest(double seconds, uint64_t seed) {
    if (machine_subject()->table.statistics == NULL) {
        cli_message("subject: it has no statistics to speak of");
        return CLI_UNUSABLE;
    }
    struct moments *moments = shared_map(sizeof *moments);
    if (moments == NULL) {
        return CLI_ENVIRONMENT;
    }
    int status = run(moments, seconds, seed);
    shared_unmap(moments, sizeof *moments);
    return status;
}
