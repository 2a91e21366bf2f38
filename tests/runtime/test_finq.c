// test_finq: finalizers: set, found dead, queued in order, run once, and what lives because of
// them.
#include "tests/runtime/program.h"

#include "runtime/runtime_internal.h"
#include "tests/breaks.h"
#include "tests/test.h"

#include <string.h>

static enum special_status set(struct program *program, uintptr_t object, uintptr_t function) {
    struct finalizer finalizer = {object, function, 0x100, 0x200, 0x300};
    return runtime_set_finalizer(program->runtime, &finalizer);
}

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_finalized_object_is_queued_runs_and_dies_the_cycle_after) {
    struct program *program = *state;
    struct finalizer running;
    uintptr_t object = program_node_new(program);
    assert_int_equal(set(program, object, 0), SPECIAL_OK);
    program_collect(program);
    assert_true(program_is_live(program, object));
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 1);
    program_collect(program); // queued: still a root
    assert_true(program_is_live(program, object));
    assert_true(runtime_start_finalizer(program->runtime, &running));
    assert_int_equal(running.object, object);
    assert_int_equal(running.entry, 0x100);
    assert_int_equal(running.object_type, 0x300);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 1);
    program_collect(program); // running: still a root
    assert_true(program_is_live(program, object));
    runtime_finish_finalizer(program->runtime);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 0);
    program_collect(program);
    assert_false(program_is_live(program, object));
}

TEST(a_reachable_object_is_not_queued) {
    struct program *program = *state;
    uintptr_t object = program_node_new(program);
    program_set_data(program, 0, object);
    assert_int_equal(set(program, object, 0), SPECIAL_OK);
    program_collect(program);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 0);
    program_set_data(program, 0, 0);
    program_collect(program);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 1);
}

TEST(an_object_may_be_brought_back_to_life_and_finalized_again) {
    struct program *program = *state;
    struct finalizer running;
    uintptr_t object = program_node_new(program);
    assert_int_equal(set(program, object, 0), SPECIAL_OK);
    program_collect(program);
    assert_true(runtime_start_finalizer(program->runtime, &running));
    program_set_data(program, 3, running.object);
    assert_int_equal(set(program, object, 0), SPECIAL_OK);
    runtime_finish_finalizer(program->runtime);
    program_collect(program);
    assert_true(program_is_live(program, object));
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 0);
    program_set_data(program, 3, 0);
    program_collect(program);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 1);
}

TEST(what_a_finalized_object_leads_to_lives_as_long) {
    struct program *program = *state;
    uintptr_t object = program_node_new(program);
    uintptr_t child = program_node_new(program);
    uintptr_t grandchild = program_alloc(program, 100, NULL);
    uintptr_t function = program_node_new(program);
    runtime_write_pointer(program->runtime, object, child);
    runtime_write_pointer(program->runtime, child + 24, grandchild + 50);
    assert_int_equal(set(program, object, function), SPECIAL_OK);
    for (int i = 0; i < 3; i++) {
        program_collect(program);
        assert_true(program_is_live(program, object));
        assert_true(program_is_live(program, child));
        assert_true(program_is_live(program, grandchild));
        assert_true(program_is_live(program, function));
    }
    struct finalizer running;
    assert_true(runtime_start_finalizer(program->runtime, &running));
    runtime_finish_finalizer(program->runtime);
    program_collect(program);
    assert_false(program_is_live(program, object));
    assert_false(program_is_live(program, child));
    assert_false(program_is_live(program, function));
}

TEST(an_object_that_leads_to_itself_is_never_finalized) {
    struct program *program = *state;
    uintptr_t object = program_node_new(program);
    runtime_write_pointer(program->runtime, object + 8, object);
    assert_int_equal(set(program, object, 0), SPECIAL_OK);
    program_collect(program);
    program_collect(program);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 0);
    assert_true(program_is_live(program, object));
}

static void see(void *context, const struct finalizer *finalizer) {
    uintptr_t **next = context;
    *(*next)++ = finalizer->object;
}

TEST(the_queue_is_in_order_and_the_running_one_comes_first) {
    struct program *program = *state;
    uintptr_t objects[8], seen[8];
    struct finalizer running;
    for (size_t i = 0; i < 8; i++) {
        objects[i] = program_node_new(program);
        assert_int_equal(set(program, objects[i], 0), SPECIAL_OK);
    }
    program_collect(program);
    assert_true(runtime_start_finalizer(program->runtime, &running));
    assert_false(runtime_start_finalizer(program->runtime, &running)); // one at a time
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 8);
    uintptr_t *next = seen;
    runtime_visit_queued_finalizers(program->runtime, see, &next);
    assert_ptr_equal(next, seen + 8);
    assert_memory_equal(seen, objects, sizeof(seen)); // one span: in order of address
    for (size_t i = 1; i < 8; i++) {
        runtime_finish_finalizer(program->runtime);
        assert_true(runtime_start_finalizer(program->runtime, &running));
        assert_int_equal(running.object, objects[i]);
    }
    runtime_finish_finalizer(program->runtime);
    runtime_finish_finalizer(program->runtime); // nothing runs
    assert_false(runtime_start_finalizer(program->runtime, &running));
}

