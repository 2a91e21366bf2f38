// accounts: the statistics of two builds on one input, and the fields in which they differ.
#ifndef CLI_ACCOUNTS_H
#define CLI_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#define ACCOUNT_FIELDS_MAX 64
#define ACCOUNT_TEXT_BYTES 160

struct account_change {
    char field[32]; // Go's name
    size_t input_count;
    // Of the smallest input, by operations:
    size_t operation_count;
    char input[ACCOUNT_TEXT_BYTES];
    char part[32];                     // of a list: the first that differs, "[5].Mallocs"; else ""
    char old_value[32], new_value[32]; // JSON values
    bool has_parted;                   // at one operation; else only the end shows it
    size_t operation;
    char text[ACCOUNT_TEXT_BYTES]; // of the operation, a JSON string
};

struct accounts {
    const char *builds[2]; // paths of the commands, old and new
    bool expects[2];       // the build knows no --no-expect: pinned numbers end its replay
    size_t input_count;
    size_t change_count;
    struct account_change changes[ACCOUNT_FIELDS_MAX]; // in the order in which they were met
    size_t other_count;                                // inputs that end in another exit status
    char other_input[ACCOUNT_TEXT_BYTES];
    int other_status[2];
    char other_rule[64]; // of the finding of the one that has one; ""
};

// Adds what the builds say of one input. CLI_CLEAN, or another status: a message was printed.
int accounts_compare(struct accounts *accounts, const char *input);

#endif
