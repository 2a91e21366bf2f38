// check: a first verdict on a foreign allocator: programs for a while, each failed rule once.
#ifndef CLI_SUBJECT_CHECK_H
#define CLI_SUBJECT_CHECK_H

#include "fuzz/subject/subject.h"
#include "oracle/core/finding.h"

#include <stdbool.h>
#include <stdint.h>

#define CHECK_FINDINGS_MAX 32
#define CHECK_AGAIN        10 // lives that tell how often threads show a finding

struct subject_check_options {
    double seconds;
    uint64_t operations; // that are enough, before the time is over; 0: no number is
    uint64_t seed;
    uint32_t lanes;   // that a program begins with; 0: as it is drawn
    uint32_t threads; // that run freely instead of programs (fuzz/subject/crowd.h); 0: none
};

// How often a rule was looked at, over all programs.
struct subject_check_rule {
    uint64_t evaluated, effective, failed, unequal;
    bool moves; // something that it names has
};

struct subject_check_finding {
    char rule[32]; // "subject-relation", "crash", "hang"
    char field[FINDING_FIELD_BYTES];
    char text[FINDING_TEXT_BYTES];
    char *program;      // minimised, from malloc; NULL: out of memory
    const char *option; // of the subject, that it runs under; NULL: none
    size_t operation_count;
    bool is_at_end; // behind the last operation, where all is flushed and freed
    uint64_t seed;
    double after_seconds; // of the run; of threads
    uint32_t again, of; // of so many further runs of it, or lives with that seed, how many show it
};

struct subject_check {
    uint64_t program_count, operation_count; // of threads: lives
    uint64_t barrier_count;                  // of threads
    double seconds;
    struct subject_check_rule rules[RELATIONS_RULES_MAX];
    uint64_t core_evaluated[RULE_CORE_COUNT], core_failed[RULE_CORE_COUNT];
    struct subject_check_finding findings[CHECK_FINDINGS_MAX];
    size_t finding_count;
};

// Runs the chosen subject (cli/run/machine.h). A status: CLI_CLEAN whatever was found, else a
// message was printed.
int subject_check_run(const struct subject_check_options *options, struct subject_check *check);
void subject_check_fini(struct subject_check *check);

#endif
