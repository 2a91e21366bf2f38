// palloc_bits: runs of bits in the words of one chunk, and the summary of a chunk.
#include "allocator/pages/palloc_bits.h"

#include "allocator/bits.h"
#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/pages/palloc.h"

// Ones where bits [first, first + count) lie in word `word`.
static uint64_t mask_of(unsigned word, unsigned first, unsigned count) {
    unsigned low = first > word * 64 ? first - word * 64 : 0;
    unsigned high = first + count - word * 64;
    return bits_low_mask64(high) & ~bits_low_mask64(low);
}

void palloc_bits_set(uint64_t *words, unsigned first, unsigned count) {
    ASSERT(first + count <= HEAP_CHUNK_PAGES);
    for (unsigned word = first / 64; word * 64 < first + count; word++) {
        words[word] |= mask_of(word, first, count);
    }
}

void palloc_bits_clear(uint64_t *words, unsigned first, unsigned count) {
    ASSERT(first + count <= HEAP_CHUNK_PAGES);
    for (unsigned word = first / 64; word * 64 < first + count; word++) {
        words[word] &= ~mask_of(word, first, count);
    }
}

unsigned palloc_bits_count(const uint64_t *words, unsigned first, unsigned count) {
    unsigned sum = 0;
    ASSERT(first + count <= HEAP_CHUNK_PAGES);
    for (unsigned word = first / 64; word * 64 < first + count; word++) {
        sum += bits_popcount64(words[word] & mask_of(word, first, count));
    }
    return sum;
}

unsigned palloc_bits_find(const uint64_t *words, unsigned from, bool value) {
    uint64_t flip = value ? 0 : UINT64_MAX;
    ASSERT(from <= HEAP_CHUNK_PAGES);
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

// The longest run of free pages in the word, if it is longer than `known_pages`, else that. Each
// step takes the runs that are too short away, as Go does: a bit that is left begins a run of
// `shrunk_pages` + 1 free pages. `alloc_word` is not 0.
static uint32_t longest_inside(uint64_t alloc_word, uint32_t known_pages) {
    uint64_t runs = ~alloc_word;
    uint32_t shrunk_pages = 0;
    while (runs != 0 && shrunk_pages < known_pages) {
        uint32_t left_pages = known_pages - shrunk_pages;
        uint32_t step = left_pages < shrunk_pages + 1 ? left_pages : shrunk_pages + 1;
        runs &= runs >> (step % 64); // a run in such a word is at most 63 pages long
        shrunk_pages += step;
    }
    for (; runs != 0; runs &= runs >> 1) {
        known_pages++;
    }
    return known_pages;
}

struct palloc_summary palloc_bits_summary(const uint64_t *alloc_bits) {
    struct palloc_summary summary = {0};
    uint32_t run_pages = 0; // free, up to the word
    bool started = false;
    for (unsigned word = 0; word < PALLOC_CHUNK_WORDS; word++) {
        uint64_t bits = alloc_bits[word];
        if (bits == 0) {
            run_pages += 64;
            continue;
        }
        run_pages += bits_ctz64(bits);
        summary.start_pages = started ? summary.start_pages : run_pages;
        started = true;
        summary.max_pages = run_pages > summary.max_pages ? run_pages : summary.max_pages;
        summary.max_pages = longest_inside(bits, summary.max_pages);
        run_pages = bits_clz64(bits);
    }
    summary.start_pages = started ? summary.start_pages : run_pages;
    summary.max_pages = run_pages > summary.max_pages ? run_pages : summary.max_pages;
    summary.end_pages = run_pages;
    ASSERT(summary.start_pages <= summary.max_pages);
    ASSERT(summary.max_pages <= HEAP_CHUNK_PAGES);
    return summary;
}
