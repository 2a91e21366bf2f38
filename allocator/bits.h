// bits: the few bit operations that C11 has no name for, as inline functions over compiler
// builtins.
#ifndef ALLOCATOR_BITS_H
#define ALLOCATOR_BITS_H

#include <stdint.h>

// Index of the lowest set bit; `word` is not 0.
static inline uint32_t bits_ctz64(uint64_t word) {
    return (uint32_t)__builtin_ctzll(word);
}

// Clear bits above the highest set bit; `word` is not 0.
static inline uint32_t bits_clz64(uint64_t word) {
    return (uint32_t)__builtin_clzll(word);
}

// How many bits are set.
static inline uint32_t bits_popcount64(uint64_t word) {
    return (uint32_t)__builtin_popcountll(word);
}

// Asks for the cache line of an address, which need not be mapped.
static inline void bits_prefetch(const void *address) {
    __builtin_prefetch(address);
}

// The lowest `count` bits; all from 64 on.
static inline uint64_t bits_low_mask64(uint64_t count) {
    return count >= 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1;
}

#endif
