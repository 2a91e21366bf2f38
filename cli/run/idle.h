// idle: an operation that did nothing, told as an error of the program's author: replay --strict.
#ifndef CLI_RUN_IDLE_H
#define CLI_RUN_IDLE_H

#include "fuzz/execute/executor.h"

// Says on stderr which line (of a binary program: which operation) did nothing, and why. The
// executor stands behind that operation. Returns CLI_UNUSABLE.
int idle_tell(struct executor *executor, const char *path, const struct program *program,
              size_t index);

#endif
