// contents: fills objects with their pattern and verifies it, word by word at both ends.
#include "oracle/go/state/contents.h"

#include "oracle/go/state/state.h"
#include "oracle/go/rules.h"

#include <string.h>

static uint64_t pattern_word(const struct slot *slot, size_t word) {
    uint64_t mixed = slot->seed * 0x9e3779b97f4a7c15u + word * 0xbf58476d1ce4e5b9u;
    mixed ^= mixed >> 29;
    return mixed | 1; // never zero: a zeroed word shows
}

bool contents_is_pointer(const struct gc_layout *layout, size_t offset) {
    if (layout == NULL || layout->pointer_bytes == 0) {
        return false;
    }
    size_t in_element = offset % layout->size_bytes;
    return in_element < layout->pointer_bytes &&
           (layout->pointer_mask[in_element / 64] >> (in_element / 8 % 8) & 1) != 0;
}

static uint64_t load_word(uintptr_t address) {
    uint64_t word;
    memcpy(&word, (const void *)address, sizeof word);
    return word;
}

#define SHORT_BYTES 256 // up to here a walk over words is faster than a call

static bool words_are_zero(const unsigned char *bytes, size_t size_bytes) {
    uint64_t any = 0;
    size_t at = 0;
    for (; at + 8 <= size_bytes; at += 8) {
        any |= load_word((uintptr_t)bytes + at);
    }
    for (; at < size_bytes; at++) {
        any |= bytes[at];
    }
    return any == 0;
}

static bool is_zero(uintptr_t address, size_t size_bytes) {
    const unsigned char *bytes = (const unsigned char *)address;
    return size_bytes <= SHORT_BYTES
               ? words_are_zero(bytes, size_bytes)
               : bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0;
}

#define ZERO_WHOLE_BYTES ((size_t)64 << 10) // zeroed objects up to this size are read whole,
#define ZERO_SAMPLES     16                 // larger ones in so many places and at both ends

bool contents_check_zero(struct rule_book *book, uintptr_t address, size_t size_bytes) {
    rule_count(book, RULE_CONTENTS_ZERO);
    bool zero = true;
    if (size_bytes <= ZERO_WHOLE_BYTES) {
        zero = is_zero(address, size_bytes);
    } else {
        zero = is_zero(address, CONTENTS_END_BYTES) &&
               is_zero(address + size_bytes - CONTENTS_END_BYTES, CONTENTS_END_BYTES);
        size_t step = size_bytes / ZERO_SAMPLES / HEAP_PAGE_BYTES * HEAP_PAGE_BYTES;
        for (size_t at = 0; at + 64 <= size_bytes; at += step + HEAP_PAGE_BYTES) {
            zero = zero && is_zero(address + at, 64); // some pages' starts
        }
    }
    return zero || rule_fail(book, RULE_CONTENTS_ZERO, (struct rule_place){.object = address},
                             "%zu bytes that must be zero are not", size_bytes);
}

// Of an object of `size_bytes`, what is filled and looked at: [0, head_end) and [tail, size_bytes);
// of a small one the two are one.
static size_t head_end(size_t size_bytes) {
    return size_bytes > (size_t)2 * CONTENTS_END_BYTES ? CONTENTS_END_BYTES : size_bytes;
}

static size_t tail_begin(size_t size_bytes) {
    return size_bytes > (size_t)2 * CONTENTS_END_BYTES ? (size_bytes - CONTENTS_END_BYTES) / 8 * 8
                                                       : size_bytes;
}

// The words of an object with pointers in turn, and whether each may hold one.
struct walk {
    const uint8_t *mask;
    size_t word, pointer_words, element_words; // of the layout's element
};

static struct walk walk_from(const struct gc_layout *layout, size_t offset) {
    return (struct walk){.mask = layout->pointer_mask,
                         .word = offset % layout->size_bytes / 8,
                         .pointer_words = layout->pointer_bytes / 8,
                         .element_words = layout->size_bytes / 8};
}

static inline bool walk_next(struct walk *walk) {
    size_t word = walk->word;
    walk->word = word + 1 == walk->element_words ? 0 : word + 1;
    return word < walk->pointer_words && (walk->mask[word / 8] >> (word % 8) & 1) != 0;
}

static bool is_patterned(const struct slot *slot, size_t offset) {
    return !contents_is_pointer(slot->layout, offset);
}

// What the last word holds when the size cuts it: a pointer that is cut is none, and zero.
static uint64_t filling(const struct slot *slot, size_t offset) {
    return is_patterned(slot, offset) ? pattern_word(slot, offset / 8) : 0;
}

static void fill_tiny(const struct slot *slot, size_t from, size_t to) {
    unsigned char *bytes = (unsigned char *)slot->base;
    for (size_t at = from; at < to; at++) {
        bytes[at] = (unsigned char)(pattern_word(slot, at / 8) >> (at % 8 * 8));
    }
}

static inline void fill_word(const struct slot *slot, size_t at) {
    uint64_t word = pattern_word(slot, at / 8);
    memcpy((void *)(slot->base + at), &word, sizeof word);
}

// Whole words of [from, to).
static void fill_words(const struct slot *slot, size_t from, size_t to) {
    if (slot->layout == NULL) { // no slot has one without pointers
        for (size_t at = from; at + 8 <= to; at += 8) {
            fill_word(slot, at);
        }
        return;
    }
    struct walk walk = walk_from(slot->layout, from);
    for (size_t at = from; at + 8 <= to; at += 8) {
        if (!walk_next(&walk)) {
            fill_word(slot, at);
        }
    }
}

