// moments: a child that runs programs and looks at all numbers after each operation.
#define _POSIX_C_SOURCE 200809L
#include "cli/subject/moments.h"

#include "cli/io/clock.h"
#include "fuzz/execute/child.h"
#include "cli/subject/trials.h"
#include "fuzz/execute/executor.h"
#include "fuzz/subject/machine.h"
#include "oracle/relations/statistic.h"
#include "oracle/relations/words.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STRIDE 5 // one moment in so many is kept: more programs are seen

static struct program program;

// ---- terms

static void add_term(struct moments *moments, bool is_statistic, const char *before,
                     const char *first, const char *second) {
    if (moments->term_count < MOMENTS_TERMS_MAX) {
        struct moments_term *term = &moments->terms[moments->term_count];
        term->is_statistic = is_statistic;
        term->since = moments->term_count++;
        (void)snprintf(term->name, sizeof term->name, "%.8s%.63s%.24s", before, first, second);
    }
}

static bool is_watched(const struct countercheck_statistic *statistic) {
    return (statistic->flags & (COUNTERCHECK_ROUNDED | COUNTERCHECK_PER_LANE)) == 0;
}

// Whether what it was when the program began may be taken off.
static bool has_base(const struct countercheck_statistic *statistic) {
    return is_watched(statistic) &&
           (statistic->kind == COUNTERCHECK_GAUGE || statistic->kind == COUNTERCHECK_CUMULATIVE ||
            statistic->kind == COUNTERCHECK_PLAIN);
}

// "X - base.X", of each statistic X whose terms begin at `first`.
static void name_bases(struct moments *moments, const struct countercheck_statistic *statistic,
                       uint32_t first) {
    uint32_t since = first;
    for (; statistic->name != NULL && moments->term_count < MOMENTS_TERMS_MAX; statistic++) {
        if (has_base(statistic)) {
            struct moments_term *term = &moments->terms[moments->term_count++];
            const char *form =
                statistic->count > 0 ? "sum(%.63s) - sum(base.%.63s)" : "%.63s - base.%.63s";
            term->is_statistic = true;
            term->since = since;
            (void)snprintf(term->name, sizeof term->name, form, statistic->name, statistic->name);
        }
        since += is_watched(statistic);
    }
}

// In this order take_moment() takes their values.
void moments_name_terms(struct moments *moments, const struct subject *subject) {
    const struct countercheck_statistic *statistic = subject->table.statistics;
    moments->term_count = 0;
    for (int i = 0; i < RELATIONS_TALLIES * RELATIONS_MEASURES; i++) {
        add_term(moments, false, "", relations_tally_prefixes[i / RELATIONS_MEASURES],
                 relations_measure_names[i % RELATIONS_MEASURES]);
    }
    for (int i = 0; i < RELATIONS_OPERATIONS; i++) {
        add_term(moments, false, "", "ops.", relations_operation_names[i]);
    }
    for (int i = 0; i < RELATIONS_BACKINGS; i++) {
        add_term(moments, false, "", "backing.", relations_backing_names[i]);
    }
    for (int i = 0; i < RELATIONS_WALKS * RELATIONS_WALK_MEASURES && subject->table.walk != NULL;
         i++) {
        add_term(moments, false, "", "walk.", relations_walk_names[i]);
    }
    uint32_t first = moments->term_count;
    for (; statistic != NULL && statistic->name != NULL; statistic++) {
        if (is_watched(statistic)) {
            bool is_row = statistic->count > 0;
            add_term(moments, true, is_row ? "sum(" : "", statistic->name, is_row ? ")" : "");
        }
    }
    if (subject->table.statistics != NULL) {
        name_bases(moments, subject->table.statistics, first);
    }
}

static uint32_t take_statistics(const struct countercheck_statistic *statistic,
                                const int64_t *values, int64_t *to, uint32_t room) {
    uint32_t count = 0;
    for (; statistic != NULL && statistic->name != NULL; statistic++) {
        uint64_t sum = 0;
        for (uint32_t row = 0; row < statistic_rows(statistic); row++) {
            sum += (uint64_t)values[(size_t)row * statistic_places(statistic)];
        }
        values += statistic_numbers(statistic);
        if (is_watched(statistic) && count < room) {
            to[count++] = (int64_t)sum;
        }
    }
    return count;
}

static int64_t base[MOMENTS_TERMS_MAX]; // of the statistics, when this program began

