// afl_mutator: the mutator of operations as a library that AFL++ loads
// (AFL_CUSTOM_MUTATOR_LIBRARY).
//
// AFL++ never calls libFuzzer's hooks, so that the same code is exported under its names. Trimming
// takes operations away from the end of halves, quarters, ... as long as the path stays the same.
#include "fuzz/generate/mutator.h"

#include <stdlib.h>
#include <string.h>

struct afl_state;

struct afl_state *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(struct afl_state *state, uint8_t *bytes, size_t size_bytes, uint8_t **out,
                       uint8_t *other, size_t other_bytes, size_t max_bytes);
int32_t afl_custom_init_trim(struct afl_state *state, uint8_t *bytes, size_t size_bytes);
size_t afl_custom_trim(struct afl_state *state, uint8_t **out);
int32_t afl_custom_post_trim(struct afl_state *state, unsigned char success);
void afl_custom_deinit(struct afl_state *state);

struct afl_state {
    struct random random;
    uint8_t out[PROGRAM_BYTES_MAX];
    struct program trimmed;   // shortest program known to take the same path
    struct program candidate; // that is being tried
    size_t trim_chunk, trim_at;
};

struct afl_state *afl_custom_init(void *afl, unsigned int seed) {
    (void)afl;
    struct afl_state *state = calloc(1, sizeof *state);
    if (state != NULL) {
        state->random.state = seed;
    }
    return state;
}

void afl_custom_deinit(struct afl_state *state) {
    free(state);
}

size_t afl_custom_fuzz(struct afl_state *state, uint8_t *bytes, size_t size_bytes, uint8_t **out,
                       uint8_t *other, size_t other_bytes, size_t max_bytes) {
    const struct mutator_limits limits = {
        .max_bytes = max_bytes < sizeof state->out ? max_bytes : sizeof state->out};
    uint32_t seed = (uint32_t)random_next(&state->random);
    *out = state->out;
    if (other != NULL && random_once_in(&state->random, 4)) {
        return mutator_cross_bytes(bytes, size_bytes, other, other_bytes, state->out, limits, seed);
    }
    size_t kept = size_bytes < sizeof state->out ? size_bytes : sizeof state->out;
    memcpy(state->out, bytes, kept);
    return mutator_mutate_bytes(state->out, kept, limits, seed);
}

// How many steps trimming takes at most: a chunk size a halving, each over the whole program.
int32_t afl_custom_init_trim(struct afl_state *state, uint8_t *bytes, size_t size_bytes) {
    program_decode(&state->trimmed, bytes, size_bytes);
    state->trim_chunk = state->trimmed.count / 2;
    state->trim_at = 0;
    int32_t steps = 0;
    for (size_t chunk = state->trim_chunk; chunk > 0; chunk /= 2) {
        steps += (int32_t)(state->trimmed.count / chunk) + 1;
    }
    return steps;
}

size_t afl_custom_trim(struct afl_state *state, uint8_t **out) {
    state->candidate.header = state->trimmed.header;
    state->candidate.count = 0;
    for (size_t i = 0; i < state->trimmed.count; i++) {
        if (i < state->trim_at || i >= state->trim_at + state->trim_chunk) {
            (void)program_append(&state->candidate, state->trimmed.operations[i]);
        }
    }
    *out = state->out;
    return program_encode(&state->candidate, state->out, sizeof state->out);
}

int32_t afl_custom_post_trim(struct afl_state *state, unsigned char success) {
    if (success != 0) {
        state->trimmed = state->candidate;
    } else {
        state->trim_at += state->trim_chunk;
    }
    if (state->trim_at >= state->trimmed.count) {
        state->trim_at = 0;
        state->trim_chunk /= 2;
    }
    return state->trim_chunk == 0 ? INT32_MAX : 0; // the next step; beyond the last: done
}
