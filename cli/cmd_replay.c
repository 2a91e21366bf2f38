// cmd_replay: runs operation files under the oracle, and says what it found.
#define _POSIX_C_SOURCE 200809L
#include "cli/io/cli.h"
#include "cli/run/crash.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/run/pin.h"
#include "cli/run/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: countercheck replay [--trace] [--check=cheap|full|paranoid] [--stats] [--json]\n"
    "                           [--first] [--dump OUT] [--against DUMP] [--without NAMES] "
    "[--no-expect]\n"
    "                           [--raw] FILE|DIR...\n"
    "       countercheck replay --pin FILE|DIR...\n"
    "\n"
    "Runs programs of heap operations, binary or text (told apart by their content), each on a "
    "heap of\n"
    "its own, and compares every statistic with its other accounts. All files of a directory are "
    "run.\n"
    "  --trace        prints each operation with the counters that it moved\n"
    "  --check=LEVEL  checks after every operation, so hard; else as the program says\n"
    "  --stats        prints the final statistics, and how often each rule was evaluated\n"
    "  --json         prints JSON: the statistics as one object a program, traces and findings as "
    "lines\n"
    "  --first        stops at the first program with a finding\n"
    "  --dump OUT     writes the final heap dump of the one program given; it holds all that the "
    "heap held\n"
    "  --against DUMP compares a heap dump (not compressed) with what the one program given "
    "leaves: "
    "each\n"
    "                 record, byte for byte; a difference is a finding\n"
    "  --without NAMES sets truths or rules aside, by name and with commas between (scan,model): "
    "which "
    "others\n"
    "                 see it as well? Truths: scan model identities delta kernel dump twin reach "
    "poison contents\n"
    "  --no-expect    does not check expect lines\n"
    "  --raw          takes any bytes as a program, as the fuzz targets do\n"
    "  --pin          writes the final statistics into the text FILE as expect lines, in place of "
    "those of\n"
    "                 before: a later replay compares them, and a change is a difference of the "
    "file\n"
    "Each program is run a second time (not with --trace), so that it has run on a new heap and on "
    "a used one:\n"
    "the results must be the same, to the byte of a dump.\n"
    "Exit status: 0 clean, 1 a finding, 2 unusable input or call, 3 the environment failed.\n";

#define SHOWN_BEFORE 8

struct totals {
    uint64_t programs, operations, effective, findings, bounded;
};

struct call {
    bool is_traced, has_stats, is_json, is_terminal, is_pinning, is_raw, ignores_expectations,
        is_first;
    bool every_operation; // --check was given
    enum oracle_level level;
    const char *dump_path;
    uint8_t *against; // a dump, from malloc; NULL: none
    size_t against_bytes;
    const char *without; // NULL: nothing is set aside
};

static struct program program;

static int write_dump(const struct replay *replay, const char *path) {
    int error =
        executor_machine(replay->executor)->write_dump(executor_state(replay->executor), path);
    if (error != 0) {
        cli_message("%s: %s", path, strerror(error));
        return CLI_ENVIRONMENT;
    }
    return CLI_CLEAN;
}

static int tell_finding(const struct replay *replay, const struct call *call,
                        struct totals *totals) {
    totals->findings++;
    if (call->is_json) {
        replay_print_finding_json(replay, stdout);
    } else {
        replay_print_finding(replay, &program, SHOWN_BEFORE, stdout);
    }
    return CLI_FINDING;
}

static int compare_against(const struct replay *replay, const struct call *call,
                           struct totals *totals) {
    return executor_machine(replay->executor)
                   ->compare_dump(executor_state(replay->executor), call->against,
                                  call->against_bytes)
               ? CLI_CLEAN
               : tell_finding(replay, call, totals);
}

static int tell_verdict(const struct replay *replay, enum verdict verdict, const struct call *call,
                        struct totals *totals) {
    if (verdict == VERDICT_ENVIRONMENT) {
        return cli_refused(replay->name);
    }
    if (verdict == VERDICT_FINDING) {
        return tell_finding(replay, call, totals);
    }
    if (verdict == VERDICT_WORK_BOUND) {
        totals->bounded++;
        cli_message("%s: stopped at operation %zu: more work than one program is allowed",
                    replay->name, executor_position(replay->executor));
    }
    if (call->has_stats) {
        replay_print_statistics(replay, stdout);
    }
    int status = call->against == NULL ? CLI_CLEAN : compare_against(replay, call, totals);
    return call->dump_path == NULL || status != CLI_CLEAN ? status
                                                          : write_dump(replay, call->dump_path);
}

static uint64_t sum(const uint64_t *counts) {
    uint64_t total = 0;
    for (size_t i = 0; i < OP_COUNT; i++) {
        total += counts[i];
    }
    return total;
}

// Twice: what depends on the past of the heap shows in the difference.
static enum verdict run_counted(const struct replay *replay, struct totals *totals) {
    const struct executor_counts *counts = executor_counts(replay->executor);
    uint64_t effective_before = sum(counts->effective);
    enum verdict verdict = replay_run(replay, &program);
    totals->programs++;
    totals->operations += executor_position(replay->executor);
    totals->effective += sum(counts->effective) - effective_before;
    bool is_over = verdict != VERDICT_CLEAN && verdict != VERDICT_WORK_BOUND;
    return is_over || replay->is_traced ? verdict : replay_run_again(replay);
}

