// map: which slot an address lies in: a record for each page, a bit for each eight bytes, a
// hash of bases.
//
// It assumes nothing of how the heap cuts its pages, so that any overlap shows.
#include "oracle/go/state/state.h"

#include "oracle/core/harness_memory.h"

#include <string.h>

#define PAGE_SLOT_NONE 0
#define LARGE_BYTES    ((size_t)256 << 20) // from here on a range has no records of pages

static struct map_page *page_record(const struct map *map, uint32_t index) {
    return (struct map_page *)map->pages.items + index;
}

// The record of a page, NULL: nothing was ever there.
static struct map_page *find_page(const struct map *map, uint64_t page_number) {
    if (page_number >= HEAP_WINDOW_BYTES / HEAP_PAGE_BYTES) {
        return NULL;
    }
    const uint32_t *arena = map->arenas[page_number / HEAP_ARENA_PAGES];
    uint32_t entry = arena == NULL ? 0 : arena[page_number % HEAP_ARENA_PAGES];
    return entry == 0 ? NULL : page_record(map, entry - 1);
}

static struct map_page *make_page(struct map *map, uint64_t page_number) {
    struct map_page *page = find_page(map, page_number);
    if (page != NULL) {
        return page;
    }
    uint32_t **arena = &map->arenas[page_number / HEAP_ARENA_PAGES];
    if (*arena == NULL) {
        *arena = harness_calloc(HEAP_ARENA_PAGES, sizeof **arena);
    }
    map->pages.item_bytes = sizeof(struct map_page);
    uint32_t index = *arena == NULL ? MODEL_NONE : index_pool_take(&map->pages);
    if (index == MODEL_NONE) {
        return NULL;
    }
    (*arena)[page_number % HEAP_ARENA_PAGES] = index + 1;
    page = page_record(map, index);
    memset(page, 0, sizeof *page);
    page->page_number = (uint32_t)page_number;
    return page;
}

void map_reset(struct map *map, uintptr_t base) {
    for (uint32_t i = 0; i < map->pages.count; i++) {
        uint32_t page_number = page_record(map, i)->page_number;
        map->arenas[page_number / HEAP_ARENA_PAGES][page_number % HEAP_ARENA_PAGES] = 0;
    }
    map->pages.count = 0;
    map->pages.free_head = 0;
    map->base = base;
    map->covered_pages = 0;
    map->large_count = 0;
    if (map->table_count > 0) {
        memset(map->table, 0, map->table_size * sizeof *map->table);
        map->table_count = 0;
    }
}

void map_fini(struct map *map) {
    for (size_t i = 0; i < HEAP_ARENA_COUNT; i++) {
        harness_free(map->arenas[i]);
    }
    harness_free(map->pages.items);
    harness_free(map->table);
    harness_free(map->large);
}

// ---- large ranges: whole pages, few of them

// The first that overlaps [base, base + size_bytes); NULL: none.
static struct map_range *find_large(const struct map *map, uintptr_t base, size_t size_bytes) {
    for (uint32_t i = 0; i < map->large_count; i++) {
        struct map_range *range = &map->large[i];
        if (range->base < base + size_bytes && base < range->base + range->size_bytes) {
            return range;
        }
    }
    return NULL;
}

uint64_t map_covered_by(const struct map_range *range) {
    return range->entering == MAP_ENTERING_MANUAL ? 0 : range->size_bytes / HEAP_PAGE_BYTES;
}

static bool enter_large(struct map *map, const struct map_range *range) {
    if (!HARNESS_RESERVE(map->large, map->large_capacity, map->large_count + 1)) {
        return false;
    }
    map->large[map->large_count++] = *range;
    map->covered_pages += map_covered_by(range);
    return true;
}

static void leave_large(struct map *map, uintptr_t base) {
    struct map_range *range = find_large(map, base, 1);
    if (range != NULL) { // else entering it ran out of memory
        map->covered_pages -= map_covered_by(range);
        *range = map->large[--map->large_count];
    }
}

// ---- bits of a page

struct bit_range {
    uint32_t first, end; // granules of a page
};

static uint64_t word_mask(struct bit_range range, uint32_t word) {
    uint32_t low = range.first > word * 64 ? range.first - word * 64 : 0;
    uint32_t high = range.end - word * 64;
    uint64_t mask = UINT64_MAX << low;
    return high >= 64 ? mask : mask & (((uint64_t)1 << high) - 1);
}

static bool any_used(const struct map_page *page, struct bit_range range) {
    for (uint32_t word = range.first / 64; word * 64 < range.end; word++) {
        if ((page->used[word] & word_mask(range, word)) != 0) {
            return true;
        }
    }
    return range.first < page->entering_granules;
}

