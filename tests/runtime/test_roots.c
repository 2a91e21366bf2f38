// test_roots: what is reachable from each kind of root stays, and goes when the root goes.
//
// holds: runtime/frame.c
#include "tests/runtime/program.h"
#include "tests/test.h"

#include <string.h>

static void assert_dies(struct program *program, uintptr_t object) {
    program_collect(program);
    assert_false(program_is_live(program, object));
}

static void assert_lives(struct program *program, uintptr_t object) {
    program_collect(program);
    assert_true(program_is_live(program, object));
}

TEST_FIXTURE(program_setup, program_teardown)

TEST(data_and_bss_words_are_roots_and_begin_as_zero) {
    struct program *program = *state;
    const struct segment *data = runtime_data_segment(program->runtime);
    const struct segment *bss = runtime_bss_segment(program->runtime);
    assert_int_equal(data->size_bytes, PROGRAM_DATA_WORDS * 8);
    assert_int_equal(bss->size_bytes, PROGRAM_BSS_WORDS * 8);
    for (size_t i = 0; i < PROGRAM_DATA_WORDS; i++) {
        assert_int_equal(((uintptr_t *)data->base)[i], 0);
    }
    uintptr_t first = program_node_new(program);
    uintptr_t second = program_node_new(program);
    uintptr_t last_of_bss = bss->base + bss->size_bytes - 8;
    program_set_data(program, PROGRAM_DATA_WORDS - 1, first);
    runtime_write_pointer(program->runtime, last_of_bss, second);
    assert_lives(program, first);
    assert_lives(program, second);
    program_set_data(program, PROGRAM_DATA_WORDS - 1, 0);
    assert_dies(program, first);
    assert_lives(program, second);
    runtime_write_pointer(program->runtime, last_of_bss, 0);
    assert_dies(program, second);
}

TEST(a_word_outside_the_mask_is_no_root) {
    struct program *program = *state;
    uint8_t mask[1] = {0x01};
    struct runtime_options options = {.data_words = 2, .data_mask = mask};
    struct runtime *runtime = runtime_create(program->heap, &options);
    uintptr_t *words = (uintptr_t *)runtime_data_segment(runtime)->base;
    words[0] = program_node_new(program);
    words[1] = program_node_new(program);
    assert_true(runtime_collect(runtime, program->cache, true));
    assert_true(program_is_live(program, words[0]));
    assert_false(program_is_live(program, words[1]));
    runtime_destroy(runtime);
}

TEST(other_roots_hold_their_targets_until_they_are_removed) {
    struct program *program = *state;
    struct other_root *roots[3];
    uintptr_t objects[3];
    char description[] = "root";
    for (size_t i = 0; i < 3; i++) {
        objects[i] = program_node_new(program);
        roots[i] = runtime_add_other_root(program->runtime, description, objects[i] + 9);
        assert_non_null(roots[i]);
    }
    description[0] = 'X';
    const struct other_root *at = runtime_first_other_root(program->runtime);
    for (size_t i = 0; i < 3; i++, at = at->next) {
        assert_ptr_equal(at, roots[i]);
        assert_string_equal(at->description, "root");
        assert_lives(program, objects[i]);
    }
    const size_t order[3] = {1, 2, 0};
    for (size_t i = 0; i < 3; i++) {
        runtime_remove_other_root(program->runtime, roots[order[i]]);
        assert_dies(program, objects[order[i]]);
    }
    assert_null(runtime_first_other_root(program->runtime));
    assert_non_null(runtime_add_other_root(program->runtime, NULL, 0));
    assert_null(runtime_first_other_root(program->runtime)->next);
}

static void without_memory_no_root_is_listed_at(struct program *program, size_t shift) {
    program_restart(program);
    program_shift(program, shift);
    program_refuse(program, true);
    size_t count = 0;
    while (runtime_add_other_root(program->runtime, "a root", 0) != NULL) {
        assert_true(++count < 100000);
    }
    program_refuse(program, false);
    for (const struct other_root *at = runtime_first_other_root(program->runtime); at != NULL;
         at = at->next) {
        count--;
    }
    assert_int_equal(count, 0);
    assert_non_null(runtime_add_other_root(program->runtime, "a root", 0));
}

TEST(without_memory_no_root_is_listed) {
    for (size_t shift = 0; shift < 4; shift++) {
        without_memory_no_root_is_listed_at(*state, shift);
    }
}

