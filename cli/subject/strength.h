// strength: whether the rules would notice a statistic that lies: each in turn, in a few ways.
//
// The allocator itself stays as it is: what it says is altered when it is read. A rule so weak that
// nothing makes it fail shows here.
#ifndef CLI_SUBJECT_STRENGTH_H
#define CLI_SUBJECT_STRENGTH_H

#include <stdbool.h>
#include <stdint.h>

enum strength_lie {
    LIE_NONE,    // the truth, which must hold
    LIE_PLUS,    // one too many from some operation on
    LIE_LATE,    // what it was an operation ago
    LIE_STUCK,   // stays from some operation on
    LIE_WRAPPED, // keeps as many bits as it needs at some operation: what 32 are to a long run
    LIE_UNDONE,  // each call that gives nothing adds one
    LIE_SHARE,   // what happens on lane 1 is lost
    LIE_COUNT
};

enum strength_cell {
    CELL_NONE,    // the lie does not apply: there are no lanes
    CELL_NOTICED, // a rule failed
    CELL_UNNOTICED,
    CELL_SAME // it never differed from the truth
};

// Runs the chosen subject (cli/run/machine.h) and prints the table. CLI_CLEAN: at least 90 of 100
// lies are noticed; CLI_FINDING: fewer, or the truth fails; else a message was printed. `seed`: of
// the programs. `only`: of statistics whose names begin so; NULL: of all.
int subject_strength(uint64_t seed, const char *only, bool is_json);

#endif
