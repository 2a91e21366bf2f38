// cmd_ops: operations from binary to text and back.
#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/ops_list.h"
#include "cli/run/machine.h"
#include "fuzz/program/text.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: countercheck ops [--raw] FILE                  prints the operations as text\n"
    "       countercheck ops [--raw] --encode TEXT -o BIN  writes them as binary\n"
    "       countercheck ops --list [--subject NAME] [NAME]\n"
    "\n"
    "FILE and TEXT may be binary or text, told apart by their content; - is stdin. Both ways are\n"
    "lossless: what is written is the canonical form of the same program.\n"
    "  --list prints the operations of the language, from its tables; with the NAME of one, all\n"
    "         that it takes, with ranges and what holds when it is left out, and an example that "
    "runs;\n"
    "         --subject NAME: those that this allocator has\n"
    "  --raw  takes any bytes as a program, as the fuzz targets do\n"
    "Exit status: 0 clean, 2 unusable input or call, 3 the environment failed.\n";

static struct program program;

static int print_text(void) {
    char *text = text_print_program(&program);
    if (text == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    (void)fputs(text, stdout);
    free(text);
    return cli_finish(CLI_CLEAN);
}

static int write_binary(const char *path) {
    static uint8_t bytes[PROGRAM_BYTES_MAX];
    return output_write(path, bytes, program_encode(&program, bytes, sizeof bytes));
}

int cmd_ops(int argc, char **argv) {
    const char *out = NULL;
    const char *encoded = NULL;
    bool is_raw = false;
    bool is_listed = false;
    const struct cli_option options[] = {
        {"--encode", NULL, &encoded}, {"-o", NULL, &out}, {"--raw", &is_raw, NULL},
        {"--list", &is_listed, NULL}, MACHINE_OPTIONS,    {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 0, 1};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    bool is_of_subject = machine_call.subject != NULL || machine_call.relations != NULL;
    status =
        is_of_subject ? machine_choose("ops") : CLI_CLEAN; // a build may have no heap of its own
    if (status != CLI_CLEAN) {
        return status;
    }
    if (is_listed && encoded == NULL && out == NULL && !is_raw) {
        return ops_list(operand_count == 1 ? operands[0] : NULL);
    }
    if (is_listed || (encoded == NULL) != (operand_count == 1) ||
        (encoded == NULL) != (out == NULL)) {
        cli_message("ops: either FILE, or --encode TEXT -o BIN, or --list [NAME] (try --help)");
        return CLI_UNUSABLE;
    }
    status = input_read_program_as(encoded == NULL ? operands[0] : encoded, is_raw, &program);
    if (status != CLI_CLEAN) {
        return status;
    }
    return encoded == NULL ? print_text() : write_binary(out);
}
