// theme: what one program in a few does again and again, so that a list or a table grows past the
// size that it begins with.
//
// Drawn one by one, the operations of a program fill everything a little: there the way to the
// growth of a table is too long.
#ifndef FUZZ_GENERATE_THEME_H
#define FUZZ_GENERATE_THEME_H

#include "fuzz/generate/symbolic_state.h"
#include "fuzz/program/program.h"

#include <stdbool.h>

#define THEME_LENGTH 128 // operations that a program with a theme has at least, if there is room

// What one program does again and again.
struct theme {
    bool is_on; // else the program has none
    struct operation operation;
    uint32_t left; // times that it is to be done
};

// Of the program that has this header and no operation yet, by its seed.
struct theme theme_of(const struct program *program);

// The operation once more, which there is left, in the next slot, and with slots for its other
// operands with which it can do something in this state.
struct operation theme_next(struct theme *theme, const struct program *program,
                            const struct symbolic_state *state, struct random *random);

#endif
