// test_numbers: each container of heap and runtime is driven past twice each threshold that the
// code has for it, and the oracle looks at it there; a sum that stops earlier shows.
//
// Prints the table: what was counted, the thresholds, and how far a program has gone. What takes
// more than a second or 1 GiB under a sanitizer is driven in other builds alone.
#include "tests/fuzz/one_executor.h"

#include "allocator/mprof.h"
#include "allocator/poison.h"
#include "allocator/spans/mprof_internal.h"
#include "allocator/structure.h"
#include "allocator/system/sysmem.h"
#include "runtime/mark.h"
#include "runtime/runtime.h"

#include <inttypes.h>

#define SPAN_TABLE_FIRST  (SYSMEM_UNIT_BYTES / sizeof(void *)) // FIRST_SPAN_CAPACITY of mheap.c
#define FUNC_TABLE_FIRST  16                                   // CAPACITY_MIN of func.c
#define ARENAS_OF_A_GROUP 64                                   // of the page allocator's top level
#define STRIDES_TRIED     4                                    // of sysmem.c

static void add(enum operation_code code, enum operand first, uint64_t value, enum operand second,
                uint64_t other) {
    struct operation operation = operation_set(operation_from_bits(code), first, value);
    if (second != OPERAND_NONE) {
        operation = operation_set(operation, second, other);
    }
    assert_true(program_append(&program, operation));
}

static void begin(uint16_t caches) {
    program_clear(&program);
    program.header.caches = caches;
    program.header.check_every = 255;
}

// ---- programs, one for each container; its last check sees all of it

static void caches_with_objects(void) {
    begin(PROGRAM_CACHES_LIMIT);
    for (uint32_t i = 0; i < PROGRAM_CACHES_LIMIT; i++) {
        struct operation alloc = operation_set(operation_from_bits(OP_ALLOC), OPERAND_CACHE, i);
        alloc = operation_set(alloc, OPERAND_HANDLE, i);
        assert_true(program_append(&program, operation_set(alloc, OPERAND_SIZE, 48)));
    }
}

static void many(enum operation_code code, enum operand slot, uint32_t count) {
    begin(1);
    for (uint32_t i = 0; i < count; i++) {
        add(code, slot, i, OPERAND_NONE, 0);
    }
}

static void goroutines(void) {
    many(OP_GO_START, OPERAND_GOROUTINE, 1024);
}

static void threads(void) {
    many(OP_THREAD_START, OPERAND_THREAD, 1024);
}

static void roots(void) {
    many(OP_ROOT_ADD, OPERAND_ROOT, 1024);
    for (size_t i = 0; i < program.count; i++) {
        program.operations[i] = operation_set_target(program.operations[i], true, 0, 0);
    }
}

static void functions(void) {
    many(OP_FUNC, OPERAND_NUMBER, 200);
}

static void itabs(void) {
    many(OP_ITAB, OPERAND_TYPE, 0);
    for (int i = 0; i < 200; i++) {
        add(OP_ITAB, OPERAND_TYPE, 3, OPERAND_NONE, 0);
    }
}

static void frames_of_a_goroutine(void) {
    begin(1);
    add(OP_GO_START, OPERAND_GOROUTINE, 0, OPERAND_NONE, 0);
    for (int i = 0; i < 1000; i++) {
        add(OP_FRAME_PUSH, OPERAND_GOROUTINE, 0, OPERAND_FRAME_WORDS, 4);
    }
}

// A span each, all in one list of the class.
static void spans_of_a_list(void) {
    begin(1);
    for (int i = 0; i < 3; i++) {
        struct operation run = operation_set(operation_from_bits(OP_ALLOC_RUN), OPERAND_RUN, 1024);
        assert_true(program_append(&program, operation_set(run, OPERAND_SIZE, 8192)));
    }
}

