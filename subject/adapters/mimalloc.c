// mimalloc: a heap of mimalloc, its pages and blocks as mi_heap_visit_blocks tells them.
//
// No threads: a heap belongs to the thread that made it, others may only free; and what a thread
// that ends leaves alive is in no heap that could be visited.
//
// needs: libmimalloc-dev mimalloc.h
//
// link: -lmimalloc
#include "subject/subject.h"

#include <mimalloc.h>

static void *create(const struct countercheck_host *host) {
    (void)host;
    return mi_heap_new();
}
static void destroy(void *self) {
    mi_heap_destroy(self);
}
static void *allocate(void *self, size_t size) {
    return mi_heap_malloc(self, size);
}
static void *allocate_zeroed(void *self, size_t size) {
    return mi_heap_zalloc(self, size);
}
static void *allocate_aligned(void *self, size_t alignment, size_t size) {
    return mi_heap_malloc_aligned(self, size, alignment);
}
static void *reallocate(void *self, void *object, size_t size) {
    return mi_heap_realloc(self, object, size);
}
static void release(void *self, void *object) {
    (void)self;
    mi_free(object);
}
static size_t usable(void *self, void *object) {
    (void)self;
    return mi_usable_size(object);
}
static void flush(void *self) {
    mi_heap_collect(self, false);
}
static void purge(void *self) {
    mi_heap_collect(self, true);
}

enum { USED, USED_BYTES, RESERVED, COMMITTED, VISITED, VALUES };
static const struct countercheck_statistic statistics[] = {
    {"used", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {"used_bytes", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"reserved", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"committed", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"visited", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static bool add(const mi_heap_t *heap, const mi_heap_area_t *area, void *block, size_t block_bytes,
                void *arg) {
    int64_t *values = arg;
    (void)heap;
    if (block == NULL) { // a page of equal blocks
        values[USED] += (int64_t)area->used;
        values[USED_BYTES] += (int64_t)(area->used * block_bytes);
        values[RESERVED] += (int64_t)area->reserved;
        values[COMMITTED] += (int64_t)area->committed;
    } else {
        values[VISITED]++;
    }
    return true;
}
static bool read_statistics(void *self, int64_t *values) {
    for (int i = 0; i < VALUES; i++) {
        values[i] = 0;
    }
    return mi_heap_visit_blocks(self, true, add, values);
}

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_MAY_FAIL | COUNTERCHECK_RANDOM,
    .name = "mimalloc",
    .version = "2.0.9",
    .alignment = 8,       // 16 from 16 bytes on
    .alignment_max = 128, // of 256 to 1024 it gives half as much: FINDINGS.md
    .create = create,
    .destroy = destroy,
    .allocate = allocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .reallocate = reallocate,
    .release = release,
    .usable = usable,
    .flush = flush,
    .purge = purge,
    .statistics = statistics,
    .read = read_statistics,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
