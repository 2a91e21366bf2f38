// canary_oracle: each rule of the oracle, made to fire by one lie in an account or a result.
//
// A rule that no canary here makes fire fails the last test. Rules of the dump have their own, in
// tests/oracle.
//
// holds: oracle/go/rules.c oracle/go/verify/kernel.c oracle/go/verify/metadata.c
// holds: oracle/go/observer/compare.c oracle/go/observer/marks.c oracle/go/observer/observer.c
// holds: oracle/go/verify/places.c oracle/go/view/mappings.c oracle/go/verify/poison.c

// clang-format off
// wrap: heap_read_memstats inspect_span inspect_span_of_address inspect_list inspect_cache
// wrap: inspect_arena inspect_summary inspect_fix inspect_persistent inspect_range inspect_special
// wrap: inspect_bucket inspect_first_bucket inspect_search_address heap_alloc heap_mark mincore
// wrap: model_compare identities_check identities_check_since verifier_check
// clang-format on

#include "allocator/inspect.h"
#include "allocator/special.h"
#include "tests/canary/liars.h"
#include "tests/canary/scene.h"
#include "tests/canary/account_lies.h"
#include "tests/canary/matrix.h"
#include "tests/oracle/driver.h"
#include "oracle/go/rules.h"

#if defined(__SANITIZE_ADDRESS__)
#define CANARY_HAS_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CANARY_HAS_POISON 1
#endif
#endif
#ifndef CANARY_HAS_POISON
#define CANARY_HAS_POISON 0
#endif
#if CANARY_HAS_POISON
#include <sanitizer/asan_interface.h>
#endif

// ---- lies in results

static void model_scan(void) {
    driver_next(&driver);
    (void)heap_alloc(driver.heap, driver.caches[0], 64, NULL, 0); // nobody tells the model
    (void)driver_check(&driver, ORACLE_FULL);
}

static void *misaligned(void *object) {
    return (char *)object + 4;
}
static void model_address(void) {
    liars.alloc = misaligned;
    (void)driver_alloc(&driver, 20, 32);
}

static void *same_again(void *object) {
    (void)object;
    return (void *)address_of(TAIL);
}
static void model_overlap(void) {
    liars.alloc = same_again;
    (void)driver_alloc(&driver, 20, 112);
}

static void model_size(void) {
    struct model_request request = {.size_bytes = 100};
    void *object = heap_alloc(driver.heap, driver.caches[0], 100, NULL, 0);
    (void)model_allocated(driver.model, 20, &request, (uintptr_t)object, 128);
}

static void *one_further(void *object) {
    return (char *)object + 1;
}
static void model_tiny(void) {
    struct model_request request = {.size_bytes = 3, .flags = HEAP_ALLOC_TINY};
    (void)driver_alloc_with(&driver, 20, request, 0);
    liars.alloc = one_further;
    (void)driver_alloc_with(&driver, 21, request, 0);
}

static void model_status(void) {
    (void)model_freed(driver.model, SMALL, 0, HEAP_FREE_DEFERRED);
}

static void finalizer_set(void) {
    const struct finalizer finalizer = {.object = address_of(SMALL), .function = 1};
    (void)heap_add_finalizer(driver.heap, &finalizer); // nobody tells the model
    (void)driver_check(&driver, ORACLE_FULL);
}

static void finalizer_queue(void) {
    static struct finalizer queued; // outlives the call, as in a heap
    queued = (struct finalizer){.object = address_of(FINALIZED)};
    (void)model_finalizer_started(driver.model, &queued); // its object lives
}

static void *dirty(void *object) {
    memset((char *)object + 17, 1, 1);
    return object;
}
static void contents_zero(void) {
    liars.alloc = dirty;
    (void)driver_alloc_with(&driver, 20,
                            (struct model_request){.size_bytes = 80, .flags = HEAP_ALLOC_ZERO}, 0);
}

static void contents_pattern(void) {
    *(unsigned char *)(address_of(TAIL) + 99) ^= 1;
    (void)oracle_check_contents(driver.oracle);
}

// ---- lies in what inspect shows

static bool is_of(const struct inspect_span *span, enum scene_handle handle) {
    return span->state == INSPECT_SPAN_IN_USE &&
           address_of(handle) - span->base < span->page_count * HEAP_PAGE_BYTES;
}

#define SPAN_LIE(name, handle, statement)                                                          \
    static void lie_##name(struct inspect_span *span) {                                            \
        if (is_of(span, handle)) {                                                                 \
            statement;                                                                             \
        }                                                                                          \
    }                                                                                              \
    static void name(void) {                                                                       \
        liars.span = lie_##name;                                                                   \
        (void)check_fully();                                                                       \
    }

