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

struct writer {
    FILE *stream;
    const struct subject *subject;
    const struct countercheck_subject *table;
    const struct calls *calls;
    const struct program *program;
    struct relations_c c;
    bool has_value[SUBJECT_VALUES_MAX + 1];
    bool wanted[RELATIONS_RULES_MAX];
    bool is_alive[LANE_COUNT]; // lanes, where the program is
};

// Writes the calls of the operation at that place. A status; a message was printed unless it is
// CLI_CLEAN.
int alone_operation(struct writer *writer, size_t at);

// Writes what brings all to rest.
void alone_settling(const struct writer *writer);

#endif
