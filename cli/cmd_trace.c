// cmd_trace: the `trace` family of subcommands: which of them is called.
#include "cli/io/cli.h"
#include "cli/trace/trace.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck trace info FILE [--json] [--svg OUT]    a trace in numbers\n"
    "       countercheck trace fold FILE [OPTION]...    lines for a flame graph\n"
    "       countercheck trace pprof FILE [-o OUT]    for `go tool pprof`\n"
    "       countercheck trace ops  FILE [--window A..B]    as a program\n"
    "       countercheck trace replay FILE [OPTION]...     on an allocator, judged\n"
    "       countercheck trace compare SUBJECT... FILE    what each one takes\n"
    "\n"
    "FILE is what `countercheck record` wrote: each allocation and free of a real\n"
    "program.\n"
    "Exit status: 0 clean, 1 a finding, 2 unusable input or call, 3 the environment\n"
    "failed.\n";

int cmd_trace(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } subcommands[] = {{"info", trace_info}, {"fold", trace_fold},     {"pprof", trace_pprof},
                       {"ops", trace_ops},   {"replay", trace_replay}, {"compare", trace_compare}};
    if (argc < 2) {
        cli_message("trace: a subcommand is missing (try --help)");
        return CLI_UNUSABLE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        (void)fputs(usage, stdout);
        return cli_finish(CLI_CLEAN);
    }
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0) {
            return subcommands[i].run(argc - 1, argv + 1);
        }
    }
    cli_message("trace: unknown subcommand %s (try --help)", argv[1]);
    return CLI_UNUSABLE;
}
