// operand: the values of an operation's operands, drawn at random.
#ifndef FUZZ_GENERATE_OPERAND_H
#define FUZZ_GENERATE_OPERAND_H

#include "fuzz/generate/random.h"
#include "fuzz/program/program.h"

#include <stddef.h>
#include <stdint.h>

// The most that the operand may be in the program: a narrow one stays narrow.
uint64_t operand_most(const struct program *program, enum operand operand);

// Draws one operand anew. `position`: how many operations of the program stand before it.
struct operation operand_draw(struct random *random, const struct program *program, size_t position,
                              struct operation operation, enum operand operand);

// An operation of this code with all its operands drawn.
struct operation operand_draw_all(struct random *random, const struct program *program,
                                  size_t position, enum operation_code code);

#endif
