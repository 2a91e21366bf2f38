// sqlite: SQLite's memory by sqlite3_malloc, as it counts it for everybody.
// needs: libsqlite3-dev sqlite3.h
// link: -lsqlite3
#include "subject/subject.h"

#include <sqlite3.h>

static void *create(const struct countercheck_host *host) {
    static int made;
    (void)host;
    return sqlite3_initialize() == SQLITE_OK ? &made : NULL;
}
static void *allocate(void *self, size_t size) {
    (void)self;
    return sqlite3_malloc64(size);
}
static void *reallocate(void *self, void *object, size_t size) {
    (void)self;
    return sqlite3_realloc64(object, size);
}
static void release(void *self, void *object) {
    (void)self;
    sqlite3_free(object);
}
static size_t usable(void *self, void *object) {
    (void)self;
    return (size_t)sqlite3_msize(object);
}

static const struct countercheck_statistic statistics[] = {
    {"memory_used", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"memory_most", COUNTERCHECK_PEAK, 0, 0, 0, "memory_used", "B"},
    {"malloc_count", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {"count_most", COUNTERCHECK_PEAK, 0, 0, 0, "malloc_count", ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static bool read_statistics(void *self, int64_t *values) {
    sqlite3_int64 now = 0, most = 0;
    (void)self;
    bool known = sqlite3_status64(SQLITE_STATUS_MEMORY_USED, &now, &most, 0) == SQLITE_OK;
    values[0] = now;
    values[1] = most;
    known = known && sqlite3_status64(SQLITE_STATUS_MALLOC_COUNT, &now, &most, 0) == SQLITE_OK;
    values[2] = now;
    values[3] = most;
    return known;
}
static void reset_peaks(void *self) {
    sqlite3_int64 now = 0, most = 0;
    (void)self;
    (void)sqlite3_status64(SQLITE_STATUS_MEMORY_USED, &now, &most, 1);
    (void)sqlite3_status64(SQLITE_STATUS_MALLOC_COUNT, &now, &most, 1);
}

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_GLOBAL | COUNTERCHECK_THREADS | COUNTERCHECK_MAY_FAIL,
    .name = "sqlite",
    .version = SQLITE_VERSION,
    .alignment = 8,
    .create = create,
    .allocate = allocate,
    .reallocate = reallocate,
    .release = release,
    .usable = usable,
    .statistics = statistics,
    .read = read_statistics,
    .reset_peaks = reset_peaks,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
