// life: what runs under a schedule, from an empty heap to an empty heap.
#ifndef FUZZ_SCHEDULE_LIFE_H
#define FUZZ_SCHEDULE_LIFE_H

#include "fuzz/execute/executor.h"
#include "fuzz/schedule/schedule.h"

// Runs one in threads of its own, all of which have ended when it returns. A finding is a line in
// `finding`. A program of schedules has one of it.
enum verdict schedule_life(const struct schedule_head *head, char finding[SCHEDULE_LINE_BYTES]);

#endif