TEST(context_defers_and_panics_are_roots) {
    struct program *program = *state;
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    uintptr_t objects[3];
    for (size_t i = 0; i < 3; i++) {
        objects[i] = program_node_new(program);
    }
    runtime_set_context(program->runtime, g, objects[0]);
    assert_non_null(runtime_push_defer(program->runtime, g, objects[1], 0));
    assert_non_null(runtime_push_panic(program->runtime, g, NULL, objects[2]));
    for (size_t i = 0; i < 3; i++) {
        assert_lives(program, objects[i]);
    }
    assert_true(runtime_pop_defer(program->runtime, g));
    assert_dies(program, objects[1]);
    assert_lives(program, objects[2]);
    runtime_exit_goroutine(program->runtime, g);
    assert_dies(program, objects[0]);
    assert_false(program_is_live(program, objects[2]));
}

// ---- frames

enum { FRAME_WORDS = 8 };

// Which words of a frame are roots when each holds an object: a bit a word.
static unsigned roots_of(struct program *program, const struct frame *frame) {
    uintptr_t objects[FRAME_WORDS];
    unsigned live = 0;
    for (size_t i = 0; i < FRAME_WORDS; i++) {
        objects[i] = program_node_new(program);
        runtime_write_pointer(program->runtime, frame->sp + 8 * i, objects[i]);
    }
    program_collect(program);
    for (size_t i = 0; i < FRAME_WORDS; i++) {
        live |= program_is_live(program, objects[i]) ? 1U << i : 0;
        runtime_write_pointer(program->runtime, frame->sp + 8 * i, 0);
    }
    return live;
}

static struct frame *push(struct program *program, struct goroutine *g,
                          struct frame_description description) {
    struct frame *frame = runtime_push_frame(program->runtime, g, &description);
    assert_non_null(frame);
    return frame;
}

TEST(locals_are_roots_as_their_map_says) {
    struct program *program = *state;
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    uint8_t bits[1] = {0x05};
    struct frame_description description = {.size_bytes = FRAME_WORDS * 8,
                                            .locals_map = FRAME_MAP_NONE};
    assert_int_equal(roots_of(program, push(program, g, description)), 0xff);
    description.locals_map = FRAME_MAP_EMPTY;
    assert_int_equal(roots_of(program, push(program, g, description)), 0);
    description.locals_map = FRAME_MAP_SIZE;
    description.local_words = 3;
    assert_int_equal(roots_of(program, push(program, g, description)), 0xe0);
    description.locals_map = FRAME_MAP_BITS;
    description.local_bits = bits;
    struct frame *frame = push(program, g, description);
    bits[0] = 0; // the frame has a copy
    assert_int_equal(roots_of(program, frame), 0xa0);
}

TEST(more_locals_than_the_frame_holds_are_clipped) {
    struct program *program = *state;
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    struct frame_description description = {
        .size_bytes = FRAME_WORDS * 8, .locals_map = FRAME_MAP_SIZE, .local_words = 100};
    struct frame *frame = push(program, g, description);
    assert_int_equal(frame->description.local_words, FRAME_WORDS);
    assert_int_equal(roots_of(program, frame), 0xff);
}

TEST(the_callees_arguments_are_roots_of_the_caller) {
    struct program *program = *state;
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    const uint8_t bits[1] = {0x02};
    struct frame_description description = {
        .size_bytes = FRAME_WORDS * 8, .locals_map = FRAME_MAP_SIZE, .local_words = 1};
    struct frame_description callee = {.argument_bytes = 24, .locals_map = FRAME_MAP_EMPTY};
    struct frame *frame = push(program, g, description);
    assert_int_equal(roots_of(program, frame), 0x80);
    callee.arguments_map = FRAME_MAP_NONE;
    (void)push(program, g, callee);
    assert_int_equal(roots_of(program, frame), 0x87);
    assert_true(runtime_pop_frame(program->runtime, g));
    callee.arguments_map = FRAME_MAP_BITS;
    callee.argument_bits = bits;
    (void)push(program, g, callee);
    assert_int_equal(roots_of(program, frame), 0x82);
    assert_true(runtime_pop_frame(program->runtime, g));
    callee.arguments_map = FRAME_MAP_EMPTY; // anything but bits: conservative
    callee.argument_bytes = 1000;
    assert_int_equal(push(program, g, callee)->description.argument_bytes, FRAME_WORDS * 8);
    assert_int_equal(roots_of(program, frame), 0xff);
}

TEST(locals_without_a_map_begin_above_the_arguments) {
    struct program *program = *state;
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0, false);
    const uint8_t bits[1] = {0x01};
    struct frame_description description = {.size_bytes = FRAME_WORDS * 8,
                                            .locals_map = FRAME_MAP_NONE};
    struct frame_description callee = {.argument_bytes = 24,
                                       .arguments_map = FRAME_MAP_BITS,
                                       .argument_bits = bits,
                                       .locals_map = FRAME_MAP_EMPTY};
    struct frame *frame = push(program, g, description);
    (void)push(program, g, callee);
    assert_int_equal(roots_of(program, frame), 0xf9);
}
