// wrong_results: what the ledger says of results that cannot be, and that it takes those that can:
// stacks that grow with pointers into themselves, names that nobody uses, parts that move.
//
// holds: oracle/go/model/collect.c oracle/go/model/frame.c oracle/go/model/goroutine.c
// holds: oracle/go/model/object.c oracle/go/state/reach.c oracle/go/model/realloc.c
// holds: oracle/go/model/defer.c oracle/go/model/stack.c

#include "tests/oracle/driver_program.h" // before scene.h, whose driver is everyone's
#include "tests/canary/matrix.h"
#include "tests/canary/scene.h"
#include "tests/test.h"
#include "oracle/go/rules.h"

static struct model *model;

static void assert_says(unsigned rule, const char *text) {
    const struct finding *finding = oracle_finding(driver.oracle);
    assert_non_null(finding);
    assert_string_equal(go_rules.rows[finding->rule].name, go_rules.rows[rule].name);
    assert_string_equal(finding->text, text);
}

static void assert_clean(void) {
    driver_next(&driver); // any number may have moved
    if (!check_fully()) {
        finding_print(oracle_finding(driver.oracle), stderr);
        fail();
    }
}

// How often a rule was evaluated meanwhile.
#define EVALUATIONS(rule, call)                                                                    \
    (evaluated_before = oracle_evaluated(driver.oracle, rule), call,                               \
     oracle_evaluated(driver.oracle, rule) - evaluated_before)
static uint64_t evaluated_before;

// ---- caches, tiny blocks

TEST(the_lowest_free_cache_is_given_out) {
    assert_false(model_cache_acquired(model, 9)); // 0 and 1 are taken
    assert_says(RULE_MODEL_STATUS, "cache 9 was given out while 2 is free");
}

TEST(no_cache_is_given_out_twice) {
    assert_false(model_cache_acquired(model, 1));
    assert_says(RULE_MODEL_STATUS, "cache 1 was given out while it is in use");
}

TEST(the_place_of_a_tiny_part_is_looked_at) {
    const struct model_request tiny = {.size_bytes = 3, .flags = HEAP_ALLOC_TINY};
    assert_int_equal(EVALUATIONS(RULE_MODEL_TINY, driver_alloc_with(&driver, 20, tiny, 0)), 1);
    assert_int_equal(EVALUATIONS(RULE_MODEL_TINY, driver_alloc_with(&driver, 21, tiny, 0)), 2);
    assert_clean();
}

// ---- moves

TEST(a_zeroed_object_that_shrank_is_not_zero_behind) {
    const struct model_request zeroed = {.size_bytes = 112, .flags = HEAP_ALLOC_ZERO};
    assert_true(driver_alloc_with(&driver, 20, zeroed, 0));
    assert_true(driver_realloc(&driver, 20, 100, 0, 0));
    assert_true(driver_realloc(&driver, 20, 110, HEAP_ALLOC_ZERO, 0));
    assert_true(driver_realloc(&driver, 20, 112, 0, 0));
    assert_true(driver_realloc(&driver, 20, 104, HEAP_ALLOC_ZERO, 0));
    assert_true(driver_realloc(&driver, 20, 111, HEAP_ALLOC_ZERO, 0));
    assert_clean();
}

// The object grows in place, and what it grew by was not made zero.
static void assert_growth_is_looked_at(size_t size_bytes) {
    const struct model_request request = {.size_bytes = size_bytes, .flags = HEAP_ALLOC_ZERO};
    void *object = runtime_realloc(driver.runtime, driver.caches[0], (void *)address_of(20),
                                   size_bytes, NULL, HEAP_ALLOC_ZERO);
    assert_int_equal((uintptr_t)object, address_of(20));
    ((unsigned char *)object)[size_bytes - 1] = 1;
    assert_false(model_realloced(model, 20, &request, (uintptr_t)object));
    assert_non_null(oracle_finding(driver.oracle));
    assert_int_equal(oracle_finding(driver.oracle)->rule, RULE_CONTENTS_ZERO);
}

TEST(what_a_zeroed_object_grows_by_is_zero) {
    const struct model_request zeroed = {.size_bytes = 100, .flags = HEAP_ALLOC_ZERO};
    assert_true(driver_alloc_with(&driver, 20, zeroed, 0));
    assert_growth_is_looked_at(110);
}

