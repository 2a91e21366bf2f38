// canary_oracle: each rule of the oracle, made to fire by one lie in an account or a result.
//
// A rule that no canary here makes fire fails the last test. Rules of the dump have their own, in
// tests/oracle.

// clang-format off
// wrap: heap_read_memstats inspect_span inspect_span_of_address inspect_list inspect_cache
// wrap: inspect_arena inspect_summary inspect_fix inspect_takings inspect_special inspect_bucket
// wrap: inspect_first_bucket heap_alloc heap_mark mincore
// clang-format on

#include "allocator/inspect.h"
#include "allocator/special.h"
#include "tests/oracle/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

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

// ---- liars: each is NULL while the truth is told

static struct liars {
    void (*memstats)(struct memstats *stats);
    void (*span)(struct inspect_span *span);
    bool (*span_of_address)(uintptr_t address, const void **identity);
    enum inspect_list (*list)(enum inspect_list list);
    void (*cache)(struct inspect_cache *cache);
    void (*arena)(struct inspect_arena *arena);
    void (*summary)(int level, size_t index, struct inspect_summary *summary);
    void (*fix)(enum inspect_fixalloc which, struct inspect_fix *fix);
    uintptr_t taking_shift;
    void (*special)(struct inspect_special *special);
    void (*bucket)(struct inspect_bucket *bucket);
    bool first_bucket_lost;
    void *(*alloc)(void *object);
    bool (*mark)(struct heap *heap, uintptr_t *address); // false: do not mark
    int (*core)(size_t size_bytes, unsigned char *pages);
} liars;

#define REAL(result, name, ...)                                                                    \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

REAL(void, heap_read_memstats, struct heap *heap, struct memstats *stats) {
    __real_heap_read_memstats(heap, stats);
    if (liars.memstats != NULL) {
        liars.memstats(stats);
    }
}

REAL(bool, inspect_span, const struct heap *heap, size_t index, struct inspect_span *span) {
    bool there = __real_inspect_span(heap, index, span);
    if (there && liars.span != NULL) {
        liars.span(span);
    }
    return there;
}

REAL(bool, inspect_span_of_address, const struct heap *heap, uintptr_t address,
     const void **identity) {
    return liars.span_of_address == NULL ? __real_inspect_span_of_address(heap, address, identity)
                                         : liars.span_of_address(address, identity);
}

REAL(size_t, inspect_list, const struct heap *heap, uint8_t span_class, enum inspect_list list,
     size_t limit, void (*visit)(void *context, const void *identity), void *context) {
    list = liars.list == NULL ? list : liars.list(list);
    return list == INSPECT_LIST_COUNT
               ? 0
               : __real_inspect_list(heap, span_class, list, limit, visit, context);
}

REAL(bool, inspect_cache, const struct heap *heap, uint32_t id, struct inspect_cache *cache) {
    bool there = __real_inspect_cache(heap, id, cache);
    if (there && liars.cache != NULL) {
        liars.cache(cache);
    }
    return there;
}

REAL(bool, inspect_arena, const struct heap *heap, size_t index, struct inspect_arena *arena) {
    bool there = __real_inspect_arena(heap, index, arena);
    if (there && liars.arena != NULL) {
        liars.arena(arena);
    }
    return there;
}

REAL(bool, inspect_summary, const struct heap *heap, int level, size_t index,
     struct inspect_summary *summary) {
    bool there = __real_inspect_summary(heap, level, index, summary);
    if (there && liars.summary != NULL) {
        liars.summary(level, index, summary);
    }
    return there;
}

REAL(void, inspect_fix, const struct heap *heap, enum inspect_fixalloc which,
     struct inspect_fix *fix) {
    __real_inspect_fix(heap, which, fix);
    if (liars.fix != NULL) {
        liars.fix(which, fix);
    }
}

struct taking_visit {
    void (*visit)(void *context, uintptr_t base, size_t size_bytes, enum inspect_book book);
    void *context;
};

static void shift_taking(void *context, uintptr_t base, size_t size_bytes, enum inspect_book book) {
    const struct taking_visit *visit = context;
    visit->visit(visit->context, base - liars.taking_shift, size_bytes, book);
}

REAL(void, inspect_takings, const struct heap *heap,
     void (*visit)(void *context, uintptr_t base, size_t size_bytes, enum inspect_book book),
     void *context) {
    struct taking_visit shifted = {visit, context};
    __real_inspect_takings(heap, shift_taking, &shifted);
}

