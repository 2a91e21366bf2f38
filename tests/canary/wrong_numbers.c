// wrong_numbers: what is said of one wrong number, of wrong bytes and of wrong poison: the rule,
// alone where others would speak, the field, and the value of either side.

// clang-format off
// wrap: heap_read_memstats inspect_span inspect_span_of_address inspect_list inspect_cache
// wrap: inspect_arena inspect_summary inspect_fix inspect_persistent inspect_range inspect_special
// wrap: inspect_bucket inspect_first_bucket inspect_search_address heap_alloc heap_mark mincore
// wrap: model_compare identities_check identities_check_since verifier_check
// clang-format on

#include "tests/canary/lying_scene.h"
#include "tests/test.h"
#include "allocator/poison.h"

#if HEAP_POISON_ACTIVE
#include "oracle/go/verify/poison.h"

#include <sanitizer/asan_interface.h>
#endif

// ---- what is said

static void listen_to(unsigned rule) {
    for (int other = 0; other < RULE_COUNT; other++) {
        oracle_book(driver.oracle)->is_set_aside[other] = other != (int)rule;
    }
}

static const struct finding *heard(unsigned rule) {
    const struct finding *finding = oracle_finding(driver.oracle);
    if (finding == NULL) {
        fail_msg("rule %s is silent", go_rules.rows[rule].name);
    }
    if (finding->rule != rule) {
        finding_print(finding, stderr);
        fail_msg("rule %s did not report it first", go_rules.rows[rule].name);
    }
    return finding;
}

struct value {
    const char *name;
    uint64_t value;
};

static void assert_numbers(unsigned rule, const char *field, struct value left,
                           struct value right) {
    const struct finding *finding = heard(rule);
    assert_string_equal(finding->field, field);
    assert_string_equal(finding->left_name, left.name);
    assert_string_equal(finding->right_name, right.name);
    assert_int_equal(finding->left, left.value);
    assert_int_equal(finding->right, right.value);
}

static void assert_says(unsigned rule, const char *text, uintptr_t object) {
    const struct finding *finding = heard(rule);
    assert_string_equal(finding->text, text);
    assert_int_equal(finding->object, object);
}

static struct memstats read_stats(void) {
    struct memstats stats;
    heap_read_memstats(driver.heap, &stats);
    return stats;
}

// ---- identities

#define TELL(name, statement)                                                                      \
    static void name(struct memstats *s) {                                                         \
        statement;                                                                                 \
    }

static void judge(unsigned rule, void (*lie)(struct memstats *stats), enum oracle_level level) {
    listen_to(rule);
    liars.memstats = lie;
    (void)driver_check(&driver, level);
    liars.memstats = NULL;
}

TELL(tell_stack, s->StackInuse = s->StackSys + 5)
TELL(tell_mspan, s->MSpanInuse = s->MSpanSys + 5)
TELL(tell_mcache, s->MCacheInuse = s->MCacheSys + 5)

TEST_FIXTURE(begin, end)

TEST(what_is_in_use_is_part_of_what_is_there) {
    struct memstats true_stats = read_stats();
    const struct {
        void (*lie)(struct memstats *stats);
        const char *field;
        uint64_t sys;
    } parts[] = {{tell_stack, "StackInuse", true_stats.StackSys},
                 {tell_mspan, "MSpanInuse", true_stats.MSpanSys},
                 {tell_mcache, "MCacheInuse", true_stats.MCacheSys}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        judge(RULE_IDENTITY_PARTS, parts[i].lie, ORACLE_CHEAP);
        assert_numbers(RULE_IDENTITY_PARTS, parts[i].field,
                       (struct value){"fast account", parts[i].sys + 5},
                       (struct value){"identity", parts[i].sys});
        oracle_forget_finding(driver.oracle);
    }
}

TELL(tell_lookups, s->Lookups = 3)