TEST(an_object_that_kept_its_size_is_zero_behind_still) {
    const struct model_request zeroed = {.size_bytes = 100, .flags = HEAP_ALLOC_ZERO};
    assert_true(driver_alloc_with(&driver, 20, zeroed, 0));
    assert_true(driver_realloc(&driver, 20, 104, HEAP_ALLOC_ZERO, 0));
    assert_true(driver_realloc(&driver, 20, 104, 0, 0));
    assert_growth_is_looked_at(111);
}

TEST(a_tiny_part_may_keep_its_size) {
    const struct model_request tiny = {.size_bytes = 5, .flags = HEAP_ALLOC_TINY};
    assert_true(driver_alloc_with(&driver, 20, tiny, 0));
    const struct model_request same = {.size_bytes = 5};
    assert_true(model_realloced(model, 20, &same, address_of(20)));
    const struct model_request more = {.size_bytes = 6};
    assert_false(model_realloced(model, 20, &more, address_of(20)));
    assert_says(RULE_MODEL_SIZE, "part of a tiny block grew in place at byte 0");
}

TEST(bytes_that_did_not_move_along_are_found) {
    const struct model_request request = {.size_bytes = 200,
                                          .cache_id = heap_cache_id(driver.caches[0])};
    uint32_t live = (uint32_t)model_object_count(model);
    void *elsewhere = heap_alloc(driver.heap, driver.caches[0], 200, NULL, HEAP_ALLOC_ZERO);
    assert_false(model_realloced(model, TAIL, &request, (uintptr_t)elsewhere));
    assert_says(RULE_CONTENTS_PATTERN, "byte 0 of 100 is not what its owner wrote");
    assert_int_equal(model_object_count(model), live);
}

// ---- finalizers

TEST(a_finalizer_that_was_there_is_none_of_before) {
    const struct finalizer finalizer = {.object = address_of(SMALL), .function = 1};
    assert_false(model_finalizer_added(model, SMALL, &finalizer, true));
    assert_says(RULE_FINALIZER_SET, "an object without finalizer was said to have one");
}

TEST(an_object_has_one_finalizer) {
    const struct finalizer finalizer = {.object = address_of(FINALIZED), .function = 1};
    assert_false(model_finalizer_added(model, FINALIZED, &finalizer, false));
    assert_says(RULE_FINALIZER_SET, "an object got a second finalizer");
}

// What the object points to lives on: neither was reached when marking began.
TEST(a_finalizer_set_while_marking_keeps_what_it_needs) {
    alloc_node(20);
    assert_true(driver_write(&driver, 20, 0, address_of(LOST)));
    assert_true(driver_gc_start(&driver));
    assert_true(driver_set_finalizer(&driver, 20));
    assert_true(driver_gc_finish(&driver));
    assert_clean();
}

// ---- goroutines and their stacks

static const struct type type_of_panic = {
    .layout = {.size_bytes = 8}, .package_path = "", .name = "p"};

static struct goroutine *start_goroutine(uint64_t id) {
    struct goroutine *g = driver_start_goroutine(&driver, id, 0x401000, false);
    const struct frame_description small = {.entry = 0x401000, .size_bytes = 64};
    assert_true(driver_push_frame(&driver, g, id, &small));
    return g;
}

static void write_frame_word(const struct frame *frame, size_t depth, size_t word,
                             uintptr_t value) {
    runtime_write_pointer(driver.runtime, frame->sp + word * sizeof value, value);
    assert_true(model_frame_wrote(model, 1, depth, word, value));
}

TEST(a_stack_grows_for_a_large_frame) {
    struct goroutine *g = start_goroutine(1);
    const struct type *type = driver_define_type(&driver, &type_of_panic);
    for (int i = 0; i < 3; i++) { // all of them into the stack itself
        (void)driver_push_panic(&driver, g, 1, type, g->innermost->sp + 8);
        (void)driver_push_defer(&driver, g, 1, g->innermost->sp + 16, 0);
    }
    runtime_set_context(driver.runtime, g, g->innermost->sp + 24);
    assert_true(model_context_set(model, 1, g->innermost->sp + 24));
    assert_clean();
    uintptr_t low = g->stack_low;
    const struct frame_description large = {.entry = 0x401000, .size_bytes = 40000};
    assert_true(driver_push_frame(&driver, g, 1, &large));
    assert_true(g->stack_low != low);
    assert_clean();
}

