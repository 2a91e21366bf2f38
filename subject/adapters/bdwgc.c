// bdwgc: the collector's uncollectable objects, which die when they are freed and not before.
// needs: libgc-dev gc/gc.h
// link: -lgc
#include "subject/subject.h"

#include <gc/gc.h>

static void *create(const struct countercheck_host *host) {
    static int made;
    (void)host;
    GC_INIT();
    return &made;
}
static void *allocate(void *self, size_t size) {
    (void)self;
    return GC_malloc_uncollectable(size);
}
static void *reallocate(void *self, void *object, size_t size) {
    (void)self;
    return GC_realloc(object, size);
}
static void release(void *self, void *object) {
    (void)self;
    GC_free(object);
}
static size_t usable(void *self, void *object) {
    (void)self;
    return GC_size(object);
}
static void collect(void *self) {
    (void)self;
    GC_gcollect();
}

static const struct countercheck_statistic statistics[] = {
    {"total", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, "B"},
    {"heap", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"free", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"since", COUNTERCHECK_PLAIN, 0, 0, 0, NULL, "B"},
    {"before", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, "B"},
    {"non_gc", COUNTERCHECK_PLAIN, 0, 0, 0, NULL, "B"}, // below 0: FINDINGS.md
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static bool read_statistics(void *self, int64_t *values) {
    struct GC_prof_stats_s stats;
    (void)self;
    (void)GC_get_prof_stats(&stats, sizeof stats);
    const GC_word all[] = {GC_get_total_bytes(),         stats.heapsize_full,
                           stats.free_bytes_full,        stats.bytes_allocd_since_gc,
                           stats.allocd_bytes_before_gc, stats.non_gc_bytes};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        values[i] = (int64_t)all[i];
    }
    return true;
}

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_GLOBAL | COUNTERCHECK_MAY_FAIL,
    .name = "bdwgc",
    .version = "8.2.2",
    .alignment = 16,
    .create = create,
    .allocate = allocate,
    .allocate_zeroed = allocate,
    .reallocate = reallocate,
    .release = release,
    .usable = usable,
    .collect = collect,
    .statistics = statistics,
    .read = read_statistics,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
