// options: the options that all `dump` subcommands share.

#include "cli/dump/dump.h"
#include "cli/io/cli.h"
#include "cli/io/options.h"

#include <errno.h>
#include <stdlib.h>

int dump_options_parse(struct dump_options *options, int argc, char **argv, size_t file_count,
                       bool has_json, const char *help) {
    const struct cli_option both[] = {
        {.name = "--lenient", .flag = &options->lenient},
        {.name = has_json ? "--json" : NULL, .flag = &options->json},
        {.name = NULL},
    };
    const struct cli_call call = {
        .usage = help, .options = both, .operands_min = file_count, .operands_max = file_count};
    char **files;
    size_t count;
    *options = (struct dump_options){.json = false};
    int status = cli_parse(&call, argc, argv, &files, &count);
    for (size_t i = 0; status < 0 && i < count; i++) {
        options->files[i] = files[i];
    }
    return status;
}

bool dump_address(const char *subcommand, const char *text, uint64_t *address) {
    char *end = NULL;
    errno = 0;
    *address = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0) {
        cli_message("dump %s: '%s' is no address: 0x... or a decimal number", subcommand, text);
        return false;
    }
    return true;
}
