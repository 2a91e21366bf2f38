// boundary_subject: the boundary-tag heap as a subject: its calls, its statistics, and what they
// mean.
#include "subject/examples/boundary.h"
#include "subject/subject.h"

static const char relations[] =
    "used: in_use == live.footprint\n"
    "most: peak == peak(live.footprint)\n"
    "rest: free == capacity - in_use\n"
    "count: used_count == live.count == walk.live.count\n"
    "walked: in_use == walk.live.bytes\n"
    "holes: free == walk.free.bytes\n"
    "hole_count: free_count == walk.free.count\n"
    "largest: largest_free == walk.free.max\n"
    "smallest: smallest_free == walk.free.min\n"
    "allocs: allocs == ops.alloc + ops.realloc.moved\n"
    "releases: releases == ops.free + ops.realloc.moved\n"
    "resizes: resizes == ops.realloc.moved + ops.realloc.in_place + ops.expand\n"
    "failures: failures == ops.failed\n"
    "header: in_use >= live.usable + 16 * live.count  # each block has a header\n"
    "nothing: in_use == 0 when empty\n"
    "one_hole: free_count == 1 when empty\n";

// For a program without us, from the folder that subject/ is in.
static const char calls[] = "compile: cc -w -I . PROGRAM subject/examples/boundary.c -o OUTPUT\n"
                            "include: \"subject/examples/boundary.h\"\n"
                            "declare: static _Alignas(4096) char arena[1 << 18];\n"
                            "declare: static struct boundary *heap;\n"
                            "declare: static struct boundary_stats stats;\n"
                            "begin: heap = boundary_init(arena, sizeof arena);\n"
                            "allocate: SIZE == 0 ? NULL : boundary_alloc(heap, SIZE)\n"
                            "allocate_aligned: boundary_alloc_aligned(heap, ALIGNMENT, SIZE)\n"
                            "reallocate: boundary_resize(heap, OBJECT, SIZE)\n"
                            "expand: boundary_expand(heap, OBJECT, SIZE)\n"
                            "release: boundary_free(heap, OBJECT)\n"
                            "usable: boundary_usable(OBJECT)\n"
                            "footprint: boundary_footprint(OBJECT)\n"
                            "reset_peaks: boundary_reset_peak(heap)\n"
                            "read: boundary_read(heap, &stats);\n"
                            "value capacity: stats.capacity_bytes\n"
                            "value in_use: stats.in_use_bytes\n"
                            "value peak: stats.peak_bytes\n"
                            "value free: stats.free_bytes\n"
                            "value largest_free: stats.largest_free_bytes\n"
                            "value smallest_free: stats.smallest_free_bytes\n"
                            "value used_count: stats.used_count\n"
                            "value free_count: stats.free_count\n"
                            "value allocs: stats.alloc_count\n"
                            "value releases: stats.release_count\n"
                            "value resizes: stats.resize_count\n"
                            "value failures: stats.failure_count\n";

static const struct countercheck_statistic statistics[] = {
    {"capacity", COUNTERCHECK_CONSTANT, 0, 0, 0, NULL, "B"},
    {"in_use", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"peak", COUNTERCHECK_PEAK, 0, 0, 0, "in_use", "B"},
    {"free", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"largest_free", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"smallest_free", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"used_count", COUNTERCHECK_GAUGE, 0, 32, 0, NULL, ""},
    {"free_count", COUNTERCHECK_GAUGE, 0, 32, 0, NULL, ""},
    {"allocs", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, ""},
    {"releases", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, ""},
    {"resizes", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, ""},
    {"failures", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};

static bool read_stats(void *self, int64_t *values) {
    struct boundary_stats stats;
    boundary_read(self, &stats);
    const uint64_t all[] = {
        stats.capacity_bytes, stats.in_use_bytes,       stats.peak_bytes,
        stats.free_bytes,     stats.largest_free_bytes, stats.smallest_free_bytes,
        stats.used_count,     stats.free_count,         stats.alloc_count,
        stats.release_count,  stats.resize_count,       stats.failure_count};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        values[i] = (int64_t)all[i];
    }
    return true;
}

static void *create(const struct countercheck_host *host) {
    return boundary_init(host->arena, host->arena_bytes);
}

static void *allocate(void *self, size_t size_bytes) {
    return size_bytes == 0 ? NULL : boundary_alloc(self, size_bytes); // nothing is no object
}

static void *allocate_aligned(void *self, size_t alignment, size_t size_bytes) {
    return boundary_alloc_aligned(self, alignment < 16 ? 16 : alignment, size_bytes);
}

static void *reallocate(void *self, void *object, size_t size_bytes) {
    return boundary_resize(self, object, size_bytes);
}

static bool expand(void *self, void *object, size_t size_bytes) {
    return boundary_expand(self, object, size_bytes);
}

static void release(void *self, void *object) {
    boundary_free(self, object);
}

static size_t usable(void *self, void *object) {
    (void)self;
    return boundary_usable(object);
}

static size_t footprint(void *self, void *object) {
    (void)self;
    return boundary_footprint(object);
}

static void reset_peaks(void *self) {
    boundary_reset_peak(self);
}

struct visitor {
    countercheck_visit *visit;
    void *arg;
};

static void visit_block(void *context, const void *object, size_t block_bytes, bool is_used) {
    const struct visitor *visitor = context;
    visitor->visit(visitor->arg, object, block_bytes,
                   is_used ? COUNTERCHECK_LIVE : COUNTERCHECK_FREE);
}

static bool walk(void *self, countercheck_visit *visit, void *arg) {
    struct visitor visitor = {visit, arg};
    boundary_walk(self, visit_block, &visitor);
    return true;
}

static const char *verify(void *self) {
    return boundary_verify(self);
}

const struct countercheck_subject *COUNTERCHECK_SUBJECT_TABLE(void) {
    static const struct countercheck_subject table = {
        .struct_size_bytes = sizeof table,
        .abi = COUNTERCHECK_ABI,
        .capabilities = COUNTERCHECK_MAY_FAIL,
        .name = "boundary",
        .version = "1",
        .alignment = 16,
        .alignment_max = 4096,
        .size_max = 16384,
        .arena_bytes = (size_t)256 * 1024,
        .create = create,
        .allocate = allocate,
        .allocate_aligned = allocate_aligned,
        .reallocate = reallocate,
        .expand = expand,
        .release = release,
        .usable = usable,
        .footprint = footprint,
        .statistics = statistics,
        .read = read_stats,
        .reset_peaks = reset_peaks,
        .walk = walk,
        .verify = verify,
        .relations = relations,
        .calls = calls,
    };
    return &table;
}