// Whatever holds of the constants behind it.
TEST(a_constant_that_is_none_shows_with_its_change) {
    driver_next(&driver);
    liars.memstats = tell_lookups;
    (void)driver_check(&driver, ORACLE_CHEAP);
    assert_numbers(RULE_IDENTITY_CONSTANT, "Lookups", (struct value){"fast account", 3},
                   (struct value){"identity", 0});
    assert_true(oracle_finding(driver.oracle)->has_change);
}

TELL(tell_large_row, s->BySize[0].Mallocs = 5)

TEST(the_row_of_large_objects_is_empty) {
    judge(RULE_IDENTITY_BY_SIZE, tell_large_row, ORACLE_CHEAP);
    assert_numbers(RULE_IDENTITY_BY_SIZE, "BySize[0].Mallocs", (struct value){"fast account", 5},
                   (struct value){"identity", 0});
}

static void collect_thrice(void) {
    for (int i = 0; i < 3; i++) {
        assert_true(driver_collect(&driver, true));
    }
    assert_true(check_fully());
}

TELL(tell_pause_end, s->PauseEnd[1] = s->PauseEnd[0] - 1)
TELL(tell_first_end, s->PauseEnd[0] = s->PauseNs[0] - 1)
TELL(tell_unused_end, s->PauseEnd[200] = 1)
TELL(tell_pause_total, s->PauseTotalNs += 9)

TEST(a_cycle_ends_after_the_one_before_it) {
    collect_thrice();
    uint64_t least = read_stats().PauseEnd[0];
    judge(RULE_IDENTITY_PAUSES, tell_pause_end, ORACLE_FULL);
    assert_numbers(RULE_IDENTITY_PAUSES, "PauseEnd[1]", (struct value){"fast account", least - 1},
                   (struct value){"identity", least});
}

TEST(the_first_cycle_ends_after_its_pause) {
    collect_thrice();
    uint64_t least = read_stats().PauseNs[0];
    judge(RULE_IDENTITY_PAUSES, tell_first_end, ORACLE_FULL);
    assert_numbers(RULE_IDENTITY_PAUSES, "PauseEnd[0]", (struct value){"fast account", least - 1},
                   (struct value){"identity", least});
}

TEST(a_row_that_no_cycle_used_is_zero) {
    collect_thrice();
    judge(RULE_IDENTITY_PAUSES, tell_unused_end, ORACLE_FULL);
    assert_numbers(RULE_IDENTITY_PAUSES, "PauseEnd[200]", (struct value){"fast account", 1},
                   (struct value){"identity", 0});
}

TEST(pauses_of_few_cycles_add_up) {
    collect_thrice();
    uint64_t sum = read_stats().PauseTotalNs;
    judge(RULE_IDENTITY_PAUSES, tell_pause_total, ORACLE_FULL);
    assert_numbers(RULE_IDENTITY_PAUSES, "PauseTotalNs", (struct value){"fast account", sum + 9},
                   (struct value){"identity", sum});
}

// clang-format off
#define RISING(FIELD)                                                                              \
    FIELD(TotalAlloc) FIELD(Mallocs) FIELD(Frees) FIELD(MSpanSys) FIELD(MCacheSys)                 \
    FIELD(BuckHashSys) FIELD(LastGC) FIELD(PauseTotalNs) FIELD(NumGC) FIELD(NumForcedGC)
// clang-format on
#define FIELD(name) TELL(lower_##name, s->name--)
RISING(FIELD)
#undef FIELD

