// cmd_subject: foreign allocators: which there are, what one exposes, and a first verdict on it.
#define _POSIX_C_SOURCE 200809L
#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/options.h"
#include "cli/run/machine.h"
#include "cli/run/replay.h"
#include "cli/subject/check.h"
#include "cli/subject/compare.h"
#include "cli/subject/new.h"
#include "cli/subject/strength.h"
#include "cli/subject/suggest.h"
#include "cli/subject/trials.h"
#include "fuzz/subject/crowd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck subject list\n"
    "       countercheck subject new NAME\n"
    "       countercheck subject suggest NAME|ADAPTER.so [--seconds N] [--seed S]\n"
    "       countercheck subject describe NAME [--relations F]\n"
    "       countercheck subject check NAME|ADAPTER.so [--relations F] [--seconds N]\n"
    "                    [--seed S] [--operations N] [--lanes N | --threads N]\n"
    "                    [--strength [--only NAME]] [--json]\n"
    "       countercheck subject compare NAME|ADAPTER.so NAME|ADAPTER.so...\n"
    "                    [--seconds N] [--seed S] [--json]\n"
    "\n"
    "A subject is an allocator that an adapter describes by a table of functions\n"
    "(subject.h), with a text that says what its statistics mean. NAME is one that\n"
    "list prints; a path with a slash is loaded, which runs its code.\n"
    "  list             what there is: built in, and in the folders of adapters\n"
    "  new              the folder NAME with an adapter and relations that give a\n"
    "                   verdict at once\n"
    "  suggest          relations that always held in N seconds of programs (10):\n"
    "                   keep what is meant\n"
    "  describe         what it has: functions, statistics, rules\n"
    "  check            drawn programs for N seconds (5), every rule after every\n"
    "                   operation: each rule with how often it was evaluated, how\n"
    "                   often a side had moved, how often it failed; each failed rule\n"
    "                   once, with the smallest program that shows it\n"
    "  compare          one program on all of them for N seconds (5), what their\n"
    "                   calls gave held against each other: an object or nothing, its\n"
    "                   alignment, its bytes, its size; each difference once, made\n"
    "                   small\n"
    "  --operations N   ends when so many were run, which is the same on every\n"
    "                   machine; --seconds (600) then bounds it\n"
    "  --threads N      instead of programs: N real threads (2 to 8) call a subject\n"
    "                   that takes threads, as they like; all rules and all bytes are\n"
    "                   looked at where all stand still. A finding has no program: it\n"
    "                   says how often its seed shows it, and the command that tries\n"
    "                   again\n"
    "  --strength       instead: each statistic is altered when it is read, in six\n"
    "                   ways; the share that the rules notice; status 1 below 90 %\n"
    "  --only NAME      of the statistics whose names begin so alone\n"
    "Exit status: 0 clean, 1 a finding, or a rule that was never evaluated or that\n"
    "nothing moved; 2 unusable input or call, 3 the environment failed.\n";

// The name, and the version where the table has one.
static void print_who(const struct countercheck_subject *table) {
    (void)printf("%s", table->name);
    if (table->version != NULL) {
        (void)printf(" %s", table->version);
    }
}

// ---- list

static void print_name(void *context, const char *name, bool is_built_in) {
    (void)context;
    (void)printf("%-16s %s\n", name, is_built_in ? "built in" : "adapter");
}

static int list(void) {
    subject_list(print_name, NULL);
    return cli_finish(CLI_CLEAN);
}

// ---- describe

static void print_functions(const struct countercheck_subject *table) {
    const struct {
        const char *name;
        bool is_there;
    } functions[] = {{"allocate", true},
                     {"allocate_zeroed", table->allocate_zeroed != NULL},
                     {"allocate_aligned", table->allocate_aligned != NULL},
                     {"reallocate", table->reallocate != NULL},
                     {"expand", table->expand != NULL},
                     {"release", table->release != NULL},
                     {"release_sized", table->release_sized != NULL},
                     {"drop", table->drop != NULL},
                     {"reset", table->reset != NULL},
                     {"usable", table->usable != NULL},
                     {"footprint", table->footprint != NULL},
                     {"class_of", table->class_of != NULL},
                     {"flush", table->flush != NULL},
                     {"purge", table->purge != NULL},
                     {"collect", table->collect != NULL},
                     {"settle", table->settle != NULL},
                     {"reset_peaks", table->reset_peaks != NULL},
                     {"walk", table->walk != NULL},
                     {"verify", table->verify != NULL}};
    (void)printf("has      ");
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (functions[i].is_there) {
            (void)printf(" %s", functions[i].name);
        }
    }
    (void)printf("\nhas not  ");
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (!functions[i].is_there) {
            (void)printf(" %s", functions[i].name);
        }
    }
    (void)putchar('\n');
}