// Bits that a lie may change; one span at a time tells it.
static uint64_t lying_bits[SPAN_OBJECTS_MAX / 64];
static const uint64_t *with_bit(const struct inspect_span *span, const uint64_t *bits,
                                size_t index) {
    memcpy(lying_bits, bits, span->bit_words * sizeof lying_bits[0]);
    lying_bits[index / 64] |= (uint64_t)1 << index % 64;
    return lying_bits;
}

SPAN_LIE(span_count, SMALL, span->claimed_alloc_count++)
SPAN_LIE(span_free_index, SMALL, span->free_index = span->object_count)
SPAN_LIE(span_stray_bit, SMALL,
         span->mark_bits = with_bit(span, span->mark_bits, span->object_count))
SPAN_LIE(span_remote, SMALL, span->remote_bits = with_bit(span, span->remote_bits, 5);
         span->claimed_remote_count = 1)
SPAN_LIE(span_geometry, SMALL, span->page_count++)
SPAN_LIE(span_overlap, TAIL, span->base -= HEAP_PAGE_BYTES)
SPAN_LIE(span_owner, SMALL, span->owner_cache = 77)

static bool no_span(uintptr_t address, const void **identity) {
    (void)address;
    *identity = NULL;
    return false;
}
static void span_table(void) {
    liars.span_of_address = no_span;
    (void)driver_check(&driver, ORACLE_FULL);
}

static enum inspect_list other_fullness(enum inspect_list list) {
    return list == INSPECT_FULL_SWEPT      ? INSPECT_PARTIAL_SWEPT
           : list == INSPECT_PARTIAL_SWEPT ? INSPECT_FULL_SWEPT
                                           : list;
}
static void span_list(void) {
    liars.list = other_fullness;
    (void)driver_check(&driver, ORACLE_FULL);
}

static enum inspect_list no_list(enum inspect_list list) {
    (void)list;
    return INSPECT_LIST_COUNT;
}
static void span_place(void) {
    liars.list = no_list;
    (void)driver_check(&driver, ORACLE_FULL);
}

#define ARENA_WORDS (16 * 8)
static uint64_t lying_pages[ARENA_WORDS];
static void lie_page_bits(struct inspect_arena *arena) {
    memcpy(lying_pages, arena->page_alloc_bits, arena->chunk_count * 8 * sizeof(uint64_t));
    lying_pages[0] &= ~(uint64_t)1;
    arena->page_alloc_bits = lying_pages;
}
static void lie_scavenged_bits(struct inspect_arena *arena) {
    memcpy(lying_pages, arena->page_scavenged_bits, arena->chunk_count * 8 * sizeof(uint64_t));
    lying_pages[0] |= 1;
    arena->page_scavenged_bits = lying_pages;
}
static void page_bits(void) {
    liars.arena = lie_page_bits;
    (void)driver_check(&driver, ORACLE_FULL);
}
static void page_scavenged(void) {
    liars.arena = lie_scavenged_bits;
    (void)driver_check(&driver, ORACLE_FULL);
}

static void lie_summary(int level, size_t index, struct inspect_summary *summary) {
    summary->max_pages += level == 1 && index == 0;
}
static void page_summary(void) {
    liars.summary = lie_summary;
    (void)driver_check(&driver, ORACLE_FULL);
}

static void page_search(void) {
    liars.search_shift = HEAP_ARENA_BYTES;
    (void)driver_check(&driver, ORACLE_FULL);
}

static void page_search_below(void) {
    liars.search_shift = 0 - HEAP_ARENA_BYTES;
    (void)driver_check(&driver, ORACLE_FULL);
}

static void lie_fix(enum inspect_fixalloc which, struct inspect_fix *fix) {
    fix->free_block_count += which == INSPECT_FIX_SPECIAL;
}
static void fix_blocks(void) {
    liars.fix = lie_fix;
    (void)driver_check(&driver, ORACLE_FULL);
}

static void persistent_blocks(void) {
    liars.persistent_shift = (uintptr_t)1 << 20;
    (void)driver_check(&driver, ORACLE_FULL);
}

static void lie_special(struct inspect_special *special) {
    special->offset += 4096;
}
static void special_order(void) {
    liars.special = lie_special;
    (void)driver_check(&driver, ORACLE_FULL);
}

static void bucket_lists(void) {
    liars.first_bucket_lost = true;
    (void)check_fully();
}

static void lie_bucket(struct inspect_bucket *bucket) {
    bucket->object_bytes += 8;
}
static void profile_samples(void) {
    liars.bucket = lie_bucket;
    (void)driver_alloc_with(&driver, 20, (struct model_request){.size_bytes = 40}, 1);
}

// ---- lies of the collector

static uintptr_t other_node;
static uintptr_t lost_node;

