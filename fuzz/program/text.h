// text: a program as people read and keep it: one operation a line, comments behind "#", one
// canonical form.
//
// "h17 = alloc c2 size=48 type=node". Operands may come in any order, numbers also as 0x..; what is
// left out is the least value; "expect" may name several statistics, each of which is an operation.
// A line "program caches=2 check=16 ..." before the first operation sets the header, and a line
// "start Clock=4294967290 ..." the values that the heap begins with. What printing gives, parsing
// takes back to the same records.
#ifndef FUZZ_PROGRAM_TEXT_H
#define FUZZ_PROGRAM_TEXT_H

#include "fuzz/program/program.h"

#define TEXT_LINE_BYTES   160  // that an operation's text fits, its NUL included
#define TEXT_HEADER_BYTES 1024 // that the header's does

// What is wrong with a program's text, and where.
struct text_error {
    size_t line; // from 1
    char message[400];
};

// The operation's canonical line, without a line end, NUL-terminated. Returns its length.
size_t text_print_operation(struct operation operation, char *text, size_t size_bytes);

// The header's lines, each with its end; empty for the default header.
size_t text_print_header(const struct program_header *header, char *text, size_t size_bytes);

// The whole program, which the caller gives back by harness_free(); NULL: out of memory.
char *text_print_program(const struct program *program);

// False: `error` says what is wrong with which line; the program holds what came before it.
bool text_parse_program(struct program *program, const char *text, size_t size_bytes,
                        struct text_error *error);

// The line, from 1, of a text's operation of that number; 0: it has none such.
size_t text_line_of(const char *text, size_t size_bytes, size_t operation);

// Binary or text, told apart by content.
bool text_read_program(struct program *program, const uint8_t *bytes, size_t size_bytes,
                       struct text_error *error);

#endif