REAL(bool, inspect_special, const void *special, struct inspect_special *record) {
    bool there = __real_inspect_special(special, record);
    if (there && liars.special != NULL) {
        liars.special(record);
    }
    return there;
}

REAL(bool, inspect_bucket, const void *bucket, struct inspect_bucket *record) {
    bool there = __real_inspect_bucket(bucket, record);
    if (there && liars.bucket != NULL) {
        liars.bucket(record);
    }
    return there;
}

REAL(const void *, inspect_first_bucket, const struct heap *heap) {
    return liars.first_bucket_lost ? NULL : __real_inspect_first_bucket(heap);
}

REAL(void *, heap_alloc, struct heap *heap, struct mcache *cache, size_t size_bytes,
     const struct gc_layout *layout, unsigned flags) {
    void *object = __real_heap_alloc(heap, cache, size_bytes, layout, flags);
    return liars.alloc == NULL ? object : liars.alloc(object);
}

REAL(bool, heap_mark, struct heap *heap, uintptr_t address, struct heap_object *object) {
    if (liars.mark != NULL && !liars.mark(heap, &address)) {
        return false;
    }
    return __real_heap_mark(heap, address, object);
}

REAL(int, mincore, void *base, size_t size_bytes, unsigned char *pages) {
    return liars.core == NULL ? __real_mincore(base, size_bytes, pages)
                              : liars.core(size_bytes, pages);
}

// ---- the scene: some of everything

enum scene_handle {
    SMALL = 1,  // 48 bytes, alone in cache 0's span of the class
    TAIL,       // 100 bytes in 112
    NODE,       // pointerful, points to OTHER_NODE; reachable from the data segment
    OTHER_NODE, // reachable from NODE alone
    LARGE,
    LOST,    // pointerful, reachable from nothing
    FLUSHED, // in a span that stands in a list
    FINALIZED,
};

static const uint8_t node_mask[] = {0x05};
static const struct gc_layout node = {
    .size_bytes = 24, .pointer_bytes = 24, .pointer_mask = node_mask};

static struct driver driver;
static struct finalizer queued;

static uintptr_t address_of(uint32_t handle) {
    return model_handle(driver.model, handle)->address;
}

static void alloc_node(uint32_t handle) {
    (void)driver_alloc_with(&driver, handle,
                            (struct model_request){.size_bytes = 24, .layout = &node}, 0);
}

static void make_scene(void) {
    driver_create(&driver);
    heap_set_profile_rate(driver.heap, 1);
    driver_acquire(&driver, 1);
    (void)driver_alloc_with(&driver, FLUSHED, (struct model_request){.size_bytes = 640}, 1);
    heap_flush_cache(driver.heap, driver.caches[1]);
    (void)model_cache_flushed(driver.model, heap_cache_id(driver.caches[1]));
    (void)driver_alloc(&driver, SMALL, 48);
    (void)driver_alloc(&driver, TAIL, 100);
    (void)driver_alloc(&driver, LARGE, 50000);
    (void)driver_alloc(&driver, FINALIZED, 200);
    alloc_node(NODE);
    alloc_node(OTHER_NODE);
    alloc_node(LOST);
    (void)driver_write(&driver, NODE, 0, address_of(OTHER_NODE));
    (void)driver_write_data(&driver, 0, address_of(NODE));
    (void)driver_set_finalizer(&driver, FINALIZED);
    (void)driver_write_data(&driver, 1, address_of(FINALIZED));
    (void)heap_scavenge(driver.heap, 100000);
}

static bool check_fully(void) {
    return driver_check(&driver, ORACLE_PARANOID);
}

// ---- lies in the account

#define LIE(name, statement)                                                                       \
    static void name(struct memstats *s) {                                                         \
        statement;                                                                                 \
    }

LIE(lie_inuse, s->HeapInuse += 8192)
LIE(lie_class, s->BySize[5].Mallocs++)
LIE(lie_mallocs, s->Mallocs++; s->Frees++)
LIE(lie_ring, s->PauseNs[7] = 1)
LIE(lie_alloc, s->Alloc++)
LIE(lie_objects, s->HeapObjects++)
LIE(lie_released, s->HeapReleased = s->HeapIdle + 8192)
LIE(lie_heap_alloc, s->HeapAlloc = s->HeapInuse + 1)
LIE(lie_total, s->TotalAlloc = s->HeapAlloc - 1)
LIE(lie_parts, s->MSpanInuse = s->MSpanSys + 1)
LIE(lie_sys, s->Sys += 262144)
LIE(lie_pages, s->HeapIdle++)
LIE(lie_size, s->BySize[9].Size++)
LIE(lie_top, s->OtherSys = (uint64_t)0 - 8192)
LIE(lie_lookups, s->Lookups = 1)
LIE(lie_last, s->LastGC = 1)
LIE(lie_decrease, s->TotalAlloc -= 8)

