// heap_subject: a lane is a cache; every number is exact at every moment, as MemStats promises.
#include "fuzz/go/heap_subject.h"

#include "allocator/heap.h"
#include "allocator/memstats.h"

// Not noticed by --strength: MSpanInuse, but for the share of a lane, and MCacheInuse cut to some
// bits: nobody outside the heap counts its spans and caches.
static const char relations[] =
    "# The ledger. What shrinks or grows where it is keeps its class, and so its footprint.\n"
    "live: HeapAlloc == live.footprint\n"
    "alloc: Alloc == HeapAlloc\n"
    "total: TotalAlloc == total.footprint\n"
    "mallocs: Mallocs == ops.alloc + ops.realloc.moved\n"
    "frees: Frees == ops.free + ops.realloc.moved\n"
    "objects: HeapObjects == live.count == Mallocs - Frees\n"
    "each BySize: BySize.mallocs - BySize.frees == live.count[row]\n"
    "small: sum(BySize.mallocs) <= Mallocs\n"
    "\n"
    "# Go's own equalities.\n"
    "spans: HeapSys == HeapIdle + HeapInuse\n"
    "sys: Sys == HeapSys + MSpanSys + MCacheSys + BuckHashSys + GCSys + OtherSys\n"
    "objects_lie_in_spans: HeapAlloc <= HeapInuse\n"
    "pages: HeapInuse % 8192 == HeapReleased % 8192 == HeapSys % 8192 == 0\n"
    "idle: HeapReleased <= HeapIdle\n"
    "scavenged: HeapReleased == HeapIdle when after purge\n"
    "records: MSpanInuse <= MSpanSys\n"
    "caches: MCacheInuse <= MCacheSys\n"
    "a_cache: MCacheInuse == base.MCacheInuse when lanes 1\n"
    "nothing: HeapAlloc == 0 when empty\n";

#define FIELDS(FIELD)                                                                              \
    FIELD(Alloc, GAUGE)                                                                            \
    FIELD(TotalAlloc, CUMULATIVE)                                                                  \
    FIELD(Sys, GAUGE)                                                                              \
    FIELD(Mallocs, CUMULATIVE)                                                                     \
    FIELD(Frees, CUMULATIVE)                                                                       \
    FIELD(HeapAlloc, GAUGE)                                                                        \
    FIELD(HeapSys, GAUGE)                                                                          \
    FIELD(HeapIdle, GAUGE)                                                                         \
    FIELD(HeapInuse, GAUGE)                                                                        \
    FIELD(HeapReleased, GAUGE)                                                                     \
    FIELD(HeapObjects, GAUGE)                                                                      \
    FIELD(MSpanInuse, GAUGE)                                                                       \
    FIELD(MSpanSys, GAUGE)                                                                         \
    FIELD(MCacheInuse, GAUGE)                                                                      \
    FIELD(MCacheSys, GAUGE)                                                                        \
    FIELD(BuckHashSys, GAUGE)                                                                      \
    FIELD(GCSys, GAUGE)                                                                            \
    FIELD(OtherSys, GAUGE)

#define STATISTIC(field, kind) {#field, COUNTERCHECK_##kind, 0, 0, 0, NULL, ""},
static const struct countercheck_statistic statistics[] = {
    FIELDS(STATISTIC){"BySize.size", COUNTERCHECK_CONSTANT, 0, 0, SIZE_CLASS_COUNT, NULL, "B"},
    {"BySize.mallocs", COUNTERCHECK_CUMULATIVE, 0, 0, SIZE_CLASS_COUNT, NULL, ""},
    {"BySize.frees", COUNTERCHECK_CUMULATIVE, 0, 0, SIZE_CLASS_COUNT, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};

static struct heap *spare; // of the last program: a reset is cheaper than a new one
static _Thread_local struct mcache *cache;

static bool read_stats(void *self, int64_t *values) {
    struct memstats stats;
    heap_read_memstats(self, &stats);
#define VALUE(field, kind) *values++ = (int64_t)stats.field;
    FIELDS(VALUE)
    for (uint32_t row = 0; row < SIZE_CLASS_COUNT; row++) {
        values[row] = stats.BySize[row].Size;
        values[SIZE_CLASS_COUNT + row] = (int64_t)stats.BySize[row].Mallocs;
        values[2 * SIZE_CLASS_COUNT + row] = (int64_t)stats.BySize[row].Frees;
    }
    return true;
}

static void *create(const struct countercheck_host *host) {
    (void)host;
    struct heap *heap = spare == NULL ? heap_create(NULL) : spare;
    bool is_used = spare != NULL;
    spare = NULL;
    if (heap == NULL || (is_used && !heap_reset(heap)) ||
        (cache = heap_acquire_cache(heap)) == NULL) {
        if (heap != NULL) {
            heap_destroy(heap);
        }
        return NULL;
    }
    return heap;
}

static void destroy(void *self) {
    if (spare == NULL) {
        spare = self;
    } else {
        heap_destroy(self);
    }
}

// A lane that gets no cache allocates nothing.
static void lane_begin(void *self) {
    cache = heap_acquire_cache(self);
}

static void lane_end(void *self) {
    if (cache != NULL) {
        heap_release_cache(self, cache);
        cache = NULL;
    }
}

static void *give(void *self, size_t size_bytes, unsigned flags) {
    // no bytes are no object: all of them share one address
    return size_bytes == 0 || cache == NULL ? NULL
                                            : heap_alloc(self, cache, size_bytes, NULL, flags);
}

static void *allocate(void *self, size_t size_bytes) {
    return give(self, size_bytes, 0);
}

static void *allocate_zeroed(void *self, size_t size_bytes) {
    return give(self, size_bytes, HEAP_ALLOC_ZERO);
}

static void *allocate_aligned(void *self, size_t alignment, size_t size_bytes) {
    return cache == NULL ? NULL : heap_alloc_aligned(self, cache, size_bytes, alignment, NULL, 0);
}

static void *reallocate(void *self, void *object, size_t size_bytes) {
    return cache == NULL ? NULL : heap_realloc(self, cache, object, size_bytes, NULL, 0);
}

static void release(void *self, void *object) {
    (void)heap_free(self, cache, object);
}

// What it is charged for; of that, a caller writes what he asked for: the rest may be poisoned.
static size_t footprint(void *self, void *object) {
    return heap_usable_bytes(self, object);
}

static uint32_t class_of(void *self, void *object) {
    size_t bytes = heap_usable_bytes(self, object);
    return bytes > SMALL_SIZE_MAX ? UINT32_MAX : size_class_of(bytes);
}

static void flush(void *self) {
    if (cache != NULL) {
        heap_flush_cache(self, cache);
    }
}

static void purge(void *self) {
    (void)heap_scavenge(self, SIZE_MAX);
}

const struct countercheck_subject *go_heap_table(void) {
    static const struct countercheck_subject table = {
        .struct_size_bytes = sizeof table,
        .abi = COUNTERCHECK_ABI,
        .capabilities = COUNTERCHECK_THREADS,
        .name = "go-heap",
        .version = "1",
        .alignment = 8,
        .alignment_max = 8192, // above, an object of a class's size is a large one, without a row
        .create = create,
        .destroy = destroy,
        .lane_begin = lane_begin,
        .lane_end = lane_end,
        .allocate = allocate,
        .allocate_zeroed = allocate_zeroed,
        .allocate_aligned = allocate_aligned,
        .reallocate = reallocate,
        .release = release,
        .footprint = footprint,
        .class_of = class_of,
        .flush = flush,
        .purge = purge,
        .statistics = statistics,
        .read = read_stats,
        .relations = relations,
    };
    return &table;
}
