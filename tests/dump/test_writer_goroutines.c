// test_writer_goroutines: goroutines, frames, defers, panics and threads, byte for byte as Go's
// dumper lays them out.
//
// holds: dump/write/goroutines.c
#include "tests/dump/written.h"
#include "tests/test.h"

#include <errno.h>

static int setup(void **state) {
    (void)written_setup(state, &(struct runtime_options){.go_version = "v"});
    written_define(*state, 0x1000, "main.outer", "main.go", 1, 4);
    written_define(*state, 0x2000, "", "main.go", 1, 4);
    written_define(*state, 0x3000, "f", "main.go", 1, 4);
    return 0;
}

TEST_FIXTURE(setup, written_teardown)

static struct goroutine *start(struct written *written, bool is_system) {
    struct goroutine *g = runtime_start_goroutine(written->runtime, 0x4242, is_system);
    assert_non_null(g);
    return g;
}

static void demand_goroutine(struct written *written, const struct goroutine *g, uint64_t status,
                             const char *reason) {
    demand_number(written, 4);
    demand_number(written, (uintptr_t)g);
    demand_number(written, g->innermost == NULL ? g->stack_low + g->stack_bytes : g->innermost->sp);
    demand_number(written, g->id);
    demand_number(written, 0x4242);
    demand_number(written, status);
    demand_number(written, g->is_system);
    demand_number(written, 0); // is background
    demand_number(written, g->wait_since_ns);
    demand_text(written, reason);
    demand_number(written, g->context);
    demand_number(written, (uintptr_t)g->thread);
    demand_number(written, (uintptr_t)g->defers);
    demand_number(written, (uintptr_t)g->panics);
}

// Pushes a frame and fills its words with what tells them apart.
static struct frame *push(struct written *written, struct goroutine *g,
                          const struct frame_description *description) {
    struct frame *frame = runtime_push_frame(written->runtime, g, description);
    assert_non_null(frame);
    for (size_t i = 0; i < description->size_bytes; i++) {
        ((uint8_t *)frame->sp)[i] = (uint8_t)(description->pc + i);
    }
    return frame;
}

static void demand_frame(struct written *written, const struct frame *frame, uint64_t depth,
                         uint64_t child_sp, const char *name) {
    const struct frame_description *description = &frame->description;
    demand_number(written, 5);
    demand_number(written, frame->sp);
    demand_number(written, depth);
    demand_number(written, child_sp);
    demand_memory(written, (const void *)frame->sp, description->size_bytes);
    demand_number(written, description->entry);
    demand_number(written, description->pc);
    demand_number(written, description->continuation_pc);
    demand_text(written, name);
}

// ---- goroutines

TEST(dead_goroutines_are_not_dumped) {
    struct written *written = *state;
    struct goroutine *dead = start(written, false);
    struct goroutine *alive = start(written, true);
    runtime_exit_goroutine(written->runtime, dead);
    written_dump(written);
    skip_head(written);
    demand_goroutine(written, alive, 1, "");
    demand_empty_segments(written);
}

TEST(a_running_goroutine_is_dumped_as_runnable) {
    struct written *written = *state;
    struct goroutine *g = start(written, false);
    runtime_set_goroutine_status(written->runtime, g, GOROUTINE_RUNNING, NULL);
    written_dump(written);
    skip_head(written);
    demand_goroutine(written, g, 1, "");
}

TEST(a_goroutine_that_has_not_begun_is_dumped_as_runnable) {
    struct written *written = *state;
    struct goroutine *g = start(written, false);
    runtime_set_goroutine_status(written->runtime, g, GOROUTINE_IDLE, NULL);
    written_dump(written);
    skip_head(written);
    demand_goroutine(written, g, 1, "");
}

static int64_t refuse(void *context, const void *bytes, size_t size_bytes) {
    (void)bytes;
    size_t *call_count = context;
    *call_count += size_bytes > 0;
    return -ENOSPC;
}

