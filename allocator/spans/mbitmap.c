// mbitmap: sets, clears and reads the heap's pointer bits, a group of 64 words at a time.
#include "allocator/spans/mbitmap.h"

#include "allocator/bits.h"
#include "allocator/check.h"
#include "allocator/collect.h"
#include "allocator/heap.h"
#include "allocator/pages/mheap.h"

#include <stdatomic.h>

#define WORD_BYTES  sizeof(uintptr_t)
#define GROUP_BYTES (64 * WORD_BYTES) // memory that one word of bits stands for

// Other threads read neighbours' bits: relaxed atomics, with one writer at a time.
static _Atomic uint64_t *group_bits(const struct heap *heap, uintptr_t address) {
    unsigned bit;
    return (_Atomic uint64_t *)mheap_pointer_bits(heap, address, &bit);
}

static uint32_t bit_of(uintptr_t address) {
    return (uint32_t)(address / WORD_BYTES % 64);
}

static void merge(const struct heap *heap, uintptr_t group, uint64_t bits) {
    if (bits != 0) {
        _Atomic uint64_t *word = group_bits(heap, group);
        bits |= atomic_load_explicit(word, memory_order_relaxed);
        atomic_store_explicit(word, bits, memory_order_relaxed);
    }
}

// Bits of one group, collected so that a run of small elements writes it once.
struct pending {
    const struct heap *heap;
    uintptr_t group;
    uint64_t bits;
};

static void put_in_group(struct pending *pending, uintptr_t group, uint64_t bits) {
    if (group != pending->group) {
        merge(pending->heap, pending->group, pending->bits);
        pending->group = group;
        pending->bits = 0;
    }
    pending->bits |= bits;
}

// Bit i of `bits` is the word at `address` + i words.
static void put(struct pending *pending, uintptr_t address, uint64_t bits) {
    uint32_t shift = bit_of(address);
    uintptr_t group = address - address % GROUP_BYTES;
    put_in_group(pending, group, bits << shift);
    if (shift != 0 && bits >> (64 - shift) != 0) {
        put_in_group(pending, group + GROUP_BYTES, bits >> (64 - shift));
    }
}

// The layout's bits from word `first` (a multiple of 64) on.
static uint64_t layout_bits(const struct gc_layout *layout, size_t first) {
    size_t words = layout->pointer_bytes / WORD_BYTES - first;
    const uint8_t *mask = layout->pointer_mask + first / 8;
    uint64_t bits = 0;
    for (size_t byte = 0; byte < 8 && byte * 8 < words; byte++) {
        bits |= (uint64_t)mask[byte] << (byte * 8);
    }
    return bits & bits_low_mask64(words);
}

static void set_element(struct pending *pending, const struct gc_layout *layout, uintptr_t base,
                        uintptr_t end) {
    for (size_t first = 0; first < layout->pointer_bytes / WORD_BYTES; first += 64) {
        uintptr_t address = base + first * WORD_BYTES;
        if (address + WORD_BYTES > end) {
            return;
        }
        size_t room = (end - address) / WORD_BYTES;
        uint64_t fits = bits_low_mask64(room);
        put(pending, address, layout_bits(layout, first) & fits);
    }
}

// Elements of at most 64 words: one's bits, repeated over 64, give every group by two shifts.
static void set_short_elements(const struct heap *heap, uintptr_t base, uintptr_t end,
                               const struct gc_layout *layout) {
    uint32_t element_words = (uint32_t)(layout->size_bytes / WORD_BYTES);
    uint32_t whole_words = 64 / element_words * element_words;
    uint64_t repeated = layout_bits(layout, 0);
    for (uint32_t words = element_words; words < 64; words *= 2) {
        repeated |= repeated << words;
    }
    uint32_t phase = 0; // word of an element that the next one is
    for (uintptr_t address = base; address + WORD_BYTES <= end;) {
        uintptr_t room = (end - address) / WORD_BYTES;
        uint32_t words = 64 - bit_of(address);
        words = room < words ? (uint32_t)room : words;
        uint64_t bits =
            phase == 0 ? repeated : repeated >> phase | repeated << (whole_words - phase);
        merge(heap, address, (bits & bits_low_mask64(words)) << bit_of(address));
        phase = (phase + words) % element_words;
        address += words * WORD_BYTES;
    }
}

void mbitmap_set(const struct heap *heap, uintptr_t base, size_t size_bytes,
                 const struct gc_layout *layout) {
    CHECK(layout->size_bytes >= layout->pointer_bytes);
    CHECK(layout->size_bytes % WORD_BYTES == 0);
    if (layout->size_bytes <= 64 * WORD_BYTES) {
        set_short_elements(heap, base, base + size_bytes, layout);
        return;
    }
    struct pending pending = {heap, base - base % GROUP_BYTES, 0};
    uintptr_t end = base + size_bytes;
    for (uintptr_t element = base; element < end; element += layout->size_bytes) {
        set_element(&pending, layout, element, end);
    }
    merge(heap, pending.group, pending.bits);
}

// The bits of the group that `address` lies in, from there up to `end`.
static uint64_t mask_from(uintptr_t address, uintptr_t end) {
    uintptr_t words = (end - address + WORD_BYTES - 1) / WORD_BYTES;
    return bits_low_mask64(words) << bit_of(address);
}

static uintptr_t next_group(uintptr_t address) {
    return address - address % GROUP_BYTES + GROUP_BYTES;
}

void mbitmap_clear(const struct heap *heap, uintptr_t base, size_t size_bytes) {
    uintptr_t end = base + size_bytes;
    for (uintptr_t address = base; address < end; address = next_group(address)) {
        _Atomic uint64_t *word = group_bits(heap, address);
        uint64_t bits = atomic_load_explicit(word, memory_order_relaxed);
        if (bits != 0) {
            bits &= ~mask_from(address, end);
            atomic_store_explicit(word, bits, memory_order_relaxed);
        }
    }
}

static uintptr_t load_word(uintptr_t address) {
    return atomic_load_explicit((const _Atomic uintptr_t *)address, memory_order_relaxed);
}

void heap_visit_pointers(struct heap *heap, const struct heap_object *object,
                         void (*visit)(void *context, uintptr_t value), void *context) {
    struct heap_object now; // it may have been freed since it was marked
    if (object->noscan || !heap_find_object(heap, object->base, &now) || !now.allocated) {
        return;
    }
    uintptr_t end = object->base + object->element_bytes;
    for (uintptr_t at = object->base; at < end; at = next_group(at)) {
        uint64_t bits = atomic_load_explicit(group_bits(heap, at), memory_order_relaxed);
        bits &= mask_from(at, end);
        for (; bits != 0; bits &= bits - 1) {
            uintptr_t value = load_word(at - at % GROUP_BYTES + bits_ctz64(bits) * WORD_BYTES);
            if (value != 0) {
                visit(context, value);
            }
        }
    }
}