TEST(what_only_rises_is_not_below_what_it_was) {
    assert_true(driver_free(&driver, SMALL, 0));
    collect_thrice();
    const struct memstats before = read_stats();
    listen_to(RULE_IDENTITY_MONOTONIC);
#define FIELD(name)                                                                                \
    assert_true(before.name > 0);                                                                  \
    (void)driver_check(&driver, ORACLE_CHEAP);                                                     \
    judge(RULE_IDENTITY_MONOTONIC, lower_##name, ORACLE_CHEAP);                                    \
    assert_numbers(RULE_IDENTITY_MONOTONIC, #name,                                                 \
                   (struct value){"fast account", before.name - 1},                                \
                   (struct value){"before", before.name});                                         \
    oracle_forget_finding(driver.oracle);
    RISING(FIELD)
#undef FIELD
}

// ---- the model and the delta

TELL(tell_mallocs, s->BySize[5].Mallocs += 2)
TELL(tell_frees, s->BySize[5].Frees += 2)

TEST(rows_differ_by_what_is_wrong_in_them) {
    struct memstats true_stats = read_stats();
    judge(RULE_MODEL_BY_SIZE, tell_mallocs, ORACLE_CHEAP);
    assert_numbers(RULE_MODEL_BY_SIZE, "BySize[5].Mallocs",
                   (struct value){"fast account", true_stats.BySize[5].Mallocs + 2},
                   (struct value){"model", true_stats.BySize[5].Mallocs});
    oracle_forget_finding(driver.oracle);
    judge(RULE_MODEL_BY_SIZE, tell_frees, ORACLE_CHEAP);
    assert_numbers(RULE_MODEL_BY_SIZE, "BySize[5].Frees",
                   (struct value){"fast account", true_stats.BySize[5].Frees + 2},
                   (struct value){"model", true_stats.BySize[5].Frees});
}

TEST(an_object_that_nobody_told_of_is_counted_once) {
    listen_to(RULE_MODEL_SCAN);
    uint64_t known = model_object_count(driver.model);
    uint64_t evaluated = oracle_evaluated(driver.oracle, RULE_MODEL_SCAN);
    (void)heap_alloc(driver.heap, driver.caches[0], 64, NULL, 0);
    (void)driver_check(&driver, ORACLE_FULL);
    assert_numbers(RULE_MODEL_SCAN, "objects", (struct value){"model", known},
                   (struct value){"bits", known + 1});
    assert_int_equal(oracle_evaluated(driver.oracle, RULE_MODEL_SCAN), evaluated + 1);
}

static void hide_finalizer(struct inspect_special *special) {
    special->kind = special->kind == INSPECT_SPECIAL_FINALIZER ? 9 : special->kind;
}

TEST(a_finalizer_that_is_not_there_is_missed) {
    listen_to(RULE_FINALIZER_SET);
    liars.special = hide_finalizer;
    (void)driver_check(&driver, ORACLE_FULL);
    assert_numbers(RULE_FINALIZER_SET, "finalizers", (struct value){"heap", 0},
                   (struct value){"model", 1});
}

TEST(frees_that_are_too_few_are_counted) {
    listen_to(RULE_DELTA_AMOUNT);
    uint64_t frees = read_stats().Frees;
    uint64_t evaluated = oracle_evaluated(driver.oracle, RULE_DELTA_AMOUNT);
    oracle_count_objects(driver.oracle, 0, 1); // of which the heap knows nothing
    (void)driver_check(&driver, ORACLE_CHEAP);
    assert_numbers(RULE_DELTA_AMOUNT, "Frees", (struct value){"fast account", frees},
                   (struct value){"operations, at least", frees + 1});
    assert_int_equal(oracle_evaluated(driver.oracle, RULE_DELTA_AMOUNT), evaluated + 2);
}

// A cheap check recounts nothing: what an older one counted says nothing of the heap now.
TEST(live_bytes_are_compared_with_a_fresh_count) {
    assert_true(driver_check(&driver, ORACLE_FULL));
    assert_true(oracle_check_live(driver.oracle, heap_live_bytes(driver.heap)));
    assert_true(driver_check(&driver, ORACLE_CHEAP));
    assert_true(oracle_check_live(driver.oracle, 12345));
}

// ---- what a finding keeps

TELL(tell_three, s->Lookups = 3; s->DebugGC = true; s->MSpanInuse = s->MSpanSys + 5)

static void describe(void *context, uint64_t operation, char *text, size_t size_bytes) {
    (void)snprintf(text, size_bytes, "%s %llu", (const char *)context,
                   (unsigned long long)operation);
}

TEST(a_finding_keeps_what_else_its_check_found) {
    struct rule_book *book = oracle_book(driver.oracle);
    book->describe = describe;
    book->describe_context = (char[]){"operation"};
    book->is_set_aside[RULE_IDENTITY_PARTS] = book->is_set_aside[RULE_DELTA_MOVED] = true;
    oracle_begin(driver.oracle, 77, ORACLE_MOVES_ALL);
    liars.memstats = tell_three;
    liars.deaf = DEAF_MODEL;
    (void)driver_check(&driver, ORACLE_CHEAP);
    const struct finding *finding = heard(RULE_IDENTITY_CONSTANT);
    assert_string_equal(finding->operation_text, "operation 77");
    assert_int_equal(finding->also_count, 1); // not what is set aside
    assert_string_equal(finding->also[0].field, "DebugGC");
    oracle_begin(driver.oracle, 78, ORACLE_MOVES_ALL);
    (void)driver_check(&driver, ORACLE_CHEAP); // of another operation
    assert_int_equal(finding->also_count, 1);
}

// ---- the kernel

static int all_resident(size_t size_bytes, unsigned char *pages) {
    memset(pages, 0xff, (size_bytes + 4095) / 4096); // more than the bit that counts
    return 0;
}

TEST(what_is_resident_is_not_released) {
    uint64_t released = read_stats().HeapReleased;
    assert_true(released > 0);
    listen_to(RULE_KERNEL_BYTES);
    liars.core = all_resident;
    (void)check_fully();
    assert_numbers(RULE_KERNEL_BYTES, "HeapReleased", (struct value){"fast account", released},
                   (struct value){"kernel, at most", 0});
}

TELL(tell_sys, s->Sys -= 262144)

TEST(all_that_is_mapped_is_in_sys) {
    uint64_t sys = read_stats().Sys;
    judge(RULE_KERNEL_BYTES, tell_sys, ORACLE_PARANOID);
    assert_numbers(RULE_KERNEL_BYTES, "Sys", (struct value){"fast account", sys - 262144},
                   (struct value){"kernel", sys});
}

// ---- contents

static size_t dirty_at, dirty_bytes;

static void *dirty(void *object) {
    memset((char *)object + dirty_at, 0x5a, dirty_bytes);
    return object;
}

static void assert_dirt_shows(size_t size_bytes, unsigned flags, const char *text) {
    liars.alloc = dirty;
    (void)driver_alloc_with(&driver, 20,
                            (struct model_request){.size_bytes = size_bytes, .flags = flags}, 0);
    const struct finding *finding = heard(RULE_CONTENTS_ZERO);
    assert_string_equal(finding->text, text);
}

TEST(an_object_that_is_nowhere_zero_shows) {
    dirty_at = 0;
    dirty_bytes = 512;
    assert_dirt_shows(512, HEAP_ALLOC_ZERO, "512 bytes that must be zero are not");
}

TEST(dirt_in_the_middle_of_a_large_object_shows) {
    const size_t size_bytes = (size_t)1 << 20;
    dirty_at = size_bytes / 16 + HEAP_PAGE_BYTES + 3; // in the second of the places looked at
    dirty_bytes = 1;
    assert_dirt_shows(size_bytes, HEAP_ALLOC_ZERO, "1048576 bytes that must be zero are not");
}

TEST(dirt_in_a_part_of_a_tiny_block_shows) {
    dirty_at = 2;
    dirty_bytes = 1;
    assert_dirt_shows(3, HEAP_ALLOC_ZERO | HEAP_ALLOC_TINY, "3 bytes that must be zero are not");
}

TEST(each_full_check_looks_at_some_objects) {
    *(unsigned char *)(address_of(TAIL) + 99) ^= 1;
    for (int i = 0; i < 4 && driver_check(&driver, ORACLE_FULL); i++) {
    }
    assert_says(RULE_CONTENTS_PATTERN, "byte 96 of 100 is not what its owner wrote",
                address_of(TAIL));
}

TEST(an_object_is_looked_at_before_it_is_freed) {
    *(unsigned char *)address_of(SMALL) ^= 1;
    uintptr_t object = address_of(SMALL);
    assert_false(model_will_free(driver.model, SMALL));
    assert_says(RULE_CONTENTS_PATTERN, "byte 0 of 48 is not what its owner wrote", object);
}

// ---- marks

static uint64_t fewer_marks[SPAN_OBJECTS_MAX / 64];

static void lose_mark(struct inspect_span *span) {
    uintptr_t offset = address_of(20) - span->base;
    if (span->state == INSPECT_SPAN_IN_USE && offset < span->page_count * HEAP_PAGE_BYTES) {
        size_t index = offset / span->element_bytes;
        memcpy(fewer_marks, span->mark_bits, span->bit_words * sizeof fewer_marks[0]);
        fewer_marks[index / 64] &= ~((uint64_t)1 << index % 64);
        span->mark_bits = fewer_marks;
    }
}

// Nothing points to it, but more may be put into it.
TEST(the_block_that_a_cache_fills_is_marked) {
    assert_true(driver_alloc_with(
        &driver, 20, (struct model_request){.size_bytes = 3, .flags = HEAP_ALLOC_TINY}, 0));
    liars.span = lose_mark;
    (void)driver_collect(&driver, false);
    assert_says(RULE_REACH_LOST, "an object born while marking is not marked", address_of(20));
}

// ---- poison

#if HEAP_POISON_ACTIVE
TEST(a_tail_of_whole_granules_is_poisoned) {
    assert_true(driver_alloc(&driver, 20, 104)); // in 112
    ASAN_UNPOISON_MEMORY_REGION((void *)(address_of(20) + 104), 8);
    (void)driver_check(&driver, ORACLE_FULL);
    assert_says(RULE_POISON_TAIL, "byte 104 of it is addressable", address_of(20));
}

// In 2688 bytes, behind a slot that is full: 288 granules, one that is cut, and a tail of 47.
TEST(each_granule_of_a_slot_is_looked_at) {
    struct view view = {0};
    assert_true(driver_alloc(&driver, 20, 2688) && driver_alloc(&driver, 21, 2305) &&
                view_take(&view, driver.heap) && address_of(21) == address_of(20) + 2688);
    for (size_t at = 0; at < 2688; at += 8) {
        uintptr_t granule = address_of(21) + at;
        (at < 2305 ? heap_poison : heap_unpoison)(granule, 8);
        assert_false(poison_check(driver.model, &view, false));
        (at < 2305 ? heap_unpoison : heap_poison)(granule, at == 2304 ? 1 : 8);
        assert_true(poison_check(driver.model, &view, false));
    }
    view_fini(&view);
}

TEST(a_live_byte_that_is_poisoned_shows) {
    ASAN_POISON_MEMORY_REGION((void *)(address_of(LARGE) + 8192), 4096);
    (void)check_fully();
    assert_says(RULE_POISON_LIVE, "byte 8192 of it is poisoned", address_of(LARGE));
}

static void alloc_tiny(void) {
    assert_true(driver_alloc_with(
        &driver, 20, (struct model_request){.size_bytes = 3, .flags = HEAP_ALLOC_TINY}, 0));
    assert_true(driver_check(&driver, ORACLE_FULL));
}

// Contents are read before, so that this look is made alone.
TEST(a_part_of_a_tiny_block_is_not_poisoned) {
    struct view view = {0};
    assert_true(driver_alloc_with(
        &driver, 20, (struct model_request){.size_bytes = 12, .flags = HEAP_ALLOC_TINY}, 0));
    assert_true(view_take(&view, driver.heap));
    assert_true(poison_check(driver.model, &view, false));
    ASAN_POISON_MEMORY_REGION((void *)(address_of(20) + 8), 8);
    assert_false(poison_check(driver.model, &view, false));
    assert_says(RULE_POISON_LIVE, "byte 8 of a tiny block is poisoned", address_of(20));
    view_fini(&view);
}

TEST(what_is_behind_a_tiny_block_s_parts_is_poisoned) {
    alloc_tiny();
    ASAN_UNPOISON_MEMORY_REGION((void *)address_of(20), 8);
    (void)driver_check(&driver, ORACLE_FULL);
    assert_says(RULE_POISON_TAIL, "byte 3 of a tiny block is addressable", address_of(20));
}
#endif
