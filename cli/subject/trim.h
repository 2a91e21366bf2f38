// trim: a C program without the parts that nothing in it names. Internal to cli/subject.
#ifndef CLI_SUBJECT_TRIM_H
#define CLI_SUBJECT_TRIM_H

#include <stdbool.h>
#include <stdio.h>

// Writes the text to `to`, but for functions and variables that no other part of it names, and what
// those alone name. Parts lie between empty lines; one may go where it is one static function or
// variable, with comments before it. False: no memory.
bool trim_write(const char *text, FILE *to);

#endif