static void tell(void (*lie)(struct memstats *stats)) {
    liars.memstats = lie;
    (void)check_fully();
}

#define ACCOUNT(name, lie)                                                                         \
    static void name(void) {                                                                       \
        tell(lie);                                                                                 \
    }
ACCOUNT(scan_field, lie_inuse)
ACCOUNT(by_size, lie_class)
ACCOUNT(model_field, lie_mallocs)
ACCOUNT(model_ring, lie_ring)
ACCOUNT(identity_alloc, lie_alloc)
ACCOUNT(identity_objects, lie_objects)
ACCOUNT(identity_released, lie_released)
ACCOUNT(identity_inuse, lie_heap_alloc)
ACCOUNT(identity_total, lie_total)
ACCOUNT(identity_parts, lie_parts)
ACCOUNT(identity_sys, lie_sys)
ACCOUNT(identity_pages, lie_pages)
ACCOUNT(identity_by_size, lie_size)
ACCOUNT(identity_top_bit, lie_top)
ACCOUNT(identity_constant, lie_lookups)
ACCOUNT(identity_pauses, lie_last)

static void identity_monotonic(void) {
    (void)check_fully();
    tell(lie_decrease);
}

static void delta_moved(void) {
    (void)driver_check(&driver, ORACLE_CHEAP);
    oracle_begin(driver.oracle, driver.operation, ORACLE_MOVES_NONE);
    (void)heap_alloc_manual(driver.heap, 1, MANUAL_OTHER);
    (void)driver_check(&driver, ORACLE_CHEAP);
}

// ---- lies in results

