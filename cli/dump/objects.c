// objects: runs of slots; sorted by base; split to single objects only where runs interleave.

#include "cli/dump/objects.h"

#include "cli/io/array.h"

#include <stdlib.h>

#define WORD_BITS     64
#define GAP_SLOTS_MAX 64 // a wider gap starts a new run, which bounds the bits per object

void dump_objects_fini(struct dump_objects *objects) {
    free(objects->runs);
    free(objects->words);
    *objects = (struct dump_objects){.runs = NULL};
}

// Makes room for one more run. False: out of memory, and nothing changed.
static bool reserve_run(struct dump_objects *objects) {
    return ARRAY_RESERVE(objects->runs, objects->run_capacity, objects->run_count + 1);
}

static bool add_word(struct dump_objects *objects) {
    if (!ARRAY_RESERVE(objects->words, objects->word_capacity, objects->word_count + 1)) {
        return false;
    }
    objects->words[objects->word_count++] = 0;
    return true;
}

static bool set_slot(struct dump_objects *objects, const struct dump_run *run, uint64_t slot) {
    size_t word = run->first_word + (size_t)(slot / WORD_BITS);
    while (objects->word_count <= word) {
        if (!add_word(objects)) {
            return false;
        }
    }
    objects->words[word] |= UINT64_C(1) << slot % WORD_BITS;
    return true;
}

static bool add_run(struct dump_objects *objects, uint64_t address, uint64_t size_bytes) {
    if (!reserve_run(objects)) {
        return false;
    }
    struct dump_run *run = &objects->runs[objects->run_count++];
    *run = (struct dump_run){.base = address,
                             .size_bytes = size_bytes,
                             .slot_count = 1,
                             .first_word = objects->word_count};
    return set_slot(objects, run, 0);
}

bool dump_objects_add(struct dump_objects *objects, uint64_t address, uint64_t size_bytes) {
    if (size_bytes == 0) {
        return true;
    }
    struct dump_run *run = objects->run_count > 0 ? &objects->runs[objects->run_count - 1] : NULL;
    uint64_t next = objects->next_address;
    objects->next_address = address + size_bytes;
    if (run == NULL || run->size_bytes != size_bytes || address < next || next == 0) {
        return add_run(objects, address, size_bytes);
    }
    uint64_t gap = address == next ? 0 : (address - next) / size_bytes;
    if (gap > GAP_SLOTS_MAX || next + gap * size_bytes != address) {
        return add_run(objects, address, size_bytes);
    }
    run->slot_count += gap + 1;
    return set_slot(objects, run, run->slot_count - 1);
}

static uint64_t last_byte(const struct dump_run *run) {
    return run->base + run->slot_count * run->size_bytes - 1;
}

static int compare_runs(const void *left, const void *right) {
    const struct dump_run *a = left;
    const struct dump_run *b = right;
    if (a->base != b->base) {
        return a->base < b->base ? -1 : 1;
    }
    return (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

// How many runs reach into the next one.
static uint64_t count_overlaps(const struct dump_objects *objects, uint64_t *example) {
    uint64_t overlaps = 0;
    uint64_t furthest = 0;
    for (size_t i = 0; i < objects->run_count; i++) {
        const struct dump_run *run = &objects->runs[i];
        if (i > 0 && furthest >= run->base) {
            overlaps++;
            *example = run->base;
        }
        furthest = furthest > last_byte(run) ? furthest : last_byte(run);
    }
    return overlaps;
}

static bool has_slot(const struct dump_objects *objects, const struct dump_run *run,
                     uint64_t slot) {
    return (objects->words[run->first_word + (size_t)(slot / WORD_BITS)] >> slot % WORD_BITS & 1) !=
           0;
}

// Makes each object a run of its own: what interleaves then no longer looks like an overlap.
static bool split(struct dump_objects *objects) {
    struct dump_objects single = {.runs = NULL};
    for (size_t i = 0; i < objects->run_count; i++) {
        const struct dump_run *run = &objects->runs[i];
        for (uint64_t slot = 0; slot < run->slot_count; slot++) {
            if (has_slot(objects, run, slot) &&
                !add_run(&single, run->base + slot * run->size_bytes, run->size_bytes)) {
                dump_objects_fini(&single);
                return false;
            }
        }
    }
    dump_objects_fini(objects);
    *objects = single;
    return true;
}

static void sort(struct dump_objects *objects) {
    if (objects->run_count > 1) {
        qsort(objects->runs, objects->run_count, sizeof(*objects->runs), compare_runs);
    }
    objects->is_sorted = true;
}

bool dump_objects_sort(struct dump_objects *objects, uint64_t *overlaps, uint64_t *example) {
    sort(objects);
    *overlaps = count_overlaps(objects, example);
    if (*overlaps == 0) {
        return true;
    }
    if (!split(objects)) {
        return false;
    }
    sort(objects);
    *overlaps = count_overlaps(objects, example);
    return true;
}

bool dump_objects_find(const struct dump_objects *objects, uint64_t address) {
    size_t low = 0;
    size_t high = objects->run_count;
    while (low < high) { // the first run whose base is above the address
        size_t middle = low + (high - low) / 2;
        if (objects->runs[middle].base <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0 || last_byte(&objects->runs[low - 1]) < address) {
        return false;
    }
    const struct dump_run *run = &objects->runs[low - 1];
    return has_slot(objects, run, (address - run->base) / run->size_bytes);
}