// More stacks than the buffer holds: the walk ends with the first write that fails.
TEST(no_goroutine_is_looked_at_after_an_error) {
    struct written *written = *state;
    for (size_t i = 0; i < 100; i++) {
        struct goroutine *g = start(written, false);
        (void)push(
            written, g,
            &(struct frame_description){
                .entry = 0x1000, .pc = 0x1010, .size_bytes = 4096, .locals_map = FRAME_MAP_EMPTY});
    }
    size_t call_count = 0;
    struct dump_sink sink = {.write = refuse, .context = &call_count};
    assert_int_equal(dump_write(written->runtime, written->cache, &sink).error, ENOSPC);
    assert_int_equal(call_count, 1);
}

TEST(a_waiting_goroutine_says_for_what_and_since_when) {
    struct written *written = *state;
    struct goroutine *g = start(written, false);
    runtime_set_goroutine_status(written->runtime, g, GOROUTINE_WAITING, "chan receive");
    struct goroutine *calls = start(written, false);
    runtime_set_goroutine_status(written->runtime, calls, GOROUTINE_SYSCALL, NULL);
    written_dump(written);
    skip_head(written);
    demand_goroutine(written, g, 4, "chan receive");
    demand_goroutine(written, calls, 3, calls->wait_reason == NULL ? "" : calls->wait_reason);
    demand_empty_segments(written);
}

// ---- frames

TEST(frames_come_innermost_first_with_their_childs_sp) {
    struct written *written = *state;
    struct goroutine *g = start(written, false);
    struct frame_description description = {.entry = 0x1000,
                                            .pc = 0x1010,
                                            .continuation_pc = 0x1020,
                                            .size_bytes = 32,
                                            .locals_map = FRAME_MAP_EMPTY,
                                            .arguments_map = FRAME_MAP_BITS};
    (void)push(written, g, &description);
    description.entry = 0x2000; // a function without a name
    description.pc = 0x2010;
    (void)push(written, g, &description);
    description.entry = 0x9000; // of no function
    description.pc = 0x9010;
    (void)push(written, g, &description);
    description.entry = 0x3000;
    description.pc = 0x3010;
    (void)push(written, g, &description);
    const struct frame *inner = g->innermost;
    written_dump(written);
    skip_head(written);
    demand_goroutine(written, g, 1, "");
    demand_frame(written, inner, 0, 0, "f");
    demand_fields(written, NULL, 0);
    for (uint64_t depth = 1; depth <= 2; depth++) {
        const uintptr_t child_sp = inner->sp;
        inner = inner->caller;
        demand_frame(written, inner, depth, child_sp, "unknown function");
        demand_fields(written, NULL, 0);
    }
    demand_frame(written, inner->caller, 3, inner->sp, "main.outer");
    demand_fields(written, NULL, 0);
    demand_empty_segments(written);
}

// A caller of the given maps whose callee takes 16 bytes of arguments; returns the dump's fields of
// the caller.
static void demand_caller_fields(struct written *written, const struct frame_description *caller,
                                 const struct frame_description *callee, const uint64_t *offsets,
                                 size_t count) {
    struct goroutine *g = start(written, false);
    (void)push(written, g, caller);
    (void)push(written, g, callee);
    written_dump(written);
    skip_head(written);
    demand_goroutine(written, g, 1, "");
    demand_frame(written, g->innermost, 0, 0, "main.outer");
    demand_fields(written, NULL, 0);
    demand_frame(written, g->innermost->caller, 1, g->innermost->sp, "main.outer");
    demand_fields(written, offsets, count);
    demand_empty_segments(written);
}

static const uint8_t bits_010 = 0x02;
static const uint8_t bits_101 = 0x05;

static const struct frame_description plain_frame = {.entry = 0x1000,
                                                     .pc = 0x1010,
                                                     .size_bytes = 64,
                                                     .locals_map = FRAME_MAP_EMPTY,
                                                     .arguments_map = FRAME_MAP_BITS};

TEST(out_arguments_are_told_by_the_callees_map) {
    struct frame_description callee = plain_frame;
    callee.argument_bytes = 16;
    callee.argument_bits = &bits_010;
    demand_caller_fields(*state, &plain_frame, &callee, (const uint64_t[]){8}, 1);
}

TEST(out_arguments_without_a_map_are_all_fields) {
    struct frame_description callee = plain_frame;
    callee.argument_bytes = 24;
    callee.arguments_map = FRAME_MAP_NONE;
    demand_caller_fields(*state, &plain_frame, &callee, (const uint64_t[]){0, 8, 16}, 3);
}

