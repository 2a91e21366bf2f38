// test_threads: what a rule of the crew, or of one of its workers, finds is told in a line, and
// ends the run.
//
// holds: fuzz/stress/check.c fuzz/stress/conductor.c fuzz/stress/contents.c fuzz/stress/dump.c
// holds: fuzz/stress/fork.c fuzz/stress/freed.c fuzz/stress/gate.c fuzz/stress/object.c
// holds: fuzz/stress/program.c fuzz/stress/swap.c fuzz/stress/threads.c fuzz/stress/tiny.c
// holds: fuzz/stress/work.c
//
// wrap: heap_read_memstats heap_remove_finalizer
#include <string.h>
#include "tests/test.h"

#include "allocator/memstats.h"
#include "fuzz/stress/threads.h"

static bool statistics_lie, removal_lies;

void __real_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats) {
    __real_heap_read_memstats(heap, stats);
    stats->Lookups += statistics_lie;
}

bool __real_heap_remove_finalizer(struct heap *heap, uintptr_t object);
bool __wrap_heap_remove_finalizer(struct heap *heap, uintptr_t object);
bool __wrap_heap_remove_finalizer(struct heap *heap, uintptr_t object) {
    return __real_heap_remove_finalizer(heap, object) != removal_lies;
}

static struct threads_report report;

static enum verdict run(void) {
    const struct threads_options options = {.thread_count = 2, .seconds = 1, .seed = 1};
    return threads_run(&options, &report);
}

TEST(a_crew_without_a_lie_is_clean) {
    statistics_lie = removal_lies = false;
    assert_int_equal(run(), VERDICT_CLEAN);
    assert_string_equal(report.finding, "");
}

TEST(a_rule_of_the_crew_is_told) {
    statistics_lie = true;
    removal_lies = false;
    assert_int_equal(run(), VERDICT_FINDING);
    assert_non_null(strstr(report.finding, "Lookups"));
}

TEST(a_rule_of_a_worker_is_told) {
    statistics_lie = false;
    removal_lies = true;
    assert_int_equal(run(), VERDICT_FINDING);
    assert_ptr_equal(strstr(report.finding, "rule model-status failed: removing a finalizer"),
                     report.finding);
}
