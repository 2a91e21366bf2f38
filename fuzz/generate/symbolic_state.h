// symbolic_state: what a program has made so far, as far as its text tells: the slots that are
// filled, the cycle that runs, what waits to be swept.
//
// The generator and the mutator ask it which operation can do something, and for which slot: by the
// columns `requires` and `makes` of fuzz/program/ops.def, whose words are defined here. It is a
// guess, and cheap: what a collection keeps, and what a refusing system breaks, only a run tells.
#ifndef FUZZ_GENERATE_SYMBOLIC_STATE_H
#define FUZZ_GENERATE_SYMBOLIC_STATE_H

#include "fuzz/program/program.h"
#include "fuzz/generate/random.h"

// Slots that the state follows: all handles; of other kinds the first 64, of which a narrow program
// has no more. What it does not follow it takes for possible.
#define SYMBOLIC_HANDLES    OPERATION_SLOTS_WIDE
#define SYMBOLIC_SLOTS      64
#define SYMBOLIC_GOROUTINES SYMBOLIC_SLOTS
#define SYMBOLIC_NO_THREAD  UINT16_MAX

struct symbolic_handles { // a bit for each handle
    uint64_t words[SYMBOLIC_HANDLES / 64];
};

// What a goroutine has at this place of the program.
struct symbolic_goroutine {
    uint32_t frame_count, word_count, defer_count, panic_count;
    uint8_t grown;   // times its stack was doubled
    uint16_t thread; // SYMBOLIC_NO_THREAD: none
};

enum symbolic_set { // of handles
    SYMBOLIC_LIVE,
    SYMBOLIC_ROOTED, // something points to it
    SYMBOLIC_FREEABLE,
    SYMBOLIC_POINTERFUL,
    SYMBOLIC_FINALIZED,
    SYMBOLIC_CLEANED, // it has a cleanup
    SYMBOLIC_SETS,
};

// What a program has made up to some operation, by its text alone.
struct symbolic_state {
    struct symbolic_handles sets[SYMBOLIC_SETS];
    uint64_t slots[OPERAND_COUNT]; // of a kind, by its operand: a bit for each that is filled
    struct symbolic_goroutine goroutine[SYMBOLIC_GOROUTINES];
    uint32_t stop_depth;
    uint32_t unswept_count, dying_count, queued_count; // spans; finalizers of objects that died
    bool is_marking, is_running;                       // a cycle; a finalizer
    bool is_wide;                                      // the program, by its header
};

// The state of an empty program.
void symbolic_begin(struct symbolic_state *state, const struct program_header *header);

// ... and of one with this operation more.
void symbolic_add(struct symbolic_state *state, struct operation operation);

// The state of the first `count` operations.
void symbolic_of(struct symbolic_state *state, const struct program *program, size_t count);

// Whether the operation can do something here.
bool symbolic_allows(const struct symbolic_state *state, struct operation operation);

// The operation with other slots, if there are some with which it can do something; else as it is.
struct operation symbolic_mend(const struct symbolic_state *state, struct operation operation,
                               struct random *random);

#endif
