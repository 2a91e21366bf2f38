// bits: bitmaps of 64-bit words, read in C11 alone.
#ifndef ORACLE_CORE_BITS_H
#define ORACLE_CORE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether the bit of that index is set; words and bits from the lowest on.
static inline bool bits_at(const uint64_t *bits, size_t index) {
    return (bits[index / 64] >> (index % 64) & 1) != 0;
}

// How many of the word's bits are set.
static inline unsigned bits_count(uint64_t word) {
    word -= word >> 1 & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (unsigned)(word * 0x0101010101010101u >> 56);
}

// Index of the lowest bit that is set; one is.
static inline unsigned bits_lowest(uint64_t word) {
    return bits_count((word & (~word + 1)) - 1);
}

#endif
