// target: a file that is written; it appears whole or not at all.
#ifndef CLI_DUMP_COPY_TARGET_H
#define CLI_DUMP_COPY_TARGET_H

#include "dump/recode.h"

#include <stdbool.h>
#include <stddef.h>

// Room for a path.
#define TARGET_PATH_BYTES 4096

// A dump is added to the recoder, record by record.
struct target {
    const char *path;
    char temporary[TARGET_PATH_BYTES]; // empty: written directly
    int descriptor;
    bool is_unnamed; // temporary is a template still: a death leaves nothing behind
    struct dump_recoder recoder;
};

// Opens it; "-" is stdout. NULL: told, and *status says why.
struct target *target_open(const char *path, int *status);
// All that was added is written, and the file has its name. Returns a status; what fails is told.
int target_finish(struct target *target);
// The same of a file that is no dump, all at once. Returns a status; what fails is told.
int target_write(const char *path, const void *bytes, size_t size_bytes);
// Closes it; a file that was not finished is gone. NULL is nothing.
void target_close(struct target *target);

#endif
