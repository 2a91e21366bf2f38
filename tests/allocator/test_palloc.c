// test_palloc: the page allocator against a row of bytes, over arenas with a gap between them.
//
// holds: allocator/pages/palloc_bits.c
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "allocator/pages/palloc.h"
#include "allocator/pages/palloc_bits.h"

#define BASE        HEAP_BASE_DEFAULT
#define SLOTS       6 // 0, 1, 3, 4 and 5 are arenas; slot 2 is somebody else's
#define MODEL_PAGES (SLOTS * HEAP_ARENA_PAGES)

enum page { PAGE_NONE, PAGE_TAKEN, PAGE_FREE, PAGE_SCAVENGED };

static struct palloc *palloc;
static unsigned char *model; // [MODEL_PAGES] enum page

static int setup(void **state) {
    (void)state;
    palloc = calloc(1, sizeof(*palloc));
    model = calloc(1, MODEL_PAGES);
    palloc->base = BASE;
    palloc->search_address = BASE;
    for (size_t slot = 0; slot < SLOTS; slot++) {
        if (slot != 2) {
            palloc_add_arena(palloc, slot, calloc(1, sizeof(struct palloc_arena)));
        }
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    for (size_t slot = 0; slot < SLOTS; slot++) {
        free(palloc->arenas[slot]);
    }
    free(palloc);
    free(model);
    return 0;
}

TEST_FIXTURE(setup, teardown)

static void grow(size_t page, size_t page_count) {
    palloc_grow(palloc, BASE + page * HEAP_PAGE_BYTES, page_count);
    memset(&model[page], PAGE_SCAVENGED, page_count);
}

static bool model_is_free(size_t page) {
    return model[page] >= PAGE_FREE;
}

// First fit by hand; MODEL_PAGES: none.
static size_t model_find(size_t page_count, size_t align_pages) {
    size_t run_start = 0;
    for (size_t page = 0; page < MODEL_PAGES; page++) {
        if (!model_is_free(page)) {
            run_start = page + 1;
            continue;
        }
        size_t start = (run_start + align_pages - 1) / align_pages * align_pages;
        if (page + 1 >= start + page_count) {
            return start;
        }
    }
    return MODEL_PAGES;
}

// Takes pages in both and compares; returns the first page, or MODEL_PAGES.
static size_t take(size_t page_count, size_t align_pages) {
    size_t expected = model_find(page_count, align_pages);
    size_t scavenged_count = 0;
    uintptr_t base = palloc_alloc(palloc, page_count, align_pages, &scavenged_count);
    if (expected == MODEL_PAGES) {
        assert_int_equal(base, 0);
        return expected;
    }
    assert_int_equal(base, BASE + expected * HEAP_PAGE_BYTES);
    size_t model_scavenged = 0;
    for (size_t page = expected; page < expected + page_count; page++) {
        model_scavenged += model[page] == PAGE_SCAVENGED;
        model[page] = PAGE_TAKEN;
    }
    assert_int_equal(scavenged_count, model_scavenged);
    return expected;
}

static void give(size_t page, size_t page_count) {
    palloc_free(palloc, BASE + page * HEAP_PAGE_BYTES, page_count);
    memset(&model[page], PAGE_FREE, page_count);
}

// Scavenges the highest run in both; returns its pages.
static size_t scavenge(size_t limit_page, size_t page_limit) {
    size_t end = limit_page < MODEL_PAGES ? limit_page : MODEL_PAGES;
    while (end > 0 && model[end - 1] != PAGE_FREE) {
        end--;
    }
    size_t start = end;
    while (start > 0 && model[start - 1] == PAGE_FREE && end - start < page_limit) {
        start--;
    }
    size_t page_count = 0;
    uintptr_t base = palloc_find_unscavenged(palloc, BASE + limit_page * HEAP_PAGE_BYTES,
                                             page_limit, &page_count);
    if (start == end) {
        assert_int_equal(base, 0);
        return 0;
    }
    assert_int_equal(base, BASE + start * HEAP_PAGE_BYTES);
    assert_int_equal(page_count, end - start);
    palloc_mark_scavenged(palloc, base, page_count);
    memset(&model[start], PAGE_SCAVENGED, page_count);
    return page_count;
}

static void compare_bits(void) {
    for (size_t page = 0; page < MODEL_PAGES; page++) {
        const struct palloc_arena *arena = palloc->arenas[page / HEAP_ARENA_PAGES];
        if (arena == NULL) {
            continue;
        }
        size_t chunk = page % HEAP_ARENA_PAGES / HEAP_CHUNK_PAGES;
        unsigned in_chunk = (unsigned)(page % HEAP_CHUNK_PAGES);
        assert_int_equal(palloc_bits_count(arena->alloc_bits[chunk], in_chunk, 1),
                         !model_is_free(page));
        assert_int_equal(palloc_bits_count(arena->scavenged_bits[chunk], in_chunk, 1),
                         model[page] == PAGE_SCAVENGED);
        assert_int_equal(palloc_bits_count(arena->grown_bits[chunk], in_chunk, 1),
                         model[page] != PAGE_NONE);
    }
    assert_true(palloc_is_valid(palloc));
}

TEST(nothing_grown_means_nothing_free) {
    assert_int_equal(take(1, 1), MODEL_PAGES);
    assert_int_equal(scavenge(MODEL_PAGES, SIZE_MAX), 0);
    compare_bits();
}

TEST(takes_the_lowest_run_that_fits) {
    grow(0, 512);
    assert_int_equal(take(1, 1), 0);
    assert_int_equal(take(10, 1), 1);
    assert_int_equal(take(1, 1), 11);
    give(1, 10);
    assert_int_equal(take(11, 1), 12);
    assert_int_equal(take(3, 1), 1);
    assert_int_equal(take(7, 1), 4);
    assert_int_equal(take(512 - 23, 1), 23);
    assert_int_equal(take(1, 1), MODEL_PAGES);
    give(511, 1);
    assert_int_equal(take(1, 1), 511);
    compare_bits();
}

TEST(runs_cross_words_chunks_and_arenas_but_no_gap) {
    grow(0, 2 * HEAP_ARENA_PAGES);
    grow(3 * HEAP_ARENA_PAGES, 3 * HEAP_ARENA_PAGES);
    assert_int_equal(take(60, 1), 0);
    assert_int_equal(take(HEAP_ARENA_PAGES, 1), 60);
    assert_int_equal(take(HEAP_ARENA_PAGES, 1), 3 * HEAP_ARENA_PAGES);
    assert_int_equal(take(2 * HEAP_ARENA_PAGES, 1), 4 * HEAP_ARENA_PAGES);
    assert_int_equal(take(HEAP_ARENA_PAGES - 60, 1), HEAP_ARENA_PAGES + 60);
    assert_int_equal(take(1, 1), MODEL_PAGES);
    give(HEAP_ARENA_PAGES - 1, 2);
    assert_int_equal(take(2, 1), HEAP_ARENA_PAGES - 1);
    compare_bits();
}

TEST(alignment_is_met_across_chunks_and_arenas) {
    grow(0, HEAP_ARENA_PAGES);
    grow(3 * HEAP_ARENA_PAGES, 2 * HEAP_ARENA_PAGES);
    (void)take(1, 1);
    assert_int_equal(take(1, 2), 2);
    assert_int_equal(take(600, 512), 512);
    assert_int_equal(take(1, 1), 1);
    assert_int_equal(take(HEAP_ARENA_PAGES, HEAP_ARENA_PAGES), 3 * HEAP_ARENA_PAGES);
    assert_int_equal(take(1, HEAP_ARENA_PAGES), 4 * HEAP_ARENA_PAGES);
    assert_int_equal(take(1, HEAP_ARENA_PAGES), MODEL_PAGES);
    compare_bits();
}

static void assert_search_begins_at(size_t page) {
    assert_int_equal((palloc->search_address - BASE) / HEAP_PAGE_BYTES, page);
}

TEST(a_search_begins_at_the_first_page_seen_free) {
    grow(0, 2 * HEAP_ARENA_PAGES);
    (void)take(10, 1);
    assert_search_begins_at(10); // behind what was taken there
    give(3, 1);
    assert_search_begins_at(3);
    assert_int_equal(take(2, 1), 10);
    assert_search_begins_at(3); // where two do not fit
    assert_int_equal(take(1, 1), 3);
    assert_search_begins_at(4); // what lies behind was not looked at
    assert_int_equal(take(1, 2), 12);
    assert_search_begins_at(13);
    assert_int_equal(take(1000, 1), 13);
    palloc->search_address = BASE; // over whole chunks, and into the one with the first free page
    assert_int_equal(take(1, 1), 1013);
    assert_search_begins_at(1014);
    assert_int_equal(take(2 * HEAP_ARENA_PAGES - 1014, 1), 1014);
    assert_int_equal(take(1, 1), MODEL_PAGES);
    give(HEAP_ARENA_PAGES + 600, 1);
    palloc->search_address = BASE;
    assert_int_equal(take(2, 1), MODEL_PAGES);
    assert_search_begins_at(0); // of the only group with a free page: none of it was looked into
    assert_int_equal(take(1, 1), HEAP_ARENA_PAGES + 600);
    assert_search_begins_at(HEAP_ARENA_PAGES + 601);
    compare_bits();
}

TEST(a_search_ends_with_the_window) {
    size_t last = HEAP_ARENA_COUNT - 1;
    size_t scavenged_count;
    palloc_add_arena(palloc, last, calloc(1, sizeof(struct palloc_arena)));
    uintptr_t top = BASE + HEAP_ARENA_COUNT * HEAP_ARENA_BYTES;
    palloc_grow(palloc, top - HEAP_ARENA_BYTES, HEAP_ARENA_PAGES);
    assert_int_equal(palloc_alloc(palloc, 1, HEAP_ARENA_PAGES, &scavenged_count),
                     top - HEAP_ARENA_BYTES);
    assert_int_equal(palloc_alloc(palloc, HEAP_ARENA_PAGES, 1, &scavenged_count), 0);
    assert_int_equal(palloc_alloc(palloc, HEAP_ARENA_PAGES - 1, 1, &scavenged_count),
                     top - HEAP_ARENA_BYTES + HEAP_PAGE_BYTES);
    assert_int_equal(palloc->search_address, top);
    assert_int_equal(palloc_alloc(palloc, 1, 1, &scavenged_count), 0);
    grow(0, HEAP_CHUNK_PAGES); // what begins there does not go on what ends the window
    assert_int_equal(take(HEAP_CHUNK_PAGES, 1), 0);
    give(0, 1);
    palloc_free(palloc, top - HEAP_PAGE_BYTES, 1);
    assert_int_equal(palloc_alloc(palloc, 2, 1, &scavenged_count), 0);
    free(palloc->arenas[last]);
}

TEST(scavenges_the_highest_run_first_and_no_more_than_asked) {
    grow(0, 1024);
    (void)take(1000, 1);
    give(10, 20);
    give(500, 100); // over the border of chunks
    give(999, 1);   // beside pages that are scavenged already
    assert_int_equal(scavenge(MODEL_PAGES, SIZE_MAX), 1);
    assert_int_equal(scavenge(MODEL_PAGES, 30), 30);
    assert_int_equal(scavenge(MODEL_PAGES, SIZE_MAX), 70);
    assert_int_equal(scavenge(20, SIZE_MAX), 10);
    assert_int_equal(scavenge(MODEL_PAGES, SIZE_MAX), 10);
    assert_int_equal(scavenge(MODEL_PAGES, SIZE_MAX), 0);
    assert_int_equal(take(15, 1), 10);
    compare_bits();
}

static uint64_t random_state;

static size_t random_below(size_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % limit);
}

