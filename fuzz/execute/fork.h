// fork: a child of fork() that goes on with what its parent does, and says by a pipe what was
// found.
#ifndef FUZZ_EXECUTE_FORK_H
#define FUZZ_EXECUTE_FORK_H

#include "oracle/core/rule.h"

#include <stdbool.h>
#include <stdint.h>

// What a child does: run(), and nothing behind it. What it finds is in `book`, which is the
// parent's as well.
struct fork_plan {
    void (*run)(void *context);
    void *context;
    struct rule_book *book;
    uint32_t hang_ms; // a child that takes longer hangs
};

// Called in each child first; NULL: nothing. For who shares memory with an engine.
extern void (*fork_begins)(void);

// Forks, waits for the child, and takes its finding over as the parent's own. A child that a signal
// ends has its parent end by the same; one that hangs, hang. False: there was no child, which the
// system is noted for where it refused one.
bool fork_and_judge(const struct fork_plan *plan);

#endif
