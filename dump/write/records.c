// records: the encoder of each record, made from the table of records.
#include "dump/write/records.h"

#include "allocator/bits.h"
#include "allocator/visit.h"

#include <string.h>

#define PAUSE_COUNT 256
#define WORD_BYTES  8

static void put_text(struct out *out, struct writer_text text) {
    const char *package = text.package == NULL ? "" : text.package;
    size_t package_bytes = strlen(package);
    size_t name_bytes = strlen(text.name);
    size_t dot_bytes = package_bytes > 0 ? 1 : 0;
    out_varint(out, package_bytes + dot_bytes + name_bytes);
    out_bytes(out, package, package_bytes);
    out_bytes(out, ".", dot_bytes);
    out_bytes(out, text.name, name_bytes);
}

static void put_memory(struct out *out, struct writer_memory memory) {
    out_varint(out, memory.size_bytes);
    out_memory(out, memory.address, memory.size_bytes);
}

static void put_words(struct out *out, const struct writer_words *words) {
    for (size_t i = 0; i < words->word_count; i++) {
        if (words->bits != NULL && (words->bits[i / 8] >> (i % 8) & 1) == 0) {
            continue;
        }
        out_varint(out, WRITER_FIELD_POINTER);
        out_varint(out, words->first_offset + i * WORD_BYTES);
    }
}

// The fields of so many words, the first of which lies at `offset` in the object.
static void put_visited(struct out *out, const struct visited_bits *bits, size_t word_count,
                        size_t offset) {
    size_t end = bits->first_bit + word_count;
    for (size_t bit = bits->first_bit; bit < end; bit = (bit | 63) + 1) {
        for (uint64_t left = writer_bits_from(bits->words, bit, end); left != 0; left &= left - 1) {
            size_t word = bit - bits->first_bit + bits_ctz64(left);
            out_varint(out, WRITER_FIELD_POINTER);
            out_varint(out, offset + word * WORD_BYTES);
        }
    }
}

// The bits of the next arena lie elsewhere: an object is taken arena by arena.
static void put_object_fields(struct out *out, const struct writer_fields *fields) {
    for (size_t offset = 0; offset < fields->object_bytes;) {
        struct visited_bits bits = heap_pointer_bits(fields->heap, fields->object + offset);
        size_t left_count = (fields->object_bytes - offset) / WORD_BYTES;
        size_t word_count = left_count < bits.word_count ? left_count : bits.word_count;
        put_visited(out, &bits, word_count, offset);
        offset += word_count * WORD_BYTES;
    }
}

static void put_fields(struct out *out, const struct writer_fields *fields) {
    put_words(out, &fields->runs[0]);
    put_words(out, &fields->runs[1]);
    if (fields->heap != NULL) {
        put_object_fields(out, fields);
    }
    out_varint(out, WRITER_FIELD_END);
}

static void put_pauses(struct out *out, const uint64_t *pauses) {
    for (size_t i = 0; i < PAUSE_COUNT; i++) {
        out_varint(out, pauses[i]);
    }
}

// "(0x" hexadecimal ")", as Go names a pc that lies in no function.
static const char *unknown_function(uintptr_t pc, char text[24]) {
    char *at = text + 24;
    *--at = '\0';
    *--at = ')';
    do {
        *--at = "0123456789abcdef"[pc & 15];
        pc >>= 4;
    } while (pc > 0);
    *--at = 'x';
    *--at = '0';
    *--at = '(';
    return at;
}

// A return address names the instruction after the call: one back is in the call's line. The leaf
// is no return address.
static void put_call(struct out *out, const struct writer_stack *stack, size_t index) {
    uintptr_t pc = stack->pcs[index];
    const struct func *func = runtime_find_func(stack->runtime, pc);
    if (func == NULL) {
        char text[24];
        put_text(out, (struct writer_text){.name = unknown_function(pc, text)});
        put_text(out, (struct writer_text){.name = "?"});
        out_varint(out, 0);
        return;
    }
    if (index > 0 && pc > func->entry) {
        pc--;
    }
    put_text(out, (struct writer_text){.name = func->name});
    put_text(out, (struct writer_text){.name = func->file});
    out_varint(out, func_line(func, pc));
}

static void put_stack(struct out *out, const struct writer_stack *stack) {
    out_varint(out, stack->count);
    for (size_t i = 0; i < stack->count; i++) {
        put_call(out, stack, i);
    }
}

#define A(name) out_varint(out, record->name);
#define B(name) out_varint(out, record->name);
#define F(name) put_fields(out, &record->name);
#define K(name) put_stack(out, &record->name);
#define M(name) put_memory(out, record->name);
#define N(name) put_pauses(out, record->name);
#define P(name) out_varint(out, record->name);
#define S(name) put_text(out, record->name);
#define U(name) out_varint(out, record->name);
#define DUMP_RECORD(tag, name, members)                                                            \
    void write_##name(struct out *out, const struct writer_##name *record) {                       \
        out_varint(out, tag);                                                                      \
        members                                                                                    \
    }
#define DUMP_RECORD_BARE(tag, name)                                                                \
    void write_##name(struct out *out) {                                                           \
        out_varint(out, tag);                                                                      \
    }
#include "dump/records.def"