static void set_used(struct map_page *page, struct bit_range range, bool used) {
    for (uint32_t word = range.first / 64; word * 64 < range.end; word++) {
        uint64_t mask = word_mask(range, word);
        page->used[word] = used ? page->used[word] | mask : page->used[word] & ~mask;
    }
}

// The part of [base, base + size) that lies on its first page.
static struct bit_range first_part(uintptr_t offset, size_t size_bytes) {
    uint32_t first = (uint32_t)(offset % HEAP_PAGE_BYTES / 8);
    uint64_t end = first + size_bytes / 8;
    return (struct bit_range){first, end > MAP_GRANULES ? MAP_GRANULES : (uint32_t)end};
}

bool map_is_free(const struct model *model, uintptr_t base, size_t size_bytes) {
    uintptr_t offset = base - model->map.base;
    struct bit_range part = first_part(offset, size_bytes);
    uint64_t page_number = offset / HEAP_PAGE_BYTES;
    size_t left = find_large(&model->map, base, size_bytes) == NULL ? size_bytes / 8 : 0;
    bool is_free = left > 0 || size_bytes < 8;
    while (left > 0) {
        const struct map_page *page = find_page(&model->map, page_number);
        if (page != NULL && any_used(page, part)) {
            return false;
        }
        left -= part.end - part.first;
        page_number++;
        part = (struct bit_range){0, left > MAP_GRANULES ? MAP_GRANULES : (uint32_t)left};
    }
    return is_free;
}

// ---- hash of bases

static uint32_t hash_of(const struct map *map, uintptr_t base) {
    uint64_t mixed = (uint64_t)base / 8 * 0x9e3779b97f4a7c15u;
    return (uint32_t)(mixed >> 40) & (map->table_size - 1);
}

uint32_t map_at(const struct map *map, const struct model *model, uintptr_t base) {
    if (map->table_size == 0) {
        return MODEL_NONE;
    }
    uint32_t at = hash_of(map, base);
    while (map->table[at] != 0) {
        if (model_slot(model, map->table[at] - 1)->base == base) {
            return map->table[at] - 1;
        }
        at = (at + 1) & (map->table_size - 1);
    }
    return MODEL_NONE;
}

static void table_enter(struct model *model, uint32_t slot) {
    struct map *map = &model->map;
    uint32_t at = hash_of(map, model_slot(model, slot)->base);
    while (map->table[at] != 0) {
        at = (at + 1) & (map->table_size - 1);
    }
    map->table[at] = slot + 1;
    map->table_count++;
}

static bool table_make_room(struct model *model) {
    struct map *map = &model->map;
    if ((map->table_count + 1) * 2 <= map->table_size) {
        return true;
    }
    uint32_t old_size = map->table_size;
    uint32_t *old = map->table;
    uint32_t size = old_size == 0 ? 1024 : old_size * 2;
    uint32_t *table = harness_calloc(size, sizeof *table);
    if (table == NULL) {
        return false;
    }
    map->table = table;
    map->table_size = size;
    map->table_count = 0;
    for (uint32_t i = 0; i < old_size; i++) {
        if (old[i] != 0) {
            table_enter(model, old[i] - 1);
        }
    }
    harness_free(old);
    return true;
}

// Takes the slot out and moves back those that its place had pushed on.
static void table_leave(struct model *model, uint32_t slot) {
    struct map *map = &model->map;
    uint32_t mask = map->table_size - 1;
    uint32_t hole = hash_of(map, model_slot(model, slot)->base);
    while (map->table[hole] != slot + 1) {
        hole = (hole + 1) & mask;
    }
    map->table_count--;
    for (uint32_t at = (hole + 1) & mask; map->table[at] != 0; at = (at + 1) & mask) {
        uint32_t home = hash_of(map, model_slot(model, map->table[at] - 1)->base);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            map->table[hole] = map->table[at];
            hole = at;
        }
    }
    map->table[hole] = 0;
}

// ---- entering and leaving

static void page_gains(struct map *map, struct map_page *page) {
    map->covered_pages += page->slot_count++ == 0;
}

static void page_loses(struct map *map, struct map_page *page) {
    map->covered_pages -= --page->slot_count == 0;
}

// Marks the pages after the first that [base, base + size) reaches into. False: out of memory.
static bool enter_rest(struct map *map, uint64_t page_number, size_t granules, uint32_t entering) {
    while (granules > 0) {
        struct map_page *page = make_page(map, page_number++);
        if (page == NULL) {
            return false;
        }
        page->entering = entering;
        page->entering_granules = granules > MAP_GRANULES ? MAP_GRANULES : (uint32_t)granules;
        granules -= page->entering_granules;
        if (entering != MAP_ENTERING_MANUAL) {
            page_gains(map, page);
        }
    }
    return true;
}

