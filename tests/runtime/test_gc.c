// test_gc: the cycle and its record: phases, pauses, pacing, the ring, and marking step by step.
//
// holds: runtime/barrier.c runtime/pacer.c
#include "tests/runtime/program.h"
#include "tests/test.h"

#include <string.h>

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_cycle_has_a_start_steps_and_an_end) {
    struct program *program = *state;
    struct runtime *runtime = program->runtime;
    assert_false(runtime_gc_finish(runtime, program->cache));
    assert_true(runtime_gc_mark_step(runtime, 1)); // nothing to do
    assert_false(runtime_gc_is_marking(runtime));
    assert_true(runtime_gc_start(runtime, program->cache, false));
    assert_true(runtime_gc_is_marking(runtime));
    assert_true(heap_is_marking(program->heap));
    assert_false(runtime_gc_start(runtime, program->cache, false));
    assert_false(runtime_collect(runtime, program->cache, true));
    assert_true(runtime_gc_finish(runtime, program->cache));
    assert_false(runtime_gc_is_marking(runtime));
    assert_false(heap_is_marking(program->heap));
}

TEST(marking_takes_one_step_for_each_object_of_a_chain) {
    struct program *program = *state;
    uintptr_t previous = 0;
    for (int i = 0; i < 100; i++) {
        uintptr_t node = program_node_new(program);
        runtime_write_pointer(program->runtime, node + 16, previous);
        previous = node;
    }
    program_set_data(program, 0, previous);
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    for (int i = 0; i < 99; i++) {
        assert_false(runtime_gc_mark_step(program->runtime, 1));
    }
    assert_true(runtime_gc_mark_step(program->runtime, 1));
    assert_true(runtime_gc_mark_step(program->runtime, 1));
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    for (uintptr_t node = previous; node != 0; node = *(uintptr_t *)(node + 16)) {
        assert_true(program_is_marked(program, node));
    }
}

TEST(interior_pointers_hold_and_pointers_past_the_end_do_not) {
    struct program *program = *state;
    uintptr_t large = program_alloc(program, 100000, NULL);
    uintptr_t node = program_node_new(program);
    uintptr_t next = program_node_new(program);
    assert_int_equal(next, node + 32);
    program_set_data(program, 0, large + 99999);
    program_set_data(program, 1, node + 32);
    program_collect(program);
    assert_true(program_is_live(program, large));
    assert_false(program_is_live(program, node));
    assert_true(program_is_live(program, next));
}

TEST(words_that_are_no_pointers_hold_nothing) {
    struct program *program = *state;
    const uint8_t second_word[1] = {0x02};
    const struct gc_layout layout = {16, 16, second_word};
    uintptr_t object = program_alloc(program, 32, &layout); // two elements
    uintptr_t held[4];
    for (size_t i = 0; i < 4; i++) {
        held[i] = program_node_new(program);
        runtime_write_pointer(program->runtime, object + 8 * i, held[i]);
    }
    program_set_data(program, 0, object);
    program_collect(program);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(program_is_live(program, held[i]), i % 2 == 1);
    }
}

TEST(the_barrier_shades_the_old_and_the_new_target) {
    struct program *program = *state;
    uintptr_t parent = program_node_new(program);
    uintptr_t old = program_node_new(program);
    uintptr_t new = program_node_new(program);
    runtime_write_pointer(program->runtime, parent, old);
    program_set_data(program, 0, parent);
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    assert_false(program_is_marked(program, old));
    runtime_write_pointer(program->runtime, parent, new);
    assert_true(program_is_marked(program, old));
    assert_true(program_is_marked(program, new));
    assert_true(runtime_gc_finish(program->runtime, program->cache));
}

TEST(every_new_root_is_shaded_while_marking) {
    struct program *program = *state;
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    uintptr_t objects[4];
    for (size_t i = 0; i < 4; i++) {
        objects[i] = program_node_new(program);
    }
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    assert_non_null(runtime_add_other_root(program->runtime, "root", objects[0]));
    assert_non_null(runtime_push_defer(program->runtime, g, objects[1], 0));
    assert_non_null(runtime_push_panic(program->runtime, g, NULL, objects[2]));
    runtime_set_context(program->runtime, g, objects[3]);
    for (size_t i = 0; i < 4; i++) {
        assert_true(program_is_marked(program, objects[i]));
    }
    assert_true(runtime_gc_finish(program->runtime, program->cache));
}

