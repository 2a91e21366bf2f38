// test_memstats: every derived number follows from what was done, over long random lives and
// failing systems.
//
// holds: allocator/pages/mstats.c
#include "tests/allocator/fixture.h"

#include "tests/sanitizer.h"
#include "tests/test.h"

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(a_fresh_heap_has_no_objects_and_adds_up) {
    struct fixture *f = *state;
    struct memstats s = stats_of(f->heap);
    assert_int_equal(s.Mallocs, 0);
    assert_int_equal(s.HeapSys, 0);
    assert_int_equal(s.MCacheInuse, FIXTURE_CACHES * f->heap->cache_fix.block_bytes);
    assert_int_equal(s.Sys, s.HeapSys + s.StackSys + s.MSpanSys + s.MCacheSys + s.BuckHashSys +
                                s.GCSys + s.OtherSys);
    assert_true(s.EnableGC);
    assert_false(s.DebugGC);
    assert_int_equal(s.BySize[0].Size, 0);
    assert_int_equal(s.BySize[67].Size, SMALL_SIZE_MAX);
}

TEST(manual_spans_are_in_their_own_statistics) {
    struct fixture *f = *state;
    (void)heap_alloc(f->heap, f->cache[0], 8, NULL, 0);
    struct memstats before = stats_of(f->heap);
    (void)heap_alloc_manual(f->heap, 1, MANUAL_STACK);
    (void)heap_alloc_manual(f->heap, 2, MANUAL_WORKBUF);
    (void)heap_alloc_manual(f->heap, 4, MANUAL_POINTER_BITS);
    (void)heap_alloc_manual(f->heap, 8, MANUAL_OTHER);
    struct memstats after = stats_of(f->heap);
    assert_int_equal(after.StackInuse - before.StackInuse, HEAP_PAGE_BYTES);
    assert_int_equal(after.StackSys - before.StackSys, HEAP_PAGE_BYTES);
    assert_int_equal(after.GCSys - before.GCSys, 6 * HEAP_PAGE_BYTES);
    assert_int_equal(after.OtherSys - before.OtherSys, 8 * HEAP_PAGE_BYTES);
    assert_int_equal(before.HeapSys - after.HeapSys, 15 * HEAP_PAGE_BYTES);
    assert_int_equal(after.HeapInuse, before.HeapInuse);
    assert_int_equal(after.Sys, before.Sys);
}

TEST(cycles_stand_in_a_ring_newest_at_their_count) {
    struct fixture *f = *state;
    for (uint64_t i = 1; i <= 300; i++) {
        heap_note_gc_cycle(f->heap, &(struct gc_cycle_record){.pause_ns = i,
                                                              .end_ns = i * 1000,
                                                              .next_gc_bytes = i * 7,
                                                              .forced = i % 3 == 0,
                                                              .cpu_fraction = 0.25});
        struct memstats s = stats_of(f->heap);
        assert_int_equal(s.NumGC, i);
        assert_int_equal(s.PauseNs[(s.NumGC + 255) % 256], i);
        assert_int_equal(s.PauseEnd[(s.NumGC + 255) % 256], i * 1000);
        assert_int_equal(s.LastGC, i * 1000);
        assert_int_equal(s.NextGC, i * 7);
        assert_int_equal(s.PauseTotalNs, i * (i + 1) / 2);
        assert_int_equal(s.NumForcedGC, i / 3);
        assert_true(s.GCCPUFraction == 0.25);
    }
    heap_set_next_gc(f->heap, 42);
    assert_int_equal(stats_of(f->heap).NextGC, 42);
}

// ---- a random life

#define LIVE_MAX 600

struct life {
    struct fixture *f;
    uint64_t seed;
    void *objects[LIVE_MAX]; // freeable by hand
    size_t sizes[LIVE_MAX];
    size_t count;
    uint64_t failures;
};

static const uint8_t mask[] = {0x5};
static const struct gc_layout layout = {24, 24, mask};

static size_t draw_size(uint64_t *seed) {
    switch (draw(seed) % 8) {
    case 0:
        return SMALL_SIZE_MAX + draw(seed) % 100000;
    case 1:
        return size_class_bytes[1 + draw(seed) % 67] + draw(seed) % 3 - 1;
    case 2:
        return 1 + draw(seed) % 4096;
    default:
        return 1 + draw(seed) % 256;
    }
}

