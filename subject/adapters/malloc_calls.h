// malloc_calls: the C library's names, for adapters of what stands behind them.
#ifndef SUBJECT_ADAPTERS_MALLOC_CALLS_H
#define SUBJECT_ADAPTERS_MALLOC_CALLS_H

#include <malloc.h>
#include <stdlib.h>

static void *allocate(void *self, size_t size) {
    (void)self;
    return malloc(size);
}
static void *allocate_zeroed(void *self, size_t size) {
    (void)self;
    return calloc(1, size);
}
static void *allocate_aligned(void *self, size_t alignment, size_t size) {
    (void)self;
    return memalign(alignment, size);
}
static void *reallocate(void *self, void *object, size_t size) {
    (void)self;
    return realloc(object, size);
}
static void release(void *self, void *object) {
    (void)self;
    free(object);
}
static size_t usable(void *self, void *object) {
    (void)self;
    return malloc_usable_size(object);
}

#endif
