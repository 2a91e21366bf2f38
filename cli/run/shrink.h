// shrink: a program that fails made small, each trial in a process of its own and all of them
// within a time; shared by minimize and adopt.
#ifndef CLI_RUN_SHRINK_H
#define CLI_RUN_SHRINK_H

#include "cli/io/options.h"
#include "cli/run/trial.h"

#include <stdio.h>

// How often what is left is run again, to tell whether it always fails; and the time for all
// trials.
#define SHRINK_RERUNS        100
#define SHRINK_TOTAL_SECONDS "120" // when --total is not given

// The options of minimize and adopt that say how: rows for a table of options, and their help.
struct shrink_options {
    bool is_loose;       // the same rule and field are enough
    const char *timeout; // of a trial, in seconds; NULL: ten times the first run, 1 s to 10 s
    const char *total;   // of all trials, in seconds
};
// The options of struct shrink_options, for a subcommand's table of them.
#define SHRINK_OPTIONS(options)                                                                    \
    {"--loose", &(options)->is_loose, NULL}, {"--timeout", NULL, &(options)->timeout}, {           \
        "--total", NULL, &(options)->total                                                         \
    }
// What --help says of SHRINK_OPTIONS.
#define SHRINK_HELP                                                                                \
    "  --loose          any finding of the same rule on the same field will do; else\n"            \
    "                   a failed expect stays the same one with the same two values,\n"            \
    "                   and other rules keep the difference of theirs (of an address\n"            \
    "                   beside a number: the number)\n"                                            \
    "  --timeout S      a trial that takes longer hangs; else ten times the first\n"               \
    "                   run, between 1 and 10 s\n"                                                 \
    "  --total S        for all trials together (120): at its end the smallest so far\n"           \
    "                   is taken\n"

// What was left of a program, and how it was found.
struct shrink {
    struct outcome outcome;  // what FILE ended in, and what is left ends in as well
    struct outcome smallest; // what is left ends in: the same, with numbers of its own
    size_t before_count;     // operations
    uint64_t trial_count;
    bool is_cut;          // the time was over before nothing smaller was left to try
    unsigned rerun_count; // of what is left: SHRINK_RERUNS, or fewer when the time was over
    unsigned same_count;  // of these
};

// Makes the program as small as it gets with the same outcome, and runs what is left again. A line
// on stderr says every 2 s how far it is. Status to exit with when it is not CLI_CLEAN (no
// finding, no memory, no number): a message was printed. `path` is for messages.
int shrink_program(const char *subcommand, const char *path, const struct shrink_options *options,
                   struct program *program, struct shrink *shrink);

// "model-field HeapInuse", what a crash died of, or "hang".
void shrink_describe(const struct outcome *outcome, char *text, size_t size_bytes);

// "N operations of M, after K trials; the same in R of S runs" behind "PATH: WHAT: ".
void shrink_print(const char *path, const struct shrink *shrink, const struct program *program,
                  FILE *stream);

#endif
