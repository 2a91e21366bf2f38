// wrong_structure: what the verifier says of a heap whose structure is wrong in one place: the
// rule, the words, and where; and that nothing is counted then.
//
// holds: oracle/go/verify/pages.c oracle/go/verify/verifier.c

// clang-format off
// wrap: heap_read_memstats inspect_span inspect_span_of_address inspect_list inspect_cache
// wrap: inspect_arena inspect_summary inspect_fix inspect_persistent inspect_range inspect_special
// wrap: inspect_bucket inspect_first_bucket inspect_search_address heap_alloc heap_mark mincore
// wrap: model_compare identities_check identities_check_since verifier_check
// clang-format on

#include "tests/canary/lying_scene.h"
#include "tests/test.h"
#include "oracle/go/rules.h"

// ---- what is said

// A full check, or a paranoid one, reports this first.
static const struct finding *heard(enum oracle_level level, unsigned rule) {
    uint64_t scans = oracle_evaluated(driver.oracle, RULE_SCAN_FIELD);
    assert_false(driver_check(&driver, level));
    const struct finding *finding = oracle_finding(driver.oracle);
    if (finding->rule != rule) {
        finding_print(finding, stderr);
        fail_msg("rule %s did not report it first", go_rules.rows[rule].name);
    }
    assert_int_equal(oracle_evaluated(driver.oracle, RULE_SCAN_FIELD), scans);
    assert_int_equal(oracle_fired(driver.oracle, rule), 1);
    return finding;
}

static void assert_says(enum oracle_level level, unsigned rule, const char *text, uintptr_t span) {
    const struct finding *finding = heard(level, rule);
    assert_string_equal(finding->text, text);
    assert_int_equal(finding->span, span);
}

static void assert_counts(unsigned rule, const char *field, const char *left_name, uint64_t left,
                          const char *right_name, uint64_t right) {
    const struct finding *finding = heard(ORACLE_FULL, rule);
    assert_string_equal(finding->field, field);
    assert_string_equal(finding->left_name, left_name);
    assert_string_equal(finding->right_name, right_name);
    assert_int_equal(finding->left, left);
    assert_int_equal(finding->right, right);
}

// ---- spans

static enum scene_handle liar; // whose span lies

static bool is_liar(const struct inspect_span *span) {
    return span->state == INSPECT_SPAN_IN_USE &&
           address_of(liar) - span->base < span->page_count * HEAP_PAGE_BYTES;
}

static struct inspect_span span_of(enum scene_handle handle) {
    struct inspect_span span;
    assert_true(inspect_span_at(driver.heap, address_of(handle), &span));
    return span;
}

static uint64_t lying_bits[SPAN_OBJECTS_MAX / 64];

static void set_stray_bit(struct inspect_span *span) {
    if (is_liar(span)) {
        memcpy(lying_bits, span->mark_bits, span->bit_words * sizeof lying_bits[0]);
        lying_bits[span->object_count / 64] |= (uint64_t)1 << span->object_count % 64;
        span->mark_bits = lying_bits;
    }
}

TEST_FIXTURE(begin, end)

TEST(a_stray_bit_is_shown) {
    liar = FLUSHED;
    struct inspect_span span = span_of(FLUSHED);
    assert_true(span.object_count < 64);
    char text[80];
    (void)snprintf(text, sizeof text, "a bit is set past the last object (%llu)",
                   1ull << span.object_count);
    liars.span = set_stray_bit;
    assert_says(ORACLE_FULL, RULE_SPAN_STRAY_BIT, text, span.base);
}

static void advance_generation(struct inspect_span *span) {
    span->sweep_generation += is_liar(span) ? 1 : 0;
}

TEST(a_generation_out_of_turn_is_a_fault_of_geometry) {
    liar = FLUSHED;
    struct inspect_span span = span_of(FLUSHED);
    char text[80];
    (void)snprintf(text, sizeof text, "sweep generation is out of turn (%u)",
                   span.sweep_generation + 1);
    liars.span = advance_generation;
    assert_says(ORACLE_FULL, RULE_SPAN_GEOMETRY, text, span.base);
}

static void name_no_class(struct inspect_span *span) {
    span->span_class = is_liar(span) ? SPAN_CLASS_COUNT : span->span_class;
}

TEST(a_class_that_is_none_is_a_fault_of_geometry) {
    liar = FLUSHED;
    struct inspect_span span = span_of(FLUSHED);
    char text[80];
    (void)snprintf(text, sizeof text, "class, pages and objects do not fit (%d)", SPAN_CLASS_COUNT);
    liars.span = name_no_class;
    (void)driver_check(&driver, ORACLE_FULL); // other rules speak too: it stands in no list
    const struct finding *finding = oracle_finding(driver.oracle);
    assert_int_equal(finding->rule, RULE_SPAN_GEOMETRY);
    assert_string_equal(finding->text, text);
    assert_int_equal(finding->span, span.base);
}

