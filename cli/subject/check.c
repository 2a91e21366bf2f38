// check: a child runs programs and tells through shared memory how far it is. Its parent minimises
// what it finds or dies of, sets that aside, and the next child goes on.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/shared.h"
#include "cli/subject/check_private.h"

#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "fuzz/execute/child.h"
#include "cli/run/machine.h"
#include "cli/run/shrink.h"
#include "cli/run/trial.h"
#include "cli/subject/trials.h"
#include "fuzz/execute/executor.h"
#include "fuzz/program/text.h"
#include "fuzz/subject/machine.h"
#include "oracle/core/harness_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEATH_TOTAL_SECONDS "20" // that making a program small takes that dies or does not end

static struct program program;
static struct shared *shared_now; // for executors that are made elsewhere

static void draw(const struct subject_check_options *options, uint64_t number) {
    trials_draw(&program, number);
    if (options->lanes != 0) {
        program.header.caches = (uint8_t)options->lanes;
    }
}

// ---- the child

static void set_aside(struct executor *executor) {
    check_set_aside(shared_now, executor_book(executor), subject_judge(executor));
}

static _Noreturn void run_child(struct shared *shared, const struct subject_check_options *options,
                                double end_seconds) {
    static struct shared before;
    const struct executor_options executor_options = {.level = ORACLE_FULL};
    const struct countercheck_subject *table = &machine_subject()->table;
    bool is_global = (table->capabilities & COUNTERCHECK_GLOBAL) != 0;
    uint32_t hang_ms = subject_hang_ms(table);
    before = *shared;
    struct executor *executor =
        executor_create(machine_now(), machine_argument(), &executor_options);
    if (executor == NULL) {
        shared->is_environment = true;
        shared->has_ended = true;
        _exit(3);
    }
    machine_prepare(executor);
    for (int count = 0; count < (is_global ? 1 : CHECK_BATCH_MAX); count++) {
        child_alarm(hang_ms);
        draw(options, shared->next_seed);
        enum verdict verdict = executor_run(executor, &program, false);
        check_tell_counts(shared, &before, executor_book(executor),
                          executor_sum(executor_counts(executor)->executed));
        shared->program_count++;
        if (verdict == VERDICT_FINDING) {
            shared->finding = *executor_finding(executor);
            shared->has_found = true;
            break;
        }
        if (verdict == VERDICT_ENVIRONMENT) {
            shared->is_environment = true;
            break;
        }
        shared->next_seed++;
        if (clock_seconds() >= end_seconds || check_is_enough(options, shared)) {
            break;
        }
    }
    child_alarm(0);
    shared->has_ended = true;
    _exit(0);
}

// ---- the parent

static void set_rule_aside(struct shared *shared) {
    const struct finding *finding = &shared->finding;
    const struct relations *relations = machine_subject()->relations;
    if (finding->rule != RULE_SUBJECT_RELATION && finding->field[0] != 0) {
        struct rule_field *field = &shared->fields_aside[shared->field_aside_count++];
        field->rule = finding->rule;
        memcpy(field->name, finding->field, sizeof field->name);
        return;
    }
    if (finding->rule != RULE_SUBJECT_RELATION) {
        shared->core_is_aside[finding->rule] = true;
        return;
    }
    for (uint32_t i = 0; i < relations_count(relations); i++) {
        if (strncmp(relations_rule(relations, i)->text, finding->sentence,
                    sizeof finding->sentence - 1) == 0) {
            shared->rule_is_aside[i] = true;
        }
    }
}

// The finding's words as they are when every operation is followed by a check: only what still
// comes behind the last one needs the end.
static void tell_where(struct subject_check_finding *found, const struct outcome *smallest) {
    const struct executor_options each = {.level = ORACLE_FULL};
    struct program_header header = program.header;
    program.header.check_every = 1;
    struct outcome outcome = trial_run_briefly(&program, &each);
    program.header = header;
    const struct outcome *best = outcome_is_same(&outcome, smallest) ? &outcome : smallest;
    memcpy(found->text, best->text, sizeof found->text);
    found->is_at_end = best->is_at_end;
}

static void minimise(struct subject_check_finding *found, bool is_death) {
    struct shrink shrink;
    struct shrink_options options = {0};
    char path[64];
    char seconds[24];
    (void)snprintf(path, sizeof path, "program %" PRIu64, found->seed);
    (void)snprintf(seconds, sizeof seconds, "%u",
                   (subject_hang_ms(&machine_subject()->table) + 999) / 1000);
    options.timeout = seconds;
    options.total = is_death ? DEATH_TOTAL_SECONDS : NULL; // each trial that hangs takes its time
    found->operation_count = program.count;
    if (shrink_program("subject", path, &options, &program, &shrink) == CLI_CLEAN) {
        found->operation_count = program.count;
        found->again = shrink.same_count;
        found->of = shrink.rerun_count;
        if (shrink.smallest.kind == OUTCOME_FINDING) {
            tell_where(found, &shrink.smallest);
        }
    }
    found->option = machine_option(&program);
    found->program = text_print_program(&program);
}

