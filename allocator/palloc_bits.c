// palloc_bits: runs of bits in the words of one chunk, and the summary of a chunk.
#include "allocator/palloc_bits.h"

#include "allocator/bits.h"

// Ones where bits [first, first + count) lie in word `word`.
static uint64_t mask_of(unsigned word, unsigned first, unsigned count) {
    unsigned low = first > word * 64 ? first - word * 64 : 0;
    unsigned high = first + count - word * 64;
    return bits_low_mask64(high) & ~bits_low_mask64(low);
}

void palloc_bits_set(uint64_t *words, unsigned first, unsigned count) {
    for (unsigned word = first / 64; word * 64 < first + count; word++) {
        words[word] |= mask_of(word, first, count);
    }
}

void palloc_bits_clear(uint64_t *words, unsigned first, unsigned count) {
    for (unsigned word = first / 64; word * 64 < first + count; word++) {
        words[word] &= ~mask_of(word, first, count);
    }
}

unsigned palloc_bits_count(const uint64_t *words, unsigned first, unsigned count) {
    unsigned sum = 0;
    for (unsigned word = first / 64; word * 64 < first + count; word++) {
        sum += bits_popcount64(words[word] & mask_of(word, first, count));
    }
    return sum;
}

unsigned palloc_bits_find(const uint64_t *words, unsigned from, bool value) {
    uint64_t flip = value ? 0 : UINT64_MAX;
    for (unsigned word = from / 64; word < PALLOC_CHUNK_WORDS; word++) {
        uint64_t hits = words[word] ^ flip;
        if (word == from / 64) {
            hits &= ~bits_low_mask64(from % 64);
        }
        if (hits != 0) {
            return word * 64 + bits_ctz64(hits);
        }
    }
    return HEAP_CHUNK_PAGES;
}

struct palloc_summary palloc_bits_summary(const uint64_t *alloc_bits) {
    struct palloc_summary summary = {0};
    unsigned first = palloc_bits_find(alloc_bits, 0, false);
    while (first < HEAP_CHUNK_PAGES) {
        unsigned end = palloc_bits_find(alloc_bits, first, true);
        unsigned run_pages = end - first;
        if (first == 0) {
            summary.start_pages = run_pages;
        }
        if (end == HEAP_CHUNK_PAGES) {
            summary.end_pages = run_pages;
        }
        if (run_pages > summary.max_pages) {
            summary.max_pages = run_pages;
        }
        first = end == HEAP_CHUNK_PAGES ? end : palloc_bits_find(alloc_bits, end, false);
    }
    return summary;
}
