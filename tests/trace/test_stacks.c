// test_stacks: frames and modules are taken as a trace has them, and what cannot be is not.
#include "tests/test.h"

#include "trace/stacks.h"

#include <string.h>

static const uint64_t one = (uint64_t)1 << TRACE_MODULE_SHIFT;

static enum trace_stacks_status add_module(struct trace_stacks *stacks, const char *text,
                                           size_t size_bytes) {
    return trace_stacks_add_module(stacks, (const uint8_t *)text, size_bytes);
}

TEST(a_module_has_the_name_and_the_build_id_of_its_text) {
    struct trace_stacks *stacks = trace_stacks_create();
    assert_non_null(stacks);
    assert_int_equal(add_module(stacks, "\2\xab\xcdname", 7), TRACE_STACKS_FINE);
    assert_int_equal(add_module(stacks, "\0", 1), TRACE_STACKS_FINE); // neither
    assert_int_equal(trace_stacks_module_count(stacks), 2);
    const struct trace_module *module = trace_stacks_module(stacks, 1);
    assert_int_equal(module->build_id_bytes, 2);
    assert_memory_equal(module->build_id, "\xab\xcd", 2);
    assert_string_equal(module->name, "name");
    assert_int_equal(trace_stacks_module(stacks, 2)->build_id_bytes, 0);
    assert_string_equal(trace_stacks_module(stacks, 2)->name, "");
    trace_stacks_destroy(stacks);
}

TEST(a_text_that_is_no_module_is_refused) {
    char longest[1 + TRACE_BUILD_BYTES_MAX + TRACE_NAME_BYTES_MAX + 1];
    struct trace_stacks *stacks = trace_stacks_create();
    assert_non_null(stacks);
    memset(longest, 'x', sizeof longest);
    longest[0] = TRACE_BUILD_BYTES_MAX;
    assert_int_equal(add_module(stacks, longest, sizeof longest), TRACE_STACKS_WRONG);
    assert_int_equal(add_module(stacks, longest, sizeof longest - 1), TRACE_STACKS_FINE);
    assert_int_equal(strlen(trace_stacks_module(stacks, 1)->name), TRACE_NAME_BYTES_MAX);
    longest[0] = TRACE_BUILD_BYTES_MAX + 1;
    assert_int_equal(add_module(stacks, longest, sizeof longest - 1), TRACE_STACKS_WRONG);
    assert_int_equal(add_module(stacks, "", 0), TRACE_STACKS_WRONG);
    assert_int_equal(add_module(stacks, "\1", 1), TRACE_STACKS_WRONG);
    assert_int_equal(add_module(stacks, "\0a/b", 4), TRACE_STACKS_WRONG); // that is no base name
    assert_int_equal(add_module(stacks, "\0a\0b", 4), TRACE_STACKS_WRONG);
    assert_int_equal(trace_stacks_module_count(stacks), 1);
    trace_stacks_destroy(stacks);
    trace_stacks_destroy(NULL);
}

TEST(a_frame_has_a_caller_before_it_and_a_module_that_is_there) {
    struct trace_stacks *stacks = trace_stacks_create();
    assert_non_null(stacks);
    assert_int_equal(trace_stacks_add_frame(stacks, one + 5, 0), TRACE_STACKS_WRONG);
    assert_int_equal(add_module(stacks, "\0a", 2), TRACE_STACKS_FINE);
    assert_int_equal(trace_stacks_add_frame(stacks, one + 5, 1), TRACE_STACKS_WRONG);
    assert_int_equal(trace_stacks_add_frame(stacks, TRACE_FRAME_CUT, 0), TRACE_STACKS_FINE);
    for (uint32_t i = 1; i < TRACE_STACK_FRAMES_MAX; i++) {
        assert_int_equal(trace_stacks_add_frame(stacks, one + i, i), TRACE_STACKS_FINE);
    }
    assert_int_equal(trace_stacks_add_frame(stacks, one, TRACE_STACK_FRAMES_MAX),
                     TRACE_STACKS_WRONG); // it is too deep
    assert_int_equal(trace_stacks_frame_count(stacks), TRACE_STACK_FRAMES_MAX);
    for (uint32_t i = TRACE_STACK_FRAMES_MAX; i < 1000; i++) {
        assert_int_equal(trace_stacks_add_frame(stacks, one + i, 0), TRACE_STACKS_FINE);
    }
    struct trace_frame frame = trace_stacks_frame(stacks, 1);
    assert_int_equal(frame.module, 0);
    assert_int_equal(frame.offset, TRACE_FRAME_CUT);
    assert_int_equal(frame.caller, 0);
    frame = trace_stacks_frame(stacks, 1000);
    assert_int_equal(frame.module, 1);
    assert_int_equal(frame.offset, 999);
    assert_int_equal(frame.caller, 0);
    frame = trace_stacks_frame(stacks, TRACE_STACK_FRAMES_MAX);
    assert_int_equal(frame.caller, TRACE_STACK_FRAMES_MAX - 1);
    assert_int_equal(trace_stacks_add_frame(stacks, one + 5, (uint64_t)1 << 32),
                     TRACE_STACKS_WRONG);
    trace_stacks_destroy(stacks);
}