// Objects of 8 bytes, 1,024 of which fill a span, each with a finalizer.
static void specials_of_a_span(void) {
    begin(1);
    add(OP_ALLOC_RUN, OPERAND_RUN, 1024, OPERAND_SIZE, 8);
    for (uint32_t i = 0; i < 1024; i++) {
        add(OP_FINALIZER_SET, OPERAND_HANDLE, i, OPERAND_NONE, 0);
        struct operation *set = &program.operations[program.count - 1];
        *set = operation_set_target(*set, true, 0, 0);
    }
}

static void queued_finalizers(void) {
    specials_of_a_span();
    add(OP_COLLECT, OPERAND_SWEEP, 1, OPERAND_NONE, 0);
}

// 60 call stacks of 66 sizes; four and more in a row of the table.
static void buckets(void) {
    static const uint32_t sizes[] = {8,   16,   24,   32,   48,   64,   80,   96,   112,  128,
                                     144, 160,  176,  192,  208,  224,  240,  256,  288,  320,
                                     352, 384,  416,  448,  480,  512,  576,  640,  704,  768,
                                     896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688};
    begin(1);
    add(OP_PROFILE_RATE, OPERAND_RATE, 1, OPERAND_NONE, 0);
    for (uint32_t stack = 0; stack < 60; stack++) {
        add(OP_CALL_STACK, OPERAND_STACK, 1000 + stack * 40 + 1 + stack % 39, OPERAND_NONE, 0);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            add(OP_ALLOC, OPERAND_HANDLE, i, OPERAND_SIZE, sizes[i]);
        }
    }
}

// More grey objects than two work buffers hold.
static void grey_objects(void) {
    begin(1);
    struct operation fan = operation_set(operation_from_bits(OP_ALLOC_FAN), OPERAND_SPREAD, 13);
    assert_true(program_append(&program, fan));
    assert_true(program_append(
        &program, operation_set_target(operation_from_bits(OP_WRITE_DATA), false, 0, 0)));
    add(OP_COLLECT, OPERAND_SWEEP, 1, OPERAND_NONE, 0);
}

// ---- what is counted of them

static uint64_t effects(enum operation_code code) {
    return executor_counts(executor)->effective[code];
}

static uint64_t heap_count(bool (*is_there)(const struct heap *heap, size_t index)) {
    uint64_t count = 0;
    while (is_there(runtime_heap(go_runtime(executor)), count)) {
        count++;
    }
    return count;
}

static bool has_arena(const struct heap *heap, size_t index) {
    struct inspect_arena arena;
    return inspect_arena(heap, index, &arena);
}

static bool has_range(const struct heap *heap, size_t index) {
    struct inspect_range range;
    return inspect_range(heap, index, &range);
}

static bool has_span(const struct heap *heap, size_t index) {
    struct inspect_span span;
    return inspect_span(heap, index, &span);
}

static uint64_t count_arenas(void) {
    return heap_count(has_arena);
}

static uint64_t count_ranges(void) {
    return heap_count(has_range);
}

static uint64_t count_spans(void) {
    return heap_count(has_span);
}

static void note_bucket(void *context, const struct mprof_bucket_record *bucket) {
    (void)bucket;
    ++*(uint64_t *)context;
}

static uint64_t count_buckets(void) {
    uint64_t count = 0;
    heap_visit_buckets(runtime_heap(go_runtime(executor)), note_bucket, &count);
    return count;
}

static uint64_t count_queued(void) {
    return runtime_finalizer_queue_length(go_runtime(executor));
}

// The hub holds every second one.
static uint64_t count_grey(void) {
    return model_object_count(oracle_model(go_oracle(executor))) / 2;
}

static uint64_t count_others(void) {
    return effects(OP_HEAP_BESIDE) * 10;
}

// ---- the table

enum bound {
    PAST,  // twice the threshold
    WHOLE, // all that there can be
    LARGE, // past it, where no sanitizer looks at each byte
};

