// build: dumps made by hand, number by number, for either byte order and pointer size; for tests
// and seeds.
//
// It knows neither the reader nor the writer: what it puts down is what dump/FORMAT.md says.
#ifndef TESTS_DUMP_BUILD_H
#define TESTS_DUMP_BUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct build {
    uint8_t *bytes;
    size_t size_bytes, capacity;
    unsigned pointer_bytes;
    bool big_endian;
};

// Where the pieces of build_sample() lie.
struct build_places {
    uint64_t arena, objects, data, bss, code;
};

static inline void build_fini(struct build *build) {
    free(build->bytes);
    *build = (struct build){.bytes = NULL};
}

static inline void build_bytes(struct build *build, const void *bytes, size_t size_bytes) {
    while (build->capacity - build->size_bytes < size_bytes) {
        build->capacity = build->capacity == 0 ? 4096 : 2 * build->capacity;
        build->bytes = realloc(build->bytes, build->capacity);
        if (build->bytes == NULL) {
            abort();
        }
    }
    if (size_bytes > 0) {
        memcpy(build->bytes + build->size_bytes, bytes, size_bytes);
    }
    build->size_bytes += size_bytes;
}

static inline void build_byte(struct build *build, unsigned byte) {
    uint8_t one = (uint8_t)byte;
    build_bytes(build, &one, 1);
}

static inline void build_number(struct build *build, uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
        build_byte(build, (unsigned)(value & 0x7f) | 0x80);
    }
    build_byte(build, (unsigned)value);
}

// The numbers in order, as many as `count`.
static inline void build_numbers(struct build *build, const uint64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        build_number(build, values[i]);
    }
}

