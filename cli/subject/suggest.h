// suggest: proposes relations: those that always held while programs ran. The author keeps what is
// meant.
//
// A child watches statistics and the ledger's numbers. What held is written as relations, and other
// programs judge these.
#ifndef CLI_SUBJECT_SUGGEST_H
#define CLI_SUBJECT_SUGGEST_H

#include <stdint.h>

// Runs the chosen subject (cli/run/machine.h) for so long, and prints one relation a line, as a
// text that `--relations` takes. A status; a message was printed unless it is CLI_CLEAN.
int subject_suggest(double seconds, uint64_t seed);

#endif
