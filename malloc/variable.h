// variable: reads what the environment asks of this library: numbers and paths. A value that cannot
// be ends the program.
#ifndef MALLOC_VARIABLE_H
#define MALLOC_VARIABLE_H

// The variable as a decimal number; absent, or in a program with more rights than its caller:
// `otherwise`. Anything else, or more than `largest`, ends the program with status 2 and a line.
unsigned long long variable_number(const char *name, unsigned long long otherwise,
                                   unsigned long long largest);

// The variable's text, kept: the program may change its environment. NULL: absent, empty, no
// memory, or a program with more rights than its caller.
const char *variable_path(const char *name);

#endif
