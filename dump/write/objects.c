// objects: every live object, span by span: a word of bits at a time, small objects encoded
// in place.
//
// A 64-byte object costs about what copying it costs: its size is encoded once per span, its
// address without a loop.
//
// An example: an object of 64 bytes at 0xc000123458, whose words 0 and 2 may point. By its bytes:
//   01                        the tag
//   d8 e8 c8 80 80 18         the address: spread_groups() puts its groups of seven bits into a
//   byte
//                             each, 58 68 48 00 00 18, and more_bits() is 80 80 80 80 80 00
//   40                        the size, from the span's shape
//   ... 64 bytes              copy_slot()
//   01 00 01 10               near_fields[0b0101] is the bytes 01 00 01 10: kind 1 and offset 0,
//   kind
//                             1 and offset 16. For words 4 and 6, 32 is added to each offset: 01 20
//                             01 30. Eight bytes are stored and near_bytes[0b0101], 4, are kept
//   00                        the end of the fields
#include "dump/write/parts.h"

#include "allocator/bits.h"
#include "allocator/poison.h"
#include "allocator/visit.h"

#include <string.h>

#define WORD_BYTES 8

// An object of up to this size is encoded in the buffer with one check for room: its bytes, a field
// for each word (kind, and an offset of at most two groups of seven bits), and what stands around
// them.
#define IN_PLACE_BYTES_MAX    8192
#define SIZE_VARINT_BYTES_MAX 2
#define COPY_BYTES_MAX        512
#define LINE_BYTES            64
#define AHEAD_BYTES           4096 // the processor itself reads ahead within a page only
#define AROUND_BYTES_MAX      (1 + 8 + SIZE_VARINT_BYTES_MAX + 1)
#define ROOM_BYTES_MAX(element_bytes)                                                              \
    ((element_bytes) + (element_bytes) / WORD_BYTES * 3 + AROUND_BYTES_MAX + sizeof(uint64_t))
_Static_assert(IN_PLACE_BYTES_MAX < 1 << 14, "a size and an offset have two groups");
_Static_assert(ROOM_BYTES_MAX(IN_PLACE_BYTES_MAX) <= OUT_BUFFER_BYTES, "an empty buffer has room");

struct objects {
    struct out *out;
    const struct heap *heap;
};

// What is the same for all objects of a span.
struct span_shape {
    uintptr_t base;
    size_t element_bytes;
    size_t room_bytes;    // that an object's record may take
    uint64_t more_bits;   // of an address's varint
    size_t address_bytes; // of the varint of every address in the span
    bool noscan;
    const uint64_t *pointer_bits; // of the span's memory, from its base on
    size_t size_bytes;            // of the varint of the size
    uint8_t size_varint[OUT_VARINT_BYTES_MAX];
};

// ---- fields

// Where four words begin whose offsets all have one group of seven bits.
#define NEAR_WORDS (128 / WORD_BYTES - 3)

// The fields of four words by their bits: kind and offset of each in two bytes, least first.
#define A UINT64_C(0x0001)
#define B UINT64_C(0x0801)
#define C UINT64_C(0x1001)
#define D UINT64_C(0x1801)
static const uint64_t near_fields[16] = {
    0,
    A,
    B,
    A | B << 16,
    C,
    A | C << 16,
    B | C << 16,
    A | B << 16 | C << 32,
    D,
    A | D << 16,
    B | D << 16,
    A | B << 16 | D << 32,
    C | D << 16,
    A | C << 16 | D << 32,
    B | C << 16 | D << 32,
    A | B << 16 | C << 32 | D << 48,
};
#undef A
#undef B
#undef C
#undef D
static const uint8_t near_bytes[16] = {0, 2, 2, 4, 2, 4, 4, 6, 2, 4, 4, 6, 4, 6, 6, 8};

// Encodes the fields of the four words from `word` on. Stores eight bytes, whatever it returns.
static inline uint8_t *encode_near_fields(uint8_t *to, uint64_t bits, size_t word) {
    uint64_t fields = near_fields[bits] + word * WORD_BYTES * UINT64_C(0x0100010001000100);
    memcpy(to, &fields, sizeof fields);
    return to + near_bytes[bits];
}

// Encodes the fields of the memory words [first, end), whose bits are these; offsets count from
// `first`.
static uint8_t *encode_fields(uint8_t *to, const uint64_t *bits, size_t first, size_t end) {
    for (size_t bit = first; bit < end; bit = (bit | 63) + 1) {
        uint64_t left = writer_bits_from(bits, bit, end);
        size_t word = bit - first;
        for (; left != 0 && word < NEAR_WORDS; left >>= 4) {
            to = encode_near_fields(to, left & 15, word);
            word += 4;
        }
        for (; left != 0; left &= left - 1) {
            *to++ = WRITER_FIELD_POINTER;
            to = out_encode_varint(to, (word + bits_ctz64(left)) * WORD_BYTES);
        }
    }
    return to;
}

// ---- small objects

// Spreads the 8 groups of 7 bits of a value below 2^56 over 8 bytes.
static uint64_t spread_groups(uint64_t value) {
    value = (value & UINT64_C(0x000000000fffffff)) | (value & UINT64_C(0x00fffffff0000000)) << 4;
    value = (value & UINT64_C(0x00003fff00003fff)) | (value & UINT64_C(0x0fffc0000fffc000)) << 2;
    return (value & UINT64_C(0x007f007f007f007f)) | (value & UINT64_C(0x3f803f803f803f80)) << 1;
}

