// cmd_bisect: the first operation after which a rule fails, and what it did to the numbers.
#include "cli/io/cli.h"
#include "cli/run/batch.h"
#include "cli/run/machine.h"
#include "cli/run/crash.h"
#include "cli/io/escape.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/run/replay.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck bisect [--json] [--raw] FILE\n"
    "\n"
    "Runs the program with a full check after every operation and stops at the first\n"
    "that fails: prints its text, the rule, both numbers, the change that was\n"
    "expected of it and the actual one, the operations before it, and the statistics\n"
    "that it moved, before and after.\n"
    "  --json           prints one object\n"
    "  --raw            takes any bytes as a program, as the fuzz targets do\n" MACHINE_HELP
    "Exit status: 0 no rule fails, 1 a finding, 2 unusable input or call, 3 the\n"
    "environment failed.\n";

#define SHOWN_BEFORE 10 // all of it fits a screen

static struct program program;

// About the records of a dump: the statistics that its operation moved have nothing to do with it.
static bool is_of_dump(const struct finding *finding) {
    return finding->record[0] != 0 || strncmp(finding->row->name, "dump-", 5) == 0;
}

static int bisect(const char *path, bool is_json) {
    const struct executor_options options = {.level = ORACLE_FULL,
                                             .check_each = true,
                                             .keeps_expectations = true,
                                             .final_dump = true,
                                             .final_graph = true};
    struct executor *executor = replay_open(&options);
    if (executor == NULL) {
        return CLI_ENVIRONMENT;
    }
    uint64_t before[ACCOUNT_MAX] = {0};
    const struct replay replay = {
        .executor = executor, .name = path, .is_json = is_json, .before = before};
    program.header.check_every = 1;
    crash_catch();
    crash_watch(BATCH_TIMEOUT_SECONDS, 0);
    enum verdict verdict = replay_run(&replay, &program);
    int status = CLI_CLEAN;
    if (verdict == VERDICT_ENVIRONMENT) {
        status = cli_refused(path);
    } else if (verdict == VERDICT_FINDING) {
        status = CLI_FINDING;
        if (is_json) {
            replay_print_finding_json(&replay, stdout);
        } else {
            replay_print_finding(&replay, &program, SHOWN_BEFORE, stdout);
            if (!is_of_dump(executor_finding(executor))) {
                replay_print_change(&replay, before, stdout);
            }
        }
    } else if (!is_json) {
        (void)printf("%s: no rule fails after any of its %zu operations\n", escape_shown(path),
                     executor_position(executor));
    }
    executor_destroy(executor);
    return cli_finish(status);
}

int cmd_bisect(int argc, char **argv) {
    bool is_json = false;
    bool is_raw = false;
    const struct cli_option options[] = {
        {"--json", &is_json, NULL}, {"--raw", &is_raw, NULL}, MACHINE_OPTIONS, {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 1, 1};
    char **operands;
    size_t operand_count;
    int status = machine_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    status = input_read_program_as(operands[0], is_raw, &program);
    return status == CLI_CLEAN ? bisect(operands[0], is_json) : status;
}
