// html: `dump html`: a page that shows the dump in a browser, without a network.

#include "cli/dump/dump.h"
#include "cli/dump/export/page.h"
#include "cli/dump/export/picture.h"
#include "cli/dump/graph/holding.h"

static const char usage[] =
    "usage: countercheck dump html FILE OUT [--binary PROGRAM] [--lenient]\n"
    "                              [--memory-limit BYTES]\n"
    "One page for a browser, below 5 MB whatever the dump, that loads nothing: a\n"
    "treemap of what objects retain, a table to sort and filter, the way from a root\n"
    "to each object, goroutines, sizes. It has the 12,000 objects that retain most,\n"
    "and says how many it leaves out. OUT is made as by recode; - is stdout.\n" HOLDING_BINARY_HELP;

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
        status = picture_write(&holding, PAGE_OBJECTS_MAX, operands[1], page_write);
        holding_close(&holding);
    }
    return status;
}
