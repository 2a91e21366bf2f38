// test_goroutine: goroutines live, wait, die and live again; frames, defers and panics go with
// them.
#include "tests/runtime/program.h"

#include "runtime/runtime_internal.h"
#include "tests/breaks.h"
#include "tests/test.h"

static const struct frame_description plain = {
    .entry = 0x1000, .pc = 0x1010, .size_bytes = 64, .locals_map = FRAME_MAP_EMPTY};

static struct goroutine *start(struct program *program) {
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0x5000, false);
    assert_non_null(g);
    return g;
}

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_new_goroutine_has_the_least_stack_and_is_runnable) {
    struct program *program = *state;
    struct memstats before = program_stats(program);
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0x5000, true);
    struct memstats after = program_stats(program);
    assert_int_equal(g->status, GOROUTINE_RUNNABLE);
    assert_int_equal(g->stack_bytes, GOROUTINE_STACK_MIN);
    assert_int_equal(g->id, 1);
    assert_int_equal(g->go_pc, 0x5000);
    assert_true(g->is_system);
    assert_null(g->innermost);
    assert_int_equal(after.StackInuse, before.StackInuse + GOROUTINE_STACK_MIN);
    assert_ptr_equal(runtime_first_goroutine(program->runtime), g);
}

TEST(a_dead_goroutine_gives_its_stack_back_and_its_record_is_used_again) {
    struct program *program = *state;
    struct memstats before = program_stats(program);
    struct goroutine *first = start(program);
    struct goroutine *second = start(program);
    runtime_exit_goroutine(program->runtime, first);
    assert_int_equal(first->status, GOROUTINE_DEAD);
    assert_int_equal(first->stack_low, 0);
    assert_ptr_equal(runtime_first_goroutine(program->runtime), first);
    assert_ptr_equal(first->next, second);
    assert_ptr_equal(start(program), first);
    assert_int_equal(first->id, 3);
    assert_ptr_equal(first->next, second);
    runtime_exit_goroutine(program->runtime, first);
    runtime_exit_goroutine(program->runtime, second);
    assert_int_equal(program_stats(program).StackInuse, before.StackInuse);
}

TEST(waiting_leaves_a_reason_that_goes_stale) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    runtime_set_goroutine_status(program->runtime, g, GOROUTINE_WAITING, "chan receive");
    uint64_t since_ns = g->wait_since_ns;
    assert_true(since_ns > 0);
    assert_string_equal(g->wait_reason, "chan receive");
    runtime_set_goroutine_status(program->runtime, g, GOROUTINE_RUNNABLE, NULL);
    assert_int_equal(g->status, GOROUTINE_RUNNABLE);
    assert_string_equal(g->wait_reason, "chan receive");
    assert_int_equal(g->wait_since_ns, since_ns);
    runtime_set_goroutine_status(program->runtime, g, GOROUTINE_WAITING, NULL);
    assert_string_equal(g->wait_reason, "");
}

TEST(popping_a_frame_drops_its_defers_and_no_others) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    const struct frame_description empty = {.entry = 0x2000, .pc = 0x2000};
    struct frame *outer = runtime_push_frame(program->runtime, g, &plain);
    struct defer *first = runtime_push_defer(program->runtime, g, 1, 2);
    struct frame *inner = runtime_push_frame(program->runtime, g, &empty);
    struct defer *second = runtime_push_defer(program->runtime, g, 3, 4);
    assert_ptr_equal(inner->caller, outer);
    assert_int_equal(inner->sp, outer->sp); // an empty frame: the same sp, not the same defers
    assert_ptr_equal(second->link, first);
    assert_int_equal(second->pc, 0x2000);
    assert_int_equal(first->sp, outer->sp);
    assert_true(runtime_pop_frame(program->runtime, g));
    assert_ptr_equal(g->defers, first);
    assert_true(runtime_pop_frame(program->runtime, g));
    assert_null(g->defers);
    assert_false(runtime_pop_frame(program->runtime, g));
}

TEST(defers_and_panics_are_newest_first) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    struct type description = {.layout = program_node, .name = "node"};
    struct type *type = runtime_define_type(program->runtime, &description);
    struct defer *defers[3];
    struct panic *panics[3];
    for (uintptr_t i = 0; i < 3; i++) {
        defers[i] = runtime_push_defer(program->runtime, g, 0, i);
        panics[i] = runtime_push_panic(program->runtime, g, type, 0);
    }
    for (size_t i = 3; i-- > 0;) {
        assert_ptr_equal(g->defers, defers[i]);
        assert_ptr_equal(g->panics, panics[i]);
        assert_int_equal(g->defers->entry, i);
        assert_ptr_equal(g->panics->type, type);
        assert_true(runtime_pop_defer(program->runtime, g));
        assert_true(runtime_pop_panic(program->runtime, g));
    }
    assert_false(runtime_pop_defer(program->runtime, g));
    assert_false(runtime_pop_panic(program->runtime, g));
    assert_ptr_equal(runtime_push_defer(program->runtime, g, 0, 0), defers[0]); // last freed
    assert_ptr_equal(runtime_push_panic(program->runtime, g, type, 0), panics[0]);
}

