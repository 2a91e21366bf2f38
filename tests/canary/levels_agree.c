// levels_agree: what a cheap check finds, a full one finds no later, and a paranoid one no later
// than that; at the same operation they report the same.
//
// The heap errs in each way in turn, from some operation on, while programs run under all three.

// clang-format off
// wrap: heap_read_memstats heap_alloc heap_free heap_mark
// clang-format on

#include "allocator/heap.h"
#include "allocator/memstats.h"
#include "fuzz/go/machine.h"
#include "fuzz/generate/generator.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

#define PROGRAMS       12
#define OPERATIONS_MAX 64
#define ERRS_FROM      20 // the operation

static struct executor *executor;
static struct program program;

// ---- a heap that errs

enum error {
    INUSE_TOO_HIGH,
    CLASS_TOO_HIGH,
    FIELDS_EXCHANGED,
    PAUSE_CHANGED,
    TOTAL_TOO_LOW,
    ALLOCATES_TWICE,
    DOES_NOT_FREE,
    DOES_NOT_MARK,
    ERROR_COUNT,
};

static enum error error;

static bool errs(enum error which) {
    return error == which && executor_position(executor) >= ERRS_FROM;
}

void __real_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats) {
    __real_heap_read_memstats(heap, stats);
    stats->HeapInuse += errs(INUSE_TOO_HIGH) ? HEAP_PAGE_BYTES : 0;
    stats->BySize[5].Mallocs += errs(CLASS_TOO_HIGH);
    if (errs(FIELDS_EXCHANGED)) {
        uint64_t other = stats->OtherSys;
        stats->OtherSys = stats->GCSys;
        stats->GCSys = other;
    }
    stats->PauseNs[7] += errs(PAUSE_CHANGED);
    stats->TotalAlloc -= errs(TOTAL_TOO_LOW) ? 8 : 0;
}

void *__real_heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                        const struct gc_layout *layout, unsigned flags);
void *__wrap_heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                        const struct gc_layout *layout, unsigned flags);
void *__wrap_heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                        const struct gc_layout *layout, unsigned flags) {
    if (errs(ALLOCATES_TWICE)) {
        (void)__real_heap_alloc(heap, cache, size_bytes, layout, flags);
    }
    return __real_heap_alloc(heap, cache, size_bytes, layout, flags);
}

enum heap_free_status __real_heap_free(struct heap *heap, struct mcache *cache, void *pointer);
enum heap_free_status __wrap_heap_free(struct heap *heap, struct mcache *cache, void *pointer);
enum heap_free_status __wrap_heap_free(struct heap *heap, struct mcache *cache, void *pointer) {
    return errs(DOES_NOT_FREE) ? HEAP_FREED : __real_heap_free(heap, cache, pointer);
}

bool __real_heap_mark(struct heap *heap, uintptr_t address, struct heap_object *object);
bool __wrap_heap_mark(struct heap *heap, uintptr_t address, struct heap_object *object);
bool __wrap_heap_mark(struct heap *heap, uintptr_t address, struct heap_object *object) {
    return !errs(DOES_NOT_MARK) && __real_heap_mark(heap, address, object);
}

// ---- three prices

struct outcome {
    bool found;
    struct finding finding;
};

static struct outcome run_at(enum oracle_level level) {
    const struct executor_options options = {.level = level};
    executor = executor_create(&machine_go, NULL, &options);
    assert_non_null(executor);
    struct outcome outcome = {.found = executor_run(executor, &program, false) == VERDICT_FINDING};
    if (outcome.found) {
        outcome.finding = *executor_finding(executor);
    }
    executor_destroy(executor);
    return outcome;
}

static void assert_no_later(const struct outcome *cheaper, const struct outcome *dearer) {
    if (!cheaper->found) {
        return;
    }
    const struct finding *a = &cheaper->finding;
    const struct finding *b = &dearer->finding;
    if (!dearer->found || b->operation > a->operation ||
        (b->operation == a->operation && !finding_is_same(a, b))) {
        finding_print(a, stderr);
        if (dearer->found) {
            finding_print(b, stderr);
        }
        fail_msg("error %d: the dearer check finds it later, or something else", (int)error);
    }
}

TEST(what_a_cheap_check_finds_a_dearer_one_finds_no_later) {
    uint32_t found[ERROR_COUNT] = {0};
    for (uint32_t seed = 0; seed < PROGRAMS; seed++) {
        for (error = 0; error < ERROR_COUNT; error++) {
            generator_program(&program, seed * 77, OPERATIONS_MAX);
            program.header.check_every = 1;
            struct outcome cheap = run_at(ORACLE_CHEAP);
            struct outcome full = run_at(ORACLE_FULL);
            struct outcome paranoid = run_at(ORACLE_PARANOID);
            assert_no_later(&cheap, &full);
            assert_no_later(&full, &paranoid);
            found[error] += cheap.found;
        }
    }
    for (int i = 0; i < ERROR_COUNT; i++) {
        if (found[i] == 0) {
            fail_msg("no program showed error %d", i);
        }
    }
}
