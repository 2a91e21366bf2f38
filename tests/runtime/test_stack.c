// test_stack: stacks grow and shrink by copy, and what points into them follows.
#include "tests/runtime/program.h"
#include "tests/test.h"

#include <string.h>

static struct frame_description of_bytes(size_t size_bytes) {
    return (struct frame_description){.size_bytes = size_bytes, .locals_map = FRAME_MAP_EMPTY};
}

static struct goroutine *start(struct program *program) {
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    assert_non_null(g);
    return g;
}

static struct frame *push(struct program *program, struct goroutine *g, size_t size_bytes) {
    struct frame_description description = of_bytes(size_bytes);
    struct frame *frame = runtime_push_frame(program->runtime, g, &description);
    assert_non_null(frame);
    return frame;
}

static uintptr_t *word(uintptr_t address) {
    return (uintptr_t *)address;
}

static void assert_frames_lie_without_gaps(const struct goroutine *g) {
    const struct frame *frame = g->innermost;
    uintptr_t at = frame == NULL ? 0 : frame->sp;
    assert_true(frame == NULL || at >= g->stack_low);
    for (; frame != NULL; frame = frame->caller) {
        assert_int_equal(frame->sp, at);
        at += frame->description.size_bytes;
    }
    assert_true(g->innermost == NULL || at == g->stack_low + g->stack_bytes);
}

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_frame_is_zero_whatever_was_there) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    struct frame *frame = push(program, g, 256);
    memset((void *)frame->sp, 0xa5, 256);
    assert_true(runtime_pop_frame(program->runtime, g));
    frame = push(program, g, 256);
    for (size_t i = 0; i < 256; i += 8) {
        assert_int_equal(*word(frame->sp + i), 0);
    }
}

TEST(pointers_into_the_stack_follow_a_move) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    struct frame *outer = push(program, g, 128);
    struct frame *inner = push(program, g, 64);
    uintptr_t heap_object = program_node_new(program);
    *word(outer->sp + 8) = 0x1234;
    *word(inner->sp) = outer->sp + 8;                      // into the stack
    *word(inner->sp + 8) = heap_object;                    // elsewhere
    *word(inner->sp + 16) = inner->sp;                     // the lowest that is in use
    *word(inner->sp + 24) = g->stack_low + g->stack_bytes; // just past it: not its
    *word(inner->sp + 32) = inner->sp - 1;                 // below what is in use
    uintptr_t old_high = g->stack_low + g->stack_bytes;
    uintptr_t old_sp = inner->sp;
    assert_non_null(runtime_push_defer(program->runtime, g, heap_object, 0));
    assert_non_null(runtime_push_panic(program->runtime, g, NULL, outer->sp));
    runtime_set_context(program->runtime, g, inner->sp);
    assert_true(runtime_grow_stack(program->runtime, g));
    assert_int_equal(g->stack_bytes, 2 * GOROUTINE_STACK_MIN);
    assert_frames_lie_without_gaps(g);
    uintptr_t delta = g->stack_low + g->stack_bytes - old_high;
    assert_int_equal(*word(*word(inner->sp)), 0x1234);
    assert_int_equal(*word(inner->sp + 8), heap_object);
    assert_int_equal(*word(inner->sp + 16), old_sp + delta);
    assert_int_equal(*word(inner->sp + 24), old_high);
    assert_int_equal(*word(inner->sp + 32), old_sp - 1);
    assert_int_equal(g->defers->sp, inner->sp);
    assert_int_equal(g->defers->function, heap_object);
    assert_int_equal(g->panics->data, outer->sp);
    assert_int_equal(g->context, inner->sp);
}

TEST(the_sp_of_a_defer_without_a_frame_is_the_top) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    struct defer *defer = runtime_push_defer(program->runtime, g, 0, 0);
    assert_true(runtime_grow_stack(program->runtime, g));
    assert_int_equal(defer->sp, g->stack_low + g->stack_bytes);
}

TEST(a_frame_that_does_not_fit_grows_the_stack_at_once) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    struct memstats before = program_stats(program);
    struct frame *outer = push(program, g, 8000);
    *word(outer->sp) = 77;
    assert_int_equal(g->stack_bytes, GOROUTINE_STACK_MIN);
    (void)push(program, g, 40000);
    assert_int_equal(g->stack_bytes, 8 * GOROUTINE_STACK_MIN);
    assert_int_equal(*word(outer->sp), 77);
    assert_frames_lie_without_gaps(g);
    assert_int_equal(program_stats(program).StackInuse,
                     before.StackInuse + 7 * GOROUTINE_STACK_MIN);
}

TEST(a_stack_can_be_filled_to_its_last_byte) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    struct frame *frame = push(program, g, GOROUTINE_STACK_MIN);
    assert_int_equal(frame->sp, g->stack_low);
    assert_int_equal(g->stack_bytes, GOROUTINE_STACK_MIN);
    (void)push(program, g, 8);
    assert_int_equal(g->stack_bytes, 2 * GOROUTINE_STACK_MIN);
    assert_frames_lie_without_gaps(g);
}

TEST(a_stack_shrinks_when_a_quarter_is_enough_and_not_below_the_least) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    assert_false(runtime_shrink_stack(program->runtime, g));
    assert_true(runtime_grow_stack(program->runtime, g));
    struct frame *frame = push(program, g, GOROUTINE_STACK_MIN / 2);
    *word(frame->sp) = frame->sp;
    (void)push(program, g, 8);
    assert_false(runtime_shrink_stack(program->runtime, g));
    assert_true(runtime_pop_frame(program->runtime, g));
    assert_true(runtime_shrink_stack(program->runtime, g));
    assert_int_equal(g->stack_bytes, GOROUTINE_STACK_MIN);
    assert_int_equal(*word(frame->sp), frame->sp);
    assert_frames_lie_without_gaps(g);
    assert_false(runtime_shrink_stack(program->runtime, g));
}

TEST(a_frame_larger_than_any_stack_is_refused) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    struct frame_description description = of_bytes((size_t)2 << 30);
    assert_null(runtime_push_frame(program->runtime, g, &description));
    assert_int_equal(g->stack_bytes, GOROUTINE_STACK_MIN);
    assert_null(g->innermost);
    const uint8_t bits[1] = {0xff};
    description.size_bytes = (size_t)1 << 60; // even its map is larger than memory
    description.locals_map = FRAME_MAP_BITS;
    description.local_words = (size_t)1 << 57;
    description.local_bits = bits;
    assert_null(runtime_push_frame(program->runtime, g, &description));
}

TEST(without_memory_a_stack_stays_where_it_is) {
    struct program *program = *state;
    struct goroutine *g = start(program);
    struct frame *frame = push(program, g, 64);
    *word(frame->sp) = 5;
    program_refuse(program, true);
    while (runtime_grow_stack(program->runtime, g)) {
        assert_true(g->stack_bytes < (size_t)1 << 30);
    }
    struct goroutine copy = *g;
    struct frame *innermost = g->innermost;
    struct memstats before = program_stats(program);
    struct frame_description description = of_bytes(g->stack_bytes);
    assert_null(runtime_push_frame(program->runtime, g, &description));
    struct memstats after = program_stats(program);
    assert_memory_equal(&copy, g, sizeof(copy));
    assert_memory_equal(&before, &after, sizeof(before));
    assert_ptr_equal(innermost, g->innermost);
    assert_int_equal(*word(frame->sp), 5);
}
