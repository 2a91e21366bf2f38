// shrink: the minimiser with trials for a judge, and a clock that ends it.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/shrink.h"

#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "cli/io/escape.h"
#include "fuzz/generate/minimizer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MIN_MS 1000
#define TIMEOUT_MAX_MS 10000
#define TIMEOUT_RUNS   10 // times the first run
#define FIRST_SHARE    4  // of the whole time the first run has, where it hangs
#define HANG_SHARE     16 // of the whole time each trial of what hangs has
#define SECONDS_MAX    86400
#define RERUN_MS       500  // that a few reruns have, though the time is over
#define STEADY_RUNS    10   // that say enough where all were the same,
#define STEADY_MS      1000 // and took so long

static const struct executor_options whole = {
    .level = ORACLE_FULL,
    .keeps_expectations = true,
    .final_dump = true,
    .final_graph = true,
};

struct search {
    const char *path;
    struct shrink *shrink;
    struct minimizer *minimizer;
    struct trial trial;
    bool is_loose;
    bool is_over;    // nothing is taken away any more: how often it shows is counted
    size_t smallest; // operations
    int64_t begin_ms, end_ms, shown_ms;
};

static void show_progress(void *context) {
    struct search *search = context;
    const struct shrink *shrink = search->shrink;
    if (search->is_over) {
        cli_tell(&search->shown_ms,
                 "%" PRId64 " s: %zu operation%s left; run again %u of %d times, the same in %u",
                 (clock_ms() - search->begin_ms) / 1000, search->smallest, cli_s(search->smallest),
                 shrink->rerun_count, SHRINK_RERUNS, shrink->same_count);
        return;
    }
    cli_tell(&search->shown_ms, "%" PRId64 " s: %" PRIu64 " trial%s, %zu of %zu operations left",
             (clock_ms() - search->begin_ms) / 1000, shrink->trial_count,
             cli_s(shrink->trial_count), search->smallest, shrink->before_count);
}

static bool is_wanted(const struct search *search, const struct outcome *outcome) {
    return search->is_loose ? outcome_is_same(outcome, &search->shrink->outcome)
                            : outcome_is_exact(outcome, &search->shrink->outcome);
}

// What hangs takes all the time that a run may.
static int64_t run_ms(const struct search *search) {
    return search->shrink->outcome.kind == OUTCOME_HANG ? search->trial.timeout_ms : 0;
}

static bool shows_the_same(void *context, const struct program *candidate) {
    struct search *search = context;
    // this run, and one that shows it again
    if (clock_ms() + 2 * run_ms(search) >= search->end_ms) {
        search->shrink->is_cut = true;
        search->minimizer->trial_limit = search->minimizer->trial_count; // no more
        return false;
    }
    struct outcome outcome = trial_run_as(&search->trial, candidate);
    bool same = is_wanted(search, &outcome);
    search->shrink->trial_count++;
    search->smallest = same ? candidate->count : search->smallest;
    show_progress(search);
    return same;
}

// Asked behind the tenth alone: a run takes long, or does not.
static bool is_steady(const struct shrink *shrink, int64_t begin_ms) {
    return shrink->same_count == shrink->rerun_count && shrink->rerun_count == STEADY_RUNS &&
           clock_ms() - begin_ms >= STEADY_MS;
}

static void rerun(struct search *search, const struct program *program) {
    struct shrink *shrink = search->shrink;
    search->is_over = true;
    int64_t begin = clock_ms();
    int64_t end = begin + RERUN_MS > search->end_ms ? begin + RERUN_MS : search->end_ms;
    while (shrink->rerun_count < SHRINK_RERUNS && !is_steady(shrink, begin) &&
           (shrink->rerun_count == 0 || clock_ms() + run_ms(search) < end)) {
        struct outcome outcome = trial_run_as(&search->trial, program);
        shrink->rerun_count++;
        if (is_wanted(search, &outcome)) {
            shrink->same_count++;
            shrink->smallest = outcome;
        }
        show_progress(search);
    }
}

// Seconds as a number on the command line, in milliseconds; 0: not given. False: told.
static bool read_seconds(const char *subcommand, const char *name, const char *text, uint32_t *ms) {
    uint64_t seconds = 0;
    *ms = 0;
    if (text == NULL) {
        return true;
    }
    if (!cli_count(subcommand, name, text, SECONDS_MAX, &seconds)) {
        return false;
    }
    *ms = (uint32_t)seconds * 1000;
    return true;
}

