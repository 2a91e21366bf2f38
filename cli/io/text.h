// text: text that is put together in memory, fast, and goes to stdout in large pieces; what is not
// certain yet can be taken back.
#ifndef CLI_IO_TEXT_H
#define CLI_IO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// All zero at the start.
struct text {
    char *bytes;
    size_t used, capacity;
    size_t kept_bytes; // text_keep() and text_drop()
    bool is_out_of_memory;
};

// Each appends. Out of memory is remembered, and nothing is appended any more.

// Bytes as they are.
void text_bytes(struct text *text, const void *bytes, size_t size_bytes);
// A string without its NUL.
void text_string(struct text *text, const char *string);
// A number in decimal, in hexadecimal with "0x".
void text_number(struct text *text, uint64_t number);
void text_address(struct text *text, uint64_t address); // "0x1f8"
// Each byte as two hexadecimal digits.
void text_hex(struct text *text, const uint8_t *bytes, size_t size_bytes);
// A JSON string, as escape_print_json() has it.
void text_json(struct text *text, const void *bytes, size_t size_bytes);

// What was appended stays; a large piece goes to stdout.
void text_keep(struct text *text);
// What was appended since then is taken back.
void text_drop(struct text *text);
// All that is kept goes to stdout; then it is empty and holds no memory.
void text_finish(struct text *text);

#endif