static bool skip_other(struct heap *heap, uintptr_t *address) {
    (void)heap;
    return *address != other_node;
}
static void reach_lost(void) {
    other_node = address_of(OTHER_NODE);
    liars.mark = skip_other;
    (void)driver_collect(&driver, false);
}

static bool mark_lost_too(struct heap *heap, uintptr_t *address) {
    struct heap_object object;
    (void)__real_heap_mark(heap, lost_node, &object);
    (void)address;
    return true;
}
static void reach_floating(void) {
    lost_node = address_of(LOST);
    liars.mark = mark_lost_too;
    (void)driver_collect(&driver, false);
}

static void keep_lost(struct inspect_span *span) {
    if (span->state == INSPECT_SPAN_IN_USE && lost_node - span->base < HEAP_PAGE_BYTES) {
        span->alloc_bits =
            with_bit(span, span->alloc_bits, (lost_node - span->base) / span->element_bytes);
    }
}
static void reach_kept(void) {
    lost_node = address_of(LOST);
    (void)driver_collect(&driver, false);
    liars.span = keep_lost;
    heap_sweep_finish(driver.heap, driver.caches[0]);
    (void)driver_check(&driver, ORACLE_CHEAP);
}

static void reach_freed(void) {
    driver_next(&driver);
    (void)heap_free(driver.heap, driver.caches[0], (void *)address_of(SMALL));
    (void)driver_check(&driver, ORACLE_FULL);
}

// ---- lies of the kernel and of AddressSanitizer

static int all_resident(size_t size_bytes, unsigned char *pages) {
    memset(pages, 1, (size_bytes + 4095) / 4096);
    return 0;
}
static void kernel_released(void) {
    liars.core = all_resident;
    (void)check_fully();
}

static int not_mapped(size_t size_bytes, unsigned char *pages) {
    (void)size_bytes;
    (void)pages;
    return -1;
}
static void kernel_mapped(void) {
    liars.core = not_mapped;
    (void)check_fully();
}

#if CANARY_HAS_POISON
static void poison_free(void) {
    ASAN_UNPOISON_MEMORY_REGION((void *)(address_of(SMALL) + 48), 48);
    (void)driver_check(&driver, ORACLE_FULL);
}
static void poison_live(void) {
    ASAN_POISON_MEMORY_REGION((void *)(address_of(LARGE) + 8192), 4096);
    (void)check_fully();
}
static void poison_tail(void) {
    ASAN_UNPOISON_MEMORY_REGION((void *)(address_of(TAIL) + 100), 12);
    (void)driver_check(&driver, ORACLE_FULL);
}
#endif

// ---- the table

