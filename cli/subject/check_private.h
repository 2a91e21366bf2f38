// check_private: what a child of `subject check` tells its parent, whatever it runs. Internal to
// cli/subject.
#ifndef CLI_SUBJECT_CHECK_PRIVATE_H
#define CLI_SUBJECT_CHECK_PRIVATE_H

#include "cli/subject/check.h"
#include "oracle/subject/judge.h"

#define CHECK_BATCH_MAX 4096 // programs or lives of one child

// In memory that parent and child have in common.
struct shared {
    uint64_t next_seed;
    uint64_t program_count, operation_count, barrier_count;
    struct subject_check_rule rules[RELATIONS_RULES_MAX];
    uint64_t core_evaluated[RULE_CORE_COUNT], core_failed[RULE_CORE_COUNT];
    bool rule_is_aside[RELATIONS_RULES_MAX];
    bool core_is_aside[RULE_CORE_COUNT];
    struct rule_field fields_aside[CHECK_FINDINGS_MAX];
    size_t field_aside_count;
    bool has_found, is_environment;
    bool has_ended; // the child came to its own end: else the subject ended it, whatever its status
    struct finding finding;
};

// Has the child pass over what was found already.
void check_set_aside(const struct shared *shared, struct rule_book *book, struct judge *judge);

// Adds what this process has counted to what was there when it began.
void check_tell_counts(struct shared *shared, const struct shared *before,
                       const struct rule_book *book, uint64_t operation_count);

// Whether so many operations were run as are enough.
bool check_is_enough(const struct subject_check_options *options, const struct shared *shared);

// Threads run freely, life after life from next_seed on, until a finding or the end.
// check_threads.c
_Noreturn void check_threads_child(struct shared *shared,
                                   const struct subject_check_options *options, double end_seconds);

// How many of CHECK_AGAIN lives with that seed end with what `shared` has found, or die likewise
// when it found nothing.
uint32_t check_threads_again(const struct shared *shared, uint32_t thread_count, int status);

#endif
