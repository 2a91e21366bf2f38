// schedule: a deterministic scheduler for the threads of one process, and what it looks for.
//
// One thread at a time runs. Each access to memory of the sources that are compiled for it
// (clang's -fsanitize=thread, against hooks of our own) is a point of choice, and so is each call
// of pthreads. What a thread stores may stay in its store buffer while others run, as on x86 (TSO);
// a race detector by vector clocks holds each access against the others'. The clock is the count
// of accesses. The same seed, or the same list of runs, gives the same interleaving.
//
// A schedule is a list of runs: "thread 2: 14 accesses, 1 store kept". A thread runs so long, or
// until it cannot go on (it waits, yields, sleeps, ends); a run of a thread that cannot go on is
// left out. After the last one, threads take turns. So any list of runs is a schedule.
#ifndef FUZZ_SCHEDULE_SCHEDULE_H
#define FUZZ_SCHEDULE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// The most runs that are kept of one schedule; room for a finding's line.
#define SCHEDULE_RUNS_MAX   (1u << 20)
#define SCHEDULE_LINE_BYTES 512

// One thread's turn.
struct schedule_run {
    uint32_t accesses; // 0: until it cannot go on
    uint8_t thread;    // 0: who called schedule_begin; then in the order in which they were made
    uint8_t kept;      // stores that stay in its buffer when it is interrupted
};

// What happened. In memory that outlives the process: a crash does not take it along.
struct schedule_log {
    uint64_t accesses;
    uint32_t run_count; // of `runs`; beyond SCHEDULE_RUNS_MAX no more are kept
    char finding[SCHEDULE_LINE_BYTES];
    uintptr_t places[2]; // code addresses of the two sides of a race; 0: none
    struct schedule_run runs[SCHEDULE_RUNS_MAX];
};

// How to run.
struct schedule_options {
    uint64_t seed;                   // draws what `runs` does not say
    const struct schedule_run *runs; // NULL: drawn from the seed
    size_t run_count;
    struct schedule_log *log;
};

// The calling thread, the only one, is thread 0 from here on. A finding of the scheduler's own (a
// race, a deadlock) is written to the log and ends the process with status 1.
void schedule_begin(const struct schedule_options *options);

// All other threads have ended.
void schedule_end(void);

// ---- text (text.c)

#define SCHEDULE_WORKERS 5 // at most; beside them the crew's conductor, and who watches them all

// What is run by a schedule: a crew's life.
struct schedule_head {
    uint64_t seed;
    uint32_t thread_count; // of workers
};

// A line a run.
void schedule_print(FILE *stream, const struct schedule_run *runs, size_t run_count);

// Reads one line without its end into `run`. False: it is no run.
bool schedule_read_run(const char *line, struct schedule_run *run);
// The same of "schedule threads=T seed=S".
bool schedule_read_head(const char *line, struct schedule_head *head);

#endif