TEST(an_explicit_free_drops_the_finalizer) {
    struct program *program = *state;
    uintptr_t object = program_node_new(program);
    assert_int_equal(set(program, object, 0), SPECIAL_OK);
    assert_int_equal(heap_free(program->heap, program->cache, (void *)object), HEAP_FREED);
    program_collect(program);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 0);
    assert_int_equal(set(program, object, 0), SPECIAL_NO_OBJECT);
}

TEST(a_finalizer_set_while_marking_shades_what_it_needs) {
    struct program *program = *state;
    uintptr_t object = program_node_new(program);
    uintptr_t child = program_node_new(program);
    uintptr_t function = program_node_new(program);
    runtime_write_pointer(program->runtime, object, child);
    assert_true(runtime_gc_start(program->runtime, program->cache, true));
    assert_int_equal(set(program, object, function), SPECIAL_OK);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_true(program_is_marked(program, child));
    assert_true(program_is_marked(program, function));
    assert_false(program_is_marked(program, object));
    heap_sweep_finish(program->heap, program->cache);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 1);
}

TEST(a_cleanup_keeps_its_function_and_neither_its_object_nor_what_that_leads_to) {
    struct program *program = *state;
    struct finalizer running;
    uintptr_t object = program_node_new(program);
    uintptr_t child = program_node_new(program);
    uintptr_t function = program_node_new(program);
    runtime_write_pointer(program->runtime, object, child);
    const struct finalizer cleanup = {.object = object, .function = function, .entry = 0x100};
    assert_int_equal(runtime_add_cleanup(program->runtime, &cleanup), SPECIAL_OK);
    program_collect(program);
    assert_false(program_is_live(program, object));
    assert_false(program_is_live(program, child));
    assert_true(program_is_live(program, function));
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 1);
    program_collect(program); // queued: its function is a root
    assert_true(program_is_live(program, function));
    assert_true(runtime_start_finalizer(program->runtime, &running));
    assert_int_equal(running.object, 0);
    assert_int_equal(running.entry, 0x100);
    runtime_finish_finalizer(program->runtime);
    program_collect(program);
    assert_false(program_is_live(program, function));
}

TEST(a_cleanup_added_while_marking_shades_its_function_and_has_a_place) {
    struct program *program = *state;
    uintptr_t object = program_node_new(program);
    uintptr_t function = program_node_new(program);
    program_set_data(program, 0, object);
    assert_true(runtime_gc_start(program->runtime, program->cache, true));
    const struct finalizer cleanup = {.object = object, .function = function};
    assert_int_equal(runtime_add_cleanup(program->runtime, &cleanup), SPECIAL_OK);
    assert_true(runtime_finalizer_place_count(program->runtime) >= 1);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    (void)heap_sweep_finish(program->heap, program->cache);
    assert_true(program_is_live(program, function));
}

TEST(a_sweep_never_lacks_memory_to_queue) {
    struct program *program = *state;
    size_t count = 0;
    for (; count < 3000; count++) {
        uintptr_t object = program_node_new(program);
        if (count % 2 == 0) {
            assert_int_equal(set(program, object, 0), SPECIAL_OK);
        } else { // behind the runtime's back: gets its place when the cycle starts
            struct finalizer finalizer = {.object = object};
            assert_int_equal(heap_add_finalizer(program->heap, &finalizer), SPECIAL_OK);
        }
    }
    assert_true(runtime_gc_start(program->runtime, program->cache, true));
    program_refuse(program, true);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    heap_sweep_finish(program->heap, program->cache);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), count);
}

TEST(a_finalizer_set_behind_the_runtimes_back_while_marking_has_a_place_too) {
    struct program *program = *state;
    struct finalizer finalizer = {.object = program_node_new(program)};
    assert_true(runtime_gc_start(program->runtime, program->cache, true));
    assert_int_equal(heap_add_finalizer(program->heap, &finalizer), SPECIAL_OK);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    program_burn(program); // the sweep needs nothing
    heap_sweep_finish(program->heap, program->cache);
    program_refuse(program, false);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 1);
}

TEST(without_memory_at_its_cycles_end_it_is_lost_and_its_object_stays_a_cycle) {
    struct program *program = *state;
    struct finalizer finalizer = {.object = program_node_new(program)};
    assert_true(runtime_gc_start(program->runtime, program->cache, true));
    assert_int_equal(heap_add_finalizer(program->heap, &finalizer), SPECIAL_OK);
    program_burn(program);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    heap_sweep_finish(program->heap, program->cache);
    program_refuse(program, false);
    assert_true(program_is_live(program, finalizer.object));
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 0);
    program_collect(program);
    assert_false(program_is_live(program, finalizer.object));
}

