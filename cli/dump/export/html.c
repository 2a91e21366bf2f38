// html: `dump html`: a page that shows the dump in a browser, without a network.

#include "cli/dump/copy/target.h"
#include "cli/dump/dump.h"
#include "cli/dump/export/page.h"
#include "cli/dump/graph/holding.h"
#include "cli/io/cli.h"

static const char usage[] =
    "usage: countercheck dump html FILE OUT [--binary PROGRAM] [--lenient]\n"
    "                              [--memory-limit BYTES]\n"
    "One page for a browser, below 5 MB whatever the dump, that loads nothing: a\n"
    "treemap of what objects retain, a table to sort and filter, the way from a root\n"
    "to each object, goroutines, sizes. It has the 12,000 objects that retain most,\n"
    "and says how many it leaves out. OUT is made as by recode; - is stdout.\n" HOLDING_BINARY_HELP;

static int run(struct holding *holding, const char *to) {
    struct explain explain;
    struct kept kept = {.count = 0};
    struct text text = {.bytes = NULL};
    int status = explain_read(&explain, holding);
    if (status == CLI_CLEAN) {
        bool has_memory = kept_choose(&kept, holding->graph, PAGE_OBJECTS_MAX) &&
                          page_write(&text, holding->path, &kept, &explain);
        if (has_memory) {
            status = target_write(to, text.bytes, text.used);
        } else {
            cli_message("%s: out of memory", holding->path);
            status = CLI_ENVIRONMENT;
        }
    }
    explain_fini(&explain);
    kept_fini(&kept);
    text_finish(&text); // nothing of it was kept for stdout
    return status;
}

int dump_html(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const struct cli_option table[] = {{.name = "--lenient", .flag = &options.lenient},
                                       {.name = "--memory-limit", .value = &options.memory_limit},
                                       HOLDING_BINARY(options){.name = NULL}};
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 2, .operands_max = 2};
    char **operands;
    size_t count;
    struct holding holding;
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    if (holding_open(&holding, "html", operands[0], &options, &status)) {
        status = run(&holding, operands[1]);
        holding_close(&holding);
    }
    return status;
}
