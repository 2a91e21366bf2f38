// memkind: the count that memkind keeps of what its tiers gave.
// needs: libmemkind-dev memkind_memtier.h
// link: -lmemkind
#include "subject/subject.h"

#include <memkind.h>
#include <memkind_memtier.h>

static void *create(const struct countercheck_host *host) {
    (void)host;
    return MEMKIND_DEFAULT;
}
static void *allocate(void *self, size_t size) {
    return memtier_kind_malloc(self, size == 0 ? 1 : size);
}
static void *allocate_zeroed(void *self, size_t size) {
    return memtier_kind_calloc(self, 1, size == 0 ? 1 : size);
}
static void *allocate_aligned(void *self, size_t alignment, size_t size) {
    void *object = NULL;
    (void)memtier_kind_posix_memalign(self, &object, alignment, size == 0 ? 1 : size);
    return object;
}
static void *reallocate(void *self, void *object, size_t size) {
    return memtier_kind_realloc(self, object, size);
}
static void release(void *self, void *object) {
    memtier_kind_free(self, object);
}
static size_t usable(void *self, void *object) {
    (void)self;
    return memtier_usable_size(object);
}

static const struct countercheck_statistic statistics[] = {
    {"allocated", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static bool read_statistics(void *self, int64_t *values) {
    values[0] = (int64_t)memtier_kind_allocated_size(self);
    return true;
}

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities =
        COUNTERCHECK_GLOBAL | COUNTERCHECK_FORK | COUNTERCHECK_THREADS | COUNTERCHECK_MAY_FAIL,
    .name = "memkind",
    .version = "1.14.0",
    .alignment = 8, // 16 from 16 bytes on
    .alignment_max = 1 << 16,
    .create = create,
    .allocate = allocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .reallocate = reallocate,
    .release = release,
    .usable = usable,
    .statistics = statistics,
    .read = read_statistics,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
