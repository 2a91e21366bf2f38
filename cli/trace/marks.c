// marks: what a replayed object's bytes hold, so that it shows who else writes there.
#include "cli/trace/marks.h"

#include <string.h>

#define LINE_BYTES  64
#define LINES_BYTES 4096 // up to here each line has a word
#define PAGE_BYTES  4096
#define WORD_BYTES  sizeof(uint64_t)

static uint64_t word_at(uint64_t seed, size_t offset) {
    return (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ offset * UINT64_C(0xff51afd7ed558ccd);
}

static size_t next_of(size_t offset) {
    return offset + (offset < LINES_BYTES ? LINE_BYTES : PAGE_BYTES);
}

// Where the last whole word of an object begins, and what is behind it is of that word and the
// next.
static size_t tail_of(size_t size_bytes) {
    return size_bytes < WORD_BYTES ? 0 : (size_bytes - WORD_BYTES) / WORD_BYTES * WORD_BYTES;
}

struct tail {
    uint64_t words[2];
};

static struct tail make_tail(uint64_t seed, size_t offset) {
    return (struct tail){{word_at(seed, offset), word_at(seed, offset + WORD_BYTES)}};
}

void marks_fill(void *object, size_t size_bytes, uint64_t seed) {
    unsigned char *bytes = object;
    for (size_t at = 0; size_bytes - at >= WORD_BYTES && at < size_bytes; at = next_of(at)) {
        uint64_t word = word_at(seed, at);
        memcpy(bytes + at, &word, WORD_BYTES);
    }
    size_t last = tail_of(size_bytes);
    struct tail tail = make_tail(seed, last);
    memcpy(bytes + last, &tail, size_bytes - last);
}

bool marks_hold(const void *object, size_t old_bytes, size_t size_bytes, uint64_t seed) {
    const unsigned char *bytes = object;
    size_t kept_bytes = old_bytes < size_bytes ? old_bytes : size_bytes;
    for (size_t at = 0; kept_bytes - at >= WORD_BYTES && at < kept_bytes; at = next_of(at)) {
        uint64_t word = word_at(seed, at);
        if (memcmp(bytes + at, &word, WORD_BYTES) != 0) {
            return false;
        }
    }
    size_t last = tail_of(old_bytes);
    struct tail tail = make_tail(seed, last);
    return kept_bytes <= last || memcmp(bytes + last, &tail, kept_bytes - last) == 0;
}

void marks_touch(void *object, size_t size_bytes) {
    volatile unsigned char *bytes = object;
    for (size_t at = 0; at < size_bytes; at += PAGE_BYTES) {
        bytes[at] = 1;
    }
    if (size_bytes > 0) {
        bytes[size_bytes - 1] = 1;
    }
}