// The bits that say "more follows" in a varint of so many bytes: 2..8, since no address of a
// program has 57 bits. In an arena all have the same number: it changes at powers of two that are
// multiples of an arena.
static uint64_t more_bits(size_t varint_bytes) {
    return UINT64_C(0x0080808080808080) >> (64 - 8 * varint_bytes);
}

// A slot's bytes. Short ones are copied here, 16 bytes at a time and the rest of 8: a call would
// cost as much as the copy.
static inline void copy_slot(uint8_t *to, uintptr_t address, size_t size_bytes) {
#if HEAP_POISON_ACTIVE
    heap_peek(to, (const void *)address, size_bytes);
#else
    const uint8_t *from = (const uint8_t *)address;
    for (size_t i = 0; i < size_bytes; i += LINE_BYTES) {
        bits_prefetch(from + AHEAD_BYTES + i);
    }
    if (size_bytes > COPY_BYTES_MAX) {
        memcpy(to, from, size_bytes);
        return;
    }
    size_t i = 0;
    for (; i + 16 <= size_bytes; i += 16) {
        memcpy(to + i, from + i, 16);
    }
    if (i < size_bytes) {
        memcpy(to + i, from + i, 8);
    }
#endif
}

// Encodes the object at `address`, the span's `index`-th, at `to`, where it has room; returns the
// end.
static inline uint8_t *encode_object(uint8_t *to, const struct span_shape *shape, uintptr_t address,
                                     size_t index) {
    uint64_t groups = spread_groups(address) | shape->more_bits;
    *to = WRITER_TAG_OBJECT;
    memcpy(to + 1, &groups, sizeof groups); // least byte first, as on every machine that we dump
    to += 1 + shape->address_bytes;
    memcpy(to, shape->size_varint, SIZE_VARINT_BYTES_MAX);
    to += shape->size_bytes;
    copy_slot(to, address, shape->element_bytes);
    to += shape->element_bytes;
    if (!shape->noscan) {
        size_t words = shape->element_bytes / WORD_BYTES;
        to = encode_fields(to, shape->pointer_bits, index * words, (index + 1) * words);
    }
    *to++ = WRITER_FIELD_END;
    return to;
}

// Takes the shape by value: what is stored through `to` cannot change a copy.
static bool put_span_in_place(struct out *out, const struct span_shape shape,
                              const struct visited_span *span) {
    uint8_t *start = out_reserve(out, shape.room_bytes);
    const uint8_t *limit = out->bytes + OUT_BUFFER_BYTES - shape.room_bytes;
    uint8_t *to = start;
    for (size_t word = 0; word < span->bit_words; word++) {
        uint64_t live = span->alloc_bits[word] & ~span->remote_bits[word];
        for (; live != 0; live &= live - 1) {
            if (to > limit) {
                out->used_bytes += (size_t)(to - start);
                to = start = out_reserve(out, shape.room_bytes);
            }
            size_t index = word * 64 + bits_ctz64(live);
            to = encode_object(to, &shape, shape.base + index * shape.element_bytes, index);
        }
    }
    out->used_bytes += (size_t)(to - start);
    return out_is_open(out);
}

// ---- other objects: large ones, and those of a span that lies in two arenas

static void put_object(const struct objects *objects, const struct visited_span *span,
                       size_t index) {
    uintptr_t address = span->base + index * span->element_bytes;
    write_Object(objects->out, &(struct writer_Object){
                                   .address = address,
                                   .contents = {address, span->element_bytes},
                                   .fields = {.heap = span->noscan ? NULL : objects->heap,
                                              .object = address,
                                              .object_bytes = span->element_bytes},
                               });
}

static bool put_span_of_others(const struct objects *objects, const struct visited_span *span) {
    for (size_t word = 0; word < span->bit_words; word++) {
        uint64_t live = span->alloc_bits[word] & ~span->remote_bits[word];
        for (; live != 0; live &= live - 1) {
            put_object(objects, span, word * 64 + bits_ctz64(live));
        }
    }
    return out_is_open(objects->out);
}

// ---- spans

static size_t varint_bytes_of(uint64_t value) {
    uint8_t bytes[OUT_VARINT_BYTES_MAX];
    return (size_t)(out_encode_varint(bytes, value) - bytes);
}

static bool put_span(void *context, const struct visited_span *span) {
    const struct objects *objects = context;
    struct visited_bits bits = heap_pointer_bits(objects->heap, span->base);
    size_t span_words = span->object_count * span->element_bytes / WORD_BYTES;
    if (span->element_bytes > IN_PLACE_BYTES_MAX || bits.word_count < span_words) {
        return put_span_of_others(objects, span);
    }
    size_t address_bytes = varint_bytes_of(span->base);
    struct span_shape shape = {
        .base = span->base,
        .element_bytes = span->element_bytes,
        .room_bytes = ROOM_BYTES_MAX(span->element_bytes),
        .more_bits = more_bits(address_bytes),
        .address_bytes = address_bytes,
        .noscan = span->noscan,
        .pointer_bits = bits.words, // a span begins at a page, so at a word of bits
    };
    uint8_t *end = out_encode_varint(shape.size_varint, span->element_bytes);
    shape.size_bytes = (size_t)(end - shape.size_varint);
    return put_span_in_place(objects->out, shape, span);
}

void writer_put_objects(struct out *out, const struct runtime *runtime) {
    struct objects objects = {.out = out, .heap = runtime_heap(runtime)};
    (void)heap_visit_spans(objects.heap, put_span, &objects); // an error stays in `out`
}
