// contest: a child for each allocator; hashes of many programs first, the rows of one when they
// differ.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/shared.h"
#include "cli/subject/contest.h"

#include "cli/io/cli.h"
#include "fuzz/execute/child.h"
#include "cli/run/machine.h"
#include "cli/run/restart.h"
#include "cli/subject/trials.h"
#include "fuzz/execute/executor.h"
#include "fuzz/subject/machine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

// ---- subjects

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// 0 is no bound.
static size_t least_bound(size_t a, size_t b) {
    return a == 0 || b == 0 ? a + b : least(a, b);
}

// What one has not, none may be asked for; what allocators may do as they like (whether an object
// grows where it is, what a fault refuses) is not asked.
static void leave_common(struct contest *contest) {
    struct countercheck_subject common = contest->subjects[0].table;
    uint32_t capabilities = contest->subjects[0].language.capabilities;
    common.alignment_max = subject_alignment_max(&common);
    for (size_t i = 0; i < contest->count; i++) {
        const struct countercheck_subject *table = &contest->subjects[i].table;
        capabilities &= contest->subjects[i].language.capabilities;
        common.alignment = least(common.alignment, table->alignment);
        common.alignment_max = least(common.alignment_max, subject_alignment_max(table));
        common.size_max = least_bound(common.size_max, table->size_max);
        common.allocate_zeroed = table->allocate_zeroed == NULL ? NULL : common.allocate_zeroed;
        contest->has_no_contents =
            contest->has_no_contents || (table->capabilities & COUNTERCHECK_REMOTE) != 0;
    }
    capabilities &= ~(LANGUAGE_HAS(EXPAND) | LANGUAGE_HAS(FAULT));
    for (size_t i = 0; i < contest->count; i++) {
        struct subject *subject = &contest->subjects[i];
        subject->language.capabilities = capabilities;
        subject->table.alignment = common.alignment;
        subject->table.alignment_max = common.alignment_max;
        subject->table.size_max = common.size_max;
        if (common.allocate_zeroed == NULL) {
            subject->table.allocate_zeroed = NULL;
        }
    }
}

int contest_open(struct contest *contest, char *const *names, size_t count) {
    int status = CLI_CLEAN;
    for (size_t i = 0; i < count && status == CLI_CLEAN; i++) {
        status = restart_with("subject", names[i], subject_environment(names[i]));
    }
    for (size_t i = 0; i < count && status == CLI_CLEAN; i++) {
        status = machine_open_other("subject", names[i], "", &contest->subjects[i]);
        contest->count += status == CLI_CLEAN;
    }
    if (status == CLI_CLEAN) {
        contest->told = shared_map(count * sizeof *contest->told);
        status = contest->told == NULL ? CLI_ENVIRONMENT : CLI_CLEAN;
    }
    if (status == CLI_CLEAN) {
        leave_common(contest);
        language_use(&contest->subjects[0].language);
    }
    return status;
}

void contest_close(struct contest *contest) {
    if (contest->told != NULL) {
        shared_unmap(contest->told, contest->count * sizeof *contest->told);
    }
    for (size_t i = 0; i < contest->count; i++) {
        subject_close(&contest->subjects[i]);
    }
}

// Whether it may have no room where another has.
static bool is_bounded(const struct subject *subject) {
    return subject->table.arena_bytes != 0;
}

// ---- programs

void contest_normalise(const struct contest *contest, struct program *program) {
    size_t most = contest->subjects[0].table.size_max;
    program->header.seed = 0;
    program->header.check_every = 0;
    program->header.fault_at = 0;
    for (size_t i = 0; i < program->count; i++) {
        enum operation_code code = operation_code(program->operations[i]);
        if (operation_has(code, OPERAND_SIZE)) {
            size_t size_bytes = operation_size(program->operations[i]);
            size_bytes = most == 0 || size_bytes <= most ? size_bytes : most;
            program->operations[i] = operation_set(program->operations[i], OPERAND_SIZE,
                                                   size_bytes == 0 ? 1 : (uint32_t)size_bytes);
        }
    }
}

void contest_draw(const struct contest *contest, struct program *program, uint64_t number) {
    trials_draw(program, number);
    contest_normalise(contest, program);
}

// ---- the child

static struct executor *make_executor(struct contest *contest, size_t number) {
    static const char *const aside[] = {"subject-kind",    "subject-read", "subject-steady",
                                        "subject-failed",  "subject-walk", "subject-verify",
                                        "subject-relation"};
    const struct executor_options options = {.level = ORACLE_CHEAP};
    struct contest_told *told = &contest->told[number];
    struct subject *subject = &contest->subjects[number];
    struct executor *executor = executor_create(&subject->machine, subject, &options);
    if (executor == NULL) {
        told->is_environment = true;
        return NULL;
    }
    for (size_t i = 0; i < sizeof aside / sizeof aside[0]; i++) {
        (void)rule_set_aside(executor_book(executor), aside[i]);
    }
    told->results.has_no_contents = contest->has_no_contents;
    subject_tell_results(executor, &told->results);
    return executor;
}

