// program: a small program on a heap, for tests: a cache, a runtime with segments, and a few kinds
// of object.
#ifndef TESTS_RUNTIME_PROGRAM_H
#define TESTS_RUNTIME_PROGRAM_H

#include <stdlib.h>

#include "tests/test.h"

#include "allocator/collect.h"
#include "allocator/fault.h"
#include "allocator/memstats.h"
#include "allocator/mprof.h"
#include "runtime/runtime.h"

#define PROGRAM_DATA_WORDS 64
#define PROGRAM_BSS_WORDS  8

struct program {
    struct heap *heap;
    struct mcache *cache;
    struct runtime *runtime;
};

static const uint8_t program_all_words[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// Four words, all pointers.
static const struct gc_layout program_node = {32, 32, program_all_words};

static inline void program_start(struct program *program) {
    struct runtime_options options = {.data_words = PROGRAM_DATA_WORDS,
                                      .bss_words = PROGRAM_BSS_WORDS};
    program->cache = heap_acquire_cache(program->heap);
    assert_non_null(program->cache);
    program->runtime = runtime_create(program->heap, &options);
    assert_non_null(program->runtime);
}

static inline int program_setup(void **state) {
    struct program *program = calloc(1, sizeof(*program));
    assert_non_null(program);
    program->heap = heap_create(NULL);
    assert_non_null(program->heap);
    program_start(program);
    *state = program;
    return 0;
}

static inline int program_teardown(void **state) {
    struct program *program = *state;
    runtime_destroy(program->runtime);
    heap_destroy(program->heap);
    free(program);
    return 0;
}

// The same program once more, on a heap as new.
static inline void program_restart(struct program *program) {
    runtime_destroy(program->runtime);
    assert_true(heap_reset(program->heap));
    program_start(program);
}

// From now on the system gives no memory, or (`refuse` false) it does again.
static inline void program_refuse(struct program *program, bool refuse) {
    uint64_t fail_at = refuse ? 1 : 0;
    heap_set_fault(program->heap, SYSMEM_MMAP, fail_at, refuse);
    heap_set_fault(program->heap, SYSMEM_MPROTECT, fail_at, refuse);
}

// Takes all metadata that is at hand: not even the smallest record is to be had until memory is
// given again.
static inline void program_burn(struct program *program) {
    program_refuse(program, true);
    while (heap_metadata_alloc(program->heap, 16) != NULL) {
    }
    while (runtime_define_itab(program->runtime, NULL, false) != NULL) {
    }
}

// Takes `count` small records, so that what follows runs out of memory at another of its steps.
static inline void program_shift(struct program *program, size_t count) {
    for (size_t i = 0; i < count; i++) {
        assert_non_null(runtime_define_itab(program->runtime, NULL, false));
    }
}

static inline uintptr_t program_alloc(struct program *program, size_t size_bytes,
                                      const struct gc_layout *layout) {
    void *object = heap_alloc(program->heap, program->cache, size_bytes, layout, HEAP_ALLOC_ZERO);
    assert_non_null(object);
    return (uintptr_t)object;
}

static inline uintptr_t program_node_new(struct program *program) {
    return program_alloc(program, program_node.size_bytes, &program_node);
}

static inline uintptr_t program_data_slot(const struct program *program, size_t word) {
    return runtime_data_segment(program->runtime)->base + word * 8;
}

static inline void program_set_data(struct program *program, size_t word, uintptr_t value) {
    runtime_write_pointer(program->runtime, program_data_slot(program, word), value);
}

static inline bool program_is_live(struct program *program, uintptr_t object) {
    struct heap_object found;
    return heap_find_object(program->heap, object, &found) && found.allocated;
}

static inline bool program_is_marked(struct program *program, uintptr_t object) {
    struct heap_object found;
    return heap_find_object(program->heap, object, &found) && found.allocated && found.marked;
}

static inline struct memstats program_stats(struct program *program) {
    struct memstats stats;
    heap_read_memstats(program->heap, &stats);
    return stats;
}

static inline void program_collect(struct program *program) {
    assert_true(runtime_collect(program->runtime, program->cache, true));
}

// Marsaglia's xorshift: the same numbers in every run.
static inline uint64_t program_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
