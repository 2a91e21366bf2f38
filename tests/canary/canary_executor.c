// canary_executor: the rules that whoever drives programs evaluates, each made to fire by one lie.

// clang-format off
// wrap: heap_alloc
// clang-format on

#include "allocator/heap.h"
#include "fuzz/executor.h"
#include "fuzz/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool lying; // objects of 64 bytes are not to be had

void *__real_heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                        const struct gc_layout *layout, unsigned flags);
void *__wrap_heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                        const struct gc_layout *layout, unsigned flags);
void *__wrap_heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                        const struct gc_layout *layout, unsigned flags) {
    if (lying && size_bytes == 64) {
        return NULL; // as out of memory: no rule of the heap is broken
    }
    return __real_heap_alloc(heap, cache, size_bytes, layout, flags);
}

static const struct finding *run(struct executor *executor, const char *text, bool again) {
    static struct program program; // runs again from here
    struct text_error error;
    program_clear(&program);
    assert_true(text_parse_program(&program, text, strlen(text), &error));
    enum verdict verdict = executor_run(executor, &program, false);
    if (again) {
        assert_int_equal(verdict, VERDICT_CLEAN);
        lying = true;
        verdict = executor_run_again(executor);
        lying = false;
    }
    assert_int_equal(verdict, VERDICT_FINDING);
    return executor_finding(executor);
}

static struct executor *create(void) {
    const struct executor_options options = {.level = ORACLE_FULL, .keeps_expectations = true};
    struct executor *executor = executor_create(&options);
    assert_non_null(executor);
    return executor;
}

static void a_wrong_expectation_is_a_finding(void **unused) {
    (void)unused;
    struct executor *executor = create();
    const struct finding *finding =
        run(executor, "h1 = alloc c0 size=64\nexpect Mallocs=2\n", false);
    assert_int_equal(finding->rule, RULE_EXPECTED);
    assert_int_equal(finding->operation, 1);
    executor_destroy(executor);
}

static void a_twin_that_differs_is_a_finding(void **unused) {
    (void)unused;
    struct executor *executor = create();
    const struct finding *finding = run(executor, "h1 = alloc c0 size=64\n", true);
    assert_int_equal(finding->rule, RULE_TWIN_HASH);
    executor_destroy(executor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_expectation_is_a_finding),
        cmocka_unit_test(a_twin_that_differs_is_a_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
