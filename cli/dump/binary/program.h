// program: what the DWARF of a Go program tells: variables, lines, types. By elfutils' libdw; a
// build without it has none of this.
//
// Addresses are those of the file, which a program that can lie anywhere is moved from.
#ifndef CLI_DUMP_BINARY_PROGRAM_H
#define CLI_DUMP_BINARY_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

struct program;

// What the file says of itself.
struct program_layout {
    uint64_t data_begin, data_end; // runtime.data, runtime.edata
    bool is_movable;               // it may be loaded anywhere
};

// Reads it. NULL: told, and *status says why.
struct program *program_open(const char *path, int *status);
void program_close(struct program *program); // NULL is fine
// What it says of itself.
struct program_layout program_layout(const struct program *program);
// The global variable that the address lies in; *offset in it. NULL: none is known.
const char *program_variable(const struct program *program, uint64_t address, uint64_t *offset);
// The file of the source that a pc is of, and *line. NULL: unknown.
const char *program_line(const struct program *program, uint64_t pc, uint64_t *line);
// The name of the type whose descriptor is at the address. NULL: unknown.
const char *program_type(const struct program *program, uint64_t address);

#endif
