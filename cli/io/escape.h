// escape: text from elsewhere (file names, dumps, programs, what a process said) made fit for a
// terminal and for JSON: no byte of it can move the cursor, change a colour or turn a line around.
//
// Escaped are C0 controls and DEL, C1 controls in UTF-8, the characters that turn text around
// (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069), and what is no UTF-8.
#ifndef CLI_IO_ESCAPE_H
#define CLI_IO_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// The length of the UTF-8 sequence at `bytes`, 1..4, or 0: there is none (bad, overlong, surrogate,
// over U+10FFFF). size_bytes > 0.
size_t escape_utf8_bytes(const uint8_t *bytes, size_t size_bytes);

// Copies the text, escaped ("\x1b", "\u{202e}"), as much of it as fits. Returns the length.
size_t escape_text(char *to, size_t to_bytes, const char *from);

// The same for an argument of printf, cut at about 1,000 bytes; good until the fourth call behind
// it. Not for threads.
const char *escape_shown(const char *text);

// Prints it, escaped, at most `width` columns; returns the columns.
size_t escape_print(const char *text, size_t width, FILE *stream);

// Prints it as one word of a command line, so that it can be pasted into a shell: as it is, or in
// quotes where it has blanks and the like; with a character that escape_text() would show, as
// bash's $'...'.
void escape_print_word(const char *text, FILE *stream);

// Prints bytes as a JSON string, quotes included; what is no UTF-8 becomes U+FFFD.
void escape_print_json(const void *bytes, size_t size_bytes, FILE *stream);

#endif
