// tcmalloc: gperftools' tcmalloc by its numeric properties.
// needs: libgoogle-perftools-dev gperftools/malloc_extension_c.h
// link: -ltcmalloc_minimal
#include "subject/subject.h"

#include <gperftools/malloc_extension_c.h>
#include <gperftools/tcmalloc.h>

static void *create(const struct countercheck_host *host) {
    static int made;
    (void)host;
    return &made;
}
static void *allocate(void *self, size_t size) {
    (void)self;
    return tc_malloc(size);
}
static void *allocate_zeroed(void *self, size_t size) {
    (void)self;
    return tc_calloc(1, size);
}
static void *allocate_aligned(void *self, size_t alignment, size_t size) {
    (void)self;
    return tc_memalign(alignment, size);
}
static void *reallocate(void *self, void *object, size_t size) {
    (void)self;
    return tc_realloc(object, size);
}
static void release(void *self, void *object) {
    (void)self;
    tc_free(object);
}
static size_t usable(void *self, void *object) {
    (void)self;
    return tc_malloc_size(object);
}
static void flush(void *self) {
    (void)self;
    MallocExtension_MarkThreadIdle();
}
static void purge(void *self) {
    (void)self;
    MallocExtension_ReleaseFreeMemory();
}

#define PROPERTIES(ROW)                                                                            \
    ROW(GAUGE, allocated, "generic.current_allocated_bytes")                                       \
    ROW(GAUGE, heap, "generic.heap_size")                                                          \
    ROW(GAUGE, free, "tcmalloc.pageheap_free_bytes")                                               \
    ROW(GAUGE, unmapped, "tcmalloc.pageheap_unmapped_bytes")                                       \
    ROW(GAUGE, central, "tcmalloc.central_cache_free_bytes")                                       \
    ROW(GAUGE, transfer, "tcmalloc.transfer_cache_free_bytes")                                     \
    ROW(GAUGE, threads, "tcmalloc.thread_cache_free_bytes")                                        \
    ROW(GAUGE, threads_now, "tcmalloc.current_total_thread_cache_bytes")                           \
    ROW(GAUGE, committed, "tcmalloc.pageheap_committed_bytes")                                     \
    ROW(CUMULATIVE, commits, "tcmalloc.pageheap_total_commit_bytes")                               \
    ROW(CUMULATIVE, decommits, "tcmalloc.pageheap_total_decommit_bytes")
#define STATISTIC(kind, name, property) {#name, COUNTERCHECK_##kind, 0, 0, 0, NULL, "B"},
#define PROPERTY(kind, name, property)  property,
static const struct countercheck_statistic statistics[] = {
    PROPERTIES(STATISTIC){NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL}};
static const char *const properties[] = {PROPERTIES(PROPERTY)};

static bool read_statistics(void *self, int64_t *values) {
    (void)self;
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
        size_t value = 0;
        if (!MallocExtension_GetNumericProperty(properties[i], &value)) {
            return false;
        }
        values[i] = (int64_t)value;
    }
    return true;
}

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities =
        COUNTERCHECK_GLOBAL | COUNTERCHECK_FORK | COUNTERCHECK_THREADS | COUNTERCHECK_MAY_FAIL,
    .name = "tcmalloc",
    .version = "2.10",
    .alignment = 8, // 16 from 16 bytes on
    .alignment_max = 1 << 16,
    .create = create,
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