TEST(out_arguments_end_with_the_frame) {
    struct frame_description caller = plain_frame;
    caller.size_bytes = 16;
    struct frame_description callee = plain_frame;
    callee.argument_bytes = 48;
    callee.arguments_map = FRAME_MAP_NONE;
    demand_caller_fields(*state, &caller, &callee, (const uint64_t[]){0, 8}, 2);
}

TEST(mapped_locals_lie_at_the_frames_end_past_holes) {
    struct frame_description caller = plain_frame;
    caller.locals_map = FRAME_MAP_BITS;
    caller.local_words = 3;
    caller.local_bits = &bits_101;
    demand_caller_fields(*state, &caller, &plain_frame, (const uint64_t[]){40, 56}, 2);
}

TEST(sized_locals_are_all_fields) {
    struct frame_description caller = plain_frame;
    caller.locals_map = FRAME_MAP_SIZE;
    caller.local_words = 2;
    demand_caller_fields(*state, &caller, &plain_frame, (const uint64_t[]){48, 56}, 2);
}

// After the out-args, whose own fields come first.
TEST(unknown_locals_are_all_fields_beyond_the_out_arguments) {
    struct frame_description caller = plain_frame;
    caller.size_bytes = 40;
    caller.locals_map = FRAME_MAP_NONE;
    struct frame_description callee = plain_frame;
    callee.argument_bytes = 16;
    callee.argument_bits = &bits_010;
    demand_caller_fields(*state, &caller, &callee, (const uint64_t[]){8, 16, 24, 32}, 4);
}

// ---- defers, panics, threads

TEST(defers_and_panics_follow_the_frames_youngest_first) {
    struct written *written = *state;
    struct goroutine *g = start(written, false);
    const struct type *type = runtime_define_type(
        written->runtime,
        &(struct type){.layout = {.size_bytes = 8}, .package_path = "", .name = "string"});
    (void)push(written, g, &plain_frame);
    (void)runtime_push_defer(written->runtime, g, 0x7000, 0x1100);
    (void)runtime_push_defer(written->runtime, g, 0, 0x1200); // open-coded
    (void)runtime_push_panic(written->runtime, g, type, 0x7100);
    (void)runtime_push_panic(written->runtime, g, NULL, 0);
    written_dump(written);
    skip_head(written);
    demand_goroutine(written, g, 1, "");
    demand_frame(written, g->innermost, 0, 0, "main.outer");
    demand_fields(written, NULL, 0);
    const struct defer *defer = g->defers;
    for (int i = 0; i < 2; i++, defer = defer->link) {
        demand_number(written, 14);
        demand_number(written, (uintptr_t)defer);
        demand_number(written, (uintptr_t)g);
        demand_number(written, defer->sp);
        demand_number(written, defer->pc);
        demand_number(written, i == 0 ? 0 : 0x7000);
        demand_number(written, i == 0 ? 0 : 0x1100); // no function, no code
        demand_number(written, (uintptr_t)defer->link);
    }
    const struct panic *panic = g->panics;
    for (int i = 0; i < 2; i++, panic = panic->link) {
        demand_number(written, 15);
        demand_number(written, (uintptr_t)panic);
        demand_number(written, (uintptr_t)g);
        demand_number(written, i == 0 ? 0 : (uintptr_t)type);
        demand_number(written, i == 0 ? 0 : 0x7100);
        demand_number(written, 0); // the defer is not recorded
        demand_number(written, (uintptr_t)panic->link);
    }
    demand_empty_segments(written);
}

TEST(threads_come_newest_first) {
    struct written *written = *state;
    struct osthread *first = runtime_start_osthread(written->runtime, 1234);
    struct osthread *second = runtime_start_osthread(written->runtime, 1235);
    written_dump(written);
    skip_head(written);
    const struct osthread *threads[] = {second, first};
    for (size_t i = 0; i < 2; i++) {
        demand_number(written, 9);
        demand_number(written, (uintptr_t)threads[i]);
        demand_number(written, threads[i]->id);
        demand_number(written, 1235 - i);
    }
    demand_empty_segments(written);
}
