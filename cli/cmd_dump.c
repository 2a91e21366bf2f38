// cmd_dump: the `dump` family of subcommands: options that they share, and which of them is called.

#include "cli/cli.h"
#include "cli/dump.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump info   FILE [--json] [--lenient]     summary on one screen\n"
    "       countercheck dump json   FILE [--lenient]              every record as a line of JSON\n"
    "       countercheck dump verify FILE [--json] [--lenient]     strict decoding and "
    "cross-checks\n"
    "       countercheck dump recode IN OUT [--lenient]            decode and encode again\n"
    "       countercheck dump diff   A B [--json] [--lenient]      what differs\n"
    "\n"
    "FILE is a heap dump of Go's runtime/debug.WriteHeapDump or of Countercheck; - is stdin; gzip, "
    "xz\n"
    "and zstd are recognised. --lenient forgives order, repeats, a missing MemStats, padded "
    "numbers,\n"
    "field kinds 2 and 3 and wide addresses, and counts what it forgave.\n"
    "Exit status: 0 clean, 1 a finding, 2 unusable input or call, 3 the environment failed.\n"
    "A dump holds whatever the heap held: passwords, keys, environment. Treat it so.\n";

static int refuse(const char *subcommand, const char *what, const char *argument) {
    cli_message("dump %s: %s%s (try --help)", subcommand, what, argument);
    return CLI_UNUSABLE;
}

static int add_option(struct dump_options *options, const char *subcommand, const char *argument,
                      const char *help) {
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        fputs(help, stdout);
        return cli_finish(CLI_CLEAN);
    }
    if (strcmp(argument, "--lenient") == 0) {
        options->lenient = true;
    } else if (strcmp(argument, "--json") == 0) {
        options->json = true;
    } else {
        return refuse(subcommand, "unknown option ", argument);
    }
    return -1;
}

int dump_options_parse(struct dump_options *options, int argc, char **argv, int file_count,
                       const char *help) {
    int files = 0;
    bool only_files = false;
    *options = (struct dump_options){.json = false};
    for (int i = 1; i < argc; i++) {
        bool is_option = !only_files && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0) {
            only_files = true;
        } else if (is_option) {
            int status = add_option(options, argv[0], argv[i], help);
            if (status >= 0) {
                return status;
            }
        } else if (files == file_count) {
            return refuse(argv[0], "one file too many: ", argv[i]);
        } else {
            options->files[files++] = argv[i];
        }
    }
    return files == file_count ? -1 : refuse(argv[0], "a file is missing", "");
}

int cmd_dump(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } subcommands[] = {
        {"info", dump_info},     {"json", dump_json}, {"verify", dump_verify},
        {"recode", dump_recode}, {"diff", dump_diff},
    };
    if (argc < 2) {
        cli_message("dump: a subcommand is missing: info, json, verify, recode or diff");
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
    return refuse("", "unknown subcommand ", argv[1]);
}