// Behind the statistics' own terms, which begin at `first`: each less what it was then.
static void take_bases(const struct moments *moments, int64_t *values, uint32_t first,
                       uint32_t at) {
    for (; at < moments->term_count; at++) {
        uint32_t since = moments->terms[at].since;
        values[at] = (int64_t)((uint64_t)values[since] - (uint64_t)base[since - first]);
    }
}

static void take_moment(struct moments *moments, const struct countercheck_subject *table,
                        struct judge *judge) {
    const struct relations_facts *facts = judge_facts(judge);
    const int64_t *values = judge_values(judge);
    uint32_t at = 0;
    if (moments->moment_count == MOMENTS_MAX || values == NULL ||
        (table->walk != NULL && !facts->has_walk)) {
        return;
    }
    int64_t *to = moments->values[moments->moment_count];
    for (int i = 0; i < RELATIONS_TALLIES * RELATIONS_MEASURES; i++) {
        to[at++] = facts->tally[i / RELATIONS_MEASURES][i % RELATIONS_MEASURES];
    }
    memcpy(to + at, facts->operations, sizeof facts->operations);
    at += RELATIONS_OPERATIONS;
    memcpy(to + at, facts->backing, sizeof facts->backing);
    at += RELATIONS_BACKINGS;
    if (table->walk != NULL) {
        memcpy(to + at, facts->walk, sizeof facts->walk);
        at += RELATIONS_WALKS * RELATIONS_WALK_MEASURES;
    }
    uint32_t count = take_statistics(table->statistics, values, to + at, MOMENTS_TERMS_MAX - at);
    take_bases(moments, to, at, at + count);
    moments->is_settled[moments->moment_count++] = (facts->moment & RELATIONS_SETTLED) != 0;
}

// ---- the child

static void run_program(struct moments *moments, struct executor *executor,
                        const struct subject *subject, uint32_t number) {
    struct judge *judge = subject_judge(executor);
    enum verdict verdict = executor_begin(executor, &program, false);
    if (judge_values(judge) != NULL) {
        (void)take_statistics(subject->table.statistics, judge_values(judge), base,
                              MOMENTS_TERMS_MAX);
    }
    for (uint32_t i = number;
         verdict == VERDICT_CLEAN && executor_position(executor) < program.count; i++) {
        verdict = executor_step(executor);
        bool is_settled = (judge_facts(judge)->moment & RELATIONS_SETTLED) != 0;
        if (i % STRIDE == 0 || is_settled) {
            take_moment(moments, &subject->table, judge);
        }
    }
    if (verdict == VERDICT_CLEAN || verdict == VERDICT_WORK_BOUND) {
        verdict = executor_finish(executor);
        take_moment(moments, &subject->table, judge);
    }
    moments->is_environment = verdict == VERDICT_ENVIRONMENT;
}

static _Noreturn void run_child(struct moments *moments, struct subject *subject, double end) {
    const struct executor_options options = {.level = ORACLE_FULL};
    const struct relations *relations = subject->relations;
    struct executor *executor = executor_create(&subject->machine, subject, &options);
    moments->is_environment = executor == NULL;
    for (uint32_t i = 0; executor != NULL && i < relations_count(relations); i++) {
        judge_set_aside(subject_judge(executor), i);
    }
    bool is_global = (subject->table.capabilities & COUNTERCHECK_GLOBAL) != 0;
    while (!moments->is_environment && clock_seconds() < end) {
        uint64_t number = moments->next_program++; // one that ends the process is not drawn again
        trials_draw(&program, number);
        run_program(moments, executor, subject, (uint32_t)number);
        if (is_global) {
            break;
        }
    }
    for (uint32_t i = 0; i < relations_count(relations); i++) {
        const struct relations_rule *rule = relations_rule(relations, i);
        moments->evaluated[i] += rule->evaluated;
        moments->effective[i] += rule->effective;
        moments->failed[i] += rule->failed;
    }
    moments->has_ended = true;
    _exit(0);
}

bool moments_run(struct moments *moments, struct subject *subject, double seconds, uint64_t seed) {
    double end = clock_seconds() + seconds;
    language_use(&subject->language);
    moments->next_program = trials_first(seed);
    while (clock_seconds() < end) {
        moments->has_ended = false;
        pid_t child = fork();
        if (child == 0) {
            run_child(moments, subject, end);
        }
        (void)child_wait(child);
        if (child < 0 || moments->is_environment) {
            return false;
        }
        moments->death_count += !moments->has_ended;
    }
    return true;
}