static struct mcache *draw_cache(struct life *life) {
    return life->f->cache[draw(&life->seed) % FIXTURE_CACHES];
}

static void check_zero(const unsigned char *bytes, size_t size) {
    size_t i = 0;
    while (i < size && bytes[i] == 0) {
        i++;
    }
    assert_int_equal(i, size);
}

static void keep(struct life *life, void *object, size_t size, bool zero) {
    if (object == NULL) {
        life->failures++;
        return;
    }
    if (zero) {
        check_zero(object, size);
    }
    memset(object, (int)(size % 251), size);
    life->objects[life->count] = object;
    life->sizes[life->count++] = size;
}

static void check_contents(const struct life *life, size_t at) {
    const unsigned char *bytes = life->objects[at];
    unsigned char expected = (unsigned char)(life->sizes[at] % 251);
    assert_int_equal(bytes[0], expected);
    assert_int_equal(bytes[life->sizes[at] - 1], expected);
}

static void drop(struct life *life, size_t at) {
    life->count--;
    life->objects[at] = life->objects[life->count];
    life->sizes[at] = life->sizes[life->count];
}

static void step_alloc(struct life *life) {
    if (life->count == LIVE_MAX) {
        return;
    }
    size_t size = draw_size(&life->seed);
    bool scan = draw(&life->seed) % 2 == 0;
    struct mcache *cache = draw_cache(life);
    if (draw(&life->seed) % 8 == 0) {
        size_t align = (size_t)1 << draw(&life->seed) % 16;
        void *object =
            heap_alloc_aligned(life->f->heap, cache, size, align, scan ? &layout : NULL, 0);
        assert_int_equal((uintptr_t)object % align, 0);
        keep(life, object, size, scan);
        return;
    }
    unsigned flags = draw(&life->seed) % 2 == 0 ? HEAP_ALLOC_ZERO : 0;
    void *object = heap_alloc(life->f->heap, cache, size, scan ? &layout : NULL, flags);
    keep(life, object, size, scan || flags != 0);
}

static void step_tiny(struct life *life) {
    void *object = heap_alloc(life->f->heap, draw_cache(life), 1 + draw(&life->seed) % 15, NULL,
                              HEAP_ALLOC_TINY);
    if (object == NULL) {
        life->failures++;
    }
}

static void step_free(struct life *life) {
    if (life->count > 0) {
        size_t at = draw(&life->seed) % life->count;
        check_contents(life, at);
        (void)heap_free(life->f->heap, draw_cache(life), life->objects[at]);
        drop(life, at);
    }
}

static void step_realloc(struct life *life) {
    if (life->count == 0) {
        return;
    }
    size_t at = draw(&life->seed) % life->count;
    size_t size = draw_size(&life->seed);
    check_contents(life, at);
    void *object = heap_realloc(life->f->heap, draw_cache(life), life->objects[at], size,
                                draw(&life->seed) % 2 == 0 ? &layout : NULL, 0);
    if (object == NULL) {
        life->failures++;
        check_contents(life, at);
        return;
    }
    drop(life, at);
    memset(object, (int)(size % 251), size);
    life->objects[life->count] = object;
    life->sizes[life->count++] = size;
}

static void step_collect(struct life *life) {
    struct heap_object found;
    heap_mark_begin(life->f->heap);
    for (size_t i = 0; i < life->count; i++) {
        (void)heap_mark(life->f->heap, (uintptr_t)life->objects[i], &found);
    }
    for (size_t i = draw(&life->seed) % 8; i > 0; i--) {
        draw(&life->seed) % 2 == 0 ? step_alloc(life) : step_free(life);
    }
    heap_mark_end(life->f->heap);
    if (draw(&life->seed) % 2 == 0) {
        heap_sweep_finish(life->f->heap, draw(&life->seed) % 2 == 0 ? NULL : draw_cache(life));
    }
}

static void step_cache(struct life *life) {
    size_t which = draw(&life->seed) % FIXTURE_CACHES;
    if (draw(&life->seed) % 4 != 0) {
        heap_flush_cache(life->f->heap, life->f->cache[which]);
        return;
    }
    heap_release_cache(life->f->heap, life->f->cache[which]);
    life->f->cache[which] = heap_acquire_cache(life->f->heap);
    assert_non_null(life->f->cache[which]); // its block is there to be taken
}