#define BUILD(build, ...)                                                                          \
    build_numbers(build, (const uint64_t[]){__VA_ARGS__},                                          \
                  sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static inline void build_string(struct build *build, const char *text) {
    build_number(build, strlen(text));
    build_bytes(build, text, strlen(text));
}

// `count` words of a pointer's size, all of `value`, as a memory range.
static inline void build_words(struct build *build, size_t count, uint64_t value) {
    build_number(build, count * build->pointer_bytes);
    for (size_t i = 0; i < count * build->pointer_bytes; i++) {
        size_t byte = i % build->pointer_bytes;
        size_t shift = build->big_endian ? build->pointer_bytes - 1 - byte : byte;
        build_byte(build, (unsigned)(value >> (8 * shift)) & 0xff);
    }
}

static inline struct build_places build_places(const struct build *build) {
    uint64_t arena = build->pointer_bytes == 8 ? UINT64_C(0xc000000000) : UINT64_C(0x8c00000);
    return (struct build_places){.arena = arena,
                                 .objects = arena + 0x2000,
                                 .data = 0x4c0000,
                                 .bss = 0x4d0000,
                                 .code = 0x401000};
}

static inline void build_header(struct build *build) {
    build_bytes(build, "go1.7 heap dump\n", 16);
}

static inline void build_params(struct build *build, const char *version) {
    uint64_t arena = build_places(build).arena;
    BUILD(build, 6, build->big_endian, build->pointer_bytes, arena, arena + 0x400000);
    build_string(build, build->big_endian ? "s390x" : "amd64");
    build_string(build, version);
    build_number(build, 2);
}

// Two words, the second a pointer to `target`.
static inline void build_object(struct build *build, uint64_t address, uint64_t target) {
    BUILD(build, 1, address);
    build_words(build, 2, target);
    BUILD(build, 1, build->pointer_bytes, 0);
}

static inline void build_roots(struct build *build) {
    struct build_places places = build_places(build);
    BUILD(build, 12, places.data);
    build_words(build, 2, places.objects);
    BUILD(build, 1, 0, 1, build->pointer_bytes, 0);
    BUILD(build, 13, places.bss, 0, 0);
}

// A MemStats that agrees with itself and with `count` objects of `bytes` in all.
static inline void build_memstats(struct build *build, uint64_t count, uint64_t bytes) {
    BUILD(build, 10, bytes, bytes + 64, 1000000, 0, count + 3, 3, bytes, 500000, 400000, 100000,
          300000, count, 100000, 110000, 10000, 20000, 2400, 15600, 3000, 50000, 301400, 4194304,
          UINT64_C(1700000000000000000), 5000);
    for (unsigned i = 0; i < 256; i++) {
        build_number(build, i < 2 ? 2500 : 0);
    }
    build_number(build, 2);
}

// A dump's begin; records of objects, goroutines, ... may follow.
static inline struct build build_start(unsigned pointer_bytes) {
    struct build build = {.pointer_bytes = pointer_bytes};
    build_header(&build);
    build_params(&build, "go1.19.8");
    return build;
}

// Its end, with the statistics of a heap without objects.
static inline void build_finish(struct build *build) {
    build_roots(build);
    build_memstats(build, 0, 0);
    build_number(build, 0);
}

// What the writer of every strict dump puts down at least.
static inline void build_smallest(struct build *build) {
    build_header(build);
    build_params(build, "go1.19.8");
    build_finish(build);
}

static inline void build_goroutine(struct build *build) {
    struct build_places places = build_places(build);
    uint64_t g = places.arena + 0x100;
    BUILD(build, 4, g, places.arena + 0x1000, 17, places.code, 4, 0, 0, 123456789);
    build_string(build, "chan receive");
    BUILD(build, 0, 0x4e0000, places.arena + 0x180, places.arena + 0x1c0);
    BUILD(build, 5, places.arena + 0x1000, 0, 0);
    build_words(build, 4, places.objects);
    BUILD(build, places.code, places.code + 0x20, places.code + 0x20);
    build_string(build, "main.wait");
    BUILD(build, 1, 0, 1, build->pointer_bytes, 0);
    BUILD(build, 14, places.arena + 0x180, g, places.arena + 0x1000, places.code + 8, 0, 0, 0);
    BUILD(build, 15, places.arena + 0x1c0, g, 0x4b0000, places.objects, 0, 0);
}

static inline void build_profile(struct build *build) {
    struct build_places places = build_places(build);
    BUILD(build, 16, 0x4f0000, UINT64_C(2) * build->pointer_bytes, 2);
    build_string(build, "main.node");
    build_string(build, "/src/main.go");
    build_number(build, 12);
    build_string(build, "(0x1234)");
    build_string(build, "?");
    BUILD(build, 0, 5, 2);
    BUILD(build, 16, 0x4f0100, 64, 0, 0, 0); // a bucket without frames
    BUILD(build, 17, places.objects, 0x4f0000);
    BUILD(build, 17, places.objects + 1, 0x4f0100); // inside an object
}

// All 18 records, in order; `dump verify` finds nothing.
static inline void build_sample(struct build *build) {
    struct build_places places = build_places(build);
    uint64_t size_bytes = UINT64_C(2) * build->pointer_bytes;
    build_header(build);
    build_params(build, "go1.19.8");
    BUILD(build, 3, 0x4b0000, 16);
    build_string(build, "main.node");
    BUILD(build, 1, 8, 0x4a0000, 0x4b0000);
    BUILD(build, 2);
    build_string(build, "runtime root");
    build_number(build, places.objects);
    for (unsigned i = 0; i < 3; i++) {
        build_object(build, places.objects + i * size_bytes, places.objects);
    }
    build_goroutine(build);
    BUILD(build, 9, 0x4e0000, 0, 4711);
    build_roots(build);
    BUILD(build, 7, places.objects + size_bytes, 0x4c1000, places.code, 0x4b0000, 0x4b0000);
    BUILD(build, 11, places.objects, 0x4c1000, places.code, 0x4b0000, 0x4b0000);
    build_memstats(build, 3, 3 * size_bytes);
    build_profile(build);
    build_number(build, 0);
}

#endif
