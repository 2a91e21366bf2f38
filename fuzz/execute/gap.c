// gap: who watches this thread, and how many locks it has taken since.
#include "fuzz/execute/gap.h"

#include <stdbool.h>

_Thread_local struct gap_watch *gap_watched;

void gap_begin(struct gap_watch *watch) {
    watch->held_count = 0;
    gap_watched = watch;
}

void gap_end(void) {
    gap_watched = NULL;
}

static bool counts(const void *lock) {
    return (uintptr_t)lock - gap_watched->base < gap_watched->size_bytes;
}

void gap_taken(const void *lock) {
    if (counts(lock)) {
        gap_watched->held_count++;
    }
}

void gap_left(const void *lock) {
    if (counts(lock) && --gap_watched->held_count == 0) {
        gap_watched->visit(gap_watched->context);
    }
}
