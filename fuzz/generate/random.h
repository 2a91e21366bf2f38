// random: numbers that are the same everywhere for the same seed: splitmix64.
#ifndef FUZZ_GENERATE_RANDOM_H
#define FUZZ_GENERATE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

// A generator of numbers that is its seed alone.
struct random {
    uint64_t state;
};

// The next 64 bits. Every seed is good, 0 too.
static inline uint64_t random_next(struct random *random) {
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

// 0 .. limit - 1; limit >= 1.
static inline uint32_t random_below(struct random *random, uint32_t limit) {
    return (uint32_t)((random_next(random) >> 32) * limit >> 32);
}

// True once in `count` times.
static inline bool random_once_in(struct random *random, uint32_t count) {
    return random_below(random, count) == 0;
}

#endif
