// targets: the fuzz targets that take any bytes, linked into the command under names of their own,
// so that a whole corpus can be replayed. A broken law is an abort, after a line on stderr.
#ifndef CLI_RUN_TARGETS_H
#define CLI_RUN_TARGETS_H

#include "cli/run/kind.h"

#include <stddef.h>
#include <stdint.h>

// Decodes the bytes as a dump. 0, or it aborts.
int target_decode_input(const uint8_t *bytes, size_t size_bytes);
// Takes the bytes as a program. 0, or it aborts.
int target_ops_input(const uint8_t *bytes, size_t size_bytes);
// Takes the bytes as relations. 0, or it aborts.
int target_relations_input(const uint8_t *bytes, size_t size_bytes);

// Gives a file to the target of its kind. A status: a message was printed when it cannot be read.
int targets_run(const char *path, enum input_kind kind);

#endif