#define CANARY(id, name)                                                                           \
    { RULE_##id, #name, name, 0, NULL }
#define CANARY_ALONE(id, name, deaf)                                                               \
    { RULE_##id, #name, name, deaf, NULL }

static const struct canary canaries[] = {
    CANARY(SCAN_FIELD, scan_field),
    CANARY_ALONE(SCAN_BY_SIZE, by_size, DEAF_MODEL | DEAF_IDENTITIES),
    CANARY(MODEL_FIELD, model_field),
    CANARY(MODEL_BY_SIZE, by_size),
    CANARY_ALONE(MODEL_SCAN, model_scan, DEAF_MODEL),
    CANARY(MODEL_ADDRESS, model_address),
    CANARY(MODEL_OVERLAP, model_overlap),
    CANARY(MODEL_SIZE, model_size),
    CANARY(MODEL_TINY, model_tiny),
    CANARY(MODEL_STATUS, model_status),
    CANARY(MODEL_RING, model_ring),
    CANARY_ALONE(IDENTITY_ALLOC, identity_alloc, DEAF_MODEL),
    CANARY_ALONE(IDENTITY_OBJECTS, identity_objects, DEAF_MODEL),
    CANARY(IDENTITY_HEAP_SYS, identity_heap_sys),
    CANARY(IDENTITY_RELEASED, identity_released),
    CANARY_ALONE(IDENTITY_INUSE, identity_inuse, DEAF_MODEL),
    CANARY_ALONE(IDENTITY_TOTAL, identity_total, DEAF_MODEL),
    CANARY(IDENTITY_PARTS, identity_parts),
    CANARY(IDENTITY_SYS, identity_sys),
    CANARY(IDENTITY_PAGES, identity_pages),
    CANARY(IDENTITY_BY_SIZE, identity_by_size),
    CANARY_ALONE(IDENTITY_MONOTONIC, identity_monotonic, DEAF_MODEL | DEAF_IDENTITIES),
    CANARY(IDENTITY_TOP_BIT, identity_top_bit),
    CANARY(IDENTITY_CONSTANT, identity_constant),
    CANARY_ALONE(IDENTITY_PAUSES, identity_pauses, DEAF_MODEL),
    CANARY(DELTA_MOVED, delta_moved),
    CANARY(SPAN_COUNT, span_count),
    CANARY(SPAN_FREE_INDEX, span_free_index),
    CANARY(SPAN_STRAY_BIT, span_stray_bit),
    CANARY(SPAN_REMOTE, span_remote),
    CANARY(SPAN_GEOMETRY, span_geometry),
    CANARY(SPAN_TABLE, span_table),
    CANARY(SPAN_OVERLAP, span_overlap),
    CANARY(SPAN_PLACE, span_place),
    CANARY(SPAN_LIST, span_list),
    CANARY(SPAN_OWNER, span_owner),
    CANARY(PAGE_BITS, page_bits),
    CANARY(PAGE_SCAVENGED, page_scavenged),
    CANARY(PAGE_SUMMARY, page_summary),
    CANARY(PAGE_SEARCH, page_search),
    CANARY(PAGE_SEARCH, page_search_below),
    CANARY(FIX_BLOCKS, fix_blocks),
    CANARY(PERSISTENT_BLOCKS, persistent_blocks),
    CANARY(SPECIAL_ORDER, special_order),
    CANARY(BUCKET_LISTS, bucket_lists),
    CANARY(REACH_LOST, reach_lost),
    CANARY(REACH_FLOATING, reach_floating),
    CANARY(REACH_KEPT, reach_kept),
    CANARY_ALONE(REACH_FREED, reach_freed, DEAF_MODEL),
    CANARY(FINALIZER_SET, finalizer_set),
    CANARY(FINALIZER_QUEUE, finalizer_queue),
    CANARY(PROFILE_SAMPLES, profile_samples),
    CANARY(CONTENTS_ZERO, contents_zero),
    CANARY(CONTENTS_PATTERN, contents_pattern),
    CANARY(KERNEL_RELEASED, kernel_released),
    CANARY(KERNEL_MAPPED, kernel_mapped),
    CANARY_ALONE(KERNEL_BYTES, kernel_bytes, DEAF_SCAN),
#if CANARY_HAS_POISON
    CANARY(POISON_FREE, poison_free),
    CANARY(POISON_LIVE, poison_live),
    CANARY(POISON_TAIL, poison_tail),
#endif
};
#define CANARY_COUNT (sizeof canaries / sizeof canaries[0])

static const struct oracle *sing(const struct canary *canary) {
    make_scene();
    assert_true(check_fully()); // clean, but for the lie
    liars.deaf = canary->deaf;
    if ((canary->deaf & DEAF_SCAN) != 0) {
        (void)rule_set_aside(oracle_book(driver.oracle), go_rules.rows[RULE_SCAN_FIELD].name);
    }
    canary->lie();
    liars = (struct liars){0};
    return driver.oracle;
}

static void end(void) {
    driver_destroy(&driver);
}

static bool is_elsewhere(unsigned rule) {
    bool is_poison = strncmp(go_rules.rows[rule].name, "poison-", 7) == 0;
    if (rule == RULE_EXPECTED || rule == RULE_TWIN_HASH || rule == RULE_DELTA_AMOUNT ||
        rule == RULE_SCAN_LIVE || rule == RULE_PAGE_FIT || rule == RULE_PAGE_RELEASE ||
        rule == RULE_FREE_STATUS) {
        return true; // the executor's: canary_executor
    }
    if (rule == RULE_SWEEP_WHOLE || rule == RULE_PROFILE_DRAW || rule == RULE_PROFILE_BUCKET ||
        rule == RULE_PROFILE_BYTES || rule == RULE_MODEL_MANUAL ||
        strncmp(go_rules.rows[rule].name, "program-", 8) == 0) {
        return true; // canary_ledger
    }
    return strncmp(go_rules.rows[rule].name, "subject-", 8) == 0 || // canary_subject
           strncmp(go_rules.rows[rule].name, "dump-", 5) == 0 ||    // canary_dump, canary_executor
           (is_poison && !CANARY_HAS_POISON);
}

static void every_rule_has_a_canary(void **unused) {
    (void)unused;
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        if (!has_sung[rule] && !is_elsewhere((unsigned)rule)) {
            fail_msg("nobody makes rule %s fire", go_rules.rows[rule].name);
        }
    }
}

int main(int argc, char **argv) {
    static const struct canary_stage heap_stage = {canaries, CANARY_COUNT, sing, end};
    const struct CMUnitTest others[] = {
        cmocka_unit_test(every_rule_has_a_canary),
    };
    return canary_main(argc, argv, &heap_stage, others, sizeof others / sizeof others[0]);
}
