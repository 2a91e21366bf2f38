// apr: APR's allocator, from which its pools take their blocks: what it keeps of them.
// needs: libapr1-dev apr-1.0/apr_allocator.h
// link: -lapr-1
//
// It tells no number of its own. What it has taken is what it got of mmap, which is this file's: a
// library that is loaded finds the names of the one that wanted it before the C library's.
#include "subject/subject.h"

#include <apr-1.0/apr.h>

#include <apr-1.0/apr_allocator.h>
#include <apr-1.0/apr_general.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_FREE_BYTES = 1 << 18, LOWERED_BYTES = 1 << 16 };

static int64_t taken_bytes, max_free_bytes;
static bool may_lower; // purge lowers max_free

// Those of the C library, but for the count.
void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    long result = syscall(SYS_mmap, address, size, protection, flags, file, offset);
    taken_bytes += result == -1 ? 0 : (int64_t)size;
    return (void *)result; // MAP_FAILED is -1
}
int munmap(void *address, size_t size) {
    long result = syscall(SYS_munmap, address, size);
    taken_bytes -= result == -1 ? 0 : (int64_t)size;
    return (int)result;
}

static size_t block_bytes(const apr_memnode_t *node) {
    return (size_t)(node->endp - (const char *)node);
}

static void *create(const struct countercheck_host *host) {
    static bool is_ready;
    apr_allocator_t *allocator = NULL;
    is_ready = is_ready || apr_initialize() == APR_SUCCESS;
    taken_bytes = max_free_bytes = 0;
    if (is_ready && apr_allocator_create(&allocator) == APR_SUCCESS && host->option != NULL &&
        strcmp(host->option, "unbounded") != 0) {
        apr_allocator_max_free_set(allocator, max_free_bytes = MAX_FREE_BYTES);
    }
    may_lower = host->option != NULL && strcmp(host->option, "lowered") == 0;
    return allocator;
}
static void destroy(void *self) {
    apr_allocator_destroy(self);
}
static void *allocate(void *self, size_t size) {
    apr_memnode_t *node = apr_allocator_alloc(self, size);
    return node == NULL ? NULL : (char *)node + APR_MEMNODE_T_SIZE;
}
static apr_memnode_t *node_of(void *object) {
    return (void *)((char *)object - APR_MEMNODE_T_SIZE);
}
static void release(void *self, void *object) {
    apr_allocator_free(self, node_of(object));
}
static void purge(void *self) {
    if (may_lower) {
        apr_allocator_max_free_set(self, max_free_bytes = LOWERED_BYTES);
    }
}
static size_t usable(void *self, void *object) {
    (void)self;
    return block_bytes(node_of(object)) - APR_MEMNODE_T_SIZE;
}
static size_t footprint(void *self, void *object) {
    (void)self;
    return block_bytes(node_of(object));
}

static const struct countercheck_statistic statistics[] = {
    {"taken", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"max_free", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"}, // 0: no bound
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static bool read_statistics(void *self, int64_t *values) {
    (void)self;
    values[0] = taken_bytes;
    values[1] = max_free_bytes;
    return true;
}

static const char *const options[] = {"bounded", "lowered", "unbounded", NULL};
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_MAY_FAIL | COUNTERCHECK_RANDOM,
    .name = "apr",
    .version = "1.7.2",
    .alignment = 8,
    .options = options,
    .create = create,
    .destroy = destroy,
    .allocate = allocate,
    .release = release,
    .purge = purge,
    .usable = usable,
    .footprint = footprint,
    .statistics = statistics,
    .read = read_statistics,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