static size_t random_count(void) {
    size_t scales[] = {2, 10, 70, 600, 3000, 20000};
    return 1 + random_below(scales[random_below(random_below(4) == 0 ? 6 : 4)]);
}

struct run {
    size_t page, page_count;
};

TEST(agrees_with_a_row_of_bytes_whatever_happens) {
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct run runs[400];
        size_t run_count = 0;
        random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
        grow(0, 4096);
        for (size_t step = 0; step < 700; step++) {
            size_t choice = random_below(100);
            size_t page_count = random_count();
            if (choice < 2 && model[4096] == PAGE_NONE) {
                grow(4096, 2 * HEAP_ARENA_PAGES - 4096);
            } else if (choice < 4 && model[3 * HEAP_ARENA_PAGES] == PAGE_NONE) {
                grow(3 * HEAP_ARENA_PAGES, 3 * HEAP_ARENA_PAGES);
            } else if (choice < 55 && run_count < 400) {
                size_t align_pages = random_below(4) == 0 ? (size_t)1 << random_below(14) : 1;
                size_t page = take(page_count, align_pages);
                if (page != MODEL_PAGES) {
                    runs[run_count++] = (struct run){page, page_count};
                }
            } else if (choice < 90 && run_count > 0) {
                struct run *run = &runs[random_below(run_count)];
                give(run->page, run->page_count);
                *run = runs[--run_count];
            } else if (choice >= 90) {
                (void)scavenge(random_below(2) == 0 ? MODEL_PAGES : random_below(MODEL_PAGES),
                               random_below(2) == 0 ? SIZE_MAX : page_count);
            }
            if (step % 100 == 0) {
                compare_bits();
            }
        }
        compare_bits();
        (void)teardown(NULL);
        (void)setup(NULL);
    }
}