static uint32_t timeout_after(uint32_t first_ms) {
    uint32_t timeout_ms = first_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : first_ms * TIMEOUT_RUNS;
    timeout_ms = timeout_ms < TIMEOUT_MIN_MS ? TIMEOUT_MIN_MS : timeout_ms;
    return timeout_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : timeout_ms;
}

static uint32_t at_most(uint32_t ms, uint32_t most_ms) {
    return ms < most_ms ? ms : most_ms;
}

// A run that hangs takes all the time that it may: it leaves some for trials.
static uint32_t share_of(uint32_t total_ms, uint32_t share) {
    return total_ms / share < TIMEOUT_MIN_MS ? TIMEOUT_MIN_MS : total_ms / share;
}

static uint32_t trial_timeout(const struct outcome *first, uint32_t total_ms) {
    uint32_t timeout_ms = timeout_after(first->took_ms);
    return first->kind == OUTCOME_HANG ? at_most(timeout_ms, share_of(total_ms, HANG_SHARE))
                                       : timeout_ms;
}

static int check_first(const char *path, const struct outcome *outcome) {
    if (outcome->kind == OUTCOME_UNKNOWN) {
        cli_message("%s: it cannot be run: no process or no memory", path);
        return CLI_ENVIRONMENT;
    }
    if (outcome->kind == OUTCOME_CLEAN) {
        cli_message("%s: no finding, nothing to minimize", path);
        return CLI_UNUSABLE;
    }
    return CLI_CLEAN;
}

int shrink_program(const char *subcommand, const char *path, const struct shrink_options *options,
                   struct program *program, struct shrink *shrink) {
    uint32_t total_ms;
    struct search search = {.path = path,
                            .shrink = shrink,
                            .trial = {.options = &whole, .tick = show_progress},
                            .is_loose = options->is_loose,
                            .smallest = program->count,
                            .begin_ms = clock_ms()};
    struct minimizer minimizer = {.is_same = shows_the_same, .context = &search};
    search.minimizer = &minimizer;
    search.trial.context = &search;
    search.shown_ms = search.begin_ms;
    *shrink = (struct shrink){.before_count = program->count};
    if (!read_seconds(subcommand, "--timeout", options->timeout, &search.trial.timeout_ms) ||
        !read_seconds(subcommand, "--total",
                      options->total == NULL ? SHRINK_TOTAL_SECONDS : options->total, &total_ms)) {
        return CLI_UNUSABLE;
    }
    search.end_ms = search.begin_ms + total_ms;
    if (options->timeout == NULL) {
        search.trial.timeout_ms = at_most(TRIAL_MS, share_of(total_ms, FIRST_SHARE));
    }
    search.trial.timeout_ms = at_most(search.trial.timeout_ms, total_ms);
    shrink->outcome = trial_run_as(&search.trial, program);
    int status = check_first(path, &shrink->outcome);
    if (status == CLI_CLEAN) {
        search.trial.is_brief = true;
        if (options->timeout == NULL) {
            search.trial.timeout_ms = trial_timeout(&shrink->outcome, total_ms);
        }
        shrink->smallest = shrink->outcome;
        minimizer_reduce(&minimizer, program);
        if (options->timeout == NULL && shrink->outcome.kind != OUTCOME_HANG) {
            search.trial.timeout_ms = TIMEOUT_MAX_MS; // a busy machine's pause is no other outcome
        }
        rerun(&search, program);
    }
    (void)cli_progress("");
    return status;
}

void shrink_describe(const struct outcome *outcome, char *text, size_t size_bytes) {
    bool is_finding = outcome->kind == OUTCOME_FINDING;
    if (outcome->kind == OUTCOME_HANG) {
        (void)snprintf(text, size_bytes, "hang");
        return;
    }
    (void)snprintf(text, size_bytes, "%s%s%s", is_finding ? outcome->rule->name : "crash",
                   is_finding && outcome->field[0] == 0 ? "" : " ",
                   is_finding ? outcome->field : outcome->crash);
}

void shrink_print(const char *path, const struct shrink *shrink, const struct program *program,
                  FILE *stream) {
    char what[TRIAL_CRASH_BYTES + 16];
    shrink_describe(&shrink->outcome, what, sizeof what);
    (void)fprintf(
        stream,
        "%s: %s: %zu operation%s of %zu, after %" PRIu64 " trial%s; the same in %u of %u runs%s\n",
        escape_shown(path), escape_shown(what), program->count, cli_s(program->count),
        shrink->before_count, shrink->trial_count, cli_s(shrink->trial_count), shrink->same_count,
        shrink->rerun_count, shrink->is_cut ? "; not minimal: the time was over" : "");
}
