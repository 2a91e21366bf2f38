// options: the command line of a subcommand, by a table; what is wrong with it becomes one line and
// status 2.
#ifndef CLI_IO_OPTIONS_H
#define CLI_IO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One option, and where what it says goes.
struct cli_option {
    const char *name;   // "--seed" or "-o"
    bool *flag;         // set when it is given; NULL: it takes a value
    const char **value; // "--seed 7" or "--seed=7"
};

// What a subcommand takes.
struct cli_call {
    const char *usage;                // what --help prints
    const struct cli_option *options; // ends with a NULL name
    size_t operands_min, operands_max;
};

// Sorts argv into options and operands; `operands` points into argv, of which the order is changed.
// -1: go on; else the status to exit with (help was printed, or a message).
int cli_parse(const struct cli_call *call, int argc, char **argv, char ***operands,
              size_t *operand_count);

// A whole number up to `max`; false: a message was printed.
bool cli_number(const char *subcommand, const char *name, const char *text, uint64_t max,
                uint64_t *value);
// The same from 1 on, of what must not be none.
bool cli_count(const char *subcommand, const char *name, const char *text, uint64_t max,
               uint64_t *value);

#endif