TEST(validity_sees_each_broken_invariant) {
    grow(0, 1024);
    grow(3 * HEAP_ARENA_PAGES, 512);
    (void)take(100, 1);
    give(50, 10);
    assert_true(palloc_is_valid(palloc));
    struct palloc_arena *arena = palloc->arenas[0];

    arena->chunk_summary[0].max_pages++; // P1, each level and each member
    assert_false(palloc_is_valid(palloc));
    arena->chunk_summary[0].max_pages--;
    palloc->arena_summary[0].start_pages++;
    assert_false(palloc_is_valid(palloc));
    palloc->arena_summary[0].start_pages--;
    palloc->group_summary[0].end_pages++;
    assert_false(palloc_is_valid(palloc));
    palloc->group_summary[0].end_pages--;
    palloc->arena_summary[2].max_pages = 1;
    assert_false(palloc_is_valid(palloc));
    palloc->arena_summary[2].max_pages = 0;

    arena->scavenged_bits[0][0] |= 1; // P2
    assert_false(palloc_is_valid(palloc));
    arena->scavenged_bits[0][0] &= ~(uint64_t)1;
    palloc->search_address += 51 * HEAP_PAGE_BYTES; // P3
    assert_false(palloc_is_valid(palloc));
    palloc->search_address -= 51 * HEAP_PAGE_BYTES;
    arena->grown_bits[1][7] &= ~((uint64_t)1 << 63); // P4
    assert_false(palloc_is_valid(palloc));
    arena->grown_bits[1][7] |= (uint64_t)1 << 63;
    assert_true(palloc_is_valid(palloc));
}