static void make_all_of_one_kind(struct inspect_special *special) {
    special->kind = INSPECT_SPECIAL_PROFILE;
}

TEST(two_specials_of_a_kind_on_an_object_are_out_of_order) {
    struct inspect_span span = span_of(FINALIZED); // which is sampled as well
    char text[80];
    (void)snprintf(text, sizeof text, "specials are out of order (%zu)",
                   (size_t)(address_of(FINALIZED) - span.base));
    liars.special = make_all_of_one_kind;
    assert_says(ORACLE_FULL, RULE_SPECIAL_ORDER, text, span.base);
}

// ---- places

static void change_kind(struct inspect_span *span) {
    span->span_class ^= is_liar(span) ? 1 : 0; // with pointers, or without: the same geometry
}

TEST(a_span_of_another_kind_stands_in_a_list) {
    liar = FLUSHED;
    struct inspect_span span = span_of(FLUSHED);
    char text[80];
    (void)snprintf(text, sizeof text,
                   "a span of another kind stands in a list (list %d of span class %u)",
                   INSPECT_PARTIAL_SWEPT, span.span_class);
    liars.span = change_kind;
    assert_says(ORACLE_PARANOID, RULE_SPAN_LIST, text, span.base);
}

// ---- the page table

static uintptr_t lying_page;
static const void *told_identity; // NULL: none

static bool lie_of_page(uintptr_t address, const void **identity) {
    if (address == lying_page) {
        *identity = told_identity;
        return told_identity != NULL;
    }
    return __real_inspect_span_of_address(driver.heap, address, identity);
}

static void assert_page_matters(enum oracle_level level, size_t page, const void *identity) {
    struct inspect_span span = span_of(LARGE);
    lying_page = span.base + page * HEAP_PAGE_BYTES;
    told_identity = identity;
    liars.span_of_address = lie_of_page;
    assert_says(level, RULE_SPAN_TABLE, "the page table does not name the page's span", lying_page);
}

TEST(the_first_page_of_a_span_is_looked_up) {
    assert_page_matters(ORACLE_FULL, 0, NULL);
}

TEST(the_lowest_span_is_looked_up) {
    struct inspect_span span;
    assert_true(inspect_span_at(driver.heap, heap_base(driver.heap), &span));
    lying_page = span.base;
    liars.span_of_address = lie_of_page;
    assert_says(ORACLE_FULL, RULE_SPAN_TABLE, "the page table does not name the page's span",
                lying_page);
}

TEST(the_last_page_of_a_span_is_looked_up) {
    assert_page_matters(ORACLE_FULL, span_of(LARGE).page_count - 1, NULL);
}

TEST(each_page_of_a_span_is_looked_up_deeply) {
    assert_page_matters(ORACLE_PARANOID, 2, NULL);
}

TEST(the_table_names_the_very_span) {
    assert_page_matters(ORACLE_FULL, 0, span_of(SMALL).identity);
}

// The lowest page that is free.
static uintptr_t free_page(void) {
    struct inspect_arena arena;
    assert_true(inspect_arena(driver.heap, 0, &arena));
    size_t page = 0;
    while (bits_at(arena.page_alloc_bits, page) || !bits_at(arena.page_grown_bits, page)) {
        page++;
    }
    return arena.base + page * HEAP_PAGE_BYTES;
}

TEST(no_span_is_named_for_a_free_page) {
    lying_page = free_page();
    told_identity = span_of(SMALL).identity;
    liars.span_of_address = lie_of_page;
    assert_says(ORACLE_PARANOID, RULE_SPAN_TABLE, "the page table names a span for a free page",
                lying_page);
}

// ---- bits of pages

static uint64_t lying_pages[16 * 8];
static size_t lying_bit;

static void scavenge_more(struct inspect_arena *arena) {
    memcpy(lying_pages, arena->page_scavenged_bits, arena->chunk_count * 8 * sizeof(uint64_t));
    lying_pages[lying_bit / 64] |= (uint64_t)1 << lying_bit % 64;
    arena->page_scavenged_bits = lying_pages;
}

TEST(a_scavenged_page_that_is_in_use_is_found) {
    driver_next(&driver);
    void *large = heap_alloc(driver.heap, driver.caches[0], 200 * HEAP_PAGE_BYTES, NULL, 0);
    lying_bit = ((uintptr_t)large - heap_base(driver.heap)) / HEAP_PAGE_BYTES + 199;
    liars.deaf = DEAF_MODEL; // which was not told of it
    liars.arena = scavenge_more;
    assert_says(ORACLE_FULL, RULE_PAGE_SCAVENGED, "a scavenged page near is not free",
                heap_base(driver.heap) + lying_bit / 64 * 64 * HEAP_PAGE_BYTES);
}