static void step(struct life *life) {
    uint64_t which = draw(&life->seed) % 64;
    if (which < 26) {
        step_alloc(life);
    } else if (which < 46) {
        step_free(life);
    } else if (which < 52) {
        step_realloc(life);
    } else if (which < 58) {
        step_tiny(life);
    } else if (which < 60) {
        (void)heap_sweep_one(life->f->heap, draw_cache(life));
    } else if (which < 62) {
        step_cache(life);
    } else if (which < 63) {
        step_collect(life);
    } else {
        (void)heap_scavenge(life->f->heap, draw(&life->seed) % 4000000);
    }
}

static void check_identities(struct heap *heap) {
    struct memstats s = stats_of(heap);
    assert_int_equal(s.Alloc, s.HeapAlloc);
    assert_int_equal(s.HeapObjects, s.Mallocs - s.Frees);
    assert_int_equal(s.HeapSys, s.HeapInuse + s.HeapIdle);
    assert_true(s.HeapReleased <= s.HeapIdle);
    assert_true(s.HeapAlloc <= s.HeapInuse);
    assert_int_equal(s.Sys, s.HeapSys + s.StackSys + s.MSpanSys + s.MCacheSys + s.BuckHashSys +
                                s.GCSys + s.OtherSys);
}

TEST(a_random_life_agrees_with_the_recount_at_every_turn) {
    struct fixture *f = *state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct life life = {.f = f, .seed = seed};
        for (int i = 0; i < 3000; i++) {
            step(&life);
            if (i % 16 == 0) {
                check_account(f->heap);
                check_identities(f->heap);
            }
        }
        assert_int_equal(life.failures, 0);
        while (life.count > 0) {
            step_free(&life);
        }
        heap_mark_begin(f->heap);
        heap_mark_end(f->heap);
        heap_sweep_finish(f->heap, NULL);
        heap_mark_begin(f->heap); // tiny blocks of the first
        heap_mark_end(f->heap);
        heap_sweep_finish(f->heap, NULL);
        assert_int_equal(stats_of(f->heap).HeapObjects, 0);
        assert_int_equal(stats_of(f->heap).HeapInuse, 0);
        check_account(f->heap);
    }
}

// ---- a failing system

static bool same_but_for_counts(const struct memstats *a, const struct memstats *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

// Lives until the call fails, then checks that the failed operation changed no number.
static void scenario(struct fixture *f, uint64_t seed, uint64_t *failures) {
    struct life life = {.f = f, .seed = seed};
    for (int i = 0; i < 250; i++) {
        uint64_t failed_before = life.failures;
        struct memstats before = stats_of(f->heap);
        uint64_t live_before = heap_live_bytes(f->heap);
        bool swept = heap_is_swept(f->heap); // else the failing call may have swept
        step_alloc(&life);
        if (life.failures != failed_before && swept) {
            struct memstats after = stats_of(f->heap);
            assert_true(same_but_for_counts(&before, &after));
            assert_int_equal(heap_live_bytes(f->heap), live_before);
        }
        step(&life);
        if (i % (SANITIZER_HAS_SHADOW ? 4 : 1) == 0) { // a recount costs ten times more there
            check_account(f->heap);
            check_identities(f->heap);
        }
    }
    *failures += life.failures;
}

TEST(each_failing_call_changes_nothing_and_loses_nothing) {
    struct fixture *f = *state;
    static const enum sysmem_call calls[] = {SYSMEM_MMAP, SYSMEM_MADVISE, SYSMEM_MPROTECT};
    uint64_t failures = 0;
    for (size_t c = 0; c < 3; c++) {
        for (uint64_t n = 1; n <= 12; n++) {
            for (int and_on = 0; and_on < 2; and_on++) {
                assert_true(heap_reset(f->heap));
                for (int i = 0; i < FIXTURE_CACHES; i++) {
                    f->cache[i] = heap_acquire_cache(f->heap);
                }
                heap_set_profile_rate(f->heap, 4096);
                heap_set_fault(f->heap, calls[c], n, and_on != 0);
                scenario(f, n, &failures);
            }
        }
    }
    assert_true(failures > 0);
}
