// options: the options that all `dump` subcommands share.
#include "cli/io/options.h"

#include "cli/dump/dump.h"

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
