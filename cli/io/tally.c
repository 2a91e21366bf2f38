// tally: rows in an array, found by an open-addressed index of their hashes.

#include "cli/io/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tally_fini(struct tally *tally) {
    free(tally->rows);
    free(tally->index);
    *tally = (struct tally){.rows = NULL};
}

// Where `hash` stands in the index, or where it would.
static size_t slot_of(const struct tally *tally, uint64_t hash) {
    size_t slot = (size_t)(hash ^ hash >> 32) & (tally->index_count - 1);
    while (tally->index[slot] != 0 && tally->rows[tally->index[slot] - 1].hash != hash) {
        slot = (slot + 1) & (tally->index_count - 1);
    }
    return slot;
}

static bool grow(struct tally *tally) {
    size_t capacity = tally->row_capacity == 0 ? 64 : 2 * tally->row_capacity;
    struct tally_row *rows = realloc(tally->rows, capacity * sizeof(*rows));
    if (rows == NULL) {
        return false;
    }
    tally->rows = rows;
    uint32_t *index = calloc(2 * capacity, sizeof(*index));
    if (index == NULL) {
        return false;
    }
    free(tally->index);
    tally->index = index;
    tally->index_count = 2 * capacity;
    tally->row_capacity = capacity;
    for (size_t i = 0; i < tally->row_count; i++) {
        tally->index[slot_of(tally, rows[i].hash)] = (uint32_t)i + 1;
    }
    return true;
}

static struct tally_row *other_row(struct tally *tally) {
    snprintf(tally->others.label, sizeof(tally->others.label), "(others)");
    return &tally->others;
}

struct tally_row *tally_row(struct tally *tally, uint64_t hash, const char *label) {
    hash = hash == 0 ? 1 : hash;
    size_t slot = tally->index_count == 0 ? 0 : slot_of(tally, hash);
    if (tally->index_count != 0 && tally->index[slot] != 0) {
        return &tally->rows[tally->index[slot] - 1];
    }
    if (tally->row_count == TALLY_ROWS_MAX) {
        return other_row(tally);
    }
    if (tally->row_count == tally->row_capacity) {
        if (!grow(tally)) {
            tally->is_out_of_memory = true;
            return other_row(tally);
        }
        slot = slot_of(tally, hash);
    }
    struct tally_row *row = &tally->rows[tally->row_count++];
    tally->index[slot] = (uint32_t)tally->row_count;
    *row = (struct tally_row){.hash = hash};
    snprintf(row->label, sizeof(row->label), "%s", label);
    return row;
}

const struct tally_row *tally_find(const struct tally *tally, uint64_t hash) {
    if (tally->index_count == 0) {
        return NULL;
    }
    uint32_t found = tally->index[slot_of(tally, hash == 0 ? 1 : hash)];
    return found == 0 ? NULL : &tally->rows[found - 1];
}

static int compare_rows(const void *left, const void *right) {
    const struct tally_row *a = left;
    const struct tally_row *b = right;
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? 1 : -1;
    }
    if (a->count != b->count) {
        return a->count < b->count ? 1 : -1;
    }
    int order = strcmp(a->label, b->label);
    return order != 0 ? order : (a->hash > b->hash) - (a->hash < b->hash);
}

void tally_sort(struct tally *tally) {
    if (tally->row_count > 1) {
        qsort(tally->rows, tally->row_count, sizeof(*tally->rows), compare_rows);
    }
    free(tally->index);
    tally->index = NULL;
    tally->index_count = 0;
}
