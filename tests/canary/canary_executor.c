// canary_executor: the rules that whoever drives programs evaluates, each made to fire by one lie.
//
// holds: oracle/go/verify/delta.c

// clang-format off
// wrap: heap_alloc dump_write heap_live_bytes heap_free heap_scavenge heap_alloc_manual
// clang-format on

#include "allocator/fault.h"
#include "allocator/heap.h"
#include "dump/writer.h"
#include "fuzz/go/machine.h"
#include "fuzz/program/text.h"
#include "tests/canary/matrix.h"

static bool lying; // the system refuses objects of 64 bytes, which no plan of the program asked for

static bool takes_two; // an allocation takes a second object, which nobody hears of

void *__real_heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                        const struct gc_layout *layout, unsigned flags);
void *__wrap_heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                        const struct gc_layout *layout, unsigned flags);
void *__wrap_heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                        const struct gc_layout *layout, unsigned flags) {
    if (lying && size_bytes == 64) {
        heap_set_fault(heap, SYSMEM_MMAP, 1, true); // no rule of the heap is broken
        void *none = __real_heap_alloc(heap, cache, size_bytes, layout, flags);
        heap_set_fault(heap, SYSMEM_MMAP, 0, false);
        return none;
    }
    if (takes_two) {
        (void)__real_heap_alloc(heap, cache, size_bytes, layout, flags);
    }
    return __real_heap_alloc(heap, cache, size_bytes, layout, flags);
}

static bool overstating; // a dump says that it wrote a byte more than it did

struct dump_result __real_dump_write(struct runtime *runtime, struct mcache *cache,
                                     const struct dump_sink *sink);
struct dump_result __wrap_dump_write(struct runtime *runtime, struct mcache *cache,
                                     const struct dump_sink *sink);
struct dump_result __wrap_dump_write(struct runtime *runtime, struct mcache *cache,
                                     const struct dump_sink *sink) {
    struct dump_result result = __real_dump_write(runtime, cache, sink);
    result.offset_bytes += overstating ? 1 : 0;
    return result;
}

static bool inflating; // a slot that nobody has keeps the collector's pace

uint64_t __real_heap_live_bytes(struct heap *heap);
uint64_t __wrap_heap_live_bytes(struct heap *heap);
uint64_t __wrap_heap_live_bytes(struct heap *heap) {
    return __real_heap_live_bytes(heap) + (inflating ? 64 : 0);
}

static bool renaming; // a free of the cache's own calls itself remote

enum heap_free_status __real_heap_free(struct heap *heap, struct mcache *cache, void *pointer);
enum heap_free_status __wrap_heap_free(struct heap *heap, struct mcache *cache, void *pointer);
enum heap_free_status __wrap_heap_free(struct heap *heap, struct mcache *cache, void *pointer) {
    enum heap_free_status status = __real_heap_free(heap, cache, pointer);
    return renaming && status == HEAP_FREED ? HEAP_FREE_REMOTE : status;
}

static size_t more_bytes;  // than was asked for are released
static size_t fewer_bytes; // are told than were released

size_t __real_heap_scavenge(struct heap *heap, size_t size_bytes);
size_t __wrap_heap_scavenge(struct heap *heap, size_t size_bytes);
size_t __wrap_heap_scavenge(struct heap *heap, size_t size_bytes) {
    return __real_heap_scavenge(heap, size_bytes + more_bytes) - fewer_bytes;
}

static bool skipping; // the lowest pages that fit are left out

void *__real_heap_alloc_manual(struct heap *heap, size_t page_count, enum manual_stat stat);
void *__wrap_heap_alloc_manual(struct heap *heap, size_t page_count, enum manual_stat stat);
void *__wrap_heap_alloc_manual(struct heap *heap, size_t page_count, enum manual_stat stat) {
    if (!skipping) {
        return __real_heap_alloc_manual(heap, page_count, stat);
    }
    void *lowest = __real_heap_alloc_manual(heap, page_count, stat);
    void *next = __real_heap_alloc_manual(heap, page_count, stat);
    heap_free_manual(heap, lowest, stat);
    return next;
}

static struct executor *executor;

static enum verdict run(const char *text) {
    static struct program program; // runs again from here
    struct text_error error;
    program_clear(&program);
    assert_true(text_parse_program(&program, text, strlen(text), &error));
    return executor_run(executor, &program, false);
}

static void expected(void) {
    (void)run("h1 = alloc c0 size=64\nexpect Mallocs=2\n");
    assert_int_equal(executor_finding(executor)->operation, 1);
}

static void twin_hash(void) {
    assert_int_equal(run("h1 = alloc c0 size=64\n"), VERDICT_CLEAN);
    lying = true;
    (void)executor_run_again(executor);
    lying = false;
}

static void scan_live(void) {
    inflating = true;
    (void)run("h1 = alloc c0 size=64\n");
    inflating = false;
}

static void free_status(void) {
    renaming = true;
    (void)run("h1 = alloc c0 size=64\nfree c0 h1\n");
    renaming = false;
}

static void page_release(void) {
    more_bytes = 8192;
    (void)run("m0 = manual_alloc pages=4\nmanual_free m0\nscavenge pages=2\n");
    more_bytes = 0;
}

static void page_release_told(void) {
    fewer_bytes = 8192;
    (void)run("m0 = manual_alloc pages=4\nmanual_free m0\nscavenge pages=2\n");
    fewer_bytes = 0;
}

static void page_fit(void) {
    assert_int_equal(run("m0 = manual_alloc pages=1\nmanual_free m0\n"), VERDICT_CLEAN);
    skipping = true;
    (void)run("m0 = manual_alloc pages=1\nmanual_free m0\nm0 = manual_alloc pages=3\n");
    skipping = false;
}

static void dump_sink(void) {
    overstating = true;
    (void)run("h1 = alloc c0 size=64\ndump\n");
    overstating = false;
}

static void delta_amount(void) {
    assert_true(rule_set_aside(executor_book(executor), "model"));
    takes_two = true;
    (void)run("stats\nh1 = alloc c0 size=64\nstats\n");
    takes_two = false;
}

#define CANARY(id, name)                                                                           \
    { RULE_##id, #name, name, 0, NULL }
static const struct canary canaries[] = {
    CANARY(EXPECTED, expected),
    CANARY(TWIN_HASH, twin_hash),
    CANARY(DUMP_SINK, dump_sink),
    {RULE_DELTA_AMOUNT, "delta_amount", delta_amount, DEAF_MODEL, NULL},
    CANARY(SCAN_LIVE, scan_live),
    CANARY(FREE_STATUS, free_status),
    CANARY(PAGE_RELEASE, page_release),
    CANARY(PAGE_RELEASE, page_release_told),
    CANARY(PAGE_FIT, page_fit),
};

static const struct oracle *sing(const struct canary *canary) {
    const struct executor_options options = {.level = ORACLE_FULL, .keeps_expectations = true};
    executor = executor_create(&machine_go, NULL, &options);
    assert_non_null(executor);
    canary->lie();
    return go_oracle(executor);
}

static void end(void) {
    executor_destroy(executor);
}

int main(int argc, char **argv) {
    static const struct canary_stage executor_stage = {
        canaries, sizeof canaries / sizeof canaries[0], sing, end};
    return canary_main(argc, argv, &executor_stage, NULL, 0);
}
