// threads: real threads on one heap, a cache each, under the oracle: what one thread at a time
// cannot show.
//
// Every worker keeps a ledger of its own; at barriers their sum is held against the heap's account.
// Between barriers a conductor collects, reads statistics, dumps, and lets the system fail while
// the workers run. The seed draws the operations; how they interleave is the machine's. It
// generates no programs, and its findings have no reproducer but the seed.
#ifndef FUZZ_STRESS_THREADS_H
#define FUZZ_STRESS_THREADS_H

#include "fuzz/execute/executor.h"
#include "oracle/go/oracle.h"

#include <stdbool.h>
#include <stdint.h>

// Bounds: workers, and room for a finding's line.
#define THREADS_MAX        64
#define THREADS_LINE_BYTES 512

// How the threads are run.
struct threads_options {
    uint32_t thread_count; // of workers; the conductor is one more
    uint64_t seconds;
    uint64_t seed;
    void (*progress)(void *context, double seconds); // now and then, from the caller's thread; NULL
    void *context;
};

// What workers do, for the counts.
enum threads_operation {
#define THREADS_OPERATION(name, weight) THREADS_##name,
#include "fuzz/stress/threads.def"
    THREADS_OPERATION_COUNT,
};
// By enum threads_operation, as threads.def spells it.
extern const char *const threads_operation_names[THREADS_OPERATION_COUNT];

// What was done, and what was found.
struct threads_report {
    double seconds;       // in which workers ran
    double core_seconds;  // of all cores, that this took: others may use the machine as well
    uint64_t round_count; // heaps' lives: new or reset, run, emptied
    uint64_t executed[THREADS_OPERATION_COUNT];
    uint64_t effective[THREADS_OPERATION_COUNT];
    uint64_t barrier_count;           // full checks with all ledgers
    uint64_t stop_count;              // checks of a world stopped in the middle of operations
    uint64_t read_count;              // statistics read while they ran
    uint64_t fork_count;              // children that were checked
    uint64_t dump_count;              // dumps read back, at barriers and while they ran
    uint64_t cycle_count;             // collections
    uint64_t fault_count;             // calls of the system that failed on purpose
    char finding[THREADS_LINE_BYTES]; // a line; "" when clean
};

// Runs for the time given. On a finding, threads that are stuck are left behind: the process is to
// end.
enum verdict threads_run(const struct threads_options *options, struct threads_report *report);

#endif