void contents_fill(const struct slot *slot, size_t from, size_t to) {
    if (slot->tiny_block) {
        fill_tiny(slot, from, to);
        return;
    }
    if (from < CONTENTS_END_BYTES) {
        fill_words(slot, from / 8 * 8, head_end(to));
        fill_words(slot, tail_begin(to), to);
    } else {
        fill_words(slot, from / 8 * 8, to);
    }
    if (to % 8 != 0 && from < to) {
        uint64_t word = filling(slot, to / 8 * 8);
        memcpy((void *)(slot->base + to / 8 * 8), &word, to % 8);
    }
}

static bool report(const struct model *model, const struct slot *slot, size_t offset) {
    return rule_fail(model->book, RULE_CONTENTS_PATTERN, (struct rule_place){.object = slot->base},
                     "byte %zu of %zu is not what its owner wrote", offset, slot->size_bytes);
}

static bool check_tiny(const struct model *model, const struct slot *slot) {
    const unsigned char *bytes = (const unsigned char *)slot->base;
    for (size_t at = 0; at < TINY_SIZE_BYTES; at++) {
        unsigned char pattern = (unsigned char)(pattern_word(slot, at / 8) >> (at % 8 * 8));
        if ((slot->tiny_bytes >> at & 1) != 0 && bytes[at] != pattern) {
            return report(model, slot, at);
        }
    }
    return true;
}

// Each edge is in memory. Counts those among the words that the walk over the ends looks at.
static bool check_edges(const struct model *model, const struct slot *slot, uintptr_t address,
                        size_t size_bytes, size_t *edge_count) {
    size_t whole = slot->size_bytes;
    size_t tail = whole > CONTENTS_END_BYTES ? (whole - CONTENTS_END_BYTES) / 8 * 8 : 0;
    for (uint32_t i = slot->first_edge; i != MODEL_NONE; i = model_edge(model, i)->next) {
        const struct edge *edge = model_edge(model, i);
        size_t offset = edge->word * (size_t)8;
        if (offset + 8 > size_bytes) {
            continue;
        }
        if (load_word(address + offset) != edge->value) {
            return report(model, slot, offset);
        }
        *edge_count += whole <= (size_t)2 * CONTENTS_END_BYTES || offset < CONTENTS_END_BYTES ||
                       offset >= tail;
    }
    return true;
}

static bool check_plain_words(const struct model *model, const struct slot *slot, uintptr_t address,
                              size_t from, size_t to) {
    for (size_t at = from; at + 8 <= to; at += 8) {
        if (load_word(address + at) != pattern_word(slot, at / 8)) {
            return report(model, slot, at);
        }
    }
    return true;
}

// Whole words of [from, to) at `address` hold the slot's pattern; counts the pointers among them.
static bool check_words(const struct model *model, const struct slot *slot, uintptr_t address,
                        size_t from, size_t to, size_t *pointer_count) {
    if (slot->layout == NULL) {
        return check_plain_words(model, slot, address, from, to);
    }
    struct walk walk = walk_from(slot->layout, from);
    for (size_t at = from; at + 8 <= to; at += 8) {
        uint64_t word = load_word(address + at);
        if (walk_next(&walk)) {
            *pointer_count += word != 0;
        } else if (word != pattern_word(slot, at / 8)) {
            return report(model, slot, at);
        }
    }
    return true;
}

// The word that the size cuts: it holds what contents_fill put there.
static bool check_cut_word(const struct model *model, const struct slot *slot, uintptr_t address) {
    size_t at = slot->size_bytes / 8 * 8;
    uint64_t word = filling(slot, at);
    return memcmp((const void *)(address + at), &word, slot->size_bytes - at) == 0 ||
           report(model, slot, at);
}

bool contents_check(const struct model *model, const struct slot *slot, uintptr_t address,
                    size_t size_bytes) {
    if (slot->untouched) {
        return true;
    }
    rule_count(model->book, RULE_CONTENTS_PATTERN);
    if (slot->tiny_block) {
        return check_tiny(model, slot);
    }
    size_t edge_count = 0;
    if (!check_edges(model, slot, address, size_bytes, &edge_count)) {
        return false;
    }
    size_t pointer_count = 0;
    size_t head = head_end(slot->size_bytes);
    if (!check_words(model, slot, address, 0, head < size_bytes ? head : size_bytes,
                     &pointer_count) ||
        !check_words(model, slot, address, tail_begin(slot->size_bytes), size_bytes,
                     &pointer_count)) {
        return false;
    }
    if (size_bytes % 8 != 0 && size_bytes == slot->size_bytes &&
        !check_cut_word(model, slot, address)) {
        return false;
    }
    return pointer_count == edge_count ||
           rule_fail(model->book, RULE_CONTENTS_PATTERN, (struct rule_place){.object = slot->base},
                     "%zu pointers stand in it, its owner wrote %zu", pointer_count, edge_count);
}

#define CONTENTS_AT_ONCE 8 // objects that contents_check_some looks at

bool contents_check_some(struct model *model) {
    uint32_t count = model->live_count < CONTENTS_AT_ONCE ? model->live_count : CONTENTS_AT_ONCE;
    for (uint32_t i = 0; i < count; i++) {
        model->contents_next = model->contents_next < model->live_count ? model->contents_next : 0;
        const struct slot *slot = model_slot(model, model->live[model->contents_next++]);
        if (!slot->condemned && !contents_check(model, slot, slot->base, slot->size_bytes)) {
            return false;
        }
    }
    return true;
}

bool contents_check_all(const struct model *model) {
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        if (!slot->condemned && !contents_check(model, slot, slot->base, slot->size_bytes)) {
            return false;
        }
    }
    return true;
}
