// alone: a program of operations as a C program in the subject's own calls, which shows without us
// that a rule fails.
//
// It keeps the ledger, prints the statistics after each operation, looks at the rules, and ends
// with status 1 when one failed. Lanes are threads that are handed one call at a time, a fork is
// one, and a fault refuses what the allocator takes of the program's own backing_map(). What cannot
// be said in C is refused.
#ifndef CLI_SUBJECT_ALONE_H
#define CLI_SUBJECT_ALONE_H

#include "fuzz/program/program.h"

// What it begins with, subject/template/alone.c, and what follows where it has lanes, forks, a
// backing: made part of the command when it is built.
extern const char alone_text[];
extern const char lanes_text[];   // threads
extern const char fork_text[];    // children
extern const char backing_text[]; // memory that a fault refuses

// What the program is to call and to look at.
struct alone_options {
    const char *calls_path; // NULL: the table's own calls
    const char *rule;       // label or text of the one rule to look at; NULL: all but known ones
};

// Writes the program to stdout, for the chosen subject (cli/run/machine.h). A status; a message was
// printed unless it is CLI_CLEAN.
int alone_write(const struct alone_options *options, const struct program *program);

#endif
