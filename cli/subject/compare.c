// compare: draws programs until the time is over; a difference is made small, told, and not looked
// for again.
#include "cli/subject/compare.h"

#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "cli/run/replay.h"
#include "cli/subject/contest.h"
#include "cli/subject/trials.h"
#include "fuzz/generate/minimizer.h"
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FOUND_MAX          16
#define TRIALS_SHARE       4    // times --seconds, to make one difference small
#define TRIALS_MIN_SECONDS 20.0 // for what ends: a hang takes its whole time in each trial

static const char *const kind_names[] = {"given", "aligned", "usable", "contents", "end"};
static const char *const end_names[] = {"clean", "a finding", "death", "hang"};

struct found {
    struct contest_difference difference;
    char *program; // minimised, from malloc; NULL: out of memory
    char operation[TEXT_LINE_BYTES];
    size_t operation_count;
};

struct comparison {
    struct contest contest;
    uint64_t program_count, call_count;
    uint64_t refusal_count, together_count, lone_count; // programs that were not compared whole
    double asked_seconds, seconds;
    struct found found[FOUND_MAX];
    size_t found_count;
};

// ---- the same difference

// Who is like the first one, as bits: what a difference is told apart by, beside its kind.
static uint32_t sides_of(const struct comparison *comparison,
                         const struct contest_difference *difference) {
    uint32_t sides = 0;
    for (size_t i = 0; i < comparison->contest.count; i++) {
        sides |= (uint32_t)(difference->values[i] == difference->values[0]) << i;
    }
    return sides;
}

static bool are_same(const struct comparison *comparison, const struct contest_difference *a,
                     const struct contest_difference *b) {
    return a->is_there && b->is_there && a->is_refusal == b->is_refusal && a->kind == b->kind &&
           sides_of(comparison, a) == sides_of(comparison, b);
}

static bool is_known(const struct comparison *comparison,
                     const struct contest_difference *difference) {
    for (size_t i = 0; i < comparison->found_count; i++) {
        if (are_same(comparison, &comparison->found[i].difference, difference)) {
            return true;
        }
    }
    return false;
}

struct search {
    struct comparison *comparison;
    struct contest_difference wanted;
    double end; // of all trials: then the smallest so far is taken
    bool has_failed;
};

static bool is_same(void *context, const struct program *candidate) {
    struct search *search = context;
    struct contest_difference difference;
    if (search->has_failed || clock_seconds() >= search->end) {
        return false;
    }
    search->has_failed = !contest_one(&search->comparison->contest, candidate, &difference);
    return !search->has_failed && are_same(search->comparison, &difference, &search->wanted);
}

// ---- search

static double trials_seconds(const struct comparison *comparison) {
    double seconds = TRIALS_SHARE * comparison->asked_seconds;
    for (size_t i = 0; i < comparison->contest.count; i++) {
        if (comparison->contest.told[i].end == CONTEST_HUNG) {
            return seconds;
        }
    }
    return seconds > TRIALS_MIN_SECONDS ? seconds : TRIALS_MIN_SECONDS;
}

static bool keep(struct comparison *comparison, struct program *program,
                 const struct contest_difference *difference) {
    double end = clock_seconds() + trials_seconds(comparison);
    struct search search = {comparison, *difference, end, false};
    struct minimizer minimizer = {.is_same = is_same, .context = &search};
    struct found *found = &comparison->found[comparison->found_count];
    minimizer_reduce(&minimizer, program);
    if (search.has_failed || !contest_one(&comparison->contest, program, &found->difference)) {
        return false;
    }
    contest_normalise(&comparison->contest, program); // as it was run
    uint32_t at = found->difference.operation;
    if (at < program->count) {
        (void)text_print_operation(program->operations[at], found->operation,
                                   sizeof found->operation);
    }
    found->operation_count = program->count;
    found->program = text_print_program(program);
    comparison->found_count++;
    return true;
}

// The first program of a batch that is not alike.
static bool look_at(struct comparison *comparison, uint64_t number) {
    static struct program program;
    struct contest_difference difference;
    contest_draw(&comparison->contest, &program, number);
    if (!contest_one(&comparison->contest, &program, &difference)) {
        return false;
    }
    if (!difference.is_there && comparison->contest.told[0].end != CONTEST_CLEAN) {
        comparison->together_count++;
    } else if (!difference.is_there) { // it came of what the programs before it had left
        comparison->lone_count++;
    } else if (difference.is_refusal) {
        comparison->refusal_count++;
    } else if (!is_known(comparison, &difference)) {
        return keep(comparison, &program, &difference);
    }
    return true;
}

static bool run(struct comparison *comparison, const struct compare_options *options) {
    double begin = clock_seconds();
    double end = begin + options->seconds;
    comparison->asked_seconds = options->seconds;
    double spent = 0; // on making findings small
    uint64_t number = trials_first(options->seed);
    while (clock_seconds() < end && comparison->found_count < FOUND_MAX) {
        uint32_t alike_count;
        if (!contest_batch(&comparison->contest, number, &alike_count)) {
            return false;
        }
        number += alike_count;
        comparison->program_count += alike_count;
        comparison->call_count += comparison->contest.told[0].call_count;
        if (alike_count < CONTEST_BATCH) {
            double before = clock_seconds();
            if (!look_at(comparison, number)) {
                return false;
            }
            spent += clock_seconds() - before;
            end += clock_seconds() - before;
            number++;
            comparison->program_count++;
        }
    }
    comparison->seconds = clock_seconds() - begin - spent;
    return true;
}