TEST(finalizers_set_while_marking_have_their_places_too) {
    struct program *program = *state;
    uintptr_t objects[3];
    for (size_t i = 0; i < 3; i++) {
        objects[i] = program_node_new(program);
    }
    assert_true(runtime_gc_start(program->runtime, program->cache, true));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(set(program, objects[i], 0), SPECIAL_OK);
    }
    program_burn(program);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    heap_sweep_finish(program->heap, program->cache);
    program_refuse(program, false);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), 3);
}

TEST(a_place_in_the_queue_is_used_again) {
    struct program *program = *state;
    struct finalizer running;
    for (int round = 0; round < 10; round++) {
        uintptr_t object = program_node_new(program);
        assert_int_equal(set(program, object, 0), SPECIAL_OK);
        program_collect(program);
        assert_true(runtime_start_finalizer(program->runtime, &running));
        runtime_finish_finalizer(program->runtime);
        if (round == 1) {
            program_burn(program); // what two rounds took is enough for all
        }
    }
    program_refuse(program, false);
}

TEST(without_memory_for_the_queue_no_cycle_starts) {
    struct program *program = *state;
    struct finalizer finalizer = {.object = program_node_new(program)};
    assert_int_equal(heap_add_finalizer(program->heap, &finalizer), SPECIAL_OK);
    program_burn(program);
    struct memstats before = program_stats(program);
    assert_false(runtime_gc_start(program->runtime, program->cache, true));
    struct memstats after = program_stats(program);
    assert_memory_equal(&before, &after, sizeof(before));
    program_refuse(program, false);
    assert_true(runtime_gc_start(program->runtime, program->cache, true));
}

TEST(without_memory_no_finalizer_is_set) {
    struct program *program = *state;
    static uintptr_t objects[20000];
    for (size_t i = 0; i < 20000; i++) {
        objects[i] = program_alloc(program, 8, NULL);
    }
    program_refuse(program, true);
    size_t count = 0;
    while (set(program, objects[count], 0) == SPECIAL_OK) {
        assert_true(++count < 20000);
    }
    assert_int_equal(set(program, objects[count], 0), SPECIAL_NO_MEMORY);
    assert_false(heap_remove_finalizer(program->heap, objects[count]));
    program_refuse(program, false);
    assert_int_equal(set(program, objects[count], 0), SPECIAL_OK);
    program_collect(program);
    assert_int_equal(runtime_finalizer_queue_length(program->runtime), count + 1);
}

TEST(validity_sees_each_broken_invariant) {
    struct program *program = *state;
    struct finq *finq = &program->runtime->finq;
    struct finalizer running;
    assert_true(finq_is_valid(finq));
    for (size_t i = 0; i < 6; i++) {
        uintptr_t object = program_node_new(program);
        assert_int_equal(set(program, object, 0), SPECIAL_OK);
        if (i > 3) { // these two wait for their objects to die: their places are free
            program_set_data(program, i, object);
        }
    }
    program_collect(program);
    assert_true(runtime_start_finalizer(program->runtime, &running));
    struct finq_entry *second = finq->first->next;
    assert_non_null(second->next);
    BREAKS(struct finq_entry *, finq->first, NULL, finq_is_valid(finq)); // Q1
    BREAKS(struct finq_entry *, finq->last, NULL, finq_is_valid(finq));
    BREAKS(struct finq_entry *, finq->last, second, finq_is_valid(finq));
    BREAKS(struct finq_entry *, finq->last->next, finq->first, finq_is_valid(finq)); // rings
    BREAKS(struct finq_entry *, finq->last->next, second, finq_is_valid(finq));
    BREAKS(struct finq_entry *, finq->last->next, finq->last, finq_is_valid(finq));
    BREAKS(size_t, finq->free_count, finq->free_count + 1, finq_is_valid(finq)); // Q2
    BREAKS(size_t, finq->free_count, finq->free_count - 1, finq_is_valid(finq));
    BREAKS(struct finq_entry *, finq->free, NULL, finq_is_valid(finq));
    BREAKS(struct finq_entry *, finq->running, finq->first, finq_is_valid(finq)); // Q3
    BREAKS(struct finq_entry *, finq->running->next, finq->first, finq_is_valid(finq));
    BREAKS(struct finq_entry *, finq->running, finq->last->next == NULL ? finq->free : NULL,
           finq_is_valid(finq));
    BREAKS(size_t, finq->set_count, runtime_finalizer_place_count(program->runtime) + 1, // Q4
           finq_is_valid(finq));
    BREAKS(struct finq_entry *, finq->first, NULL, runtime_is_sound(program->runtime));
    runtime_finish_finalizer(program->runtime);
    assert_true(finq_is_valid(finq));
}