TEST(an_exit_drops_frames_defers_and_panics) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    assert_non_null(runtime_push_defer(program->runtime, g, 0, 0)); // belongs to no frame
    assert_non_null(runtime_push_frame(program->runtime, g, &plain));
    assert_non_null(runtime_push_defer(program->runtime, g, 0, 0));
    assert_non_null(runtime_push_panic(program->runtime, g, NULL, 0));
    runtime_exit_goroutine(program->runtime, g);
    assert_null(g->innermost);
    assert_null(g->defers);
    assert_null(g->panics);
}

static void without_memory_no_goroutine_starts_and_the_record_waits_at(struct program *program,
                                                                       size_t shift) {
    program_restart(program);
    program_shift(program, shift);
    program_refuse(program, true);
    size_t count = 0;
    while (runtime_start_goroutine(program->runtime, 0, false) != NULL) {
        assert_true(++count < 100000);
    }
    struct memstats before = program_stats(program);
    assert_null(runtime_start_goroutine(program->runtime, 0, false));
    struct memstats after = program_stats(program);
    assert_memory_equal(&before, &after, sizeof(before));
    program_refuse(program, false);
    assert_int_equal(start(program)->id, count + 1);
}

TEST(without_memory_no_goroutine_starts_and_the_record_waits) {
    for (size_t shift = 0; shift < 4; shift++) {
        without_memory_no_goroutine_starts_and_the_record_waits_at(*state, shift);
    }
}

TEST(without_memory_no_record_is_pushed) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    program_refuse(program, true);
    size_t count = 0;
    while (runtime_push_defer(program->runtime, g, 0, 0) != NULL) {
        assert_true(++count < 1000000);
    }
    while (runtime_push_panic(program->runtime, g, NULL, 0) != NULL) {
        assert_true(++count < 1000000);
    }
    const struct defer *newest = g->defers;
    assert_null(runtime_push_defer(program->runtime, g, 0, 0));
    assert_ptr_equal(g->defers, newest);
    for (const struct defer *at = g->defers; at != NULL; at = at->link) {
        count--;
    }
    for (const struct panic *at = g->panics; at != NULL; at = at->link) {
        count--;
    }
    assert_int_equal(count, 0);
}

TEST(without_metadata_neither_goroutine_nor_frame_nor_thread_starts) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    program_burn(program);
    struct memstats before = program_stats(program);
    assert_null(runtime_start_goroutine(program->runtime, 0, false));
    assert_null(runtime_push_frame(program->runtime, g, &plain));
    assert_null(runtime_start_osthread(program->runtime, 1));
    struct memstats after = program_stats(program);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_null(g->next);
    assert_null(g->innermost);
    program_refuse(program, false);
    assert_non_null(runtime_push_frame(program->runtime, g, &plain));
}

TEST(validity_sees_each_broken_invariant) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    struct goroutine *dead = start(program);
    runtime_exit_goroutine(program->runtime, dead);
    struct frame *outer = runtime_push_frame(program->runtime, g, &plain);
    struct defer *older = runtime_push_defer(program->runtime, g, 0, 0);
    struct frame *inner = runtime_push_frame(program->runtime, g, &plain);
    struct defer *younger = runtime_push_defer(program->runtime, g, 0, 0);
    struct panic panic = {.link = NULL};
    struct osthread thread = {.stack = NULL};
    assert_true(plain.size_bytes > 0 && inner->caller == outer && younger->link == older);
    BREAKS(uintptr_t, dead->stack_low, 8192, goroutine_is_valid(dead)); // G1
    BREAKS(size_t, dead->stack_bytes, 8192, goroutine_is_valid(dead));
    BREAKS(struct frame *, dead->innermost, inner, goroutine_is_valid(dead));
    BREAKS(struct defer *, dead->defers, older, goroutine_is_valid(dead));
    BREAKS(struct panic *, dead->panics, &panic, goroutine_is_valid(dead));
    BREAKS(uintptr_t, dead->context, 1, goroutine_is_valid(dead));
    BREAKS(struct osthread *, dead->thread, &thread, goroutine_is_valid(dead));
    BREAKS(size_t, g->stack_bytes, GOROUTINE_STACK_MIN / 2, goroutine_is_valid(g)); // G2
    BREAKS(size_t, g->stack_bytes, GOROUTINE_STACK_MIN * 3, goroutine_is_valid(g));
    BREAKS(uintptr_t, g->stack_low, g->stack_low + 8, goroutine_is_valid(g));
    BREAKS(uintptr_t, g->stack_low, 0, goroutine_is_valid(g));
    BREAKS(uintptr_t, outer->sp, outer->sp - 8, goroutine_is_valid(g)); // G3
    BREAKS(uintptr_t, inner->sp, inner->sp - 8, goroutine_is_valid(g));
    BREAKS(uintptr_t, inner->sp, g->stack_low - 8, goroutine_is_valid(g));
    BREAKS(size_t, outer->description.size_bytes, outer->description.size_bytes + 8,
           goroutine_is_valid(g));
    BREAKS(struct frame *, inner->caller, NULL, goroutine_is_valid(g));
    BREAKS(uintptr_t, younger->sp, inner->sp - 8, goroutine_is_valid(g)); // G4
    BREAKS(uintptr_t, younger->sp, older->sp + 8, goroutine_is_valid(g));
    BREAKS(uintptr_t, older->sp, g->stack_low + g->stack_bytes + 8, goroutine_is_valid(g));
    BREAKS(uintptr_t, dead->context, 1, runtime_is_sound(program->runtime));
}
