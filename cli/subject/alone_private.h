// alone_private: what the two halves of alone share: the text that is written, and what it is of.
// Internal to cli/subject.
#ifndef CLI_SUBJECT_ALONE_PRIVATE_H
#define CLI_SUBJECT_ALONE_PRIVATE_H

#include "cli/subject/calls.h"
#include "fuzz/program/program.h"
#include "fuzz/subject/lane.h"
#include "fuzz/subject/subject.h"
#include "oracle/relations/c.h"
#include "oracle/relations/statistic.h"

#include <stdio.h>

// A text that is written beside others, until it takes its place among them.
struct part {
    FILE *stream;
    char *text;
    size_t size_bytes;
};

// False: no memory; a message was printed.
bool part_open(struct part *part);
// Writes it to `to` (NULL: nowhere), and frees it. A status; a message was printed unless it is
// CLI_CLEAN.
int part_close(struct part *part, FILE *to);

struct writer {
    FILE *stream;
    FILE *functions; // in front of it: calls that lanes make, and what children do
    uint32_t function_count;
    const struct subject *subject;
    const struct countercheck_subject *table;
    const struct calls *calls;
    const struct program *program;
    struct relations_c c;
    bool has_value[SUBJECT_VALUES_MAX + 1];
    bool wanted[RELATIONS_RULES_MAX];
    bool has_lanes, has_forks, has_faults;
    bool is_alive[LANE_COUNT]; // lanes, where the program is
    uint32_t lane;             // of the operation
    bool is_child;
};

// Writes the calls of the operation at that place. A status; a message was printed unless it is
// CLI_CLEAN.
int alone_operation(struct writer *writer, size_t at);

// Writes what brings all to rest.
void alone_settling(struct writer *writer);
// Writes a look at all rules.
void alone_step(const struct writer *writer, const char *what);

#endif
