// palloc: which pages of the arenas are free: bitmap chunks of 512 pages under a tree of summaries.
//
// Inside, pages are numbered from the window's base.
#include "allocator/pages/palloc.h"

#include "allocator/bits.h"
#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/pages/palloc_bits.h"
#include "allocator/size_classes.h"

#include <string.h>

static uintptr_t address_of(const struct palloc *palloc, size_t page) {
    return palloc->base + page * HEAP_PAGE_BYTES;
}

static size_t page_of(const struct palloc *palloc, uintptr_t address) {
    return (address - palloc->base) / HEAP_PAGE_BYTES;
}

// ---- summaries

static struct palloc_summary arena_summary(const struct palloc_arena *arena) {
    struct palloc_summary sum = arena->chunk_summary[0];
    for (uint32_t chunk = 1; chunk < PALLOC_ARENA_CHUNKS; chunk++) {
        sum = palloc_summary_join(sum, chunk * HEAP_CHUNK_PAGES, arena->chunk_summary[chunk],
                                  HEAP_CHUNK_PAGES);
    }
    return sum;
}

// Arenas from the limit on have no free page; one of them ends the fold.
static struct palloc_summary group_summary(const struct palloc *palloc, size_t group) {
    size_t first = group * PALLOC_GROUP_ARENAS;
    const struct palloc_summary *arenas = &palloc->arena_summary[first];
    struct palloc_summary sum = arenas[0];
    for (uint32_t i = 1; i < PALLOC_GROUP_ARENAS && first + i <= palloc->arena_limit; i++) {
        sum = palloc_summary_join(sum, i * (uint32_t)HEAP_ARENA_PAGES, arenas[i],
                                  (uint32_t)HEAP_ARENA_PAGES);
    }
    return sum;
}

static bool summaries_equal(struct palloc_summary a, struct palloc_summary b) {
    return a.start_pages == b.start_pages && a.max_pages == b.max_pages &&
           a.end_pages == b.end_pages;
}

// Brings the upper two levels up to date with the chunks of pages [first, last].
static void update_upper(struct palloc *palloc, size_t first, size_t last) {
    bool changed = false; // the last arena, then: pages that reach into it change where it starts
    for (size_t slot = first / HEAP_ARENA_PAGES; slot <= last / HEAP_ARENA_PAGES; slot++) {
        struct palloc_summary sum = arena_summary(palloc->arenas[slot]);
        changed = !summaries_equal(sum, palloc->arena_summary[slot]);
        palloc->arena_summary[slot] = sum;
    }
    if (!changed) {
        return;
    }
    for (size_t group = first / PALLOC_GROUP_PAGES; group <= last / PALLOC_GROUP_PAGES; group++) {
        palloc->group_summary[group] = group_summary(palloc, group);
    }
}

// ---- changing runs: what one does to a part that lies in one chunk

struct part {
    struct palloc_arena *arena;
    size_t chunk;
    unsigned first, count;
};

static struct part part_at(const struct palloc *palloc, size_t page, size_t page_count) {
    unsigned first = (unsigned)(page % HEAP_CHUNK_PAGES);
    size_t room = HEAP_CHUNK_PAGES - first;
    struct palloc_arena *arena = palloc->arenas[page / HEAP_ARENA_PAGES];
    CHECK(arena != NULL);
    return (struct part){.arena = arena,
                         .chunk = page % HEAP_ARENA_PAGES / HEAP_CHUNK_PAGES,
                         .first = first,
                         .count = (unsigned)(page_count < room ? page_count : room)};
}

static void summarize(const struct part *part) {
    part->arena->chunk_summary[part->chunk] =
        palloc_bits_summary(part->arena->alloc_bits[part->chunk]);
}