static void leave_rest(struct map *map, uint64_t page_number, size_t granules) {
    while (granules > 0) {
        struct map_page *page = find_page(map, page_number++);
        if (page == NULL) {
            return; // entering it ran out of memory
        }
        granules -= page->entering_granules;
        if (page->entering != MAP_ENTERING_MANUAL) {
            page_loses(map, page);
        }
        page->entering = PAGE_SLOT_NONE;
        page->entering_granules = 0;
    }
}

bool map_enter(struct model *model, uint32_t index) {
    struct map *map = &model->map;
    const struct slot *slot = model_slot(model, index);
    uintptr_t offset = slot->base - map->base;
    if (slot->element_bytes >= LARGE_BYTES) {
        const struct map_range range = {slot->base, slot->element_bytes, index + 1};
        if (!table_make_room(model) || !enter_large(map, &range)) {
            return false;
        }
        table_enter(model, index);
        return true;
    }
    struct map_page *page = make_page(map, offset / HEAP_PAGE_BYTES);
    if (page == NULL || !table_make_room(model)) {
        return false;
    }
    struct bit_range part = first_part(offset, slot->element_bytes);
    set_used(page, part, true);
    page->starts[part.first / 64] |= (uint64_t)1 << (part.first % 64);
    page_gains(map, page);
    table_enter(model, index);
    return enter_rest(map, offset / HEAP_PAGE_BYTES + 1,
                      slot->element_bytes / 8 - (part.end - part.first), index + 1);
}

void map_leave(struct model *model, uint32_t index) {
    struct map *map = &model->map;
    const struct slot *slot = model_slot(model, index);
    uintptr_t offset = slot->base - map->base;
    if (slot->element_bytes >= LARGE_BYTES) {
        leave_large(map, slot->base);
        table_leave(model, index);
        return;
    }
    struct map_page *page = find_page(map, offset / HEAP_PAGE_BYTES);
    struct bit_range part = first_part(offset, slot->element_bytes);
    set_used(page, part, false);
    page->starts[part.first / 64] &= ~((uint64_t)1 << (part.first % 64));
    page_loses(map, page);
    table_leave(model, index);
    leave_rest(map, offset / HEAP_PAGE_BYTES + 1,
               slot->element_bytes / 8 - (part.end - part.first));
}

bool map_enter_manual(struct model *model, uintptr_t base, size_t size_bytes) {
    if (size_bytes >= LARGE_BYTES) {
        const struct map_range range = {base, size_bytes, MAP_ENTERING_MANUAL};
        return enter_large(&model->map, &range);
    }
    return enter_rest(&model->map, (base - model->map.base) / HEAP_PAGE_BYTES, size_bytes / 8,
                      MAP_ENTERING_MANUAL);
}

void map_leave_manual(struct model *model, uintptr_t base, size_t size_bytes) {
    if (size_bytes >= LARGE_BYTES) {
        leave_large(&model->map, base);
        return;
    }
    leave_rest(&model->map, (base - model->map.base) / HEAP_PAGE_BYTES, size_bytes / 8);
}

// Granule of the last slot that starts at or before `granule` on this page; MODEL_NONE: none.
static uint32_t last_start(const struct map_page *page, uint32_t granule) {
    uint64_t word = page->starts[granule / 64] & (UINT64_MAX >> (63 - granule % 64));
    uint32_t index = granule / 64;
    while (word == 0 && index > 0) {
        word = page->starts[--index];
    }
    if (word == 0) {
        return MODEL_NONE;
    }
    uint32_t bit = 0; // of the highest one set
    for (uint32_t step = 32; step > 0; step /= 2) {
        bit += word >> bit >> step != 0 ? step : 0;
    }
    return index * 64 + bit;
}

uint32_t map_find(const struct model *model, uintptr_t address) {
    const struct map *map = &model->map;
    uintptr_t offset = address - map->base;
    const struct map_range *range = find_large(map, address, 1);
    if (range != NULL) {
        return range->entering == MAP_ENTERING_MANUAL ? MODEL_NONE : range->entering - 1;
    }
    const struct map_page *page =
        address < map->base ? NULL : find_page(map, offset / HEAP_PAGE_BYTES);
    if (page == NULL) {
        return MODEL_NONE;
    }
    uint32_t granule = (uint32_t)(offset % HEAP_PAGE_BYTES / 8);
    if (granule < page->entering_granules) {
        return page->entering == MAP_ENTERING_MANUAL ? MODEL_NONE : page->entering - 1;
    }
    if (!bits_at(page->used, granule)) {
        return MODEL_NONE;
    }
    uint32_t start = bits_at(page->starts, granule) ? granule : last_start(page, granule);
    uintptr_t page_base = address - offset % HEAP_PAGE_BYTES;
    return start == MODEL_NONE ? MODEL_NONE : map_at(map, model, page_base + (uintptr_t)start * 8);
}
