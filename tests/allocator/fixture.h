// fixture: a fresh heap with caches for each test, a recount of it by hand, and what must abort.
#ifndef TESTS_ALLOCATOR_FIXTURE_H
#define TESTS_ALLOCATOR_FIXTURE_H

#include "allocator/bits.h"
#include "allocator/collect.h"
#include "allocator/fault.h"
#include "allocator/heap.h"
#include "allocator/inspect.h"
#include "allocator/memstats.h"
#include "allocator/pages/mheap.h"
#include "allocator/spans/mcache.h"
#include "allocator/system/world.h"
#include "tests/child.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"
#include <sys/wait.h>
#include <unistd.h>

#define FIXTURE_CACHES 4

struct fixture {
    struct heap *heap;
    struct mcache *cache[FIXTURE_CACHES];
};

static inline int fixture_setup(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->heap = heap_create(NULL);
    assert_non_null(fixture->heap);
    for (int i = 0; i < FIXTURE_CACHES; i++) {
        fixture->cache[i] = heap_acquire_cache(fixture->heap);
        assert_non_null(fixture->cache[i]);
    }
    heap_set_profile_rate(fixture->heap, 0);
    *state = fixture;
    return 0;
}

// No call of the heap leaves the cache inside: whoever stops the world would wait for ever.
static inline int fixture_teardown(void **state) {
    struct fixture *fixture = *state;
    for (uint32_t id = 0; id < fixture->heap->cache_limit; id++) {
        struct mcache *cache = fixture->heap->caches[id];
        assert_true(cache == NULL || atomic_load(&cache->inside) == 0);
    }
    heap_destroy(fixture->heap);
    free(fixture);
    return 0;
}

static inline struct memstats stats_of(struct heap *heap) {
    struct memstats stats;
    heap_read_memstats(heap, &stats);
    return stats;
}

// ---- recount: from spans and bits alone

struct recount {
    uint64_t heap_inuse, heap_alloc, heap_objects, live_bytes, unswept_count;
    uint64_t objects[SIZE_CLASS_COUNT];
};

static inline uint64_t recount_bits(const struct inspect_span *span, bool marked_only) {
    uint64_t count = 0;
    for (uint32_t word = 0; word < span->bit_words; word++) {
        uint64_t live = span->alloc_bits[word] & ~span->remote_bits[word];
        count += bits_popcount64(marked_only ? live & span->mark_bits[word] : live);
    }
    return count;
}

// Only allocated objects of a scan span may have pointer bits. A page has whole words of them.
static inline void check_pointer_bits(const struct heap *heap, const struct inspect_span *span) {
    for (size_t at = 0; at < span->page_count * HEAP_PAGE_BYTES; at += (size_t)64 * 8) {
        unsigned first;
        uint64_t bits = *mheap_pointer_bits(heap, span->base + at, &first);
        assert_int_equal(first, 0);
        for (; bits != 0; bits &= bits - 1) {
            size_t index = (at + (size_t)bits_ctz64(bits) * 8) / span->element_bytes;
            assert_int_equal(span->span_class % 2, 0);
            assert_true(index < span->object_count);
            assert_true((span->alloc_bits[index / 64] >> (index % 64) & 1) != 0);
        }
    }
}

static inline struct recount recount(const struct heap *heap) {
    struct recount sum = {0};
    for (size_t i = 0; i < inspect_span_count(heap); i++) {
        struct inspect_span span;
        assert_true(inspect_span(heap, i, &span));
        assert_true(mspan_is_valid(span.identity));
        if (span.state != INSPECT_SPAN_IN_USE) {
            continue;
        }
        check_pointer_bits(heap, &span);
        bool unswept = span.sweep_generation != inspect_sweep_generation(heap);
        bool cached = span.owner_cache != UINT32_MAX;
        uint64_t live = recount_bits(&span, false);
        uint64_t held = cached ? span.object_count : recount_bits(&span, unswept);
        sum.heap_inuse += span.page_count * HEAP_PAGE_BYTES;
        sum.heap_alloc += live * span.element_bytes;
        sum.heap_objects += live;
        sum.objects[span.span_class / 2] += live;
        sum.live_bytes += held * span.element_bytes;
        sum.unswept_count += unswept ? 1 : 0;
    }
    return sum;
}

// What the heap says against the recount.
static inline void check_account(struct heap *heap) {
    struct memstats stats = stats_of(heap);
    struct recount sum = recount(heap);
    assert_int_equal(stats.HeapInuse, sum.heap_inuse);
    assert_int_equal(stats.HeapAlloc, sum.heap_alloc);
    assert_int_equal(stats.HeapObjects, sum.heap_objects);
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        const struct memstats_by_size *row = &stats.BySize[class];
        assert_int_equal(row->Mallocs - row->Frees, sum.objects[class]);
    }
    assert_int_equal(heap_live_bytes(heap), sum.live_bytes);
    assert_int_equal(heap_is_swept(heap), sum.unswept_count == 0);
}

// ---- what must abort

struct fixture_act {
    void (*act)(struct fixture *fixture);
    struct fixture *fixture;
};

static inline void fixture_run(void *act) {
    const struct fixture_act *one = act;
    one->act(one->fixture);
}

// Runs `act` in a child, and expects it to abort with a line that holds `sentence`.
static inline void expect_abort(const char *sentence, void (*act)(struct fixture *fixture),
                                struct fixture *fixture) {
    char text[4096];
    struct fixture_act one = {act, fixture};
    int status = child_says(fixture_run, &one, text, sizeof text);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (strstr(text, sentence) == NULL) {
        fail_msg("expected \"%s\", got \"%s\"", sentence, text);
    }
}

// The address that the sentence is to name: the child says it first.
static inline void about(const void *address) {
    (void)fprintf(stderr, "about (0x%" PRIxPTR ")\n", (uintptr_t)address);
}

// The sentence, and the address behind it.
static inline void expect_misuse(const char *sentence, void (*act)(struct fixture *f),
                                 struct fixture *f) {
    char text[4096];
    char line[512];
    struct fixture_act one = {act, f};
    int status = child_says(fixture_run, &one, text, sizeof text);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    const char *named = strstr(text, "about (");
    assert_non_null(named);
    named += strlen("about ");
    (void)snprintf(line, sizeof line, "%s %.*s\n", sentence, (int)strcspn(named, "\n"), named);
    if (strstr(text, line) == NULL) {
        fail_msg("expected \"%s\", got \"%s\"", line, text);
    }
}

// A small deterministic generator: splitmix64.
static inline uint64_t draw(uint64_t *seed) {
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

#endif