TEST(objects_are_born_marked_while_marking) {
    struct program *program = *state;
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    uintptr_t object = program_node_new(program);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    heap_sweep_finish(program->heap, program->cache);
    assert_true(program_is_live(program, object));
    program_collect(program);
    assert_false(program_is_live(program, object));
}

TEST(a_realloc_while_marking_keeps_what_the_object_leads_to) {
    struct program *program = *state;
    uintptr_t object = program_node_new(program);
    uintptr_t child = program_node_new(program);
    runtime_write_pointer(program->runtime, object, child);
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    void *moved =
        runtime_realloc(program->runtime, program->cache, (void *)object, 320, &program_node, 0);
    assert_non_null(moved);
    assert_ptr_not_equal(moved, (void *)object);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_true(program_is_marked(program, child));
    moved = // with no cycle running: nothing to shade
        runtime_realloc(program->runtime, program->cache, moved, 640, &program_node, 0);
    assert_non_null(moved);
    program_set_data(program, 0, (uintptr_t)moved);
    program_refuse(program, true);
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    assert_null(runtime_realloc(program->runtime, program->cache, moved, (size_t)1 << 30,
                                &program_node, 0));
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_true(program_is_marked(program, (uintptr_t)moved));
}

TEST(an_object_freed_in_the_mark_queue_is_harmless) {
    struct program *program = *state;
    uintptr_t object = program_node_new(program);
    uintptr_t child = program_node_new(program);
    runtime_write_pointer(program->runtime, object, child);
    program_set_data(program, 0, object);
    assert_true(runtime_gc_start(program->runtime, program->cache, false)); // object is grey
    program_set_data(program, 0, 0);
    assert_int_equal(heap_free(program->heap, program->cache, (void *)object), HEAP_FREED);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_false(program_is_live(program, object));
    assert_false(program_is_marked(program, child));
}

TEST(a_slot_freed_and_used_again_in_the_mark_queue_is_harmless) {
    struct program *program = *state;
    uintptr_t large = program_alloc(program, 40960, &program_node);
    program_set_data(program, 0, large);
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    program_set_data(program, 0, 0);
    assert_int_equal(heap_free(program->heap, program->cache, (void *)large), HEAP_FREED);
    void *stack = heap_alloc_manual(program->heap, 5, MANUAL_STACK); // its pages, as a stack
    assert_int_equal(stack, (void *)large);
    memset(stack, 0x55, 40960);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    heap_free_manual(program->heap, stack, MANUAL_STACK);

    uintptr_t object = program_node_new(program);
    program_set_data(program, 0, object);
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    assert_int_equal(heap_free(program->heap, program->cache, (void *)object), HEAP_FREED);
    uintptr_t again = program_node_new(program);
    assert_int_equal(again, object);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_true(program_is_marked(program, again));
}

TEST(starting_finishes_the_last_sweep) {
    struct program *program = *state;
    uintptr_t object = program_node_new(program);
    assert_true(runtime_collect(program->runtime, program->cache, false));
    assert_true(program_is_live(program, object));
    assert_false(heap_is_swept(program->heap));
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    assert_false(program_is_live(program, object));
    assert_true(runtime_gc_finish(program->runtime, program->cache));
}

// ---- the record

TEST(each_cycle_is_recorded_and_the_ring_wraps) {
    struct program *program = *state;
    uint64_t total_ns = 0;
    for (uint32_t cycle = 1; cycle <= 300; cycle++) {
        assert_true(runtime_gc_start(program->runtime, program->cache, cycle % 3 == 0));
        if (cycle % 2 == 0) {
            (void)runtime_now_ns(program->runtime); // between the pauses: not counted
        }
        assert_true(runtime_gc_finish(program->runtime, program->cache));
        struct memstats stats = program_stats(program);
        assert_int_equal(stats.NumGC, cycle);
        assert_int_equal(stats.NumForcedGC, cycle / 3);
        assert_int_equal(stats.PauseNs[(cycle + 255) % 256], 2000);
        assert_int_equal(stats.PauseEnd[(cycle + 255) % 256], stats.LastGC);
        total_ns += 2000;
        assert_int_equal(stats.PauseTotalNs, total_ns);
        assert_true(stats.GCCPUFraction > 0.0 && stats.GCCPUFraction < 1.0);
    }
    struct memstats stats = program_stats(program);
    for (size_t i = 0; i < 256; i++) {
        assert_int_equal(stats.PauseNs[i], 2000);
    }
    assert_int_equal(stats.PauseEnd[43], stats.LastGC);
    assert_true(stats.PauseEnd[44] < stats.PauseEnd[43]);
}

