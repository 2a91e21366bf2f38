// written: a dump taken into memory, and a cursor that demands its bytes one atom after the other.
#ifndef TESTS_DUMP_WRITTEN_H
#define TESTS_DUMP_WRITTEN_H

#include "dump/writer.h"

#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

struct written {
    struct heap *heap;
    struct mcache *cache;
    struct runtime *runtime;
    uint8_t *bytes;
    size_t size_bytes, capacity;
    size_t at; // cursor
};

static inline void written_begin(struct written *written, const struct runtime_options *options) {
    *written = (struct written){0};
    written->heap = heap_create(&(struct heap_options){0});
    assert_non_null(written->heap);
    written->cache = heap_acquire_cache(written->heap);
    written->runtime = runtime_create(written->heap, options);
    assert_non_null(written->runtime);
}

static inline void written_end(struct written *written) {
    runtime_destroy(written->runtime);
    heap_release_cache(written->heap, written->cache);
    heap_destroy(written->heap);
    free(written->bytes);
}

// The state of a test that has one.
static inline int written_setup(void **state, const struct runtime_options *options) {
    struct written *written = calloc(1, sizeof *written);
    written_begin(written, options);
    *state = written;
    return 0;
}

static inline int written_teardown(void **state) {
    struct written *written = *state;
    written_end(written);
    free(written);
    return 0;
}

// A function of the program, 0x1000 bytes long.
static inline void written_define(struct written *written, uintptr_t entry, const char *name,
                                  const char *file, uint32_t first_line, uint32_t bytes_per_line) {
    assert_true(
        runtime_define_func(written->runtime, &(struct func){.entry = entry,
                                                             .end = entry + 0x1000,
                                                             .name = name,
                                                             .file = file,
                                                             .first_line = first_line,
                                                             .bytes_per_line = bytes_per_line}));
}

static inline int64_t written_take(void *context, const void *bytes, size_t size_bytes) {
    struct written *written = context;
    if (written->size_bytes + size_bytes > written->capacity) {
        written->capacity = 2 * (written->size_bytes + size_bytes);
        written->bytes = realloc(written->bytes, written->capacity);
    }
    memcpy(written->bytes + written->size_bytes, bytes, size_bytes);
    written->size_bytes += size_bytes;
    return (int64_t)size_bytes;
}

static inline void written_dump(struct written *written) {
    struct dump_sink sink = {.write = written_take, .context = written};
    written->size_bytes = 0;
    written->at = 0;
    struct dump_result result = dump_write(written->runtime, written->cache, &sink);
    assert_int_equal(result.error, 0);
    assert_int_equal(result.offset_bytes, written->size_bytes);
}

// ---- the cursor

static inline const uint8_t *demand_room(struct written *written, size_t size_bytes) {
    assert_true(written->size_bytes - written->at >= size_bytes);
    const uint8_t *at = written->bytes + written->at;
    written->at += size_bytes;
    return at;
}

static inline uint64_t take_number(struct written *written) {
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = *demand_room(written, 1);
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    return value;
}

static inline void demand_number(struct written *written, uint64_t value) {
    assert_int_equal(take_number(written), value);
}

static inline void demand_bytes(struct written *written, const void *bytes, size_t size_bytes) {
    assert_memory_equal(demand_room(written, size_bytes), bytes, size_bytes);
}

static inline void demand_text(struct written *written, const char *text) {
    demand_number(written, strlen(text));
    demand_bytes(written, text, strlen(text));
}

static inline void demand_memory(struct written *written, const void *bytes, size_t size_bytes) {
    demand_number(written, size_bytes);
    demand_bytes(written, bytes, size_bytes);
}

// The given offsets as pointer fields, and the end.
static inline void demand_fields(struct written *written, const uint64_t *offsets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        demand_number(written, 1);
        demand_number(written, offsets[i]);
    }
    demand_number(written, 0);
}

// Header and Params of a heap with one arena at the default base.
static inline void demand_head(struct written *written, const char *version, uint64_t cpus) {
    demand_bytes(written, "go1.7 heap dump\n", 16);
    demand_number(written, 6);
    demand_number(written, 0);
    demand_number(written, 8);
    demand_number(written, heap_base(written->heap));
    demand_number(written, heap_base(written->heap) + HEAP_ARENA_BYTES);
    demand_text(written, "amd64");
    demand_text(written, version);
    demand_number(written, cpus);
}

// The segments of a runtime without words.
static inline void demand_empty_segments(struct written *written) {
    for (uint64_t tag = 12; tag <= 13; tag++) {
        demand_number(written, tag);
        (void)take_number(written);
        demand_number(written, 0);
        demand_number(written, 0);
    }
}

// Params of a heap whose arenas are not looked at.
static inline void skip_head(struct written *written) {
    (void)demand_room(written, 16);
    demand_number(written, 6);
    (void)take_number(written);
    demand_number(written, 8);
    (void)take_number(written);
    (void)take_number(written);
    demand_text(written, "amd64");
    demand_text(written, "v");
    demand_number(written, 1);
}

#endif
