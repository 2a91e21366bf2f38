// test_model: events that cannot be are findings, and what the ledger tells others is what
// happened.
//
// holds: oracle/go/state/map.c oracle/go/state/pointer.c oracle/go/state/class.c
// holds: oracle/go/state/handle.c
#include "oracle/go/state/state.h"
#include "oracle/go/state/class.h"
#include "oracle/go/rules.h"
#include "tests/oracle/driver_fixture.h"

#include "allocator/special.h"

static void finds(unsigned rule, bool clean) {
    assert_false(clean);
    assert_non_null(oracle_finding(driver.oracle));
    assert_int_equal(oracle_finding(driver.oracle)->rule, rule);
}

static bool allocated_at(uint32_t handle, uintptr_t address, size_t size_bytes) {
    const struct model_request request = {.size_bytes = size_bytes};
    return model_allocated(driver.model, handle, &request, address, 0);
}

// ---- addresses

TEST(an_object_below_the_window_is_a_finding) {
    finds(RULE_MODEL_ADDRESS, allocated_at(1, heap_base(driver.heap) - 64, 64));
}

TEST(an_object_across_the_windows_end_is_a_finding) {
    uintptr_t end = heap_base(driver.heap) + HEAP_WINDOW_BYTES;
    finds(RULE_MODEL_ADDRESS, allocated_at(1, end - 8192, 16384));
}

TEST(a_large_object_off_a_page_is_a_finding) {
    finds(RULE_MODEL_ADDRESS, allocated_at(1, heap_base(driver.heap) + 4096, 40000));
}

TEST(an_object_off_its_sizes_alignment_is_a_finding) {
    assert_true(driver_alloc(&driver, 1, 64));
    finds(RULE_MODEL_ADDRESS, allocated_at(2, model_handle(driver.model, 1)->address + 96, 64));
}

TEST(an_object_on_anothers_tail_is_a_finding) {
    assert_true(driver_alloc(&driver, 1, 40000)); // five pages
    finds(RULE_MODEL_OVERLAP,
          allocated_at(2, model_handle(driver.model, 1)->address + 4 * HEAP_PAGE_BYTES + 8128, 64));
}

TEST(an_object_on_a_manual_span_is_a_finding) {
    void *base = heap_alloc_manual(driver.heap, 2, MANUAL_OTHER);
    assert_true(model_manual_allocated(driver.model, (uintptr_t)base, 2, MANUAL_OTHER));
    finds(RULE_MODEL_OVERLAP, allocated_at(1, (uintptr_t)base + HEAP_PAGE_BYTES, 64));
}

static bool started_on(uintptr_t stack_low, size_t stack_bytes) {
    const struct model_goroutine started = {.address = 64, .stack = {stack_low, stack_bytes}};
    return model_goroutine_started(driver.model, 1, &started);
}

TEST(a_stack_on_an_object_is_a_finding) {
    assert_true(driver_alloc(&driver, 1, 8));
    uintptr_t page = model_handle(driver.model, 1)->address;
    finds(RULE_MODEL_OVERLAP, started_on(page, GOROUTINE_STACK_MIN));
}

TEST(a_first_stack_of_another_size_is_a_finding) {
    finds(RULE_MODEL_SIZE, started_on(heap_base(driver.heap), 2 * GOROUTINE_STACK_MIN));
}

TEST(os_stacks_that_overlap_are_a_finding) {
    assert_true(model_os_stack_mapped(driver.model, 0x10000, 16384));
    finds(RULE_MODEL_OVERLAP, model_os_stack_mapped(driver.model, 0x12000, 16384));
}

TEST(an_empty_object_elsewhere_is_a_finding) {
    assert_true(allocated_at(1, (uintptr_t)heap_zero_base(driver.heap), 0));
    assert_null(model_handle(driver.model, 1));
    finds(RULE_MODEL_ADDRESS, allocated_at(1, heap_base(driver.heap), 0));
}

// ---- states

TEST(a_cache_given_twice_is_a_finding) {
    finds(RULE_MODEL_STATUS, model_cache_acquired(driver.model, 0));
}

TEST(a_cache_out_of_turn_is_a_finding) {
    finds(RULE_MODEL_STATUS, model_cache_acquired(driver.model, 2));
}

TEST(two_cycles_at_once_are_a_finding) {
    assert_true(observe_gc_started(driver.observer, false));
    finds(RULE_MODEL_STATUS, observe_gc_started(driver.observer, false));
}

TEST(the_end_of_no_cycle_is_a_finding) {
    finds(RULE_MODEL_STATUS, observe_gc_finished(driver.observer));
}

TEST(a_scavenge_of_half_a_page_is_a_finding) {
    finds(RULE_MODEL_STATUS, model_scavenged(driver.model, 4096, 4096));
}

TEST(a_second_finalizer_is_a_finding) {
    assert_true(driver_alloc(&driver, 1, 64));
    assert_true(driver_set_finalizer(&driver, 1));
    const struct finalizer finalizer = {.object = model_handle(driver.model, 1)->address};
    finds(RULE_FINALIZER_SET, model_finalizer_added(driver.model, 1, &finalizer, false));
}

TEST(a_finalizer_that_is_not_found_is_a_finding) {
    assert_true(driver_alloc(&driver, 1, 64));
    assert_true(driver_set_finalizer(&driver, 1));
    finds(RULE_FINALIZER_SET, model_finalizer_removed(driver.model, 1, false));
}

