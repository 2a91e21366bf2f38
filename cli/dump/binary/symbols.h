// symbols: the program of --binary beside its dump: what addresses of the dump are in the source.
#ifndef CLI_DUMP_BINARY_SYMBOLS_H
#define CLI_DUMP_BINARY_SYMBOLS_H

#include "dump/reader.h"

#include <stdbool.h>
#include <stdint.h>

struct symbols;

// Reads the program. NULL: told, and *status says why.
struct symbols *symbols_open(const char *path, int *status);
void symbols_close(struct symbols *symbols); // NULL is fine
// Takes each record of the dump once. False: out of memory.
bool symbols_take(struct symbols *symbols, const struct dump_record *record);
// After the last: whether the program is the one that wrote the dump. False: told.
bool symbols_fit(struct symbols *symbols);

// All of these know nothing without a program: NULL.

// The global variable that an address of the dump lies in; *offset in it. NULL: unknown.
const char *symbols_variable(const struct symbols *symbols, uint64_t address, uint64_t *offset);
// Where the frame of that sp is, and *line. NULL: unknown.
const char *symbols_line(const struct symbols *symbols, uint64_t sp, uint64_t *line);
// The name of a type of the dump. NULL: unknown.
const char *symbols_type(const struct symbols *symbols, uint64_t address);

#endif
