// scudo: the hardened allocator of LLVM's runtime, by mallinfo.
// needs: libclang-rt-14-dev malloc.h
// link: -Wl,--no-as-needed -Wl,-Bsymbolic clang:libclang_rt.scudo_standalone-x86_64.a
#include "subject/adapters/malloc_calls.h"
#include "subject/subject.h"

#define CACHE_COUNT_MAX (-200) // scudo's M_CACHE_COUNT_MAX: how many large blocks wait for reuse

// What comes out of the cache of large blocks is charged with less than is taken off at its end
// (FINDINGS.md): there is none here.
static void *create(const struct countercheck_host *host) {
    static int made;
    (void)host;
    return mallopt(CACHE_COUNT_MAX, 0) == 1 ? &made : NULL;
}

// Class 0: what is larger than the largest block of a class, and so has pages of its own.
static uint32_t class_of(void *self, void *object) {
    (void)self;
    return malloc_usable_size(object) > 128 * 1024 - 16 ? 0 : UINT32_MAX;
}

static const struct countercheck_statistic statistics[] = {
    {"uordblks", COUNTERCHECK_GAUGE, 0, 32, 0, NULL, "B"},
    {"hblkhd", COUNTERCHECK_GAUGE, 0, 32, 0, NULL, "B"},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static bool read_statistics(void *self, int64_t *values) {
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // scudo of LLVM 14 has no mallinfo2
    struct mallinfo info = mallinfo();
    (void)self;
    values[0] = info.uordblks;
    values[1] = info.hblkhd;
    return true;
}

// One allocation in thousands goes to GWP-ASan instead, where it counts as a page that is allocated
// and not as one that is mapped.
static const char *const environment[] = {"SCUDO_OPTIONS=GWP_ASAN_Enabled=0", NULL};

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    // No fork: a thread's counts lie in its own memory, which a new thread of the child takes.
    .capabilities = COUNTERCHECK_GLOBAL | COUNTERCHECK_THREADS | COUNTERCHECK_MAY_FAIL,
    .name = "scudo",
    .version = "14.0.6",
    .alignment = 16,
    .size_max = 400000,
    .alignment_max = 4096,
    .environment = environment,
    .create = create,
    .allocate = allocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .reallocate = reallocate,
    .release = release,
    .usable = usable,
    .class_of = class_of,
    .statistics = statistics,
    .read = read_statistics,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}
