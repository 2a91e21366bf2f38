// raw: the heap's memory as it is, poisoned or not, compared without the sanitizers' eyes.
#include "oracle/go/view/raw.h"

#include <string.h>

#define WORD_BYTES sizeof(uint64_t)

#if defined(__GNUC__)
#define UNCHECKED __attribute__((no_sanitize_address, noinline))
#else
#define UNCHECKED
#endif

// Volatile: the reads stay reads, and become no call of memcmp, which would be checked.
UNCHECKED static size_t mismatch_by_byte(const volatile uint8_t *memory, const uint8_t *bytes,
                                         size_t size_bytes) {
    size_t i = 0;
    while (i < size_bytes && memory[i] == bytes[i]) {
        i++;
    }
    return i;
}

static uint64_t load_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

#define WORDS_AT_ONCE 8

// Eight words are held against each other at once: where they differ
// is asked only when they do.
UNCHECKED static size_t mismatch_by_word(const volatile uint64_t *memory, const uint8_t *bytes,
                                         size_t word_count) {
    size_t i = 0;
    for (; i + WORDS_AT_ONCE <= word_count; i += WORDS_AT_ONCE) {
        uint64_t differing = 0;
        for (size_t word = 0; word < WORDS_AT_ONCE; word++) {
            differing |= memory[i + word] ^ load_word(bytes + (i + word) * WORD_BYTES);
        }
        if (differing != 0) {
            break;
        }
    }
    while (i < word_count && memory[i] == load_word(bytes + i * WORD_BYTES)) {
        i++;
    }
    return i;
}

size_t raw_mismatch(uintptr_t address, const uint8_t *bytes, size_t size_bytes) {
    size_t equal =
        mismatch_by_word((const volatile uint64_t *)address, bytes, size_bytes / WORD_BYTES) *
        WORD_BYTES;
    return equal + mismatch_by_byte((const volatile uint8_t *)(address + equal), bytes + equal,
                                    size_bytes - equal);
}

UNCHECKED void raw_copy(uint8_t *to, uintptr_t address, size_t size_bytes) {
    const volatile uint8_t *memory = (const volatile uint8_t *)address;
    size_t i = 0;
    for (; (uintptr_t)(memory + i) % WORD_BYTES != 0 && i < size_bytes; i++) {
        to[i] = memory[i];
    }
    for (; i + WORD_BYTES <= size_bytes; i += WORD_BYTES) {
        uint64_t word = *(const volatile uint64_t *)(memory + i);
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < size_bytes; i++) {
        to[i] = memory[i];
    }
}
