// generator: programs and single operations drawn at random, so that most of them do something.
//
// A swarm header turns groups of operations off and sets caches, cadence and faults, so that one
// program does much of few things and the next of others. Operands prefer what earlier operations
// made.
#ifndef FUZZ_GENERATE_GENERATOR_H
#define FUZZ_GENERATE_GENERATOR_H

#include "fuzz/program/program.h"
#include "fuzz/generate/random.h"

// The header of the swarm of this seed.
struct program_header generator_header(uint32_t seed);

// Lets the program say what version 2 alone can: starting values just below the powers of two at
// which a number that is too narrow is cut, and, every second time, wide operands and many caches.
void generator_widen(struct program_header *header, struct random *random);

// An operation to stand at `position` of the program (behind its first `position` operations).
struct operation generator_operation(struct random *random, const struct program *program,
                                     size_t position);

// The most operations that generator_phrase() draws at once.
#define GENERATOR_PHRASE_MAX 4

// The same, and behind it what it would show nothing without. Returns how many operations.
size_t generator_phrase(struct random *random, const struct program *program, size_t position,
                        struct operation phrase[GENERATOR_PHRASE_MAX]);

// The whole program of this seed: 8, 32, 128 or 512 operations; at most `operations_max` when that
// is less.
void generator_program(struct program *program, uint32_t seed, size_t operations_max);
// The same with a header that generator_widen() has changed.
void generator_program_wide(struct program *program, uint32_t seed, size_t operations_max);

#endif
