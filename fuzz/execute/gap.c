// gap: who watches this thread, and how many locks it has taken since.
#include "fuzz/execute/gap.h"

#include <stdbool.h>

static _Thread_local struct gap_watch *watched; // NULL: nobody watches

void gap_begin(struct gap_watch *watch) {
    watch->held_count = 0;
    watched = watch;
}

void gap_end(void) {
    watched = NULL;
}

static bool counts(const void *lock) {
    return watched != NULL && (uintptr_t)lock - watched->base < watched->size_bytes;
}

void gap_taken(const void *lock) {
    if (counts(lock)) {
        watched->held_count++;
    }
}

void gap_left(const void *lock) {
    if (counts(lock) && --watched->held_count == 0) {
        watched->visit(watched->context);
    }
}
