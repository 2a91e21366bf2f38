// accounts: the statistics of two builds on one input, and the fields in which they differ.
#ifndef CLI_ACCOUNTS_H
#define CLI_ACCOUNTS_H

#include <stddef.h>

#define ACCOUNT_FIELDS_MAX 64
#define ACCOUNT_TEXT_BYTES 160

struct account_change {
    char field[32]; // Go's name
    size_t input_count;
    char first_input[ACCOUNT_TEXT_BYTES];
    char old_value[32], new_value[32];  // on the first input; JSON values
    char operation[ACCOUNT_TEXT_BYTES]; // where they part: "12: free c0 h3"; "" when only the end
                                        // shows it
};

struct accounts {
    const char *builds[2]; // paths of the commands, old and new
    size_t input_count;
    size_t change_count;
    struct account_change changes[ACCOUNT_FIELDS_MAX]; // in the order in which they were met
    size_t other_count;                                // inputs that end in another exit status
    char other_input[ACCOUNT_TEXT_BYTES];
};

// Adds what the builds say of one input. CLI_CLEAN, or another status: a message was printed.
int accounts_compare(struct accounts *accounts, const char *input);

#endif