TEST(runs_of_bits_are_found_at_the_borders_of_words) {
    uint64_t words[PALLOC_CHUNK_WORDS] = {0};
    palloc_bits_set(words, 0, HEAP_CHUNK_PAGES);
    assert_int_equal(palloc_bits_find(words, 0, false), HEAP_CHUNK_PAGES);
    assert_int_equal(palloc_bits_summary(words).max_pages, 0);
    palloc_bits_clear(words, 63, 2);
    assert_int_equal(palloc_bits_find(words, 0, false), 63);
    assert_int_equal(palloc_bits_find(words, 64, false), 64);
    assert_int_equal(palloc_bits_find(words, 65, false), HEAP_CHUNK_PAGES);
    assert_int_equal(palloc_bits_find(words, 63, true), 65);
    assert_int_equal(palloc_bits_count(words, 0, HEAP_CHUNK_PAGES), HEAP_CHUNK_PAGES - 2);
    palloc_bits_clear(words, 511, 1);
    struct palloc_summary summary = palloc_bits_summary(words);
    assert_int_equal(summary.start_pages, 0);
    assert_int_equal(summary.max_pages, 2);
    assert_int_equal(summary.end_pages, 1);
    palloc_bits_clear(words, 0, HEAP_CHUNK_PAGES);
    assert_int_equal(palloc_bits_summary(words).start_pages, HEAP_CHUNK_PAGES);
    assert_int_equal(palloc_bits_find(words, 0, true), HEAP_CHUNK_PAGES);
}
