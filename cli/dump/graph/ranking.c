// ranking: rows are taken until there are twice as many as wanted; then the smaller half goes.

#include "cli/dump/graph/ranking.h"

#include "cli/io/array.h"

#include <stdlib.h>

static int compare_rows(const void *left, const void *right) {
    const struct ranking_row *a = left;
    const struct ranking_row *b = right;
    if (a->retained_bytes != b->retained_bytes) {
        return a->retained_bytes > b->retained_bytes ? -1 : 1;
    }
    for (size_t i = 0; i < sizeof a->key / sizeof a->key[0]; i++) {
        if (a->key[i] != b->key[i]) {
            return a->key[i] < b->key[i] ? -1 : 1;
        }
    }
    return (a->index > b->index) - (a->index < b->index);
}

void ranking_finish(struct ranking *ranking) {
    if (ranking->count > 1) {
        qsort(ranking->rows, ranking->count, sizeof *ranking->rows, compare_rows);
    }
    if (ranking->limit != 0 && ranking->count > ranking->limit) {
        ranking->count = ranking->limit;
    }
}

bool ranking_add(struct ranking *ranking, const struct ranking_row *row) {
    ranking->seen++;
    if (ranking->limit != 0 && ranking->count >= 2 * ranking->limit) {
        ranking_finish(ranking);
    }
    if (!ARRAY_RESERVE(ranking->rows, ranking->capacity, ranking->count + 1)) {
        return false;
    }
    ranking->rows[ranking->count++] = *row;
    return true;
}

void ranking_fini(struct ranking *ranking) {
    free(ranking->rows);
    *ranking = (struct ranking){.rows = NULL};
}