static const struct row {
    const char *container;
    void (*make)(void); // NULL: `text`
    const char *text;
    uint64_t (*count)(void); // NULL: as often as `code` did something
    enum operation_code code;
    uint64_t threshold;
    const char *whose;
    enum bound bound;
} rows[] = {
#define BY_EFFECT(name, make, code, threshold, whose, bound)                                       \
    {name, make, NULL, NULL, OP_##code, threshold, whose, bound},
#define COUNTED(name, make, text, count, threshold, whose, bound)                                  \
    {name, make, text, count, OP_NOP, threshold, whose, bound},
    BY_EFFECT("caches with objects", caches_with_objects, ALLOC, HEAP_CACHE_MAX, "HEAP_CACHE_MAX",
              WHOLE) BY_EFFECT("goroutines", goroutines, GO_START, 16, "slots of version 1", PAST)
        BY_EFFECT("frames of a goroutine", frames_of_a_goroutine, FRAME_PUSH, 255,
                  "a byte's values",
                  PAST) BY_EFFECT("OS threads", threads, THREAD_START, 16, "slots of version 1",
                                  PAST) COUNTED("ranges of the system", threads, NULL, count_ranges,
                                                SYSMEM_INLINE_RANGES, "SYSMEM_INLINE_RANGES", PAST)
            BY_EFFECT("other roots", roots, ROOT_ADD, 16, "slots of version 1", PAST) BY_EFFECT(
                "functions", functions, FUNC, FUNC_TABLE_FIRST, "CAPACITY_MIN",
                PAST) BY_EFFECT("itabs", itabs, ITAB, 18, "types of a program", PAST)
                COUNTED("spans, and of one list", spans_of_a_list, NULL, count_spans,
                        SPAN_TABLE_FIRST, "FIRST_SPAN_CAPACITY",
                        PAST) BY_EFFECT("specials of a span", specials_of_a_span, FINALIZER_SET,
                                        SPAN_OBJECTS_MAX, "SPAN_OBJECTS_MAX",
                                        WHOLE) COUNTED("queued finalizers", queued_finalizers, NULL,
                                                       count_queued, 255, "a byte's values", PAST)
                    COUNTED("buckets of the profile", buckets, NULL, count_buckets, MPROF_HASH_ROWS,
                            "MPROF_HASH_ROWS", PAST)
                        COUNTED("objects that are grey at once", grey_objects, NULL, count_grey,
                                WORKBUF_ENTRY_COUNT, "WORKBUF_ENTRY_COUNT",
                                PAST) COUNTED("other heaps", NULL, "heap_beside count=10\n",
                                              count_others, STRIDES_TRIED, "STRIDES_TRIED", PAST)
                            COUNTED("arenas", NULL, "m0 = manual_alloc pages=1064960 stat=stack\n",
                                    count_arenas, ARENAS_OF_A_GROUP, "GROUP_ARENAS", LARGE)};

static enum verdict run(const struct row *row) {
    if (row->make == NULL) {
        return run_text(row->text);
    }
    row->make();
    return executor_run(executor, &program, false);
}

TEST_FIXTURE(open_executor, close_executor)

TEST(each_container_is_driven_past_its_thresholds) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        if (row->bound == LARGE && HEAP_POISON_ACTIVE) {
            print_message("%-32s left to other builds\n", row->container);
            continue;
        }
        uint64_t before = effects(row->code);
        enum verdict verdict = run(row);
        if (verdict != VERDICT_CLEAN) {
            char line[512] = "no finding";
            if (executor_finding(executor) != NULL) {
                (void)finding_line(executor_finding(executor), line, sizeof line);
            }
            fail_msg("%s: verdict %d, %s", row->container, (int)verdict, line);
        }
        uint64_t count = row->count != NULL ? row->count() : effects(row->code) - before;
        print_message("%-32s %6" PRIu64 "   %s %" PRIu64 "\n", row->container, count, row->whose,
                      row->threshold);
        assert_true(row->bound == WHOLE ? count == row->threshold : count > 2 * row->threshold);
    }
}