static void print_statistics(const struct countercheck_subject *table) {
    static const char *const kinds[] = {"gauge",  "cumulative", "peak",
                                        "trough", "constant",   "plain"};
    const struct countercheck_statistic *statistic = table->statistics;
    for (; statistic != NULL && statistic->name != NULL; statistic++) {
        char rows[24] = "";
        if (statistic->count > 0) {
            (void)snprintf(rows, sizeof rows, "[%" PRIu32 "]", statistic->count);
        }
        (void)printf("  %-24s %-5s %-10s %s%s\n", statistic->name, rows, kinds[statistic->kind],
                     statistic->of == NULL ? "" : "of ",
                     statistic->of == NULL ? "" : statistic->of);
    }
}

static void print_environment(const struct countercheck_subject *table) {
    const char *const *one = table->environment;
    for (; one != NULL && *one != NULL; one++) {
        (void)printf("set       %s\n", escape_shown(*one));
    }
}

static int describe(void) {
    const struct subject *subject = machine_subject();
    const struct countercheck_subject *table = &subject->table;
    (void)printf("subject   ");
    print_who(table);
    (void)putchar('\n');
    (void)printf("lanes     %s\nmemory    ",
                 (table->capabilities & COUNTERCHECK_THREADS) != 0 ? "threads" : "one");
    if (table->arena_bytes != 0) {
        (void)printf("an arena of %zu bytes\n", table->arena_bytes);
    } else {
        (void)printf("%s\n", (table->capabilities & COUNTERCHECK_GLOBAL) != 0
                                 ? "its own, one to a process"
                                 : "its own, or the harness's");
    }
    print_environment(table);
    print_functions(table);
    (void)printf("statistics\n");
    print_statistics(table);
    (void)printf("rules\n");
    for (uint32_t i = 0; i < relations_count(subject->relations); i++) {
        (void)printf("  %s\n", relations_rule(subject->relations, i)->text);
    }
    return cli_finish(CLI_CLEAN);
}

// ---- check

#define FULL_SECONDS 5 // a run of less may leave a rule unmoved

// Whether a rule has shown nothing. Of threads none is expected to: what a rule asks of the moment
// behind a call is not known there.
static bool is_loud(const struct subject_check_options *options, const struct relations_rule *rule,
                    const struct subject_check_rule *counts) {
    bool is_unneeded = rule->slack != NULL && counts->unequal == 0;
    bool is_still = counts->effective == 0 && !counts->moves && !rule->is_still &&
                    options->seconds >= FULL_SECONDS;
    return options->threads == 0 && !rule->is_elsewhere &&
           (counts->evaluated == 0 || is_unneeded || is_still);
}

static void print_mark(const struct subject_check_options *options,
                       const struct relations_rule *rule, const struct subject_check_rule *counts) {
    if (counts->failed > 0) {
        (void)printf("%s", rule->is_known ? "known" : "FAILED");
    } else if (rule->is_elsewhere) {
        (void)printf("of another version");
    } else if (counts->evaluated == 0) {
        (void)printf("%s", options->threads == 0 ? "NEVER EVALUATED" : "not of threads");
    } else if (counts->effective == 0) {
        (void)printf("%s", rule->is_still  ? "still"
                           : counts->moves ? "never moved"
                                           : "NEVER MOVED");
    } else if (rule->slack != NULL && counts->unequal == 0) {
        (void)printf("slack never needed");
    } else if (rule->slack != NULL) {
        (void)printf("slack %s: %" PRIu64 " times", rule->slack, counts->unequal);
    }
    (void)putchar('\n');
}