size_t palloc_take(struct palloc *palloc, uintptr_t base, size_t page_count) {
    size_t page = page_of(palloc, base);
    size_t scavenged_count = 0;
    for (size_t at = page; at < page + page_count;) {
        struct part part = part_at(palloc, at, page + page_count - at);
        uint64_t *scavenged_bits = part.arena->scavenged_bits[part.chunk];
        scavenged_count += palloc_bits_count(scavenged_bits, part.first, part.count);
        palloc_bits_clear(scavenged_bits, part.first, part.count);
        palloc_bits_set(part.arena->alloc_bits[part.chunk], part.first, part.count);
        summarize(&part);
        at += part.count;
    }
    update_upper(palloc, page, page + page_count - 1);
    return scavenged_count;
}

void palloc_free(struct palloc *palloc, uintptr_t base, size_t page_count) {
    size_t page = page_of(palloc, base);
    for (size_t at = page; at < page + page_count;) {
        struct part part = part_at(palloc, at, page + page_count - at);
        uint64_t *alloc_bits = part.arena->alloc_bits[part.chunk];
        CHECK_EQUAL(palloc_bits_count(alloc_bits, part.first, part.count), part.count);
        palloc_bits_clear(alloc_bits, part.first, part.count);
        summarize(&part);
        at += part.count;
    }
    update_upper(palloc, page, page + page_count - 1);
    if (base < palloc->search_address) {
        palloc->search_address = base;
    }
}

void palloc_add_arena(struct palloc *palloc, size_t slot, struct palloc_arena *arena) {
    CHECK(palloc->arenas[slot] == NULL);
    memset(arena->alloc_bits, 0xff, sizeof(arena->alloc_bits));
    palloc->arenas[slot] = arena;
    if (slot >= palloc->arena_limit) {
        palloc->arena_limit = slot + 1;
    }
}

void palloc_grow(struct palloc *palloc, uintptr_t base, size_t page_count) {
    size_t page = page_of(palloc, base);
    CHECK(page % HEAP_CHUNK_PAGES == 0);
    CHECK(page_count % HEAP_CHUNK_PAGES == 0);
    for (size_t at = page; at < page + page_count; at += HEAP_CHUNK_PAGES) {
        struct part part = part_at(palloc, at, HEAP_CHUNK_PAGES);
        palloc_bits_set(part.arena->grown_bits[part.chunk], 0, HEAP_CHUNK_PAGES);
        palloc_bits_set(part.arena->scavenged_bits[part.chunk], 0, HEAP_CHUNK_PAGES);
    }
    palloc_free(palloc, base, page_count);
}

// ---- search

#define NO_PAGE SIZE_MAX

struct search {
    size_t page_count, align_pages; // wanted
    size_t run_start, run_pages;    // free pages right before where the search stands
    // Of the first node seen with a free page: no free page lies before it. NO_PAGE: none seen.
    size_t first_free, first_free_pages;
};

// A node with a free page: the first one, or inside the first one, since the search only goes up.
static void note_free(struct search *search, size_t page, size_t node_pages) {
    if (page < search->first_free + search->first_free_pages) {
        search->first_free = page;
        search->first_free_pages = node_pages;
    }
}

// Adds free pages that begin where the search stands, at `page`. True: the run is what was wanted.
static bool extend_run(struct search *search, size_t page, size_t free_pages) {
    if (search->run_pages == 0) {
        search->run_start = page;
    }
    search->run_pages += free_pages;
    size_t start = (search->run_start + search->align_pages - 1) & ~(search->align_pages - 1);
    return start + search->page_count <= search->run_start + search->run_pages;
}

enum step { STEP_FOUND, STEP_INTO, STEP_OVER };

// Looks at the summary of `node_pages` pages at `page`. INTO: the run wanted may lie inside.
static enum step look_at(struct search *search, const struct palloc_summary *summary, size_t page,
                         size_t node_pages) {
    if (summary->max_pages == 0) {
        search->run_pages = 0;
        return STEP_OVER;
    }
    note_free(search, page, node_pages);
    size_t run_start = search->run_start;
    size_t run_pages = search->run_pages;
    if (extend_run(search, page, summary->start_pages)) {
        return STEP_FOUND;
    }
    if (summary->start_pages == node_pages) {
        return STEP_OVER;
    }
    if (summary->max_pages >= search->page_count) {
        search->run_start = run_start;
        search->run_pages = run_pages;
        return STEP_INTO;
    }
    search->run_start = page + node_pages - summary->end_pages;
    search->run_pages = summary->end_pages;
    return STEP_OVER;
}

