// test_runtime: the instance: defaults, clock, the same addresses after a reset, nothing without
// memory.
//
// holds: runtime/lock.c
#include "tests/runtime/program.h"
#include "tests/test.h"

#include <string.h>

TEST_FIXTURE(program_setup, program_teardown)

TEST(defaults_are_one_cpu_and_a_clock_of_steps) {
    struct program *program = *state;
    const struct runtime_options *options = runtime_options(program->runtime);
    assert_ptr_equal(runtime_heap(program->runtime), program->heap);
    assert_int_equal(options->cpu_count, 1);
    assert_string_equal(options->go_version, "countercheck");
    uint64_t first_ns = runtime_now_ns(program->runtime);
    assert_int_equal(runtime_now_ns(program->runtime), first_ns + 1000);
}

static uint64_t fixed_clock(void *context) {
    return ++*(uint64_t *)context;
}

TEST(options_are_copied_and_the_clock_is_the_callers) {
    struct program *program = *state;
    uint64_t now_ns = 41;
    char version[] = "go9";
    uint8_t mask[1] = {0x02};
    struct runtime_options options = {.data_words = 4,
                                      .data_mask = mask,
                                      .clock_ns = fixed_clock,
                                      .clock_context = &now_ns,
                                      .go_version = version,
                                      .cpu_count = 3};
    struct runtime *runtime = runtime_create(program->heap, &options);
    assert_non_null(runtime);
    version[0] = 'X';
    mask[0] = 0xff;
    uint64_t before_ns = now_ns;
    assert_int_equal(runtime_now_ns(runtime), before_ns + 1);
    assert_string_equal(runtime_options(runtime)->go_version, "go9");
    assert_int_equal(runtime_options(runtime)->cpu_count, 3);
    assert_int_equal(runtime_data_segment(runtime)->pointer_mask[0], 0x02);
    assert_int_equal(runtime_bss_segment(runtime)->size_bytes, 0);
    runtime_destroy(runtime);
}

static void live_a_little(struct program *program, uintptr_t addresses[8]) {
    struct type type = {.layout = program_node, .package_path = "main", .name = "node"};
    struct goroutine *g = runtime_start_goroutine(program->runtime, 0x1000, false);
    addresses[0] = (uintptr_t)program->runtime;
    addresses[1] = (uintptr_t)g;
    addresses[2] = g->stack_low;
    addresses[3] = (uintptr_t)runtime_define_type(program->runtime, &type);
    addresses[4] = (uintptr_t)runtime_add_other_root(program->runtime, "root", 0);
    addresses[5] = (uintptr_t)runtime_start_osthread(program->runtime, 7);
    addresses[6] = program_node_new(program);
    addresses[7] = runtime_data_segment(program->runtime)->base;
    program_set_data(program, 0, addresses[6]);
    program_collect(program);
}

TEST(a_reset_heap_gives_the_runtime_the_same_addresses) {
    struct program *program = *state;
    uintptr_t first[8], second[8];
    live_a_little(program, first);
    struct memstats stats = program_stats(program);
    runtime_destroy(program->runtime);
    assert_true(heap_reset(program->heap));
    program_start(program);
    assert_null(runtime_first_goroutine(program->runtime));
    assert_null(runtime_first_type(program->runtime));
    assert_int_equal(*(uintptr_t *)program_data_slot(program, 0), 0);
    live_a_little(program, second);
    struct memstats again = program_stats(program);
    assert_memory_equal(first, second, sizeof(first));
    assert_memory_equal(&stats, &again, sizeof(stats));
}

TEST(without_memory_there_is_no_runtime) {
    struct program *program = *state;
    size_t failures = 0;
    for (uint64_t at = 1; at < 64; at++) {
        struct runtime_options options = {.data_words = 1 << 21, .bss_words = 20000};
        assert_true(heap_reset(program->heap));
        heap_set_fault(program->heap, SYSMEM_MMAP, at, true);
        heap_set_fault(program->heap, SYSMEM_MPROTECT, at, true);
        struct runtime *runtime = runtime_create(program->heap, &options);
        program_refuse(program, false);
        heap_set_fault(program->heap, SYSMEM_MPROTECT, 0, false);
        if (runtime != NULL) {
            runtime_destroy(runtime);
            break;
        }
        failures++;
    }
    assert_true(failures >= 1 && failures < 63);
    assert_true(heap_reset(program->heap));
    program_start(program);
}

TEST(segments_larger_than_memory_are_refused) {
    struct program *program = *state;
    // the last is one word, if it is cut to fewer bits
    const size_t word_counts[] = {SIZE_MAX, SIZE_MAX / 8 + 1, SIZE_MAX / 8, SIZE_MAX / 16,
                                  ((size_t)1 << 59) + 1};
    for (size_t i = 0; i < sizeof word_counts / sizeof word_counts[0]; i++) {
        struct runtime_options data = {.data_words = word_counts[i]};
        assert_null(runtime_create(program->heap, &data));
        struct runtime_options bss = {.bss_words = word_counts[i]};
        assert_null(runtime_create(program->heap, &bss));
    }
}

TEST(without_metadata_there_is_no_runtime) {
    struct program *program = *state;
    program_burn(program);
    assert_null(runtime_create(program->heap, NULL));
    program_refuse(program, false);
    struct runtime *runtime = runtime_create(program->heap, NULL);
    assert_non_null(runtime);
    assert_int_equal(runtime_data_segment(runtime)->size_bytes, 0);
    runtime_destroy(runtime);
}

TEST(stopping_the_world_nests) {
    struct program *program = *state;
    runtime_stop_world(program->runtime);
    runtime_stop_world(program->runtime);
    runtime_start_world(program->runtime);
    runtime_start_world(program->runtime);
    assert_true(program_node_new(program) != 0);
}
