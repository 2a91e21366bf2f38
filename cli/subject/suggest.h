// suggest: relations that always held while programs ran: a proposal, of which the author keeps
// what he means.
//
// Statistics and the ledger's numbers are watched first, what held is then written as relations
// and judged on other programs.
#ifndef CLI_SUBJECT_SUGGEST_H
#define CLI_SUBJECT_SUGGEST_H

#include <stdint.h>

// Runs the chosen subject (cli/run/machine.h) for so long, and prints one relation a line, as a
// text that `--relations` takes. A status; a message was printed unless it is CLI_CLEAN.
int subject_suggest(double seconds, uint64_t seed);

#endif