// Run by run through the bits of one chunk, which begins at `page`. What is free before it, with
// the chunk's own start, was found too short.
static bool search_chunk(struct search *search, const uint64_t *alloc_bits, size_t page) {
    unsigned at = 0;
    while (at < HEAP_CHUNK_PAGES) {
        unsigned first = palloc_bits_find(alloc_bits, at, false);
        search->run_pages = 0;
        if (first == HEAP_CHUNK_PAGES) {
            return false;
        }
        note_free(search, page + first, 1);
        at = palloc_bits_find(alloc_bits, first, true);
        if (extend_run(search, page + first, at - first)) {
            return true;
        }
    }
    return false;
}

static bool search_arena(struct search *search, const struct palloc_arena *arena, size_t page) {
    for (size_t chunk = 0; chunk < PALLOC_ARENA_CHUNKS; chunk++, page += HEAP_CHUNK_PAGES) {
        enum step step = look_at(search, &arena->chunk_summary[chunk], page, HEAP_CHUNK_PAGES);
        if (step == STEP_FOUND ||
            (step == STEP_INTO && search_chunk(search, arena->alloc_bits[chunk], page))) {
            return true;
        }
    }
    return false;
}

static bool search_group(struct search *search, const struct palloc *palloc, size_t slot) {
    size_t end = (slot / PALLOC_GROUP_ARENAS + 1) * PALLOC_GROUP_ARENAS;
    for (; slot < end; slot++) {
        size_t page = slot * HEAP_ARENA_PAGES;
        enum step step = look_at(search, &palloc->arena_summary[slot], page, HEAP_ARENA_PAGES);
        if (step == STEP_FOUND ||
            (step == STEP_INTO && search_arena(search, palloc->arenas[slot], page))) {
            return true;
        }
    }
    return false;
}

// Where it begins inside a group, the group's summary holds all the same: nothing below is free.
static bool search_all(struct search *search, const struct palloc *palloc) {
    size_t slot = page_of(palloc, palloc->search_address) / HEAP_ARENA_PAGES;
    while (slot < palloc->arena_limit) {
        size_t group = slot / PALLOC_GROUP_ARENAS;
        enum step step = look_at(search, &palloc->group_summary[group], group * PALLOC_GROUP_PAGES,
                                 PALLOC_GROUP_PAGES);
        if (step == STEP_FOUND || (step == STEP_INTO && search_group(search, palloc, slot))) {
            return true;
        }
        slot = (group + 1) * PALLOC_GROUP_ARENAS;
    }
    return false;
}

uintptr_t palloc_alloc(struct palloc *palloc, size_t page_count, size_t align_pages,
                       size_t *scavenged_count) {
    ASSERT_SLOW(palloc_is_valid(palloc));
    struct search search = {
        .page_count = page_count, .align_pages = align_pages, .first_free = NO_PAGE};
    bool found = search_all(&search, palloc);
    if (search.first_free != NO_PAGE &&
        address_of(palloc, search.first_free) > palloc->search_address) {
        palloc->search_address = address_of(palloc, search.first_free);
    }
    if (!found) {
        return 0;
    }
    size_t page = (search.run_start + align_pages - 1) & ~(align_pages - 1);
    *scavenged_count = palloc_take(palloc, address_of(palloc, page), page_count);
    if (page_of(palloc, palloc->search_address) == page) {
        palloc->search_address = address_of(palloc, page + page_count);
    }
    return address_of(palloc, page);
}

// ---- scavenging

// Free pages of a word of 64 that are not scavenged.
static uint64_t unscavenged_word(const struct palloc *palloc, size_t page) {
    const struct palloc_arena *arena = palloc->arenas[page / HEAP_ARENA_PAGES];
    if (arena == NULL) {
        return 0;
    }
    size_t chunk = page % HEAP_ARENA_PAGES / HEAP_CHUNK_PAGES;
    size_t word = page % HEAP_CHUNK_PAGES / 64;
    return ~arena->alloc_bits[chunk][word] & ~arena->scavenged_bits[chunk][word];
}

