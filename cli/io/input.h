// input: operation files as a user names them: files, directories, "-"; read whole, refused in one
// line.
#ifndef CLI_IO_INPUT_H
#define CLI_IO_INPUT_H

#include "fuzz/program/program.h"

// The files that a command line names.
struct input_list {
    char **paths; // from malloc
    size_t count, capacity;
    bool is_walked; // an operand was a directory
};

// Adds a file, or each regular file below a directory in the order of names (no dot files, no
// *.md). What is left out there (a link that goes round, a FIFO) is told. CLI_CLEAN, or another
// status: a message was printed.
int input_list_add(struct input_list *list, const char *path);
// Frees the paths; the list is empty then.
void input_list_free(struct input_list *list);

// Reads a whole file ("-": stdin) into malloc'd bytes, with a NUL behind them. CLI_CLEAN, or
// another status: a message was printed.
int input_read_bytes(const char *path, uint8_t **bytes, size_t *size_bytes);

// The same as text that ends with a NUL; NULL: a message was printed, and *status says which.
char *input_read_text(const char *path, int *status);

// Reads a program: binary with its magic, or clean text; other bytes are refused. Likewise.
int input_read_program(const char *path, struct program *program);

// The same when is_raw is false; else any bytes are a program, as the fuzz targets take them: an
// expect that is no text does nothing.
int input_read_program_as(const char *path, bool is_raw, struct program *program);

// Writes all of it to a descriptor, through interruptions. 0, or errno.
int output_write_all(int descriptor, const void *bytes, size_t size_bytes);

// Writes a file ("-": stdout) through a temporary beside it and a rename, so that there is never
// half of one. Likewise.
int output_write(const char *path, const void *bytes, size_t size_bytes);

// The same, but never in place of another file: CLI_UNUSABLE when the path is taken.
int output_write_new(const char *path, const void *bytes, size_t size_bytes);

// Says why the path could not be written, by errno; returns the status: a full disk is the
// environment's, a path that cannot be is the call's.
int output_failed(const char *path, int error);

#endif
