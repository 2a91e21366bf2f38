// test_refused: whatever the system refuses to the harness itself, the run ends as one of which
// nothing is known: never clean, never a finding; and the next run is as if nothing had been.
// wrap: malloc calloc realloc harness_alloc harness_calloc harness_realloc harness_reserve
//
// wrap: pthread_create heap_create
#include "tests/test.h"

#include "allocator/heap.h"
#include "fuzz/go/machine.h"
#include "fuzz/generate/generator.h"
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

void *__real_malloc(size_t size_bytes);
void *__real_calloc(size_t count, size_t item_bytes);
void *__real_realloc(void *block, size_t size_bytes);
void *__real_harness_alloc(size_t size_bytes);
void *__real_harness_calloc(size_t count, size_t item_bytes);
void *__real_harness_realloc(void *memory, size_t size_bytes);
bool __real_harness_reserve(void *array_pointer, uint32_t *capacity, size_t count,
                            size_t item_bytes);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context);
struct heap *__real_heap_create(const struct heap_options *options);
struct heap *__wrap_heap_create(const struct heap_options *options);
void *__wrap_malloc(size_t size_bytes);
void *__wrap_calloc(size_t count, size_t item_bytes);
void *__wrap_realloc(void *block, size_t size_bytes);
void *__wrap_harness_alloc(size_t size_bytes);
void *__wrap_harness_calloc(size_t count, size_t item_bytes);
void *__wrap_harness_realloc(void *memory, size_t size_bytes);
bool __wrap_harness_reserve(void *array_pointer, uint32_t *capacity, size_t count,
                            size_t item_bytes);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context);

static atomic_long asked; // since the run began
static long refused = -1; // which one is refused; -1: none
static bool refuses_on;   // and all after it
static bool threads_refused;
static bool heaps_refused;

static bool is_refused(void) {
    long number = atomic_fetch_add(&asked, 1);
    return refused >= 0 && (number == refused || (refuses_on && number > refused));
}

void *__wrap_malloc(size_t size_bytes) {
    return is_refused() ? NULL : __real_malloc(size_bytes);
}

void *__wrap_calloc(size_t count, size_t item_bytes) {
    return is_refused() ? NULL : __real_calloc(count, item_bytes);
}

void *__wrap_realloc(void *block, size_t size_bytes) {
    return is_refused() ? NULL : __real_realloc(block, size_bytes);
}

static void *refuse(void) {
    harness_refused();
    return NULL;
}

void *__wrap_harness_alloc(size_t size_bytes) {
    return is_refused() ? refuse() : __real_harness_alloc(size_bytes);
}

void *__wrap_harness_calloc(size_t count, size_t item_bytes) {
    return is_refused() ? refuse() : __real_harness_calloc(count, item_bytes);
}

void *__wrap_harness_realloc(void *memory, size_t size_bytes) {
    return is_refused() ? refuse() : __real_harness_realloc(memory, size_bytes);
}

// It asks for its memory beside the calls above; what an array has room for asks for none.
bool __wrap_harness_reserve(void *array_pointer, uint32_t *capacity, size_t count,
                            size_t item_bytes) {
    if (count > *capacity && is_refused()) {
        harness_refused();
        return false;
    }
    return __real_harness_reserve(array_pointer, capacity, count, item_bytes);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context) {
    return threads_refused ? EAGAIN : __real_pthread_create(thread, attributes, run, context);
}

struct heap *__wrap_heap_create(const struct heap_options *options) {
    return heaps_refused ? NULL : __real_heap_create(options);
}

static const struct executor_options full = {.level = ORACLE_PARANOID, .final_dump = true};
static struct program program;

// Each run gets an executor of its own, since a warm one asks for next to nothing.
static enum verdict run_refused(long number, bool and_on) {
    uint64_t block_count = harness_block_count();
    struct executor *executor = executor_create(&machine_go, NULL, &full);
    assert_non_null(executor);
    atomic_store(&asked, 0);
    refused = number;
    refuses_on = and_on;
    enum verdict verdict = executor_run(executor, &program, false);
    refused = -1;
    long was_asked = atomic_load(&asked);
    if (was_asked > number && verdict != VERDICT_ENVIRONMENT) {
        fail_msg("refusal %ld: verdict %d", number, verdict);
    }
    enum verdict again = executor_run(executor, &program, false);
    if (again != VERDICT_CLEAN && again != VERDICT_WORK_BOUND) {
        char line[512] = "";
        if (executor_finding(executor) != NULL) {
            (void)finding_line(executor_finding(executor), line, sizeof line);
        }
        fail_msg("after refusal %ld: verdict %d %s", number, again, line);
    }
    executor_destroy(executor);
    assert_int_equal(harness_block_count(), block_count); // nothing is lost on the way out
    return was_asked > number ? VERDICT_ENVIRONMENT : verdict;
}

TEST(each_refusal_of_memory_gives_the_run_up_and_leaves_the_next_one_whole) {
    long total = 0;
    for (uint32_t seed = 0; seed < 12; seed++) {
        generator_program(&program, seed, 300);
        long number = 0;
        while (run_refused(number, false) == VERDICT_ENVIRONMENT) {
            number++;
        }
        total += number;
        for (long from = 0; from < number; from += 7) {
            (void)run_refused(from, true);
        }
    }
    assert_true(total > 100); // the heap's own memory is none of these
}

TEST(a_thread_that_cannot_start_gives_the_run_up) {
    static const char *const texts[] = {"h0 = thread_run size=16\n", "h0 = thread_wait size=16\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct text_error error;
        struct executor *executor = executor_create(&machine_go, NULL, &full);
        assert_non_null(executor);
        assert_true(
            text_read_program(&program, (const uint8_t *)texts[i], strlen(texts[i]), &error));
        assert_int_equal(executor_run(executor, &program, false), VERDICT_CLEAN);
        threads_refused = true;
        assert_int_equal(executor_run(executor, &program, false), VERDICT_ENVIRONMENT);
        threads_refused = false;
        assert_int_equal(executor_run(executor, &program, false), VERDICT_CLEAN);
        executor_destroy(executor);
    }
}

// The second run meets the limit, on the heap of the first: they differ, which is nobody's fault.
TEST(a_heap_beside_that_cannot_be_created_gives_the_run_up) {
    static const char text[] = "h0 = alloc c0 size=16\nheap_beside count=2\n";
    struct text_error error;
    struct executor *executor = executor_create(&machine_go, NULL, &full);
    assert_non_null(executor);
    assert_true(text_read_program(&program, (const uint8_t *)text, strlen(text), &error));
    assert_int_equal(executor_run(executor, &program, false), VERDICT_CLEAN);
    assert_int_equal(executor_run(executor, &program, false), VERDICT_CLEAN);
    heaps_refused = true;
    assert_int_equal(executor_run(executor, &program, false), VERDICT_ENVIRONMENT);
    heaps_refused = false;
    assert_int_equal(executor_run_twice(executor, &program), VERDICT_CLEAN);
    executor_destroy(executor);
}

TEST(a_scratch_file_that_cannot_be_written_gives_the_run_up) {
    static const char text[] = "h0 = alloc c0 size=16\ndump sink=path\n";
    struct executor_options options = full;
    struct text_error error;
    options.scratch_path = "/nonexistent/dump";
    struct executor *executor = executor_create(&machine_go, NULL, &options);
    assert_non_null(executor);
    assert_true(text_read_program(&program, (const uint8_t *)text, strlen(text), &error));
    assert_int_equal(executor_run(executor, &program, false), VERDICT_ENVIRONMENT);
    executor_destroy(executor);
}