static void print_rules(const struct subject_check_options *options,
                        const struct subject_check *check) {
    const struct relations *relations = machine_subject()->relations;
    (void)printf("%-56s %11s %11s %9s\n", "rule", "evaluated", "moved", "failed");
    for (uint32_t i = 0; i < relations_count(relations); i++) {
        const struct relations_rule *rule = relations_rule(relations, i);
        const struct subject_check_rule *counts = &check->rules[i];
        (void)printf("%-56.56s %11" PRIu64 " %11" PRIu64 " %9" PRIu64 "  ", rule->text,
                     counts->evaluated, counts->effective, counts->failed);
        print_mark(options, rule, counts);
    }
    for (unsigned i = RULE_SUBJECT_OVERLAP; i < RULE_SUBJECT_RELATION; i++) {
        bool is_known = relations_known(relations, i) != NULL;
        if (check->core_evaluated[i] > 0) {
            (void)printf("%-56s %11" PRIu64 " %11s %9" PRIu64 "  %s\n", core_rules.rows[i].name,
                         check->core_evaluated[i], "", check->core_failed[i],
                         check->core_failed[i] == 0 ? ""
                         : is_known                 ? "known"
                                                    : "FAILED");
        }
    }
}

static void print_again(const struct subject_check_options *options,
                        const struct subject_check_finding *finding) {
    (void)printf("countercheck subject check ");
    escape_print_word(machine_call.subject, stdout);
    if (machine_call.relations != NULL) {
        (void)printf(" --relations ");
        escape_print_word(machine_call.relations, stdout);
    }
    (void)printf(" --threads %" PRIu32 " --seed %" PRIu64 " --seconds %.0f", options->threads,
                 finding->seed, options->seconds);
}

static void print_finding(const struct subject_check_options *options,
                          const struct subject_check_finding *finding, size_t number) {
    char option[160] = "";
    if (finding->option != NULL) {
        (void)snprintf(option, sizeof option, ", under the option %s",
                       escape_shown(finding->option));
    }
    (void)printf("\n%zu. %s%s%s\n   %s\n", number, finding->rule,
                 finding->field[0] == 0 ? "" : ": ", finding->field, finding->text);
    if (options->threads != 0) {
        (void)printf("   seed %" PRIu64 ", %" PRIu32 " threads%s, after %.1f s; found in %" PRIu32
                     " of %" PRIu32 " more lives of that seed\n   again: ",
                     finding->seed, options->threads, option, finding->after_seconds,
                     finding->again, finding->of);
        print_again(options, finding);
        (void)putchar('\n');
        return;
    }
    (void)printf("   %zu operation%s%s%s:\n", finding->operation_count,
                 cli_s(finding->operation_count), option,
                 finding->is_at_end ? ", and the end: lanes flushed, lanes ended, all freed" : "");
    trials_print_program(finding->program);
    if (finding->again < finding->of) {
        (void)printf("   found in %" PRIu32 " of %" PRIu32 " more runs of it\n", finding->again,
                     finding->of);
    }
}

static void print_check(const struct subject_check_options *options,
                        const struct subject_check *check) {
    const struct countercheck_subject *table = &machine_subject()->table;
    double rate = check->seconds > 0 ? (double)check->operation_count / check->seconds : 0;
    print_who(table);
    (void)printf(": %" PRIu64, check->program_count);
    if (options->threads != 0) {
        (void)printf(" lives of %" PRIu32 " thread%s, %" PRIu64 " operations, %" PRIu64
                     " checks where all stood still, %.0f operations/s\n",
                     options->threads, cli_s(options->threads), check->operation_count,
                     check->barrier_count, rate);
    } else {
        (void)printf(" program%s, %" PRIu64 " operation%s, each checked, %.0f operations/s\n",
                     cli_s(check->program_count), check->operation_count,
                     cli_s(check->operation_count), rate);
    }
    print_rules(options, check);
    for (size_t i = 0; i < check->finding_count; i++) {
        print_finding(options, &check->findings[i], i + 1);
    }
    if (check->finding_count == 0) {
        (void)printf("no finding\n");
    }
}

