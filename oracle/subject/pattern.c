// pattern: eight bytes at a time, by the seed of a block; of a large one its ends.
#include "oracle/subject/pattern.h"

#include <string.h>

#define END_BYTES    64 // of either end of a large block
#define WHOLE_MAX    256
#define CHECKED_ZERO 4096 // of either end of what must be zero

size_t pattern_used_bytes(const struct live_block *block) {
    return block->usable_bytes > block->requested_bytes ? block->usable_bytes
                                                        : block->requested_bytes;
}

// The pattern, eight bytes at a time: those from offset 8 * index on.
static uint64_t word_at(uint64_t seed, size_t index) {
    return (seed + index) * UINT64_C(0x9e3779b97f4a7c15);
}

static unsigned char byte_at(uint64_t seed, size_t offset) {
    uint64_t word = word_at(seed, offset / 8);
    unsigned char bytes[8];
    memcpy(bytes, &word, 8);
    return bytes[offset % 8];
}

static bool is_word(size_t at, size_t end) {
    return at % 8 == 0 && end - at >= 8;
}

struct range {
    size_t begin, end;
};

// The bytes of a block that carry the pattern: all of a small one; of a large one the beginning,
// what stands before the end of what was asked for, and before the end of what may be used. Returns
// how many ranges that are.
static int ranges_of(const struct live_block *block, struct range ranges[3]) {
    size_t used = pattern_used_bytes(block);
    size_t asked = block->requested_bytes;
    if (used <= WHOLE_MAX) {
        ranges[0] = (struct range){0, used};
        return 1;
    }
    ranges[0] = (struct range){0, END_BYTES};
    ranges[1] = (struct range){asked > END_BYTES ? asked - END_BYTES : 0, asked};
    ranges[2] = (struct range){used - END_BYTES, used};
    return asked == used ? 2 : 3;
}

static void fill_range(unsigned char *bytes, uint64_t seed, size_t at, size_t end) {
    while (at < end) {
        if (is_word(at, end)) {
            uint64_t word = word_at(seed, at / 8);
            memcpy(bytes + at, &word, 8);
            at += 8;
        } else {
            bytes[at] = byte_at(seed, at);
            at++;
        }
    }
}

void pattern_fill(const struct live_block *block) {
    struct range ranges[3];
    int count = ranges_of(block, ranges);
    for (int i = 0; i < count; i++) {
        fill_range((unsigned char *)block->address, block->seed, ranges[i].begin, ranges[i].end);
    }
}

static bool range_has_pattern(const unsigned char *bytes, uint64_t seed, size_t at, size_t end) {
    while (at < end) {
        if (is_word(at, end)) {
            uint64_t word;
            memcpy(&word, bytes + at, 8);
            if (word != word_at(seed, at / 8)) {
                return false;
            }
            at += 8;
        } else {
            if (bytes[at] != byte_at(seed, at)) {
                return false;
            }
            at++;
        }
    }
    return true;
}

bool pattern_holds(const struct live_block *block, uintptr_t address, size_t size_bytes) {
    struct range ranges[3];
    int count = block->is_touched ? ranges_of(block, ranges) : 0;
    for (int i = 0; i < count; i++) {
        size_t end = ranges[i].end < size_bytes ? ranges[i].end : size_bytes;
        if (!range_has_pattern((const unsigned char *)address, block->seed, ranges[i].begin, end)) {
            return false;
        }
    }
    return true;
}

// Whether all are as the first, which is 0.
static bool are_zero(const unsigned char *bytes, size_t size_bytes) {
    return size_bytes == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0);
}

bool pattern_is_zero(uintptr_t address, size_t size_bytes) {
    const unsigned char *bytes = (const unsigned char *)address;
    if (size_bytes <= (size_t)2 * CHECKED_ZERO) {
        return are_zero(bytes, size_bytes);
    }
    return are_zero(bytes, CHECKED_ZERO) &&
           are_zero(bytes + size_bytes - CHECKED_ZERO, CHECKED_ZERO);
}