static void run_one(struct contest_told *told, struct executor *executor,
                    const struct program *program) {
    enum verdict verdict = executor_run(executor, program, false);
    told->is_environment = verdict == VERDICT_ENVIRONMENT;
    told->end = verdict == VERDICT_FINDING ? CONTEST_FINDING : CONTEST_CLEAN;
    if (verdict == VERDICT_FINDING) {
        const struct finding *finding = executor_finding(executor);
        (void)snprintf(told->text, sizeof told->text, "%s: %s", finding->row->name, finding->text);
    }
    told->hashes[told->done_count] = told->results.hash ^ (uint64_t)told->end;
    told->call_count += told->results.count;
    told->done_count++;
}

// `program`: one that is given, or NULL: those of a batch.
static _Noreturn void run_child(struct contest *contest, size_t number, uint64_t first,
                                const struct program *program) {
    static struct program drawn;
    struct contest_told *told = &contest->told[number];
    uint32_t hang_ms = subject_hang_ms(&contest->subjects[number].table);
    struct executor *executor = make_executor(contest, number);
    uint32_t count = program == NULL ? CONTEST_BATCH : 1;
    while (!told->is_environment && told->done_count < count) {
        child_alarm(hang_ms);
        if (program == NULL) {
            contest_draw(contest, &drawn, first + told->done_count);
        }
        run_one(told, executor, program == NULL ? &drawn : program);
        if (told->end == CONTEST_FINDING) {
            break; // its heap is no longer to be trusted
        }
    }
    child_alarm(0);
    told->has_ended = true;
    _exit(0);
}

static bool run_all(struct contest *contest, uint64_t first, const struct program *program) {
    for (size_t i = 0; i < contest->count; i++) {
        struct contest_told *told = &contest->told[i];
        told->done_count = 0;
        told->call_count = 0;
        told->is_environment = false;
        told->has_ended = false;
        told->end = CONTEST_CLEAN;
        told->text[0] = 0;
        results_begin(&told->results);
        pid_t child = fork();
        if (child == 0) {
            run_child(contest, i, first, program);
        }
        int status = child_wait(child);
        if (child < 0 || told->is_environment) {
            (void)trials_refused();
            return false;
        }
        if (!told->has_ended) {
            bool hangs;
            (void)snprintf(told->text, sizeof told->text, "%s", trials_death(status, &hangs));
            told->end = hangs ? CONTEST_HUNG : CONTEST_DIED;
        }
    }
    return true;
}

// ---- differences

bool contest_batch(struct contest *contest, uint64_t first, uint32_t *alike_count) {
    if (!run_all(contest, first, NULL)) {
        return false;
    }
    uint32_t alike = CONTEST_BATCH;
    for (size_t i = 0; i < contest->count; i++) {
        const struct contest_told *told = &contest->told[i];
        uint32_t whole_count = told->done_count - (told->end == CONTEST_FINDING);
        alike = whole_count < alike ? whole_count : alike;
        for (uint32_t at = 0; at < alike; at++) {
            alike = told->hashes[at] == contest->told[0].hashes[at] ? alike : at;
        }
    }
    *alike_count = alike;
    return true;
}

static bool differ(const struct contest *contest, const uint64_t *values) {
    for (size_t i = 1; i < contest->count; i++) {
        if (values[i] != values[0]) {
            return true;
        }
    }
    return false;
}

// The row of that number, which all of them have: sets where and in what they differ.
static void compare_rows(const struct contest *contest, uint32_t row,
                         struct contest_difference *difference) {
    for (int kind = 0; kind < RESULT_KINDS && !difference->is_there; kind++) {
        difference->is_refusal = false;
        for (size_t i = 0; i < contest->count; i++) {
            difference->values[i] = contest->told[i].results.rows[row].values[kind];
            difference->is_refusal =
                difference->is_refusal || (kind == RESULT_GIVEN && difference->values[i] == 0 &&
                                           is_bounded(&contest->subjects[i]));
        }
        difference->is_there = differ(contest, difference->values);
        difference->kind = kind;
        difference->operation = contest->told[0].results.rows[row].operation;
    }
}

static void compare_ends(const struct contest *contest, struct contest_difference *difference) {
    difference->is_refusal = false;
    difference->kind = RESULT_KINDS;
    for (size_t i = 0; i < contest->count; i++) {
        const struct contest_told *told = &contest->told[i];
        difference->values[i] = told->end;
        if (told->end != CONTEST_CLEAN && difference->text[0] == 0) {
            (void)snprintf(difference->text, sizeof difference->text, "%s", told->text);
            difference->operation = told->results.operation;
        }
    }
    difference->is_there = differ(contest, difference->values);
}

bool contest_one(struct contest *contest, const struct program *program,
                 struct contest_difference *difference) {
    static struct program normal;
    normal = *program;
    contest_normalise(contest, &normal);
    memset(difference, 0, sizeof *difference);
    if (!run_all(contest, 0, &normal)) {
        return false;
    }
    uint32_t row_count = contest->told[0].results.count;
    for (size_t i = 1; i < contest->count; i++) {
        uint32_t count = contest->told[i].results.count;
        row_count = count < row_count ? count : row_count;
    }
    for (uint32_t row = 0; row < row_count && !difference->is_there; row++) {
        compare_rows(contest, row, difference);
    }
    if (!difference->is_there) {
        compare_ends(contest, difference);
    }
    return true;
}
