// cmd_dump: the `dump` family of subcommands: which of them is called.

#include "cli/io/cli.h"
#include "cli/dump/dump.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump info   FILE [--json] [--lenient]  summary on one screen\n"
    "       countercheck dump json   FILE [OPTION]...           records as JSON\n"
    "       countercheck dump verify FILE [--json] [--lenient]  strict cross-checks\n"
    "       countercheck dump recode IN OUT [OPTION]...         decode, encode again\n"
    "       countercheck dump redact IN OUT [OPTION]...         without its data\n"
    "       countercheck dump diff   A B [C...] [OPTION]...     what differs, or grew\n"
    "       countercheck dump top    FILE [OPTION]...           what takes the memory\n"
    "       countercheck dump retained FILE [OPTION]...         who keeps how much\n"
    "       countercheck dump path FILE ADDRESS... [OPTION]...  how roots lead to it\n"
    "       countercheck dump roots  FILE [OPTION]...           all roots\n"
    "       countercheck dump goroutines FILE [OPTION]...       by their stacks\n"
    "       countercheck dump object FILE ADDRESS [OPTION]...   bytes, out and in\n"
    "       countercheck dump find   FILE [OPTION]...           objects by contents\n"
    "       countercheck dump spans  FILE [OPTION]...           how full spans are\n"
    "       countercheck dump duplicates FILE [OPTION]...       the same bytes again\n"
    "       countercheck dump pprof  FILE [OPTION]...           a profile for pprof\n"
    "       countercheck dump dot    FILE [OPTION]...           a Graphviz picture\n"
    "       countercheck dump html   FILE OUT [OPTION]...       a page for a browser\n"
    "\n"
    "FILE is a heap dump of Go's runtime/debug.WriteHeapDump or of Countercheck; - is\n"
    "stdin; gzip, xz and zstd are recognised. --lenient forgives order, repeats, a\n"
    "missing MemStats, padded numbers, field kinds 2 and 3 and wide addresses, and\n"
    "counts what it forgave.\n"
    "Exit status: 0 clean, 1 a finding, 2 unusable input or call, 3 the environment\n"
    "failed.\n"
    "A dump holds whatever the heap held: passwords, keys, environment. Treat it so.\n";

int cmd_dump(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } subcommands[] = {
        {"info", dump_info},
        {"json", dump_json},
        {"verify", dump_verify},
        {"recode", dump_recode},
        {"redact", dump_redact},
        {"diff", dump_diff},
        {"top", dump_top},
        {"retained", dump_retained},
        {"path", dump_path},
        {"roots", dump_roots},
        {"goroutines", dump_goroutines},
        {"object", dump_object},
        {"find", dump_find},
        {"spans", dump_spans},
        {"duplicates", dump_duplicates},
        {"pprof", dump_pprof},
        {"dot", dump_dot},
        {"html", dump_html},
    };
    if (argc < 2) {
        cli_message("dump: a subcommand is missing (try --help)");
        return CLI_UNUSABLE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(usage, stdout);
        return cli_finish(CLI_CLEAN);
    }
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0) {
            return subcommands[i].run(argc - 1, argv + 1);
        }
    }
    cli_message("dump: unknown subcommand %s (try --help)", argv[1]);
    return CLI_UNUSABLE;
}
