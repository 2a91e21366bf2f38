// main: countercheck, one command with subcommands.
#define _POSIX_C_SOURCE 200809L
#include "cli/io/cli.h"
#include "cli/run/apart.h"
#include "cli/run/machine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef COUNTERCHECK_VERSION
#define COUNTERCHECK_VERSION "unknown"
#endif

static const struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} subcommands[] = {
    {"replay", cmd_replay, "run programs of heap operations under the oracle"},
    {"minimize", cmd_minimize, "the smallest program with the same finding"},
    {"adopt", cmd_adopt, "make a regression test of what fuzzing found"},
    {"bisect", cmd_bisect, "the first operation after which a rule fails"},
    {"ops", cmd_ops, "operations between binary and text"},
    {"soak", cmd_soak, "random programs for a while"},
    {"accounts", cmd_accounts, "which numbers two builds report differently"},
    {"subject", cmd_subject, "check another allocator by what its author says of its numbers"},
    {"dump", cmd_dump, "read, check, compare heap dumps"},
    {"record", cmd_record, "a real program's allocations, written to a trace"},
    {"trace", cmd_trace, "what is in a trace"},
};

static void print_usage(FILE *stream) {
    (void)fputs("usage: countercheck SUBCOMMAND ...\n\n", stream);
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        (void)fprintf(stream, "  %-9s %s\n", subcommands[i].name, subcommands[i].summary);
    }
    (void)fputs("\n--help behind a subcommand explains it; --version prints the version.\n"
                "Exit status: 0 clean, 1 a finding, 2 unusable input or call, 3 the environment\n"
                "failed.\n",
                stream);
}

int main(int argc, char **argv) {
    static char buffer[BUFSIZ]; // none from malloc, which may be what is judged
    (void)setvbuf(stdout, buffer, isatty(STDOUT_FILENO) == 1 ? _IOLBF : _IOFBF, sizeof buffer);
    if (argc < 2) {
        print_usage(stderr);
        return CLI_UNUSABLE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return cli_finish(CLI_CLEAN);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("countercheck " COUNTERCHECK_VERSION);
        return cli_finish(CLI_CLEAN);
    }
    machine_add_own();
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0) {
            return apart_end(subcommands[i].run(argc - 1, argv + 1));
        }
    }
    cli_message("unknown subcommand '%s' (try --help)", argv[1]);
    return CLI_UNUSABLE;
}