static void hide_chunks(struct inspect_arena *arena) {
    arena->chunk_count = 0;
}

TEST(a_span_in_no_arena_is_found) {
    liars.arena = hide_chunks;
    assert_says(ORACLE_FULL, RULE_PAGE_BITS, "a span lies in no arena", heap_base(driver.heap));
}

static void hide_second_arena(struct inspect_arena *arena) {
    arena->chunk_count = arena->base == heap_base(driver.heap) ? arena->chunk_count : 0;
}

TEST(a_span_that_reaches_into_no_arena_is_found) {
    driver_next(&driver);
    void *manual = heap_alloc_manual(driver.heap, HEAP_ARENA_PAGES, MANUAL_OTHER);
    assert_non_null(manual);
    liars.arena = hide_second_arena;
    assert_says(ORACLE_FULL, RULE_PAGE_BITS, "a span lies in no arena", (uintptr_t)manual);
}

// First fit, lowest address: where the search begins is the lowest free page, or below.
TEST(a_free_page_below_the_search_is_named) {
    driver_next(&driver);
    void *manual = heap_alloc_manual(driver.heap, 1, MANUAL_OTHER); // it takes the lowest one
    assert_non_null(manual);
    assert_true(model_manual_allocated(driver.model, (uintptr_t)manual, 1, MANUAL_OTHER));
    heap_free_manual(driver.heap, manual, MANUAL_OTHER);
    model_manual_freed(driver.model, (uintptr_t)manual);
    assert_true(driver_check(&driver, ORACLE_FULL));
    liars.search_shift = 1;
    assert_says(ORACLE_FULL, RULE_PAGE_SEARCH, "the page is free, and searches begin above it",
                (uintptr_t)manual);
}

// ---- summaries

static void claim_more(int level, size_t index, struct inspect_summary *summary) {
    *summary = level == 1 && index == 0 ? (struct inspect_summary){3, 9, 5} : *summary;
}

TEST(a_claim_is_shown_beside_the_bits) {
    liars.summary = claim_more;
    const struct finding *finding = heard(ORACLE_FULL, RULE_PAGE_SUMMARY);
    static const char begin[] = "node 0 of level 1 claims 3/9/5 free pages, its bits say ";
    assert_memory_equal(finding->text, begin, sizeof begin - 1);
    assert_int_equal(finding->span, 0);
    assert_int_equal(finding->object, 0);
}

TEST(a_node_that_is_not_there_claims_nothing) {
    liars.lost_level = 1;
    const struct finding *finding = heard(ORACLE_FULL, RULE_PAGE_SUMMARY);
    static const char begin[] = "node 0 of level 1 claims 0/0/0 free pages, its bits say ";
    assert_memory_equal(finding->text, begin, sizeof begin - 1);
}

static void *alloc_pages(size_t page_count) {
    driver_next(&driver);
    void *manual = heap_alloc_manual(driver.heap, page_count, MANUAL_OTHER);
    assert_non_null(manual);
    assert_true(model_manual_allocated(driver.model, (uintptr_t)manual, page_count, MANUAL_OTHER));
    return manual;
}

// Groups of arenas are 4 GB; nobody touches the pages. The longest free run is in the first.
TEST(a_heap_of_two_groups_of_arenas_is_clean) {
    void *freed = alloc_pages(4096);
    (void)alloc_pages(((size_t)9 << 29) / HEAP_PAGE_BYTES); // 4.5 GB
    heap_free_manual(driver.heap, freed, MANUAL_OTHER);
    assert_true(model_manual_freed(driver.model, (uintptr_t)freed));
    assert_true(driver_check(&driver, ORACLE_FULL));
}

// ---- metadata

static enum inspect_metadata charge_another(enum inspect_metadata metadata) {
    return metadata == INSPECT_METADATA_MCACHE ? INSPECT_METADATA_OTHER : metadata;
}

TEST(a_block_charged_to_the_statistic_of_another_is_counted) {
    liars.metadata = charge_another;
    assert_counts(RULE_PERSISTENT_BLOCKS, "MCacheSys", "in the book", 0, "due to it", 1);
}

static void charge_range(struct inspect_range *range) {
    bool is_arenas = range->kind == INSPECT_RANGE_DIRECT && range->metadata == INSPECT_METADATA_GC;
    range->metadata = is_arenas ? INSPECT_METADATA_OTHER : range->metadata;
}

TEST(an_arena_s_ranges_are_counted) {
    liars.range = charge_range;
    assert_counts(RULE_PERSISTENT_BLOCKS, "GCSys", "in the book", 0, "due to it", 2);
}
