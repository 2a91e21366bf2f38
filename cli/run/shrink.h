// shrink: a program that fails made small, each trial in a process of its own; shared by minimize
// and adopt.
#ifndef CLI_RUN_SHRINK_H
#define CLI_RUN_SHRINK_H

#include "cli/run/trial.h"

#define SHRINK_RERUNS 100

struct shrink {
    struct outcome outcome; // what FILE ended in, and what is left ends in as well
    size_t before_count;    // operations
    uint64_t trial_count;
    unsigned same_count; // of SHRINK_RERUNS of what is left
};

// Makes the program as small as it gets with the same outcome, and runs what is left
// SHRINK_RERUNS times. Status to exit with when it is not CLI_CLEAN (no finding, no memory): a
// message was printed. `path` is for messages.
int shrink_program(const char *path, struct program *program, struct shrink *shrink);

// "model-field HeapInuse", or what a crash died of.
void shrink_describe(const struct outcome *outcome, char *text, size_t size_bytes);

// "N operations of M, after K trials; the same in R of SHRINK_RERUNS runs" to stdout, behind "PATH:
// WHAT: ".
void shrink_print(const char *path, const struct shrink *shrink, const struct program *program);

#endif
