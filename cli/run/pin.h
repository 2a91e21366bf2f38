// pin: a program's final statistics written into its own text as `expect` lines, so that a change
// of the accounting shows as a difference of a kept file.
#ifndef CLI_RUN_PIN_H
#define CLI_RUN_PIN_H

#include <stdbool.h>

struct executor;

// Runs the text program of a file and writes the block of its statistics at its end, in place of an
// earlier block. The file is replaced as a whole or left as it was. Prints what changed. A status:
// CLI_FINDING when the program has one: nothing is written then, unless it is forced, which runs
// the program to its end with every rule set aside and writes the finding as a comment.
int pin_file(struct executor *executor, const char *path, bool is_forced);

#endif
