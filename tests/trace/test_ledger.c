// test_ledger: calls are made of records, and what lives and was most of it is counted.
#include "tests/test.h"

#include "trace/ledger.h"

static struct trace_ledger *ledger;
static struct trace_event event;

static int begin(void **state) {
    (void)state;
    ledger = trace_ledger_create();
    return ledger == NULL ? -1 : 0;
}

static int end(void **state) {
    (void)state;
    trace_ledger_destroy(ledger);
    return 0;
}

TEST_FIXTURE(begin, end)

static enum trace_step take(uint32_t thread, enum trace_kind kind, uint64_t address,
                            uint64_t size) {
    static uint64_t time_ns;
    const struct trace_record record = {
        .kind = kind, .thread = thread, .time_ns = ++time_ns, .address = address, .size = size};
    return trace_ledger_take(ledger, &record, &event);
}

static void assert_live(uint64_t bytes, uint64_t objects) {
    assert_int_equal(trace_ledger_counts(ledger)->live_bytes, bytes);
    assert_int_equal(trace_ledger_counts(ledger)->live_objects, objects);
}

TEST(what_is_allocated_lives_until_it_is_freed) {
    assert_int_equal(take(0, TRACE_MALLOC, 16, 100), TRACE_STEP_EVENT);
    assert_int_equal(event.kind, TRACE_EVENT_ALLOC);
    assert_int_equal(take(1, TRACE_CALLOC, 32, 50), TRACE_STEP_EVENT);
    assert_live(150, 2);
    assert_int_equal(take(1, TRACE_FREE, 16, 0), TRACE_STEP_EVENT);
    assert_int_equal(event.kind, TRACE_EVENT_FREE);
    assert_int_equal(event.before.size, 100);
    assert_int_equal(event.before.thread, 0);
    assert_live(50, 1);
    const struct trace_counts *counts = trace_ledger_counts(ledger);
    assert_int_equal(counts->events, 3);
    assert_int_equal(counts->allocs, 2);
    assert_int_equal(counts->frees, 1);
    assert_int_equal(counts->violations, 0);
}

TEST(the_peak_is_the_first_event_with_so_many_bytes) {
    (void)take(0, TRACE_MALLOC, 16, 100);
    (void)take(0, TRACE_MALLOC, 32, 100);
    (void)take(0, TRACE_FREE, 16, 0);
    (void)take(0, TRACE_MALLOC, 16, 100); // as much again
    const struct trace_counts *counts = trace_ledger_counts(ledger);
    assert_int_equal(counts->peak_bytes, 200);
    assert_int_equal(counts->peak_objects, 2);
    assert_int_equal(counts->peak_event, 1);
}

TEST(a_place_is_given_anew_when_its_object_is_gone) {
    (void)take(0, TRACE_MALLOC, 16, 100);
    assert_int_equal(event.after.place, 0);
    (void)take(0, TRACE_MALLOC, 32, 100);
    assert_int_equal(event.after.place, 1);
    (void)take(0, TRACE_REALLOC_FROM, 16, 0);
    (void)take(0, TRACE_MALLOC, 64, 100); // not that of what is being moved
    assert_int_equal(event.after.place, 2);
    (void)take(0, TRACE_REALLOC_TO, 128, 200);
    assert_int_equal(event.after.place, 0);
    (void)take(0, TRACE_FREE, 32, 0);
    assert_int_equal(event.before.place, 1);
    (void)take(0, TRACE_REALLOC_FROM, 128, 0);
    (void)take(0, TRACE_REALLOC_FREED, 0, 0);
    (void)take(0, TRACE_MALLOC, 16, 100);
    (void)take(0, TRACE_MALLOC, 32, 100);
    assert_int_equal(event.after.place, 1);
    (void)take(0, TRACE_MALLOC, 32, 100); // a violation: nobody has freed the one there
    assert_int_equal(event.after.place, 3);
    assert_int_equal(trace_ledger_places(ledger), 4);
}

TEST(a_realloc_is_one_event_and_keeps_its_object) {
    (void)take(0, TRACE_MALLOC, 16, 100);
    uint64_t id = event.after.id;
    uint64_t time_ns = event.after.time_ns;
    assert_int_equal(take(0, TRACE_REALLOC_FROM, 16, 0), TRACE_STEP_NONE);
    assert_live(100, 1);
    (void)take(1, TRACE_MALLOC, 16, 7); // the allocator has given it out again
    assert_int_equal(take(0, TRACE_REALLOC_TO, 64, 300), TRACE_STEP_EVENT);
    assert_int_equal(event.kind, TRACE_EVENT_REALLOC);
    assert_int_equal(event.before.address, 16);
    assert_int_equal(event.after.address, 64);
    assert_int_equal(event.after.id, id);
    assert_int_equal(event.after.time_ns, time_ns);
    assert_live(307, 2);
    assert_int_equal(trace_ledger_counts(ledger)->violations, 0);
    assert_int_equal(trace_ledger_counts(ledger)->reallocs, 1);
}

