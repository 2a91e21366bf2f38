// glibc: the C library's malloc by mallinfo2.
// needs: libc6-dev malloc.h
// link:
#include "subject/adapters/malloc_calls.h"
#include "subject/subject.h"

static void *create(const struct countercheck_host *host) {
    static int made;
    (void)host;
    return &made;
}
// A chunk's size stands before the object, its three lowest bits are flags; the second says that it
// was mapped alone, and then the word before tells how far into the mapping it begins.
static size_t footprint(void *self, void *object) {
    const size_t *header = object;
    (void)self;
    return (header[-1] & ~(size_t)7) + ((header[-1] & 2) != 0 ? header[-2] : 0);
}
static void purge(void *self) {
    (void)self;
    (void)malloc_trim(0);
}

#define FIELDS(ROW)                                                                                \
    ROW(arena)                                                                                     \
    ROW(ordblks)                                                                                   \
    ROW(smblks) ROW(hblks) ROW(hblkhd) ROW(fsmblks) ROW(uordblks) ROW(fordblks) ROW(keepcost)
#define STATISTIC(field) {#field, COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
#define VALUE(field)     *values++ = (int64_t)info.field;
static const struct countercheck_statistic statistics[] = {
    FIELDS(STATISTIC){NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL}};
static bool read_statistics(void *self, int64_t *values) {
    struct mallinfo2 info = mallinfo2();
    (void)self;
    FIELDS(VALUE)
    return true;
}

static const char *const environment[] = {"GLIBC_TUNABLES=glibc.malloc.tcache_count=0", NULL};
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_GLOBAL | COUNTERCHECK_FORK | COUNTERCHECK_MAY_FAIL,
    .name = "glibc",
    .version = "2.36",
    .alignment = 16,
    .alignment_max = 1 << 16,
    .environment = environment,
    .create = create,
    .allocate = allocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .reallocate = reallocate,
    .release = release,
    .usable = usable,
    .footprint = footprint,
    .purge = purge,
    .statistics = statistics,
    .read = read_statistics,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