static void model_scan(void) {
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
    (void)driver_check(&driver, ORACLE_FULL);
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
        (void)driver_check(&driver, ORACLE_FULL);                                                  \
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
SPAN_LIE(span_place, FLUSHED, span->state = INSPECT_SPAN_DEAD)

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
static void span_place_lost(void) {
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

static void lie_fix(enum inspect_fixalloc which, struct inspect_fix *fix) {
    fix->free_block_count += which == INSPECT_FIX_SPECIAL;
}
static void fix_blocks(void) {
    liars.fix = lie_fix;
    (void)driver_check(&driver, ORACLE_FULL);
}

static void takings(void) {
    liars.taking_shift = (uintptr_t)1 << 20;
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
    (void)driver_check(&driver, ORACLE_FULL);
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

static const struct canary {
    enum rule rule;
    void (*lie)(void);
} canaries[] = {
    {RULE_SCAN_FIELD, scan_field},
    {RULE_SCAN_BY_SIZE, by_size},
    {RULE_MODEL_FIELD, model_field},
    {RULE_MODEL_BY_SIZE, by_size},
    {RULE_MODEL_SCAN, model_scan},
    {RULE_MODEL_ADDRESS, model_address},
    {RULE_MODEL_OVERLAP, model_overlap},
    {RULE_MODEL_SIZE, model_size},
    {RULE_MODEL_TINY, model_tiny},
    {RULE_MODEL_STATUS, model_status},
    {RULE_MODEL_RING, model_ring},
    {RULE_IDENTITY_ALLOC, identity_alloc},
    {RULE_IDENTITY_OBJECTS, identity_objects},
    {RULE_IDENTITY_HEAP_SYS, scan_field},
    {RULE_IDENTITY_RELEASED, identity_released},
    {RULE_IDENTITY_INUSE, identity_inuse},
    {RULE_IDENTITY_TOTAL, identity_total},
    {RULE_IDENTITY_PARTS, identity_parts},
    {RULE_IDENTITY_SYS, identity_sys},
    {RULE_IDENTITY_PAGES, identity_pages},
    {RULE_IDENTITY_BY_SIZE, identity_by_size},
    {RULE_IDENTITY_MONOTONIC, identity_monotonic},
    {RULE_IDENTITY_TOP_BIT, identity_top_bit},
    {RULE_IDENTITY_CONSTANT, identity_constant},
    {RULE_IDENTITY_PAUSES, identity_pauses},
    {RULE_DELTA_MOVED, delta_moved},
    {RULE_SPAN_COUNT, span_count},
    {RULE_SPAN_FREE_INDEX, span_free_index},
    {RULE_SPAN_STRAY_BIT, span_stray_bit},
    {RULE_SPAN_REMOTE, span_remote},
    {RULE_SPAN_GEOMETRY, span_geometry},
    {RULE_SPAN_TABLE, span_table},
    {RULE_SPAN_OVERLAP, span_overlap},
    {RULE_SPAN_PLACE, span_place_lost},
    {RULE_SPAN_LIST, span_list},
    {RULE_SPAN_LIST, span_place},
    {RULE_SPAN_OWNER, span_owner},
    {RULE_PAGE_BITS, page_bits},
    {RULE_PAGE_SCAVENGED, page_scavenged},
    {RULE_PAGE_SUMMARY, page_summary},
    {RULE_FIX_BLOCKS, fix_blocks},
    {RULE_TAKINGS, takings},
    {RULE_SPECIAL_ORDER, special_order},
    {RULE_BUCKET_LISTS, bucket_lists},
    {RULE_REACH_LOST, reach_lost},
    {RULE_REACH_FLOATING, reach_floating},
    {RULE_REACH_KEPT, reach_kept},
    {RULE_REACH_FREED, reach_freed},
    {RULE_FINALIZER_SET, finalizer_set},
    {RULE_FINALIZER_QUEUE, finalizer_queue},
    {RULE_PROFILE_SAMPLES, profile_samples},
    {RULE_CONTENTS_ZERO, contents_zero},
    {RULE_CONTENTS_PATTERN, contents_pattern},
    {RULE_KERNEL_RELEASED, kernel_released},
    {RULE_KERNEL_MAPPED, kernel_mapped},
#if CANARY_HAS_POISON
    {RULE_POISON_FREE, poison_free},
    {RULE_POISON_LIVE, poison_live},
    {RULE_POISON_TAIL, poison_tail},
#endif
};
#define CANARY_COUNT (sizeof canaries / sizeof canaries[0])

static bool has_sung[RULE_COUNT];

static void canary_is_heard(void **state) {
    const struct canary *canary = *state;
    make_scene();
    assert_true(check_fully()); // clean, but for the lie
    canary->lie();
    liars = (struct liars){0};
    assert_non_null(oracle_finding(driver.oracle));
    if (oracle_fired(driver.oracle, canary->rule) == 0) {
        finding_print(oracle_finding(driver.oracle), stderr);
        fail_msg("rule %s did not fire", rule_names[canary->rule]);
    }
    assert_true(oracle_evaluated(driver.oracle, canary->rule) > 0);
    has_sung[canary->rule] = true;
    driver_destroy(&driver);
}

static size_t lying_field;
static void lie_in_field(struct memstats *stats) {
    ((uint64_t *)stats)[lying_field] += 8192; // the fields come first, one after the other
}

// Whatever number of MemStats lies, and by whole pages at that, some account notices.
static void every_field_is_guarded(void **unused) {
    (void)unused;
    for (size_t field = 0; field < MEMSTATS_INDEX_COUNT; field++) {
        make_scene();
        assert_true(check_fully());
        lying_field = field;
        liars.memstats = lie_in_field;
        bool clean = driver_check(&driver, ORACLE_FULL);
        liars = (struct liars){0};
        if (clean) {
            fail_msg("nobody noticed %s", memstats_field_names[field]);
        }
        driver_destroy(&driver);
    }
}

static bool is_elsewhere(enum rule rule) {
    bool is_poison = strncmp(rule_names[rule], "poison-", 7) == 0;
    return strncmp(rule_names[rule], "dump-", 5) == 0 || (is_poison && !CANARY_HAS_POISON);
}

static void every_rule_has_a_canary(void **unused) {
    (void)unused;
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        if (!has_sung[rule] && !is_elsewhere((enum rule)rule)) {
            fail_msg("nobody makes rule %s fire", rule_names[rule]);
        }
    }
}

int main(void) {
    struct CMUnitTest tests[CANARY_COUNT + 2];
    for (size_t i = 0; i < CANARY_COUNT; i++) {
        tests[i] = (struct CMUnitTest){.name = rule_names[canaries[i].rule],
                                       .test_func = canary_is_heard,
                                       .initial_state = (void *)(uintptr_t)&canaries[i]};
    }
    tests[CANARY_COUNT] = (struct CMUnitTest)cmocka_unit_test(every_field_is_guarded);
    tests[CANARY_COUNT + 1] = (struct CMUnitTest)cmocka_unit_test(every_rule_has_a_canary);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
