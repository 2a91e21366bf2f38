// sampler: how far it is to the next sample of the memory profile: the generator and the
// exponential distribution of allocator/mprof.h, worked out a second time.
#include "oracle/go/state/state.h"

static uint64_t next_random(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

#define POINT 31 // bits behind the point of what is squared

// 65536 * log2(value), for 1 <= value <= 2^26: each squaring doubles the logarithm, and tells one
// bit of it by reaching 2.
static uint64_t log2_of(uint64_t value) {
    uint64_t logarithm = 0;
    uint64_t square = value << POINT;
    while (square >= (uint64_t)2 << POINT) { // the bits that go are zero: value has 27
        square /= 2;
        logarithm++;
    }
    for (unsigned bit = 0; bit < 16; bit++) {
        square = (square * square) >> POINT;
        logarithm *= 2;
        if (square >= (uint64_t)2 << POINT) {
            square /= 2;
            logarithm++;
        }
    }
    return logarithm;
}

int64_t sampler_distance(uint64_t *random, uint64_t mean_bytes) {
    const uint64_t mean_limit = 0x7000000;
    const uint64_t ln2 = 45426; // of 65536
    uint64_t mean = mean_bytes < mean_limit ? mean_bytes : mean_limit;
    uint64_t share = next_random(random) / ((uint64_t)1 << 38) + 1; // of 2^26
    uint64_t minus_log2 = ((uint64_t)26 << 16) - log2_of(share);
    return (int64_t)(minus_log2 * mean * ln2 / ((uint64_t)1 << 32) + 1);
}
