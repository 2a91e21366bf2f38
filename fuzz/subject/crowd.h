// crowd: real threads that use one foreign allocator side by side, judged where all stand still.
//
// Each thread draws its operations from the seed; how they interleave is the machine's. Objects go
// from thread to thread. At a barrier, the notes of all threads are merged into one ledger by their
// tickets, and everything is checked that does not need the moment between two calls.
#ifndef FUZZ_SUBJECT_CROWD_H
#define FUZZ_SUBJECT_CROWD_H

#include "fuzz/execute/executor.h"
#include "fuzz/subject/lane.h"
#include "fuzz/subject/subject.h"
#include "oracle/subject/judge.h"

#include <stdbool.h>
#include <stdint.h>

// Threads of a crowd, the one that judges included.
#define CROWD_THREADS_MIN 2
#define CROWD_THREADS_MAX LANE_COUNT

struct crowd;

// What the lives of a crowd have done.
struct crowd_counts {
    uint64_t operations; // calls
    uint64_t barriers;
};

// The subject must live as long, and take threads and give objects back one by one. NULL: refused.
struct crowd *crowd_create(struct subject *subject);
// Ends its threads, but for those of a life that has a finding: then the process is to end.
void crowd_destroy(struct crowd *crowd);

// Why a subject cannot be used by a crowd; NULL: it can.
const char *crowd_refuses(const struct countercheck_subject *table);

// The rules without a line. Counters go on from life to life.
struct rule_book *crowd_book(struct crowd *crowd);
// Where rules of the text are set aside.
struct judge *crowd_judge(struct crowd *crowd);

// One life of the allocator: made, used by so many threads for some rounds, emptied, destroyed.
// After a finding the threads stand still for ever.
enum verdict crowd_run(struct crowd *crowd, uint32_t thread_count, uint64_t seed);
const struct crowd_counts *crowd_counts(const struct crowd *crowd);

#endif
