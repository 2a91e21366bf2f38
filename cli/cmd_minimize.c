// cmd_minimize: the smallest program with the same finding, or the same crash.
#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/run/machine.h"
#include "cli/run/shrink.h"
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

#include <string.h>

static const char usage[] =
    "usage: countercheck minimize [--loose] [--timeout S] [--total S] [--raw]\n"
    "                             FILE -o OUT\n"
    "\n"
    "Writes to OUT (-: stdout), as text, the smallest program that ends in the same\n"
    "finding as FILE: the same rule on the same field, the same crash, or no end.\n"
    "Each trial runs in a process of its own. What is left is run 100 times more (10\n"
    "times when they take 1 s and end the same), and how often it did is said.\n" SHRINK_HELP
    "  --raw            takes any bytes as a program, as the fuzz targets do\n" MACHINE_HELP
    "Exit status: 0 OUT is written, also when the time was over (\"not minimal\"), 2\n"
    "unusable input or call (no finding in FILE), 3 the environment failed.\n";

static struct program program;

static int write_program(const char *path) {
    char *text = machine_print_program(&program);
    if (text == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    int status = output_write(path, text, strlen(text));
    harness_free(text);
    return status;
}

static int minimize(const char *path, const char *out, const struct shrink_options *options) {
    struct shrink shrink;
    int status = shrink_program("minimize", path, options, &program, &shrink);
    if (status == CLI_CLEAN) {
        status = write_program(out);
    }
    if (status == CLI_CLEAN) {
        shrink_print(path, &shrink, &program, strcmp(out, "-") == 0 ? stderr : stdout);
    }
    return cli_finish(status);
}

int cmd_minimize(int argc, char **argv) {
    const char *out = NULL;
    bool is_raw = false;
    struct shrink_options shrink_options = {0};
    const struct cli_option options[] = {{"-o", NULL, &out},
                                         {"--raw", &is_raw, NULL},
                                         SHRINK_OPTIONS(&shrink_options),
                                         MACHINE_OPTIONS,
                                         {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 1, 1};
    char **operands;
    size_t operand_count;
    int status = machine_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (out == NULL) {
        cli_message("minimize: -o OUT is missing (try --help)");
        return CLI_UNUSABLE;
    }
    status = input_read_program_as(operands[0], is_raw, &program);
    return status == CLI_CLEAN ? minimize(operands[0], out, &shrink_options) : status;
}