static int replay_file(struct executor *executor, const char *path, const struct call *call,
                       struct totals *totals) {
    const struct replay replay = {
        .executor = executor, .name = path, .is_traced = call->is_traced, .is_json = call->is_json};
    int status = input_read_program_as(path, call->is_raw, &program);
    if (status != CLI_CLEAN) {
        return status;
    }
    if (call->every_operation) {
        program.header.check_every = 1;
    }
    return tell_verdict(&replay, run_counted(&replay, totals), call, totals);
}

static void show_progress(const struct call *call, size_t done, size_t count) {
    if (call->is_terminal && count > 1) {
        (void)fprintf(stderr, done < count ? "\r%zu of %zu" : "\r\033[K", done, count);
    }
}

static void print_summary(const struct totals *totals, const struct call *call) {
    (void)printf("%" PRIu64 " program%s, %" PRIu64 " operation%s (%" PRIu64
                 " did something)%s, %" PRIu64 " finding%s\n",
                 totals->programs, totals->programs == 1 ? "" : "s", totals->operations,
                 totals->operations == 1 ? "" : "s", totals->effective,
                 call->is_traced ? "" : ", run twice", totals->findings,
                 totals->findings == 1 ? "" : "s");
}

static bool set_aside(struct executor *executor, const char *names) {
    char name[FINDING_FIELD_BYTES];
    while (names != NULL && *names != 0) {
        size_t length = strcspn(names, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, names);
        if (!rule_set_aside(executor_book(executor), name)) {
            cli_message("replay: --without knows no truth and no rule '%s'", name);
            return false;
        }
        names += length + (names[length] == ',');
    }
    return true;
}

// The worst status wins: a finding over an unusable file, so that a script sees it.
static int replay_all(const struct input_list *list, const struct call *call) {
    char scratch[64];
    (void)snprintf(scratch, sizeof scratch, "/tmp/countercheck-dump-%ld", (long)getpid());
    const struct executor_options options = {
        .level = call->level,
        .keeps_expectations = !call->ignores_expectations,
        .final_dump = true,
        .scratch_path = scratch,
    };
    struct executor *executor = replay_open(&options);
    if (executor == NULL) {
        return CLI_ENVIRONMENT;
    }
    struct totals totals = {0};
    int worst = set_aside(executor, call->without) ? CLI_CLEAN : CLI_UNUSABLE;
    if (worst != CLI_CLEAN) {
        executor_destroy(executor);
        return worst;
    }
    crash_catch();
    for (size_t i = 0; i < list->count && worst != CLI_ENVIRONMENT; i++) {
        show_progress(call, i, list->count);
        int status = call->is_pinning ? pin_file(executor, list->paths[i])
                                      : replay_file(executor, list->paths[i], call, &totals);
        worst = status == CLI_CLEAN || worst == CLI_FINDING ? worst : status;
        if (call->is_first && worst == CLI_FINDING) {
            break;
        }
    }
    show_progress(call, list->count, list->count);
    if (!call->is_json && totals.programs > 0) {
        if (call->has_stats) {
            replay_print_rules(&(struct replay){.executor = executor}, stdout);
        }
        print_summary(&totals, call);
    }
    executor_destroy(executor);
    return cli_finish(worst);
}

int cmd_replay(int argc, char **argv) {
    const char *level = NULL;
    const char *against_path = NULL;
    struct call call = {.is_terminal = isatty(STDERR_FILENO) == 1};
    const struct cli_option options[] = {
        {"--trace", &call.is_traced, NULL}, {"--check", NULL, &level},
        {"--stats", &call.has_stats, NULL}, {"--json", &call.is_json, NULL},
        {"--first", &call.is_first, NULL},  {"--dump", NULL, &call.dump_path},
        {"--against", NULL, &against_path}, {"--without", NULL, &call.without},
        {"--pin", &call.is_pinning, NULL},  {"--no-expect", &call.ignores_expectations, NULL},
        {"--raw", &call.is_raw, NULL},      {NULL, NULL, NULL},
    };
    const struct cli_call parsed = {usage, options, 1, SIZE_MAX};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&parsed, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (!replay_parse_level("replay", level, &call.level)) {
        return CLI_UNUSABLE;
    }
    call.every_operation = level != NULL;
    if (call.is_pinning &&
        (call.is_traced || call.has_stats || call.is_json || call.is_raw ||
         call.ignores_expectations || call.every_operation || call.dump_path != NULL ||
         against_path != NULL || call.without != NULL)) {
        cli_message("replay: --pin goes with no other option");
        return CLI_UNUSABLE;
    }
    struct input_list list = {0};
    for (size_t i = 0; i < operand_count && status <= CLI_CLEAN; i++) {
        status = input_list_add(&list, operands[i]);
    }
    bool takes_one = call.dump_path != NULL || against_path != NULL;
    if (status <= CLI_CLEAN && takes_one && list.count != 1) {
        cli_message("replay: %s takes one program, not %zu",
                    call.dump_path != NULL ? "--dump" : "--against", list.count);
        status = CLI_UNUSABLE;
    }
    if (status <= CLI_CLEAN && against_path != NULL) {
        status = input_read_bytes(against_path, &call.against, &call.against_bytes);
    }
    if (status <= CLI_CLEAN) {
        status = replay_all(&list, &call);
    }
    free(call.against);
    input_list_free(&list);
    return status;
}