// The rules that need no line.
static void print_json_free(const struct subject_check *check) {
    const struct relations *relations = machine_subject()->relations;
    (void)printf("],\"free\":[");
    for (unsigned i = RULE_SUBJECT_OVERLAP; i < RULE_SUBJECT_RELATION; i++) {
        (void)printf(
            "%s{\"rule\":\"%s\",\"evaluated\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"known\":%s}",
            i == RULE_SUBJECT_OVERLAP ? "" : ",", core_rules.rows[i].name, check->core_evaluated[i],
            check->core_failed[i], relations_known(relations, i) == NULL ? "false" : "true");
    }
}

static void print_json(const struct subject_check_options *options,
                       const struct subject_check *check) {
    const struct countercheck_subject *table = &machine_subject()->table;
    const struct relations *relations = machine_subject()->relations;
    (void)printf("{\"subject\":\"%s\",\"programs\":%" PRIu64 ",\"operations\":%" PRIu64
                 ",\"threads\":%" PRIu32 ",\"barriers\":%" PRIu64 ",\"seconds\":%.3f,\"rules\":[",
                 table->name, check->program_count, check->operation_count, options->threads,
                 check->barrier_count, check->seconds);
    for (uint32_t i = 0; i < relations_count(relations); i++) {
        const struct relations_rule *rule = relations_rule(relations, i);
        (void)printf("%s{\"text\":", i == 0 ? "" : ",");
        replay_print_json_string(rule->text, stdout);
        (void)printf(",\"evaluated\":%" PRIu64 ",\"effective\":%" PRIu64 ",\"failed\":%" PRIu64
                     ",\"moves\":%s,\"known\":%s,\"still\":%s,\"slack\":%s,\"unequal\":%" PRIu64
                     "}",
                     check->rules[i].evaluated, check->rules[i].effective, check->rules[i].failed,
                     check->rules[i].moves ? "true" : "false", rule->is_known ? "true" : "false",
                     rule->is_still ? "true" : "false", rule->slack == NULL ? "false" : "true",
                     check->rules[i].unequal);
    }
    print_json_free(check);
    (void)printf("],\"findings\":[");
    for (size_t i = 0; i < check->finding_count; i++) {
        const struct subject_check_finding *finding = &check->findings[i];
        (void)printf("%s{\"rule\":\"%s\",\"field\":", i == 0 ? "" : ",", finding->rule);
        replay_print_json_string(finding->field, stdout);
        (void)printf(",\"text\":");
        replay_print_json_string(finding->text, stdout);
        (void)printf(",\"operations\":%zu,\"at_end\":%s,\"program\":", finding->operation_count,
                     finding->is_at_end ? "true" : "false");
        replay_print_json_string(finding->program == NULL ? "" : finding->program, stdout);
        (void)printf(",\"option\":");
        if (finding->option == NULL) {
            (void)printf("null");
        } else {
            replay_print_json_string(finding->option, stdout);
        }
        (void)printf(",\"seed\":%" PRIu64 ",\"again\":%" PRIu32 ",\"of\":%" PRIu32 "}",
                     finding->seed, finding->again, finding->of);
    }
    (void)printf("]}\n");
}

static int check(const struct subject_check_options *options, bool is_json) {
    static struct subject_check result;
    int status = subject_check_run(options, &result);
    if (status == CLI_CLEAN) {
        const struct relations *relations = machine_subject()->relations;
        for (uint32_t i = 0; i < relations_count(relations); i++) {
            bool is_finding = is_loud(options, relations_rule(relations, i), &result.rules[i]);
            status = is_finding ? CLI_FINDING : status;
        }
        status = result.finding_count > 0 ? CLI_FINDING : status;
        if (is_json) {
            print_json(options, &result);
        } else {
            print_check(options, &result);
        }
    }
    subject_check_fini(&result);
    return cli_finish(status);
}

struct words { // what the command line says, before it is understood
    const char *seconds, *operations, *seed, *lanes, *threads, *only;
    bool is_json, is_strength;
};

