// contents: what a worker writes into its objects and their anchors, and finds there again.
//
// The heap under test sees these bytes: a collector, a dump, another thread that got the same slot.
#include "fuzz/stress/state.h"

#include "oracle/go/state/contents.h"
#include "oracle/go/rules.h"

#include <string.h>

static const uint8_t first_word[] = {0x01};
static const uint8_t outer_words[] = {0x05};
static const uint8_t second_word[] = {0x02};
static const uint8_t last_word[] = {0x80};
static const uint8_t even_words[64] = {
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
};

const struct gc_layout threads_layouts[THREADS_LAYOUT_COUNT] = {
    {8, 8, first_word},  {24, 24, outer_words}, {16, 16, second_word},
    {64, 64, last_word}, {512, 8, first_word},  {4096, 4096, even_words},
};

size_t object_first_pointer(const struct object *object) {
    if (object->layout == NULL) {
        return SIZE_MAX;
    }
    size_t offset = 0;
    while (!contents_is_pointer(object->layout, offset)) {
        offset += 8;
    }
    return offset + 8 <= object->size_bytes ? offset : SIZE_MAX;
}

// ---- pointers

void worker_store(struct worker *worker, uintptr_t slot, uintptr_t value) {
    if (worker_is_told(worker, GATE_BARRIER)) {
        runtime_write_pointer(worker->crew->runtime, slot, value);
    } else {
        *(uintptr_t *)slot = value;
    }
}

// ---- contents: noscan: eight words of the seed and then its lowest byte, of a larger object at
// both ends; else a word of the seed in each of the first words that hold no pointer. What begins
// an object does not depend on its size.

#define HEAD_BYTES 64
#define BACK_BYTES 64

static uint64_t seeded_word(uint64_t seed, uint64_t index) {
    return (seed + index * UINT64_C(0x9e3779b97f4a7c15)) | 1;
}

static void fill_head(uint64_t seed, uint64_t *head) {
    for (size_t i = 0; i < HEAD_BYTES / 8; i++) {
        head[i] = seeded_word(seed, i);
    }
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static unsigned char rest_byte(const struct object *object) {
    return (unsigned char)(object->seed & 0xff);
}

static void write_bytes(const struct object *object, size_t from_bytes) {
    unsigned char *bytes = (unsigned char *)object->address;
    uint64_t head[HEAD_BYTES / 8];
    if (from_bytes < HEAD_BYTES) {
        fill_head(object->seed, head);
        memcpy(bytes, head, least(object->size_bytes, HEAD_BYTES));
        from_bytes = HEAD_BYTES;
    }
    size_t front_bytes = least(object->size_bytes, THREADS_FRONT_BYTES);
    if (front_bytes > from_bytes) {
        memset(bytes + from_bytes, rest_byte(object), front_bytes - from_bytes);
    }
    if (object->size_bytes > THREADS_FRONT_BYTES) {
        size_t back_bytes = least(object->size_bytes - THREADS_FRONT_BYTES, BACK_BYTES);
        memset(bytes + object->size_bytes - back_bytes, rest_byte(object), back_bytes);
    }
}

// Pointer words stand still: a collector may read them.
static void write_words(const struct object *object, size_t from_bytes) {
    uint64_t *words = (uint64_t *)object->address;
    size_t end = least(object->size_bytes, HEAD_BYTES) / 8;
    for (size_t i = from_bytes / 8; i < end; i++) {
        if (!contents_is_pointer(object->layout, i * 8)) {
            words[i] = seeded_word(object->seed, i);
        }
    }
}

void contents_write(const struct object *object, size_t from_bytes) {
    if (object->layout == NULL) {
        write_bytes(object, from_bytes);
    } else {
        write_words(object, from_bytes);
    }
}

static bool are_all(const unsigned char *bytes, size_t size_bytes, unsigned char value) {
    return size_bytes == 0 || (bytes[0] == value && memcmp(bytes, bytes + 1, size_bytes - 1) == 0);
}

static bool bytes_match(const struct object *object, size_t front_bytes,
                        enum contents_depth depth) {
    const unsigned char *bytes = (const unsigned char *)object->address;
    uint64_t head[HEAD_BYTES / 8];
    fill_head(object->seed, head);
    if (memcmp(bytes, head, least(front_bytes, HEAD_BYTES)) != 0) {
        return false;
    }
    if (depth == CONTENTS_FRONT || front_bytes <= HEAD_BYTES) {
        front_bytes = least(front_bytes, THREADS_FRONT_BYTES);
        return front_bytes <= HEAD_BYTES ||
               are_all(bytes + HEAD_BYTES, front_bytes - HEAD_BYTES, rest_byte(object));
    }
    if (bytes[front_bytes - 1] != rest_byte(object)) {
        return false;
    }
    return depth == CONTENTS_QUICK ||
           are_all(bytes + HEAD_BYTES, least(front_bytes, THREADS_FRONT_BYTES) - HEAD_BYTES,
                   rest_byte(object));
}

static uint64_t expected_word(const struct object *object, size_t index) {
    if (!contents_is_pointer(object->layout, index * 8)) {
        return index < HEAD_BYTES / 8 ? seeded_word(object->seed, index) : 0;
    }
    bool is_link = object->child != NULL && index * 8 == object_first_pointer(object);
    return is_link ? object->child->address : 0;
}

static bool words_match(const struct object *object, size_t size_bytes, enum contents_depth depth) {
    const uint64_t *words = (const uint64_t *)object->address;
    size_t end = least(size_bytes, depth == CONTENTS_QUICK ? HEAD_BYTES : THREADS_FRONT_BYTES) / 8;
    for (size_t i = 0; i < end; i++) {
        if (words[i] != expected_word(object, i)) {
            return false;
        }
    }
    return true;
}

bool contents_verify(struct rule_book *book, const struct object *object, size_t size_bytes,
                     enum contents_depth depth) {
    rule_count(book, RULE_CONTENTS_PATTERN);
    if (!object->patterned) {
        return true;
    }
    bool matches = object->layout == NULL ? bytes_match(object, size_bytes, depth)
                                          : words_match(object, size_bytes, depth);
    return matches ||
           rule_fail(book, RULE_CONTENTS_PATTERN, (struct rule_place){.object = object->address},
                     "%zu bytes changed under their owner", object->size_bytes);
}

bool contents_verify_zero(struct rule_book *book, uintptr_t address, size_t size_bytes) {
    const unsigned char *bytes = (const unsigned char *)address;
    rule_count(book, RULE_CONTENTS_ZERO);
    return are_all(bytes, size_bytes, 0) ||
           rule_fail(book, RULE_CONTENTS_ZERO, (struct rule_place){.object = address},
                     "%zu bytes that must be zero are not", size_bytes);
}