static uint64_t stopped_clock(void *context) {
    (void)context;
    return 7;
}

TEST(a_clock_that_stands_still_divides_by_nothing) {
    struct program *program = *state;
    struct runtime_options options = {.clock_ns = stopped_clock};
    struct runtime *runtime = runtime_create(program->heap, &options);
    assert_true(runtime_collect(runtime, program->cache, true));
    struct memstats stats = program_stats(program);
    assert_true(stats.GCCPUFraction >= 0.0 && stats.GCCPUFraction <= 0.0);
    assert_int_equal(stats.LastGC, 7);
    runtime_destroy(runtime);
}

TEST(next_gc_follows_the_marked_bytes_and_the_percent) {
    struct program *program = *state;
    const uint64_t mib = UINT64_C(1) << 20;
    assert_int_equal(program_stats(program).NextGC, 4 * mib);
    assert_int_equal(runtime_set_gc_percent(program->runtime, 50), 100);
    assert_int_equal(program_stats(program).NextGC, 2 * mib);
    uintptr_t large = program_alloc(program, 3 * mib, NULL);
    program_set_data(program, 0, large);
    assert_true(runtime_gc_is_due(program->runtime));
    program_collect(program);
    assert_int_equal(program_stats(program).NextGC, 3 * mib * 150 / 100);
    assert_false(runtime_gc_is_due(program->runtime));
    assert_int_equal(runtime_set_gc_percent(program->runtime, 0), 50);
    assert_int_equal(program_stats(program).NextGC, 3 * mib);
    assert_true(runtime_gc_is_due(program->runtime));
    assert_int_equal(runtime_set_gc_percent(program->runtime, -1), 0);
    assert_int_equal(program_stats(program).NextGC, UINT64_MAX);
    assert_false(runtime_gc_is_due(program->runtime));
    program_set_data(program, 0, 0);
    program_collect(program);
    assert_int_equal(runtime_set_gc_percent(program->runtime, 1000), -1);
    assert_int_equal(program_stats(program).NextGC, 40 * mib);
    assert_int_equal(runtime_set_gc_percent(program->runtime, INT32_MAX), 1000);
    assert_int_equal(program_stats(program).NextGC, 4 * mib * INT32_MAX / 100);
}

TEST(objects_born_while_marking_count_for_next_gc) {
    struct program *program = *state;
    const uint64_t mib = UINT64_C(1) << 20;
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    (void)program_alloc(program, 8 * mib, NULL);
    assert_false(runtime_gc_is_due(program->runtime)); // a cycle is running
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_int_equal(program_stats(program).NextGC, 16 * mib);
}

static void see_bucket(void *context, const struct mprof_bucket_record *bucket) {
    *(struct mprof_bucket_record *)context = *bucket;
}

TEST(a_cycle_moves_the_profile_on) {
    struct program *program = *state;
    struct mprof_bucket_record bucket;
    heap_set_profile_rate(program->heap, 1);
    (void)program_node_new(program);
    program_collect(program);
    heap_visit_buckets(program->heap, see_bucket, &bucket);
    assert_int_equal(bucket.alloc_count, 0);
    program_collect(program);
    heap_visit_buckets(program->heap, see_bucket, &bucket);
    assert_int_equal(bucket.alloc_count, 1);
    assert_int_equal(bucket.free_count, 1);
}

TEST(an_object_freed_by_another_cache_while_marking_counts_and_leads_nowhere) {
    struct program *program = *state;
    struct mcache *other = heap_acquire_cache(program->heap);
    uintptr_t child = program_alloc(program, 48, NULL); // of another span
    uintptr_t object = program_node_new(program);
    runtime_write_pointer(program->runtime, object, child);
    program_set_data(program, 0, object);
    (void)runtime_set_gc_percent(program->runtime, 0);
    assert_true(runtime_gc_start(program->runtime, program->cache, false)); // object is grey
    program_set_data(program, 0, 0);
    assert_int_equal(heap_free(program->heap, other, (void *)object), HEAP_FREE_REMOTE);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_false(program_is_marked(program, child));
    assert_int_equal(program_stats(program).NextGC, 0);
}
