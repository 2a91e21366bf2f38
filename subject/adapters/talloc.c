// talloc: a context of talloc with nothing below it but our objects.
// needs: libtalloc-dev talloc.h
// link: -ltalloc
#include "subject/subject.h"

#include <talloc.h>

enum { LIMIT_BYTES = 1 << 20 };

static void *create(const struct countercheck_host *host) {
    TALLOC_CTX *context = talloc_new(NULL);
    if (context != NULL && host->option != NULL && talloc_set_memlimit(context, LIMIT_BYTES) != 0) {
        return NULL;
    }
    return context;
}
static void destroy(void *self) {
    (void)talloc_free(self);
}
static void *allocate(void *self, size_t size) {
    return talloc_size(self, size);
}
static void *allocate_zeroed(void *self, size_t size) {
    return talloc_zero_size(self, size);
}
static void *reallocate(void *self, void *object, size_t size) {
    return talloc_realloc_size(self, object, size);
}
static void release(void *self, void *object) {
    (void)self;
    (void)talloc_free(object);
}
static void reset(void *self) {
    talloc_free_children(self);
}
static size_t usable(void *self, void *object) {
    (void)self;
    return talloc_get_size(object);
}

static const struct countercheck_statistic statistics[] = {
    {"total_size", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"total_blocks", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static bool read_statistics(void *self, int64_t *values) {
    values[0] = (int64_t)talloc_total_size(self);
    values[1] = (int64_t)talloc_total_blocks(self);
    return true;
}

static const char *const options[] = {"limited", NULL};
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_MAY_FAIL | COUNTERCHECK_RANDOM,
    .name = "talloc",
    .version = "2.4.0",
    .alignment = 16,
    .options = options,
    .create = create,
    .destroy = destroy,
    .allocate = allocate,
    .allocate_zeroed = allocate_zeroed,
    .reallocate = reallocate,
    .release = release,
    .reset = reset,
    .usable = usable,
    .statistics = statistics,
    .read = read_statistics,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