// The page behind the highest one below `end` whose unscavenged bit is `value`; 0: none.
static size_t last_page_below(const struct palloc *palloc, size_t end, bool value) {
    while (end > 0) {
        size_t page = (end - 1) / 64 * 64;
        size_t slot = page / HEAP_ARENA_PAGES;
        if (value && palloc->arena_summary[slot].max_pages == 0) { // nothing free, nothing to give
            end = slot * HEAP_ARENA_PAGES;
            continue;
        }
        uint64_t hits = unscavenged_word(palloc, page) ^ (value ? 0 : UINT64_MAX);
        hits &= bits_low_mask64(end - page);
        if (hits != 0) {
            return page + 64 - bits_clz64(hits);
        }
        end = page;
    }
    return 0;
}

uintptr_t palloc_find_unscavenged(const struct palloc *palloc, uintptr_t limit, size_t page_limit,
                                  size_t *page_count) {
    size_t top = palloc->arena_limit * HEAP_ARENA_PAGES;
    size_t limit_page = page_of(palloc, limit);
    size_t end = last_page_below(palloc, limit_page < top ? limit_page : top, true);
    if (end == 0) {
        return 0;
    }
    size_t start = last_page_below(palloc, end, false);
    *page_count = end - start < page_limit ? end - start : page_limit;
    return address_of(palloc, end - *page_count);
}

void palloc_mark_scavenged(struct palloc *palloc, uintptr_t base, size_t page_count) {
    size_t page = page_of(palloc, base);
    for (size_t at = page; at < page + page_count;) {
        struct part part = part_at(palloc, at, page + page_count - at);
        palloc_bits_set(part.arena->scavenged_bits[part.chunk], part.first, part.count);
        at += part.count;
    }
}

// ---- validity: all is looked at, so that no order of the invariants hides one

static bool chunk_is_valid(const struct palloc *palloc, const struct palloc_arena *arena,
                           size_t chunk, size_t page) {
    uint64_t unfit = 0;
    for (size_t word = 0; word < PALLOC_CHUNK_WORDS; word++) {
        uint64_t allocated = arena->alloc_bits[chunk][word];
        uint64_t scavenged = arena->scavenged_bits[chunk][word];
        unfit |= scavenged & allocated;                        // P2
        unfit |= ~allocated & ~arena->grown_bits[chunk][word]; // P4
    }
    size_t first_free = palloc_bits_find(arena->alloc_bits[chunk], 0, false);
    bool has_free = first_free < HEAP_CHUNK_PAGES;
    bool is_below = address_of(palloc, page + first_free) < palloc->search_address;
    bool summary_fits = summaries_equal(arena->chunk_summary[chunk],
                                        palloc_bits_summary(arena->alloc_bits[chunk])); // P1
    bool is_found = !(has_free & is_below);                                             // P3
    return (unfit == 0) & summary_fits & is_found;
}

static bool arena_is_valid(const struct palloc *palloc, size_t slot) {
    const struct palloc_arena *arena = palloc->arenas[slot];
    if (arena == NULL) {
        return palloc->arena_summary[slot].max_pages == 0;
    }
    bool valid = summaries_equal(palloc->arena_summary[slot], arena_summary(arena));
    for (size_t chunk = 0; chunk < PALLOC_ARENA_CHUNKS; chunk++) {
        size_t page = slot * HEAP_ARENA_PAGES + chunk * HEAP_CHUNK_PAGES;
        valid &= chunk_is_valid(palloc, arena, chunk, page);
    }
    return valid;
}

bool palloc_is_valid(const struct palloc *palloc) {
    bool valid = true;
    for (size_t slot = 0; slot < palloc->arena_limit; slot++) {
        valid &= arena_is_valid(palloc, slot);
    }
    for (size_t group = 0; group < PALLOC_GROUP_COUNT; group++) {
        valid &= summaries_equal(palloc->group_summary[group], group_summary(palloc, group));
    }
    return valid;
}
