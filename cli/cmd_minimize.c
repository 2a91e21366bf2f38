// cmd_minimize: the smallest program with the same finding, or the same crash.
#define _POSIX_C_SOURCE 200809L
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/trial.h"
#include "fuzz/minimizer.h"
#include "fuzz/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: countercheck minimize FILE -o OUT\n"
    "\n"
    "Writes to OUT, as text, the smallest program that ends in the same finding as FILE: the same "
    "rule on\n"
    "the same field, or the same crash. Each trial runs in a process of its own.\n"
    "Exit status: 0 OUT is written, 2 unusable input or call (no finding in FILE), 3 the "
    "environment\n"
    "failed.\n";

struct search {
    struct executor_options options;
    struct outcome wanted;
    size_t smallest;
    uint64_t trial_count;
    bool is_terminal;
};

static struct program program;

static bool shows_the_same(void *context, const struct program *candidate) {
    struct search *search = context;
    struct outcome outcome = trial_run(candidate, &search->options);
    bool same = outcome_is_same(&outcome, &search->wanted);
    search->trial_count++;
    search->smallest = same ? candidate->count : search->smallest;
    if (search->is_terminal && search->trial_count % 16 == 0) {
        (void)fprintf(stderr, "\r%" PRIu64 " trials, %zu operations \033[K", search->trial_count,
                      search->smallest);
    }
    return same;
}

static void tell_outcome(const char *path, const struct search *search, size_t before) {
    const struct outcome *wanted = &search->wanted;
    const char *what = wanted->kind == OUTCOME_FINDING ? rule_names[wanted->rule] : wanted->crash;
    (void)printf("%s: %s%s%s: %zu operations of %zu, after %" PRIu64 " trials\n", path, what,
                 wanted->field[0] == 0 ? "" : " ", wanted->field, program.count, before,
                 search->trial_count);
}

static int write_program(const char *path) {
    char *text = text_print_program(&program);
    if (text == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    int status = output_write(path, text, strlen(text));
    free(text);
    return status;
}

// The cadence of the program finds what it finds; when a check after every operation finds the
// same, that is plainer.
static int minimize(const char *path, const char *out) {
    struct search search = {
        .options = {.level = ORACLE_FULL, .keeps_expectations = true, .final_dump = true},
        .is_terminal = isatty(STDERR_FILENO) == 1,
    };
    size_t before = program.count;
    search.wanted = trial_run(&program, &search.options);
    if (search.wanted.kind == OUTCOME_UNKNOWN) {
        cli_message("%s: it cannot be run: no process or no memory", path);
        return CLI_ENVIRONMENT;
    }
    if (search.wanted.kind == OUTCOME_CLEAN) {
        cli_message("%s: no finding, nothing to minimize", path);
        return CLI_UNUSABLE;
    }
    struct minimizer minimizer = {.is_same = shows_the_same, .context = &search};
    search.smallest = before;
    minimizer_reduce(&minimizer, &program);
    if (search.is_terminal) {
        (void)fputs("\r\033[K", stderr);
    }
    int status = write_program(out);
    if (status == CLI_CLEAN) {
        tell_outcome(path, &search, before);
    }
    return cli_finish(status);
}

int cmd_minimize(int argc, char **argv) {
    const char *out = NULL;
    const struct cli_option options[] = {{"-o", NULL, &out}, {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 1, 1};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (out == NULL) {
        cli_message("minimize: -o OUT is missing (try --help)");
        return CLI_UNUSABLE;
    }
    status = input_read_program(operands[0], &program);
    return status == CLI_CLEAN ? minimize(operands[0], out) : status;
}
