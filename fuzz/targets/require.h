// require: a law that holds for every input: where it does not, the process says which and aborts,
// which an engine takes for a finding.
//
// Who includes it defines REQUIRE_OF before, a text that says whose laws they are.
#ifndef FUZZ_TARGETS_REQUIRE_H
#define FUZZ_TARGETS_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

// Nothing where condition holds; otherwise one line on standard error, with the text REQUIRE_OF,
// file and line, and abort().
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, REQUIRE_OF ": %s:%d: %s\n", __FILE__, __LINE__, #condition);     \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
