// glibc: the C library's malloc by mallinfo2.
// needs: libc6-dev malloc.h
// link: -lpthread
#include "subject/adapters/malloc_calls.h"
#include "subject/subject.h"

#include <pthread.h>
#include <stdatomic.h>

#define LANES_MAX 8
static atomic_int thread_count; // beside the first

static void *wait_there(void *barrier) {
    (void)pthread_barrier_wait(barrier);
    return NULL;
}
// What a thread's creation takes of malloc is kept with its stack for the next one: all that there
// will be are made once, before the first number counts.
static void *create(const struct countercheck_host *host) {
    static int made;
    pthread_t threads[LANES_MAX];
    pthread_barrier_t barrier;
    pthread_attr_t attributes;
    (void)host;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, (size_t)1 << 18); // all fit into what is kept
    (void)pthread_setattr_default_np(&attributes);
    (void)pthread_barrier_init(&barrier, NULL, LANES_MAX);
    for (int i = 1; i < LANES_MAX; i++) {
        if (pthread_create(&threads[i], NULL, wait_there, &barrier) != 0) {
            return NULL;
        }
    }
    (void)pthread_barrier_wait(&barrier);
    for (int i = 1; i < LANES_MAX; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    return &made;
}
// The record of a thread's cache is taken at its first call, empty as it stays, and goes with it.
static void lane_begin(void *self) {
    (void)self;
    free(malloc(1));
    thread_count++;
}
static void lane_end(void *self) {
    (void)self;
    thread_count--;
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
    FIELDS(STATISTIC){"threads", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL}};
static bool read_statistics(void *self, int64_t *values) {
    struct mallinfo2 info = mallinfo2();
    (void)self;
    FIELDS(VALUE)
    *values = thread_count;
    return true;
}

// With one arena its top is the only one, of which keepcost tells.
static const char *const environment[] = {
    "GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1", NULL};
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities =
        COUNTERCHECK_GLOBAL | COUNTERCHECK_FORK | COUNTERCHECK_THREADS | COUNTERCHECK_MAY_FAIL,
    .name = "glibc",
    .version = "2.36",
    .alignment = 16,
    .alignment_max = 1 << 16,
    .environment = environment,
    .create = create,
    .lane_begin = lane_begin,
    .lane_end = lane_end,
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
