// trials: what check, strength and suggest share: the programs that they draw, memory through which
// a child tells its parent, and what is said when there is no child. Internal to cli/subject.
#ifndef CLI_SUBJECT_TRIALS_H
#define CLI_SUBJECT_TRIALS_H

#include "fuzz/program/program.h"

#include <stddef.h>
#include <stdint.h>

// The program of that number: many short ones find more than few long ones, and each operation
// answers for itself.
void trials_draw(struct program *program, uint64_t number);

// The first number of a seed's programs.
uint64_t trials_first(uint64_t seed);

// Zeroed memory that children have in common; NULL: a message was printed.
void *trials_share(size_t size_bytes);
void trials_unshare(void *memory, size_t size_bytes);

// Says that a child could not run; returns CLI_ENVIRONMENT.
int trials_refused(void);

#endif
