// mutator: a program changed a little, or crossed with another, operation by operation; the one
// code behind every engine's mutation.
//
// Handles are renamed where blocks are joined, so that a spliced block keeps its own objects.
// Expectations do not survive: they were true of another program.
#ifndef FUZZ_GENERATE_MUTATOR_H
#define FUZZ_GENERATE_MUTATOR_H

#include "fuzz/program/program.h"
#include "fuzz/generate/random.h"

// Changes the program by one to four steps; it holds at most `operations_max` afterwards.
void mutator_mutate(struct program *program, size_t operations_max, struct random *random);

// `into` becomes its beginning and a block of `other`.
void mutator_cross(struct program *into, const struct program *other, size_t operations_max,
                   struct random *random);

// The same on bytes, in the manner of libFuzzer's hooks: the canonical binary form comes back, of
// at most `max_bytes`; bytes that are no program are taken as an empty one. `ends_in_dump`: the
// last operation is a dump.
struct mutator_limits {
    size_t max_bytes;
    bool ends_in_dump;
};
// Changes the program in `bytes`, which has room for max_bytes; one time in 64 draws a new one.
// Returns the new size. From one thread.
size_t mutator_mutate_bytes(uint8_t *bytes, size_t size_bytes, struct mutator_limits limits,
                            uint32_t seed);
// Crosses the two programs into `out`, which has room for max_bytes. Returns its size. From one
// thread.
size_t mutator_cross_bytes(const uint8_t *first, size_t first_bytes, const uint8_t *second,
                           size_t second_bytes, uint8_t *out, struct mutator_limits limits,
                           uint32_t seed);

#endif
