// target_stats: what a fuzz target did, written where ci/fuzz reads it, however the process ends.
//
// The engines count executions; only a target knows how many operations it ran and how many of them
// had an effect. The file is rewritten as the counts grow, so that it stands even when the engine
// ends by _Exit or by a crash.
#ifndef FUZZ_TARGETS_TARGET_STATS_H
#define FUZZ_TARGETS_TARGET_STATS_H

#include <stdint.h>

// Adds one execution of `operations` operations, `effective` of which changed or read something.
// Writes
// {"executions":N,"operations":N,"effective":N} to the file that COUNTERCHECK_STATS names, if it
// names one: after the 1st, 2nd, 4th, ... and every 256th execution, and at exit. One thread.
void target_stats_add(uint64_t operations, uint64_t effective);

// Adds one execution, behind which so many were run in all: for who counts them already.
void target_stats_reach(uint64_t operations, uint64_t effective);

// Writes them now: the process is about to abort.
void target_stats_finish(void);

// This process, a child, counts what it does itself, from 0, and writes nothing from now on.
void target_stats_leave(void);

// Operations added so far.
uint64_t target_stats_operations(void);

#endif
