// text_help: what the language of programs allows, in words: for messages, for the list of
// operations.
#ifndef FUZZ_PROGRAM_TEXT_HELP_H
#define FUZZ_PROGRAM_TEXT_HELP_H

#include "fuzz/program/operation.h"

#include <stddef.h>

#define TEXT_HELP_BYTES 256 // that any of these fits, its NUL included

// How an operand is written, with its range: "size=0..4194303", "h0..h255", "zero". Returns `text`.
const char *text_help_operand(enum operand operand, char *text, size_t size_bytes);

// What its value is when it is left out: "0", "none", "no"; NULL: it must be there.
const char *text_help_default(enum operand operand, char *text, size_t size_bytes);

// The operands behind the operation's name, by their keys: "c0..c7, size, type, zero, tiny";
// "nothing". Returns `text`.
const char *text_help_operands(enum operation_code code, char *text, size_t size_bytes);

// " (nearest: NAME)" of the operations; "" when none is near. Returns `text`.
const char *text_help_nearest_operation(const char *word, size_t length, char *text,
                                        size_t size_bytes);
// The same of the operation's keys.
const char *text_help_nearest_operand(enum operation_code code, const char *word, size_t length,
                                      char *text, size_t size_bytes);
// The same of the statistics of the language in use.
const char *text_help_nearest_field(const char *word, size_t length, char *text, size_t size_bytes);

// A program on a heap with a cache whose last operation is this one, and does something.
const char *text_help_example(enum operation_code code);

// What it takes that the operation does something, beside its operands: "a cycle runs"; "":
// nothing.
const char *text_help_needs(enum operation_code code);

#endif
