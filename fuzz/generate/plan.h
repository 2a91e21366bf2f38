// plan: what a program has made so far, as far as its text tells: the slots that are filled, the
// cycle that runs, what waits to be swept.
//
// The generator and the mutator ask it which operation can do something, and for which slot. It is
// a guess, and cheap: what a collection keeps, and what a refusing system breaks, only a run tells.
#ifndef FUZZ_GENERATE_PLAN_H
#define FUZZ_GENERATE_PLAN_H

#include "fuzz/program/program.h"
#include "fuzz/generate/random.h"

#define PLAN_HANDLES    256
#define PLAN_GOROUTINES 16
#define PLAN_NO_THREAD  16

struct plan_handles { // a bit for each handle
    uint64_t words[PLAN_HANDLES / 64];
};

struct plan_goroutine {
    uint32_t frame_count, word_count, defer_count, panic_count;
    uint8_t grown;  // times its stack was doubled
    uint8_t thread; // PLAN_NO_THREAD: none
};

struct plan {
    struct plan_handles live, rooted, freeable, pointerful, finalized;
    uint64_t caches, goroutines, threads, roots, manuals; // a bit for each slot that is filled
    struct plan_goroutine goroutine[PLAN_GOROUTINES];
    uint32_t stop_depth;
    uint32_t unswept_count, dying_count, queued_count; // spans; finalizers of objects that died
    bool is_marking, is_running;                       // a cycle; a finalizer
};

// The plan of an empty program.
void plan_begin(struct plan *plan, const struct program_header *header);

// ... and of one with this operation more.
void plan_add(struct plan *plan, struct operation operation);

// The plan of the first `count` operations.
void plan_of(struct plan *plan, const struct program *program, size_t count);

// Whether the operation can do something here.
bool plan_allows(const struct plan *plan, struct operation operation);

// The operation with other slots, if there are some with which it can do something; else as it is.
struct operation plan_mend(const struct plan *plan, struct operation operation,
                           struct random *random);

#endif
