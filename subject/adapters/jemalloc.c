// jemalloc: jemalloc 5.3 with all bins, its numbers fetched by mibs.
// needs: libjemalloc-dev jemalloc/jemalloc.h
// link: -ljemalloc
#include "subject/subject.h"

#include <jemalloc/jemalloc.h>
#include <stdio.h>
#include <string.h>

enum { BINS = 36, WHOLE = 8, OF_BIN = 5, MIB = 8 };

struct number {
    size_t mib[MIB], length;
    bool is_narrow; // of 32 bits
};
static struct number whole[WHOLE], of_bin[OF_BIN];
static int64_t bin_bytes[BINS];
static const char *const whole_names[WHOLE] = {"stats.allocated",
                                               "stats.active",
                                               "stats.mapped",
                                               "stats.metadata",
                                               "stats.arenas.4096.pactive",
                                               "stats.arenas.4096.mapped",
                                               "stats.arenas.4096.base",
                                               "stats.arenas.4096.internal"};
static const char *const bin_names[OF_BIN] = {
    "arenas.bin.0.size", "stats.arenas.4096.bins.0.curregs", "stats.arenas.4096.bins.0.nmalloc",
    "stats.arenas.4096.bins.0.ndalloc", "stats.arenas.4096.small.allocated"};

static bool find(struct number *number, const char *name) {
    uint64_t value;
    size_t bytes = sizeof value;
    number->length = MIB;
    number->is_narrow = mallctl(name, &value, &bytes, NULL, 0) != 0;
    return mallctlnametomib(name, number->mib, &number->length) == 0;
}

static int64_t get(const struct number *number) {
    uint64_t wide = 0;
    uint32_t narrow = 0;
    size_t bytes = number->is_narrow ? sizeof narrow : sizeof wide;
    (void)mallctlbymib(number->mib, number->length, number->is_narrow ? (void *)&narrow : &wide,
                       &bytes, NULL, 0);
    return (int64_t)(number->is_narrow ? narrow : wide);
}

static void *create(const struct countercheck_host *host) {
    bool found = true;
    (void)host;
    for (size_t i = 0; i < WHOLE; i++) {
        found = found && find(&whole[i], whole_names[i]);
    }
    for (size_t i = 0; i < OF_BIN; i++) {
        found = found && find(&of_bin[i], bin_names[i]);
    }
    for (size_t bin = 0; found && bin < BINS; bin++) {
        of_bin[0].mib[2] = bin;
        bin_bytes[bin] = get(&of_bin[0]);
    }
    return found ? whole : NULL;
}
static void *allocate(void *self, size_t size) {
    (void)self;
    return mallocx(size == 0 ? 1 : size, 0);
}
static void *allocate_zeroed(void *self, size_t size) {
    (void)self;
    return mallocx(size == 0 ? 1 : size, MALLOCX_ZERO);
}
static void *allocate_aligned(void *self, size_t alignment, size_t size) {
    (void)self;
    return mallocx(size == 0 ? 1 : size, MALLOCX_ALIGN(alignment));
}
static void *reallocate(void *self, void *object, size_t size) {
    (void)self;
    return rallocx(object, size, 0);
}
static bool expand(void *self, void *object, size_t size) {
    (void)self;
    return sallocx(object, 0) < size && xallocx(object, size, 0, 0) >= size;
}
static void release(void *self, void *object) {
    (void)self;
    dallocx(object, 0);
}
static size_t usable(void *self, void *object) {
    (void)self;
    return sallocx(object, 0);
}
static uint32_t class_of(void *self, void *object) {
    size_t bytes = usable(self, object);
    uint32_t bin = 0;
    while (bin < BINS && (size_t)bin_bytes[bin] != bytes) {
        bin++;
    }
    return bin == BINS ? UINT32_MAX : bin;
}
static void flush(void *self) {
    (void)self;
    (void)mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
}
static void purge(void *self) {
    (void)self;
    (void)mallctl("arena.4096.purge", NULL, NULL, NULL, 0);
}

#define ROW(name, kind, flags, count, unit)                                                        \
    { name, COUNTERCHECK_##kind, flags, 0, count, NULL, unit }
static const struct countercheck_statistic statistics[] = {
    ROW("allocated", GAUGE, 0, 0, "B"),
    ROW("active", GAUGE, 0, 0, "B"),
    ROW("mapped", GAUGE, 0, 0, "B"),
    ROW("metadata", GAUGE, 0, 0, "B"),
    ROW("arenas.pactive", GAUGE, 0, 0, ""),
    ROW("arenas.mapped", GAUGE, 0, 0, "B"),
    ROW("arenas.base", GAUGE, 0, 0, "B"),
    ROW("arenas.internal", GAUGE, 0, 0, "B"),
    ROW("small.allocated", GAUGE, 0, 0, "B"),
    ROW("bin.size", CONSTANT, 0, BINS, "B"),
    ROW("bin.curregs", GAUGE, 0, BINS, ""),
    ROW("bin.nmalloc", CUMULATIVE, 0, BINS, ""),
    ROW("bin.ndalloc", CUMULATIVE, 0, BINS, ""),
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static bool read_statistics(void *self, int64_t *values) {
    uint64_t epoch = 1;
    (void)self;
    if (mallctl("epoch", NULL, NULL, &epoch, sizeof epoch) != 0) {
        return false;
    }
    for (size_t i = 0; i < WHOLE; i++) {
        *values++ = get(&whole[i]);
    }
    *values++ = get(&of_bin[OF_BIN - 1]);
    for (size_t i = 0; i + 1 < OF_BIN; i++) {
        for (size_t bin = 0; bin < BINS; bin++) {
            of_bin[i].mib[i == 0 ? 2 : 4] = bin;
            *values++ = get(&of_bin[i]);
        }
    }
    return true;
}

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities =
        COUNTERCHECK_GLOBAL | COUNTERCHECK_FORK | COUNTERCHECK_THREADS | COUNTERCHECK_MAY_FAIL,
    .name = "jemalloc",
    .version = "5.3.0",
    .alignment = 8, // 16 from 16 bytes on
    .alignment_max = 1 << 16,
    .create = create,
    .allocate = allocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .reallocate = reallocate,
    .expand = expand,
    .release = release,
    .usable = usable,
    .class_of = class_of,
    .flush = flush,
    .purge = purge,
    .statistics = statistics,
    .read = read_statistics,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
