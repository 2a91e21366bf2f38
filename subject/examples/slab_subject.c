// slab_subject: the pool as a subject: rows of classes, lanes that are threads, memory from the
// harness.
#include "subject/examples/slab.h"
#include "subject/subject.h"

static const char relations[] = "each class: class.live == class.allocs - class.frees\n"
                                "rows: each class: class.live == live.count[class] when settled\n"
                                "bytes: live_bytes == sum(class.live * class.size) when settled\n"
                                "charged: live_bytes == live.footprint when settled\n"
                                "nothing: live_bytes == 0 when empty and settled\n"
                                "mapped: live.footprint <= mapped <= backing.bytes\n"
                                "record: delta(backing.bytes - mapped) == 0  # the slab's own\n";

// For a program without us, from the folder that subject/ is in.
static const char calls[] =
    "compile: cc -w -I . PROGRAM subject/examples/slab.c -lpthread -o OUTPUT\n"
    "include: \"subject/examples/slab.h\"\n"
    "declare: static struct slab *slab;\n"
    "declare: static struct slab_stats stats;\n"
    "begin: slab = slab_create(&(const struct slab_source){NULL, backing_map, backing_unmap});\n"
    "allocate: slab_alloc(slab, SIZE)\n"
    "release_sized: slab_free(slab, OBJECT, SIZE)\n"
    "footprint: (size_t)16 << slab_class_of(OBJECT)\n"
    "class_of: slab_class_of(OBJECT)\n"
    "flush: slab_flush(slab)\n"
    "lane_end: slab_flush(slab)\n"
    "read: slab_read(slab, &stats);\n"
    "value mapped: stats.mapped_bytes\n"
    "value live_bytes: stats.live_bytes\n"
    "value class.size: 16 << ROW\n"
    "value class.allocs: stats.allocs[ROW]\n"
    "value class.frees: stats.frees[ROW]\n"
    "value class.live: stats.allocs[ROW] - stats.frees[ROW]\n";

static const struct countercheck_statistic statistics[] = {
    {"mapped", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"live_bytes", COUNTERCHECK_PLAIN, 0, 0, 0, NULL, "B"}, // below 0 until lanes have flushed
    {"class.size", COUNTERCHECK_CONSTANT, 0, 0, SLAB_CLASS_COUNT, NULL, "B"},
    {"class.allocs", COUNTERCHECK_CUMULATIVE, 0, 0, SLAB_CLASS_COUNT, NULL, ""},
    {"class.frees", COUNTERCHECK_CUMULATIVE, 0, 0, SLAB_CLASS_COUNT, NULL, ""},
    {"class.live", COUNTERCHECK_PLAIN, 0, 0, SLAB_CLASS_COUNT, NULL,
     ""}, // below 0 until lanes have flushed
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};

static bool read_stats(void *self, int64_t *values) {
    struct slab_stats stats;
    slab_read(self, &stats);
    *values++ = (int64_t)stats.mapped_bytes;
    *values++ = (int64_t)stats.live_bytes;
    for (uint32_t class = 0; class < SLAB_CLASS_COUNT; class ++) {
        values[class] = (int64_t)16 << class;
        values[SLAB_CLASS_COUNT + class] = (int64_t)stats.allocs[class];
        values[2 * SLAB_CLASS_COUNT + class] = (int64_t)stats.frees[class];
        values[3 * SLAB_CLASS_COUNT + class] = (int64_t)(stats.allocs[class] - stats.frees[class]);
    }
    return true;
}

static void *create(const struct countercheck_host *host) {
    const struct slab_source source = {host->context, host->map, host->unmap};
    return slab_create(&source);
}

static void destroy(void *self) {
    slab_destroy(self);
}

static void lane_end(void *self) {
    slab_flush(self); // a thread that leaves takes no counts with it
}

static void *allocate(void *self, size_t size_bytes) {
    return slab_alloc(self, size_bytes);
}

static void release_sized(void *self, void *object, size_t size_bytes) {
    slab_free(self, object, size_bytes);
}

static size_t footprint(void *self, void *object) {
    (void)self;
    return (size_t)16 << slab_class_of(object);
}

static uint32_t class_of(void *self, void *object) {
    (void)self;
    return slab_class_of(object);
}

static void flush(void *self) {
    slab_flush(self);
}

const struct countercheck_subject *COUNTERCHECK_SUBJECT_TABLE(void) {
    static const struct countercheck_subject table = {
        .struct_size_bytes = sizeof table,
        .abi = COUNTERCHECK_ABI,
        .capabilities = COUNTERCHECK_THREADS | COUNTERCHECK_MAY_FAIL,
        .name = "slab",
        .version = "1",
        .alignment = 16,
        .size_max = 20000,
        .create = create,
        .destroy = destroy,
        .lane_end = lane_end,
        .allocate = allocate,
        .release_sized = release_sized,
        .footprint = footprint,
        .class_of = class_of,
        .flush = flush,
        .statistics = statistics,
        .read = read_stats,
        .relations = relations,
        .calls = calls,
    };
    return &table;
}
