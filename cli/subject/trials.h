// trials: what check, compare, strength and suggest share: the programs that they draw and print,
// memory through which a child tells its parent, what it died of, and what is said when there is no
// child. Internal to cli/subject.
#ifndef CLI_SUBJECT_TRIALS_H
#define CLI_SUBJECT_TRIALS_H

#include "fuzz/program/program.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The program of that number: many short ones find more than few long ones, and each operation
// answers for itself.
void trials_draw(struct program *program, uint64_t number);

// The first number of a seed's programs.
uint64_t trials_first(uint64_t seed);

// Says that a child could not run; returns CLI_ENVIRONMENT.
int trials_refused(void);

// What a child that did not come to its own end died of, by its status, in words. `*hangs`: the
// alarm ended it.
const char *trials_death(int status, bool *hangs);

// Prints the lines of a program, indented; NULL: nothing.
void trials_print_program(const char *text);

#endif
