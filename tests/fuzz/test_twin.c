// test_twin: a program leaves the same objects with one cache as with several, and swept at once as
// swept lazily: addresses differ, what lives does not.
//
// holds: fuzz/go/slots.c
#include <string.h>
#include "tests/test.h"

#include "fuzz/go/machine.h"
#include "fuzz/go/state.h"
#include "fuzz/generate/generator.h"

#define PROGRAMS       120
#define OPERATIONS_MAX 256

// ---- programs whose outcome is no matter of places

// Left out is what asks where things lie, or what is free there: words to no object, and pointers
// to what was freed, which may point to another object later; faults, which hit another call;
// polls, as other spans are in use; caches that come and go. A tiny object's neighbours live with
// it.
static bool is_left_out(enum operation_code code) {
    static const enum operation_code left_out[] = {
        OP_FREE,  OP_FREE_RUN, OP_REALLOC, OP_WRITE_STRAY,
        OP_FAULT, OP_GC_POLL,  OP_ACQUIRE, OP_RELEASE,
    };
    size_t i = 0;
    while (i < sizeof left_out / sizeof left_out[0] && left_out[i] != code) {
        i++;
    }
    return i < sizeof left_out / sizeof left_out[0];
}

// What is queued first is a matter of the sweep's order.
static bool is_of_finalizers(enum operation_code code) {
    return code == OP_FINALIZER_SET || code == OP_FINALIZER_REMOVE || code == OP_FINALIZER_START ||
           code == OP_FINALIZER_FINISH;
}

static bool ends_a_cycle(enum operation_code code) {
    return code == OP_GC_FINISH || code == OP_COLLECT;
}

struct variant {
    uint8_t caches;
    bool sweeps_at_once;
};

static struct program drawn, varied;

static void vary(struct variant variant) {
    program_clear(&varied);
    varied.header = drawn.header;
    varied.header.caches = variant.caches;
    varied.header.fault_at = 0;
    for (size_t i = 0; i < drawn.count; i++) {
        struct operation operation = drawn.operations[i];
        enum operation_code code = operation_code(operation);
        if (operation_has(code, OPERAND_TINY)) {
            operation = operation_set(operation, OPERAND_TINY, 0);
        }
        if (!is_left_out(code) && !is_of_finalizers(code)) {
            assert_true(program_append(&varied, operation));
        }
        if (variant.sweeps_at_once && ends_a_cycle(code)) {
            assert_true(program_append(&varied, operation_from_bits(OP_SWEEP_FINISH)));
        }
    }
    assert_true(program_append(&varied, operation_from_bits(OP_SWEEP_FINISH)));
}

// ---- what is left

struct state {
    bool lives[OPERATION_HANDLES];
    size_t size_bytes[OPERATION_HANDLES];
    const struct gc_layout *layout[OPERATION_HANDLES];
    struct memstats_by_size by_size[SIZE_CLASS_COUNT];
    uint64_t heap_alloc, total_alloc, mallocs, frees, cycles;
};

static struct state run(struct executor *executor, struct variant variant) {
    struct state state;
    memset(&state, 0, sizeof state);
    vary(variant);
    enum verdict verdict = executor_run(executor, &varied, false);
    assert_true(verdict == VERDICT_CLEAN);
    for (uint32_t slot = 0; slot < OPERATION_HANDLES; slot++) {
        const struct model_handle *handle = go_handle(executor_state(executor), slot);
        if (handle != NULL) {
            state.lives[slot] = true;
            state.size_bytes[slot] = handle->size_bytes;
            state.layout[slot] = handle->layout;
        }
    }
    const struct memstats *stats = go_memstats(executor);
    memcpy(state.by_size, stats->BySize, sizeof state.by_size);
    state.heap_alloc = stats->HeapAlloc;
    state.total_alloc = stats->TotalAlloc;
    state.mallocs = stats->Mallocs;
    state.frees = stats->Frees;
    state.cycles = stats->NumGC;
    return state;
}

static void compare(struct variant one, struct variant other) {
    const struct executor_options options = {.level = ORACLE_FULL};
    struct executor *executor = executor_create(&machine_go, NULL, &options);
    assert_non_null(executor);
    uint64_t freed = 0;
    for (uint32_t seed = 0; seed < PROGRAMS; seed++) {
        generator_program(&drawn, seed * 104729 + 3, OPERATIONS_MAX);
        struct state first = run(executor, one);
        struct state second = run(executor, other);
        freed += first.frees;
        if (memcmp(&first, &second, sizeof first) != 0) {
            fail_msg(
                "program %u: HeapAlloc %llu, Mallocs %llu, Frees %llu; its twin %llu, %llu, %llu",
                seed, (unsigned long long)first.heap_alloc, (unsigned long long)first.mallocs,
                (unsigned long long)first.frees, (unsigned long long)second.heap_alloc,
                (unsigned long long)second.mallocs, (unsigned long long)second.frees);
        }
    }
    assert_true(freed > 1000); // else nothing was shown
    executor_destroy(executor);
}

TEST(objects_do_not_depend_on_the_number_of_caches) {
    compare((struct variant){.caches = 1}, (struct variant){.caches = 5});
}

TEST(objects_do_not_depend_on_when_they_are_swept) {
    compare((struct variant){.caches = 2}, (struct variant){.caches = 2, .sweeps_at_once = true});
}
