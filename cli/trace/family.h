// family: the files of one recording: FILE, and FILE.PID.N of each fork's child and each exec.
#ifndef CLI_TRACE_FAMILY_H
#define CLI_TRACE_FAMILY_H

#include <stddef.h>

// Paths, FILE first, then by process and N.
struct family {
    char **paths; // from malloc
    size_t count, capacity;
};

// Finds the traces of the recording whose first file is `path`, which need not be there: what is
// called so and does not begin as a trace does is left out. CLI_CLEAN, or another status: a message
// was printed.
int family_find(struct family *family, const char *path);
// Frees the paths; the family is empty then.
void family_free(struct family *family);

#endif
