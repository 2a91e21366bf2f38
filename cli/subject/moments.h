// moments: programs run in a child, and numbers of each moment kept for its parent. Internal to
// cli/subject.
#ifndef CLI_SUBJECT_MOMENTS_H
#define CLI_SUBJECT_MOMENTS_H

#include "fuzz/subject/subject.h"

#include <stdbool.h>
#include <stdint.h>

#define MOMENTS_TERMS_MAX  280
#define MOMENTS_MAX        4096
#define MOMENTS_NAME_BYTES 160 // "sum(X) - sum(base.X)", a statistic has 63 characters

struct moments_term {
    char name[MOMENTS_NAME_BYTES]; // as relations write it
    bool is_statistic;
    uint32_t since; // of what is "X - base.X": the term X; of any other: its own number
};

struct moments { // in memory that parent and child share
    uint32_t term_count, moment_count;
    struct moments_term terms[MOMENTS_TERMS_MAX];
    int64_t values[MOMENTS_MAX][MOMENTS_TERMS_MAX];
    bool is_settled[MOMENTS_MAX];
    uint64_t evaluated[RELATIONS_RULES_MAX], effective[RELATIONS_RULES_MAX],
        failed[RELATIONS_RULES_MAX];
    uint64_t next_program; // that is drawn
    uint64_t death_count;  // of processes that the subject ended
    bool has_ended;        // the child came to its own end
    bool is_environment;
};

// Names what can be watched of the subject.
void moments_name_terms(struct moments *moments, const struct subject *subject);

// Runs programs for so long, in a process of its own: fills the moments, and adds up how the
// subject's relations fared, none of which ends a program. False: no process, or no memory.
bool moments_run(struct moments *moments, struct subject *subject, double seconds, uint64_t seed);

#endif
