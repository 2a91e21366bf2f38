// compare: one program on several allocators, and what their calls gave held against each other: no
// model, no statistics, no relations.
#ifndef CLI_SUBJECT_COMPARE_H
#define CLI_SUBJECT_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPARE_SUBJECTS_MAX 8

struct compare_options {
    double seconds;
    uint64_t seed;
    bool is_json;
};

// Opens the subjects of those names, runs drawn programs on all of them, makes each kind of
// difference small once, and prints what it found. A status; a message was printed unless it is
// CLI_CLEAN or CLI_FINDING.
int subject_compare(char *const *names, size_t count, const struct compare_options *options);

#endif
