// shrink: the minimiser with trials for a judge.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/shrink.h"

#include "cli/io/cli.h"
#include "fuzz/generate/minimizer.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static const struct executor_options options = {
    .level = ORACLE_FULL,
    .keeps_expectations = true,
    .final_dump = true,
};

struct search {
    struct shrink *shrink;
    size_t smallest;
    bool is_terminal;
};

static bool shows_the_same(void *context, const struct program *candidate) {
    struct search *search = context;
    struct outcome outcome = trial_run_briefly(candidate, &options);
    bool same = outcome_is_same(&outcome, &search->shrink->outcome);
    search->shrink->trial_count++;
    search->smallest = same ? candidate->count : search->smallest;
    if (search->is_terminal && search->shrink->trial_count % 16 == 0) {
        (void)fprintf(stderr, "\r%" PRIu64 " trials, %zu operations \033[K",
                      search->shrink->trial_count, search->smallest);
    }
    return same;
}

static void rerun(const struct program *program, struct shrink *shrink) {
    for (unsigned i = 0; i < SHRINK_RERUNS; i++) {
        struct outcome outcome = trial_run_briefly(program, &options);
        shrink->same_count += outcome_is_same(&outcome, &shrink->outcome);
    }
}

int shrink_program(const char *path, struct program *program, struct shrink *shrink) {
    *shrink =
        (struct shrink){.outcome = trial_run(program, &options), .before_count = program->count};
    if (shrink->outcome.kind == OUTCOME_UNKNOWN) {
        cli_message("%s: it cannot be run: no process or no memory", path);
        return CLI_ENVIRONMENT;
    }
    if (shrink->outcome.kind == OUTCOME_CLEAN) {
        cli_message("%s: no finding, nothing to minimize", path);
        return CLI_UNUSABLE;
    }
    struct search search = {
        .shrink = shrink, .smallest = program->count, .is_terminal = isatty(STDERR_FILENO) == 1};
    struct minimizer minimizer = {.is_same = shows_the_same, .context = &search};
    minimizer_reduce(&minimizer, program);
    rerun(program, shrink);
    if (search.is_terminal) {
        (void)fputs("\r\033[K", stderr);
    }
    return CLI_CLEAN;
}

void shrink_describe(const struct outcome *outcome, char *text, size_t size_bytes) {
    bool is_finding = outcome->kind == OUTCOME_FINDING;
    (void)snprintf(text, size_bytes, "%s%s%s", is_finding ? outcome->rule->name : "crash",
                   is_finding && outcome->field[0] == 0 ? "" : " ",
                   is_finding ? outcome->field : outcome->crash);
}

void shrink_print(const char *path, const struct shrink *shrink, const struct program *program) {
    char what[TRIAL_CRASH_BYTES + 16];
    shrink_describe(&shrink->outcome, what, sizeof what);
    (void)printf("%s: %s: %zu operations of %zu, after %" PRIu64
                 " trials; the same in %u of %d runs\n",
                 path, what, program->count, shrink->before_count, shrink->trial_count,
                 shrink->same_count, SHRINK_RERUNS);
}
