// cmd_ops: operations from binary to text and back.
#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/ops_list.h"
#include "cli/run/machine.h"
#include "cli/subject/alone.h"
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

#include <stdio.h>

static const char usage[] =
    "usage: countercheck ops [--raw] FILE                  prints it as text\n"
    "       countercheck ops [--raw] --encode TEXT -o BIN  writes it as binary\n"
    "       countercheck ops --list [--subject NAME] [NAME]\n"
    "       countercheck ops --c FILE --subject NAME [--relations F] [--calls F]\n"
    "                        [--rule LABEL]\n"
    "\n"
    "FILE and TEXT may be binary or text, told apart by their content; - is stdin,\n"
    "for BIN stdout. Both ways are lossless: what is written is the canonical form\n"
    "of the same program.\n"
    "  --list           prints the operations of the language, from its tables; with\n"
    "                   the NAME of one, all that it takes, with ranges and what\n"
    "                   holds when it is left out, and an example that runs;\n"
    "                   --subject NAME: those that this allocator has\n"
    "  --raw            takes any bytes as a program, as the fuzz targets do\n"
    "  --c              prints FILE as a C program in that allocator's own calls: it\n"
    "                   prints the statistics after each operation and ends with\n"
    "                   status 1 when a rule fails; its head says how it is compiled\n"
    "  --calls F        the calls, in place of the adapter's own (subject/README.md)\n"
    "  --rule LABEL     looks at this rule alone; else at all but those that are\n"
    "                   known to fail\n" MACHINE_HELP
    "Exit status: 0 clean, 2 unusable input or call, 3 the environment failed.\n";

static struct program program;

static int print_text(void) {
    char *text = text_print_program(&program);
    if (text == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    (void)fputs(text, stdout);
    harness_free(text);
    return cli_finish(CLI_CLEAN);
}

static int write_binary(const char *path) {
    static uint8_t bytes[PROGRAM_BYTES_MAX];
    return output_write(path, bytes, program_encode(&program, bytes, sizeof bytes));
}

// The language is a subject's where one is named; a build may have no heap of its own.
static int choose_language(void) {
    bool is_of_subject = machine_call.subject != NULL || machine_call.relations != NULL;
    return is_of_subject ? machine_choose("ops") : CLI_CLEAN;
}

static int list(const char *name) {
    int status = choose_language();
    return status == CLI_CLEAN ? ops_list(name) : status;
}

static int print_c(const struct alone_options *options, char *path, bool is_raw) {
    if (!machine_take_from("ops", &path, 1)) {
        return CLI_UNUSABLE;
    }
    if (machine_call.subject == NULL) {
        cli_message("ops: --c goes with --subject");
        return CLI_UNUSABLE;
    }
    int status = machine_choose("ops");
    if (status == CLI_CLEAN) {
        status = input_read_program_as(path, is_raw, &program);
    }
    return status == CLI_CLEAN ? alone_write(options, &program) : status;
}

// Of the ways to call it exactly one, with what goes with it.
static bool is_call(bool is_list, bool is_c, const char *encoded, const char *out,
                    const struct alone_options *alone, size_t operand_count) {
    if (is_list) {
        return !is_c && encoded == NULL && out == NULL;
    }
    if (is_c) {
        return encoded == NULL && out == NULL && operand_count == 1;
    }
    return (encoded == NULL) == (operand_count == 1) && (encoded == NULL) == (out == NULL) &&
           alone->calls_path == NULL && alone->rule == NULL;
}

int cmd_ops(int argc, char **argv) {
    const char *out = NULL;
    const char *encoded = NULL;
    bool is_raw = false;
    bool is_listed = false;
    bool is_c = false;
    struct alone_options alone = {NULL, NULL};
    const struct cli_option options[] = {
        {"--encode", NULL, &encoded},  {"-o", NULL, &out},   {"--raw", &is_raw, NULL},
        {"--list", &is_listed, NULL},  {"--c", &is_c, NULL}, {"--calls", NULL, &alone.calls_path},
        {"--rule", NULL, &alone.rule}, MACHINE_OPTIONS,      {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 0, 1};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (!is_call(is_listed, is_c, encoded, out, &alone, operand_count) || (is_listed && is_raw)) {
        cli_message("ops: either FILE, or --encode TEXT -o BIN, or --list [NAME], or --c FILE (try "
                    "--help)");
        return CLI_UNUSABLE;
    }
    if (is_listed) {
        return list(operand_count == 1 ? operands[0] : NULL);
    }
    if (is_c) {
        return print_c(&alone, operands[0], is_raw);
    }
    status = choose_language();
    if (status == CLI_CLEAN) {
        status = input_read_program_as(encoded == NULL ? operands[0] : encoded, is_raw, &program);
    }
    if (status != CLI_CLEAN) {
        return status;
    }
    return encoded == NULL ? print_text() : write_binary(out);
}