// Each word of a frame, those that it lends its callee and those that are its own.
TEST(what_a_frame_holds_is_reached) {
    static const uint8_t argument_bits[] = {0x02};
    static const uint8_t local_bits[] = {0x05};
    struct goroutine *g = start_goroutine(1);
    (void)driver_push_defer(&driver, g, 1, 0, 0);
    const struct frame_description callee = {.entry = 0x401000,
                                             .pc = 0x401008,
                                             .size_bytes = 48,
                                             .argument_bytes = 16,
                                             .arguments_map = FRAME_MAP_BITS,
                                             .argument_bits = argument_bits,
                                             .locals_map = FRAME_MAP_BITS,
                                             .local_words = 3,
                                             .local_bits = local_bits};
    assert_true(driver_push_frame(&driver, g, 1, &callee));
    (void)driver_push_defer(&driver, g, 1, 0, 0);
    for (uint32_t word = 0; word < 8; word++) { // of the caller
        alloc_node(30 + word);
        write_frame_word(g->innermost->caller, 1, word, address_of(30 + word));
    }
    for (uint32_t word = 0; word < 6; word++) {
        alloc_node(40 + word);
        write_frame_word(g->innermost, 0, word, address_of(40 + word));
    }
    assert_clean();
    assert_true(driver_collect(&driver, true));
    assert_clean();
    assert_true(driver_gc_start(&driver));
    assert_true(
        runtime_pop_frame(driver.runtime, g)); // all of the caller's words are its own again
    assert_true(model_frame_popped(model, 1, true));
    assert_clean();
    assert_true(driver_gc_finish(&driver));
    assert_clean();
}

TEST(a_defer_without_a_frame_has_no_place) {
    struct goroutine *g = driver_start_goroutine(&driver, 1, 0x401000, false);
    (void)driver_push_defer(&driver, g, 1, 0, 0);
    assert_clean();
}

TEST(a_resized_stack_is_looked_at) {
    struct goroutine *g = start_goroutine(1);
    assert_true(runtime_grow_stack(driver.runtime, g));
    assert_int_equal(
        EVALUATIONS(RULE_MODEL_STATUS, model_stack_grown(model, 1, driver_stack_of(g))), 1);
    assert_clean();
}

TEST(a_record_in_use_is_given_to_nobody) {
    const struct goroutine *g = start_goroutine(1);
    const struct model_goroutine again = {
        .address = (uintptr_t)g,
        .stack = {heap_base(driver.heap) + HEAP_ARENA_BYTES / 2, GOROUTINE_STACK_MIN}};
    assert_false(model_goroutine_started(model, 2, &again));
    assert_says(RULE_MODEL_OVERLAP, "a goroutine was given the record of one that lives");
}

TEST(what_nobody_has_is_let_pass) {
    struct goroutine *g = start_goroutine(1);
    assert_true(model_context_set(model, 99, 8));
    assert_true(model_thread_set(model, 99, 8));
    assert_true(model_thread_set(model, 1, 0));
    assert_true(model_defer_popped(model, 99, true));
    assert_true(model_panic_popped(model, 99, true));
    assert_true(model_frame_wrote(model, 99, 0, 0, 8));
    assert_true(model_frame_wrote(model, 1, 1, 0, 8));  // it has one frame
    assert_true(model_os_stack_mapped(model, 0, 4096)); // refused
    (void)g;
    assert_clean();
}

TEST(a_segment_may_be_empty) {
    struct oracle *oracle = oracle_create(); // which has no room for words yet
    assert_non_null(oracle);
    assert_true(model_segment_defined(oracle_model(oracle), MODEL_SEGMENT_BSS, 0, 0, NULL));
    oracle_destroy(oracle);
}

// ---- a clock that stands

TEST(no_time_has_passed_without_a_clock) {
    driver.clock_stands = true;
    driver_reset(&driver);
    (void)driver_alloc(&driver, SMALL, 48);
    assert_true(driver_write_data(&driver, 0, address_of(SMALL)));
    assert_true(driver_collect(&driver, true));
    assert_clean();
}

// ---- a heap that is begun anew

TEST(a_reset_heap_begins_with_nothing) {
    (void)start_goroutine(1);
    assert_true(driver_gc_start(&driver));
    driver_reset(&driver);
    assert_clean();
    (void)driver_alloc(&driver, SMALL, 48);
    assert_true(driver_collect(&driver, true));
    assert_clean();
}

// ---- the tests

static int begin(void **unused) {
    (void)unused;
    make_scene();
    model = driver.model;
    return check_fully() ? 0 : -1;
}

static int end(void **unused) {
    (void)unused;
    driver_destroy(&driver);
    return 0;
}

TEST_FIXTURE(begin, end)
