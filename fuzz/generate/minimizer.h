// minimizer: the smallest program that still shows the same thing: operations taken away, then
// operands made plain.
//
// What "the same" is, the caller's judge says; the minimiser knows operations only.
#ifndef FUZZ_GENERATE_MINIMIZER_H
#define FUZZ_GENERATE_MINIMIZER_H

#include "fuzz/program/program.h"

// Who judges candidates, and how many may be tried.
struct minimizer {
    bool (*is_same)(void *context, const struct program *candidate);
    void *context;
    uint64_t trial_count; // calls of is_same so far
    uint64_t trial_limit; // 0: none
};

// Reduces the program, which is_same holds of, until no single step does it any more (or the trials
// are used up).
void minimizer_reduce(struct minimizer *minimizer, struct program *program);

#endif