static int run_on_one(const char *verb, const char *name, const struct words *words,
                      const struct subject_check_options *options) {
    machine_call.subject = name;
    int status = machine_choose("subject");
    if (status != CLI_CLEAN) {
        return status;
    }
    if (strcmp(verb, "suggest") == 0) {
        return cli_finish(subject_suggest(options->seconds, options->seed));
    }
    if (strcmp(verb, "describe") == 0) {
        return describe();
    }
    const char *why = options->threads == 0 ? NULL : crowd_refuses(&machine_subject()->table);
    if (why != NULL) {
        cli_message("subject: %s takes no --threads: %s", machine_subject()->table.name, why);
        return CLI_UNUSABLE;
    }
    return words->is_strength
               ? cli_finish(subject_strength(options->seed, words->only, words->is_json))
               : check(options, words->is_json);
}

static int run(char **operands, size_t operand_count, const struct words *words) {
    const char *verb = operands[0];
    bool is_compare = strcmp(verb, "compare") == 0;
    const char *seconds = words->seconds;
    uint64_t second_count;
    uint64_t lane_count = 0;
    uint64_t thread_count = 0;
    struct subject_check_options options = {0};
    if (!cli_number("subject", "--operations", words->operations, UINT64_MAX,
                    &options.operations)) {
        return CLI_UNUSABLE;
    }
    if (seconds == NULL) {
        seconds = strcmp(verb, "suggest") == 0 ? "10" : options.operations > 0 ? "600" : "5";
    }
    if (!cli_count("subject", "--seconds", seconds, 86400, &second_count) ||
        !cli_number("subject", "--seed", words->seed, UINT32_MAX, &options.seed) ||
        (words->lanes != NULL &&
         !cli_count("subject", "--lanes", words->lanes, PROGRAM_CACHES_MAX, &lane_count)) ||
        (words->threads != NULL &&
         !cli_count("subject", "--threads", words->threads, CROWD_THREADS_MAX, &thread_count))) {
        return CLI_UNUSABLE;
    }
    bool has_threads = words->threads != NULL;
    if (has_threads && (thread_count < CROWD_THREADS_MIN || lane_count != 0 || words->is_strength ||
                        strcmp(verb, "check") != 0)) {
        cli_message("subject: --threads N is of check, 2 to 8, without --lanes and --strength");
        return CLI_UNUSABLE;
    }
    if (words->only != NULL && !words->is_strength) {
        cli_message("subject: --only NAME goes with --strength");
        return CLI_UNUSABLE;
    }
    options.seconds = (double)second_count;
    options.lanes = (uint32_t)lane_count;
    options.threads = (uint32_t)thread_count;
    if (is_compare) {
        const struct compare_options compare = {options.seconds, options.seed, words->is_json};
        return cli_finish(subject_compare(operands + 1, operand_count - 1, &compare));
    }
    return run_on_one(verb, operands[1], words, &options);
}

// Whether the verb takes so many names.
static bool is_call(const char *verb, size_t name_count) {
    static const struct {
        const char *verb;
        size_t least, most;
    } verbs[] = {{"list", 0, 0},     {"new", 1, 1},   {"suggest", 1, 1},
                 {"describe", 1, 1}, {"check", 1, 1}, {"compare", 2, COMPARE_SUBJECTS_MAX}};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) == 0) {
            return name_count >= verbs[i].least && name_count <= verbs[i].most;
        }
    }
    return false;
}

int cmd_subject(int argc, char **argv) {
    struct words words = {.operations = "0", .seed = "1"};
    const struct cli_option options[] = {{"--seconds", NULL, &words.seconds},
                                         {"--operations", NULL, &words.operations},
                                         {"--seed", NULL, &words.seed},
                                         {"--lanes", NULL, &words.lanes},
                                         {"--threads", NULL, &words.threads},
                                         {"--only", NULL, &words.only},
                                         {"--json", &words.is_json, NULL},
                                         {"--strength", &words.is_strength, NULL},
                                         {"--relations", NULL, &machine_call.relations},
                                         {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 1, 1 + COMPARE_SUBJECTS_MAX};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (!is_call(operands[0], operand_count - 1)) {
        cli_message("subject: list, new NAME, describe NAME, check NAME, suggest NAME, or compare "
                    "NAME NAME... (try --help)");
        return CLI_UNUSABLE;
    }
    if (strcmp(operands[0], "list") == 0) {
        return list();
    }
    if (strcmp(operands[0], "new") == 0) {
        return cli_finish(subject_new(operands[1]));
    }
    return run(operands, operand_count, &words);
}
