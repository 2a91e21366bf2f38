// template_subject: template under the harness: its calls, its statistics.
//
// As it stands this is malloc with a count before each object, so that it runs at once. Put your
// own calls in their place. The contract of each function is in subject/subject.h. Your allocator's
// own .c files: into this folder, or behind it in the command that compiles.
#include "subject/subject.h"

#include <stdlib.h>

struct heap { // yours: what template_create() returns
    size_t in_use_bytes, peak_bytes;
    uint64_t alloc_count, free_count;
};

union head { // of the stand-in: in front of each object
    size_t size_bytes;
    max_align_t for_alignment;
};

// A new heap. host->arena is memory at the same address in every run, of arena_bytes of the table;
// host->map gives more, counts it, and fails where a program says so. NULL: no heap.
static void *create(const struct countercheck_host *host) {
    (void)host;
    return calloc(1, sizeof(struct heap));
}

static void destroy(void *self) {
    free(self);
}

// NULL: no memory, and no number has moved.
static void *allocate(void *self, size_t size_bytes) {
    struct heap *heap = self;
    union head *head = malloc(sizeof *head + size_bytes);
    if (head == NULL) {
        return NULL;
    }
    head->size_bytes = size_bytes;
    heap->in_use_bytes += size_bytes;
    if (heap->in_use_bytes > heap->peak_bytes) {
        heap->peak_bytes = heap->in_use_bytes;
    }
    heap->alloc_count++;
    return head + 1;
}

static void release(void *self, void *object) {
    struct heap *heap = self;
    union head *head = (union head *)object - 1;
    heap->in_use_bytes -= head->size_bytes;
    heap->free_count++;
    free(head);
}

// What your statistics charge for the object: its header, a canary behind it, the whole of its size
// class, whatever they count. What the caller may write of that is `usable`: without canary and
// header. A heap that writes a canary behind the size asked for has a `usable` that is that size.
static size_t footprint(void *self, void *object) {
    (void)self;
    return ((const union head *)object)[-1].size_bytes;
}

// Name, kind, flags, width in bits (0: 64), length of a row (0: one value), of which gauge, unit.
static const struct countercheck_statistic statistics[] = {
    {"in_use", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"peak", COUNTERCHECK_PEAK, 0, 0, 0, "in_use", "B"},
    {"allocs", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, ""},
    {"frees", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};

// Their values, in that order. Takes no memory of the heap, and changes nothing.
static bool read_statistics(void *self, int64_t *values) {
    const struct heap *heap = self;
    values[0] = (int64_t)heap->in_use_bytes;
    values[1] = (int64_t)heap->peak_bytes;
    values[2] = (int64_t)heap->alloc_count;
    values[3] = (int64_t)heap->free_count;
    return true;
}

// Also there: allocate_zeroed, allocate_aligned, reallocate, expand, release_sized, reset, usable,
// class_of, walk, verify, reset_peaks; for threads lane_begin, lane_end, flush; for collectors
// drop, collect.
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_MAY_FAIL | COUNTERCHECK_RANDOM, // without RANDOM: in an arena
    .name = "template",
    .version = NULL, // yours, "1.2": reports show it, and `when version >= 1.2` asks for it
    .alignment = sizeof(max_align_t) < 16 ? 8 : 16,
    .create = create,
    .destroy = destroy,
    .allocate = allocate,
    .release = release,
    .footprint = footprint,
    .statistics = statistics,
    .read = read_statistics,
};

const struct countercheck_subject *COUNTERCHECK_SUBJECT_TABLE(void) {
    return &table;
}
