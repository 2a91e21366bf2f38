// turns: whose turn it is, how many accesses were made so far, and how the process ends by a
// finding.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/schedule/state.h"

#include <stdio.h>
#include <unistd.h>

struct turns turns;
struct schedule_log *schedule_log;

uint64_t turns_accesses(void) {
    return turns.passed + (turns.drawn - turns.left);
}

_Noreturn void schedule_found(const char *line) {
    (void)snprintf(schedule_log->finding, sizeof schedule_log->finding, "%s", line);
    schedule_log->accesses = turns_accesses();
    if (turns.is_child) {
        (void)fprintf(stderr, "in a child: %s\n", line);
    }
    _exit(1);
}