// What a child died of, in the words of a finding.
static struct subject_check_finding death_of(int status) {
    struct subject_check_finding found = {.program = NULL};
    bool hangs;
    (void)snprintf(found.text, sizeof found.text, "%s", trials_death(status, &hangs));
    (void)snprintf(found.rule, sizeof found.rule, "%s", hangs ? "hang" : "crash");
    return found;
}

static void note_finding(struct subject_check *check, struct shared *shared, int status,
                         const struct subject_check_options *options) {
    struct subject_check_finding *found = &check->findings[check->finding_count];
    const struct finding *finding = &shared->finding;
    double after_seconds = found->after_seconds;
    *found = death_of(status);
    found->after_seconds = after_seconds;
    found->seed = shared->next_seed;
    if (shared->has_found) {
        (void)snprintf(found->rule, sizeof found->rule, "%s", finding->row->name);
        (void)snprintf(found->field, sizeof found->field, "%s", finding->field);
        (void)snprintf(found->text, sizeof found->text, "%s", finding->text);
    }
    if (options->threads != 0) {
        found->option = subject_option(machine_subject(), (uint32_t)found->seed);
        found->again = check_threads_again(shared, options->threads, status);
        found->of = CHECK_AGAIN;
    } else {
        draw(options, shared->next_seed);
        minimise(found, !shared->has_found);
    }
    if (shared->has_found) {
        set_rule_aside(shared);
    }
    check->finding_count++;
    shared->next_seed++;
    shared->has_found = false;
}

// Deaths that say the same are one finding.
static bool is_known_death(const struct subject_check *check, int status) {
    const struct subject_check_finding death = death_of(status);
    for (size_t i = 0; i < check->finding_count; i++) {
        if (strcmp(check->findings[i].rule, death.rule) == 0 &&
            strcmp(check->findings[i].text, death.text) == 0) {
            return true;
        }
    }
    return false;
}

static void show_progress(const struct shared *shared, double left) {
    (void)cli_progress("%" PRIu64 " programs, %.0f s to go ", shared->program_count,
                       left > 0 ? left : 0);
}

static int run_children(const struct subject_check_options *options, struct subject_check *check,
                        struct shared *shared) {
    double begin = clock_seconds();
    double spent = 0; // on making findings small
    double end = begin + options->seconds;
    while (clock_seconds() < end && !check_is_enough(options, shared) &&
           check->finding_count < CHECK_FINDINGS_MAX) {
        show_progress(shared, end - clock_seconds());
        shared->has_ended = false;
        pid_t child = fork();
        if (child == 0 && options->threads != 0) {
            check_threads_child(shared, options, end);
        } else if (child == 0) {
            run_child(shared, options, end);
        }
        int status = child_wait(child);
        if (child < 0 || shared->is_environment) {
            return trials_refused();
        }
        bool has_died = !shared->has_ended;
        if (has_died && !shared->has_found &&
            options->threads == 0) { // nobody told the program's operations
            draw(options, shared->next_seed);
            shared->program_count++;
            shared->operation_count += program.count;
        }
        if (has_died && is_known_death(check, status)) {
            shared->next_seed++;
        } else if (shared->has_found || has_died) {
            double before = clock_seconds();
            check->findings[check->finding_count].after_seconds = before - begin - spent;
            note_finding(check, shared, status, options);
            spent += clock_seconds() - before;
            end += clock_seconds() - before;
        }
    }
    check->seconds = clock_seconds() - begin - spent;
    return CLI_CLEAN;
}

int subject_check_run(const struct subject_check_options *options, struct subject_check *check) {
    memset(check, 0, sizeof *check);
    struct shared *shared = shared_map(sizeof *shared);
    if (shared == NULL) {
        return CLI_ENVIRONMENT;
    }
    shared->next_seed = options->threads != 0 ? options->seed : trials_first(options->seed);
    shared_now = shared;
    machine_set_prepare(set_aside);
    int status = run_children(options, check, shared);
    check->program_count = shared->program_count;
    check->operation_count = shared->operation_count;
    check->barrier_count = shared->barrier_count;
    memcpy(check->rules, shared->rules, sizeof check->rules);
    memcpy(check->core_evaluated, shared->core_evaluated, sizeof check->core_evaluated);
    memcpy(check->core_failed, shared->core_failed, sizeof check->core_failed);
    machine_set_prepare(NULL);
    shared_unmap(shared, sizeof *shared);
    (void)cli_progress("");
    return status;
}

void subject_check_fini(struct subject_check *check) {
    for (size_t i = 0; i < check->finding_count; i++) {
        harness_free(check->findings[i].program);
    }
}