// ---- print

static void print_value(const struct contest_difference *difference, size_t subject, char *text,
                        size_t text_bytes) {
    static const char *const words[][2] = {
        {"nothing", "an object"}, {"misaligned", "aligned"}, {"too few bytes", "enough bytes"}};
    uint64_t value = difference->values[subject];
    if (difference->kind == RESULT_KINDS) {
        (void)snprintf(text, text_bytes, "%s", end_names[value]);
    } else if (difference->kind == RESULT_CONTENTS) {
        (void)snprintf(text, text_bytes, "bytes %016" PRIx64, value);
    } else {
        (void)snprintf(text, text_bytes, "%s", words[difference->kind][value != 0]);
    }
}

static void print_found(const struct comparison *comparison, size_t number) {
    const struct found *found = &comparison->found[number];
    char value[64];
    (void)printf("\n%zu. %s at operation %" PRIu32 ": %s\n", number + 1,
                 kind_names[found->difference.kind], found->difference.operation, found->operation);
    for (size_t i = 0; i < comparison->contest.count; i++) {
        print_value(&found->difference, i, value, sizeof value);
        (void)printf("   %-16s %s\n", comparison->contest.subjects[i].table.name, value);
    }
    if (found->difference.text[0] != 0) {
        (void)printf("   %s\n", found->difference.text);
    }
    (void)printf("   %zu operation%s:\n", found->operation_count, cli_s(found->operation_count));
    trials_print_program(found->program);
}

static void print_text(const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->contest.count; i++) {
        const struct countercheck_subject *table = &comparison->contest.subjects[i].table;
        (void)printf("%s%s %s", i == 0 ? "" : ", ", table->name,
                     table->version == NULL ? "" : table->version);
    }
    (void)printf(
        ": %" PRIu64 " program%s, %" PRIu64 " calls of each, %.0f programs/s\n",
        comparison->program_count, cli_s(comparison->program_count), comparison->call_count,
        comparison->seconds > 0 ? (double)comparison->program_count / comparison->seconds : 0);
    if (comparison->refusal_count > 0) {
        (void)printf("%" PRIu64 " program%s compared only up to where an arena was full\n",
                     comparison->refusal_count, cli_s(comparison->refusal_count));
    }
    if (comparison->together_count > 0) {
        (void)printf("%" PRIu64 " program%s ended alike in all of them, and badly\n",
                     comparison->together_count, cli_s(comparison->together_count));
    }
    if (comparison->lone_count > 0) {
        (void)printf("%" PRIu64 " program%s differed behind others, and not alone\n",
                     comparison->lone_count, cli_s(comparison->lone_count));
    }
    for (size_t i = 0; i < comparison->found_count; i++) {
        print_found(comparison, i);
    }
    if (comparison->found_count == 0) {
        (void)printf("no difference\n");
    }
}

static void print_json(const struct comparison *comparison) {
    char value[64];
    (void)printf("{\"subjects\":[");
    for (size_t i = 0; i < comparison->contest.count; i++) {
        (void)printf("%s\"%s\"", i == 0 ? "" : ",", comparison->contest.subjects[i].table.name);
    }
    (void)printf("],\"programs\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"cut\":%" PRIu64
                 ",\"together\":%" PRIu64 ",\"lone\":%" PRIu64
                 ",\"seconds\":%.3f,\"differences\":[",
                 comparison->program_count, comparison->call_count, comparison->refusal_count,
                 comparison->together_count, comparison->lone_count, comparison->seconds);
    for (size_t at = 0; at < comparison->found_count; at++) {
        const struct found *found = &comparison->found[at];
        (void)printf("%s{\"kind\":\"%s\",\"operation\":%" PRIu32 ",\"values\":[",
                     at == 0 ? "" : ",", kind_names[found->difference.kind],
                     found->difference.operation);
        for (size_t i = 0; i < comparison->contest.count; i++) {
            print_value(&found->difference, i, value, sizeof value);
            (void)printf("%s\"%s\"", i == 0 ? "" : ",", value);
        }
        (void)printf("],\"text\":");
        replay_print_json_string(found->difference.text, stdout);
        (void)printf(",\"operations\":%zu,\"program\":", found->operation_count);
        replay_print_json_string(found->program == NULL ? "" : found->program, stdout);
        (void)printf("}");
    }
    (void)printf("]}\n");
}

int subject_compare(char *const *names, size_t count, const struct compare_options *options) {
    static struct comparison comparison;
    int status = contest_open(&comparison.contest, names, count);
    if (status == CLI_CLEAN) {
        status = run(&comparison, options) ? CLI_CLEAN : CLI_ENVIRONMENT;
    }
    if (status == CLI_CLEAN) {
        (options->is_json ? print_json : print_text)(&comparison);
        status = comparison.found_count > 0 ? CLI_FINDING : CLI_CLEAN;
    }
    for (size_t i = 0; i < comparison.found_count; i++) {
        harness_free(comparison.found[i].program);
    }
    contest_close(&comparison.contest);
    return status;
}