TEST(a_realloc_that_failed_leaves_the_object) {
    (void)take(0, TRACE_MALLOC, 16, 100);
    (void)take(0, TRACE_REALLOC_FROM, 16, 0);
    assert_int_equal(take(0, TRACE_REALLOC_FAILED, 1, 1 << 20), TRACE_STEP_EVENT);
    assert_int_equal(event.kind, TRACE_EVENT_FAILED);
    assert_live(100, 1);
    (void)take(0, TRACE_FREE, 16, 0);
    assert_live(0, 0);
    assert_int_equal(trace_ledger_counts(ledger)->unknown, 0);
}

TEST(a_realloc_to_nothing_is_a_free) {
    (void)take(0, TRACE_MALLOC, 16, 100);
    (void)take(0, TRACE_REALLOC_FROM, 16, 0);
    (void)take(0, TRACE_REALLOC_FREED, 1, 0);
    assert_int_equal(event.kind, TRACE_EVENT_FREE);
    assert_int_equal(event.before.address, 16);
    assert_live(0, 0);
}

TEST(a_realloc_that_never_ended_has_not_happened) {
    (void)take(0, TRACE_MALLOC, 16, 100);
    (void)take(0, TRACE_REALLOC_FROM, 16, 0);
    assert_true(trace_ledger_finish(ledger));
    assert_live(100, 1);
    assert_int_equal(trace_ledger_counts(ledger)->events, 1);
    (void)take(0, TRACE_FREE, 16, 0);
    assert_live(0, 0);
}

TEST(a_handler_in_the_midst_of_a_realloc_has_its_own) {
    (void)take(0, TRACE_MALLOC, 16, 100);
    (void)take(0, TRACE_MALLOC, 32, 200);
    (void)take(0, TRACE_REALLOC_FROM, 16, 0);
    (void)take(0, TRACE_REALLOC_FROM, 32, 0); // the handler's
    (void)take(0, TRACE_REALLOC_TO, 64, 201);
    assert_int_equal(event.before.address, 32);
    (void)take(0, TRACE_REALLOC_TO, 16, 101);
    assert_int_equal(event.before.address, 16);
    assert_live(302, 2);
}

TEST(what_nobody_allocated_is_unknown) {
    (void)take(0, TRACE_FREE, 16, 0);
    assert_int_equal(event.kind, TRACE_EVENT_UNKNOWN);
    assert_int_equal(event.before.address, 16);
    (void)take(0, TRACE_REALLOC_FROM, 32, 0);
    (void)take(0, TRACE_REALLOC_TO, 48, 10);
    assert_int_equal(event.kind, TRACE_EVENT_UNKNOWN);
    assert_int_equal(event.before.address, 32);
    (void)take(0, TRACE_REALLOC_TO, 64, 20); // without a beginning
    assert_int_equal(trace_ledger_counts(ledger)->unknown, 3);
    assert_int_equal(trace_ledger_counts(ledger)->allocs, 0);
    assert_live(30, 2);
}

TEST(an_address_that_is_given_out_twice_is_a_violation) {
    (void)take(0, TRACE_MALLOC, 16, 100);
    (void)take(1, TRACE_MALLOC, 16, 10);
    assert_int_equal(trace_ledger_counts(ledger)->violations, 1);
    assert_live(10, 1);
}

static void add(void *context, const struct trace_object *object) {
    *(uint64_t *)context += object->address;
}

TEST(many_objects_come_and_go) {
    enum { COUNT = 20000 };
    uint64_t sum = 0;
    for (uint64_t i = 1; i <= COUNT; i++) {
        assert_int_equal(take(0, TRACE_MALLOC, 16 * i, 1), TRACE_STEP_EVENT);
    }
    assert_live(COUNT, COUNT);
    for (uint64_t i = 1; i <= COUNT; i += 2) {
        (void)take(0, TRACE_FREE, 16 * i, 0);
        assert_int_equal(event.kind, TRACE_EVENT_FREE);
    }
    trace_ledger_visit(ledger, add, &sum);
    assert_int_equal(sum, 16ULL * (COUNT / 2) * (COUNT / 2 + 1));
    for (uint64_t i = 2; i <= COUNT; i += 2) {
        (void)take(0, TRACE_FREE, 16 * i, 0);
    }
    assert_live(0, 0);
    assert_int_equal(trace_ledger_counts(ledger)->unknown, 0);
}