TEST(growth_in_place_past_the_slot_is_a_finding) {
    assert_true(driver_alloc(&driver, 1, 64));
    const struct model_request request = {.size_bytes = 65};
    finds(RULE_MODEL_SIZE,
          model_realloced(driver.model, 1, &request, model_handle(driver.model, 1)->address));
}

TEST(bytes_that_did_not_move_along_are_a_finding) {
    assert_true(driver_alloc(&driver, 1, 64));
    const struct model_request request = {.size_bytes = 128};
    void *moved = heap_alloc(driver.heap, driver.caches[0], 128, NULL, 0);
    memset(moved, 0, 128);
    finds(RULE_CONTENTS_PATTERN, model_realloced(driver.model, 1, &request, (uintptr_t)moved));
}

// ---- what it tells

TEST(failed_allocations_change_nothing) {
    assert_true(driver_alloc(&driver, 1, 64));
    assert_true(allocated_at(1, 0, 64));
    assert_non_null(model_handle(driver.model, 1)); // the old object is not forgotten
    assert_int_equal(model_object_count(driver.model), 1);
}

TEST(a_handle_given_again_leaves_its_object_to_collection) {
    assert_true(driver_alloc(&driver, 1, 64));
    uintptr_t old = model_handle(driver.model, 1)->address;
    assert_true(driver_alloc(&driver, 1, 64));
    struct model_object object;
    assert_true(model_find_object(driver.model, old + 63, &object));
    assert_false(object.handled);
    assert_int_equal(model_live_handle_count(driver.model), 1);
    assert_true(driver_collect(&driver, true));
    assert_false(model_find_object(driver.model, old, &object));
}

TEST(unreachable_handles_are_dropped_and_reachable_ones_stay) {
    assert_true(driver_alloc(&driver, 1, 64));
    assert_true(driver_alloc(&driver, 2, 40000));
    assert_true(driver_write_data(&driver, 3, model_handle(driver.model, 2)->address + 39999));
    assert_true(driver_collect(&driver, false));
    assert_null(model_handle(driver.model, 1));
    assert_non_null(model_handle(driver.model, 2));
    struct model_object object; // not swept yet
    assert_true(model_object_count(driver.model) == 2);
    assert_true(model_find_object(driver.model, heap_base(driver.heap), &object));
    heap_sweep_finish(driver.heap, driver.caches[0]);
    observe_sweeps(driver.observer, 0);
    assert_int_equal(model_object_count(driver.model), 1);
}

TEST(pointer_words_follow_the_layout_element_by_element) {
    static const uint8_t mask[] = {0x05};
    static const struct gc_layout node = {24, 24, mask};
    const struct model_request request = {.size_bytes = 64, .layout = &node};
    assert_true(driver_alloc_with(&driver, 1, request, 0));
    assert_int_equal(model_pointer_word_count(driver.model, 1), 5); // the last element is cut
    const size_t words[] = {0, 2, 3, 5, 6};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(model_pointer_word(driver.model, 1, i), words[i]);
    }
    assert_int_equal(model_pointer_word_count(driver.model, 2), 0);
}

TEST(classes_round_as_the_allocators_do) {
    for (size_t size_bytes = 1; size_bytes <= SMALL_SIZE_MAX; size_bytes++) {
        assert_int_equal(go_class_of(size_bytes), size_class_of(size_bytes));
    }
    assert_int_equal(go_class_of(SMALL_SIZE_MAX + 1), 0);
    assert_int_equal(go_element_bytes(SMALL_SIZE_MAX + 1), 5 * HEAP_PAGE_BYTES);
    assert_int_equal(go_element_bytes(5 * HEAP_PAGE_BYTES), 5 * HEAP_PAGE_BYTES);
}

// ---- the profile's memory

// A sample that failed leaves a bucket, or none; one that is seen makes it sure.
TEST(a_bucket_counts_when_it_is_sure_and_may_count_before) {
    const uint64_t table_bytes = 8192; // 1021 rows and a header, in whole multiples of 16
    const uint64_t whole_bytes = table_bytes + 192;
    struct model_request request = {.size_bytes = 64, .memory_failed = true};
    assert_true(model_profile_rate_set(driver.model, 1));
    assert_int_equal(model_profile_bytes(driver.model, 16), 0);
    const void *object = heap_alloc(driver.heap, driver.caches[0], 64, NULL, 0);
    assert_true(model_allocated(driver.model, 1, &request, (uintptr_t)object, 0));
    assert_true(model_profile_sampled(driver.model, false, 0));
    assert_int_equal(model_profile_bytes(driver.model, 0), 0);
    assert_int_equal(model_profile_bytes(driver.model, whole_bytes), whole_bytes);
    assert_int_equal(model_profile_bytes(driver.model, whole_bytes + 16), whole_bytes);
    request.memory_failed = false;
    object = heap_alloc(driver.heap, driver.caches[0], 64, NULL, 0);
    assert_true(model_allocated(driver.model, 2, &request, (uintptr_t)object, 0));
    assert_true(model_profile_sampled(driver.model, true, 0x1000));
    assert_int_equal(model_profile_bytes(driver.model, 0), whole_bytes);
    assert_int_equal(model_profile_bytes(driver.model, whole_bytes + 192), whole_bytes);
}
