// driver: a heap, its program and the oracle as one, so that a test reads as operations.
//
// Every function makes the call and tells the model, as the executor does.
#ifndef TESTS_ORACLE_DRIVER_H
#define TESTS_ORACLE_DRIVER_H

#include "allocator/collect.h"
#include "allocator/memstats.h"
#include "allocator/mprof.h"
#include "oracle/go/oracle.h"
#include "runtime/runtime.h"

#include <string.h>

#define DRIVER_CACHES     4
#define DRIVER_DATA_WORDS 32
#define DRIVER_BSS_WORDS  8

struct driver {
    struct heap *heap;
    struct runtime *runtime;
    struct oracle *oracle;
    struct model *model;
    struct observer *observer;
    struct mcache *caches[DRIVER_CACHES];
    struct memstats stats;
    uint64_t clock_ns;
    bool clock_stands;
    size_t bss_words;
    uint64_t operation;
};

static uint64_t driver_clock(void *context) {
    struct driver *driver = context;
    driver->clock_ns += driver->clock_stands ? 0 : 1000;
    model_clock(driver->model, driver->clock_ns);
    return driver->clock_ns;
}

static inline void driver_acquire(struct driver *driver, unsigned slot) {
    driver->caches[slot] = heap_acquire_cache(driver->heap);
    if (driver->caches[slot] != NULL) {
        (void)model_cache_acquired(driver->model, heap_cache_id(driver->caches[slot]));
    }
}

static inline void driver_release(struct driver *driver, unsigned slot) {
    uint32_t id = heap_cache_id(driver->caches[slot]);
    heap_release_cache(driver->heap, driver->caches[slot]);
    driver->caches[slot] = NULL;
    (void)model_cache_released(driver->model, id);
}

static inline void driver_begin(struct driver *driver) {
    oracle_reset(driver->oracle, driver->heap);
    driver->clock_ns = 0;
    driver->operation = 0;
    const struct runtime_options options = {
        .data_words = DRIVER_DATA_WORDS,
        .bss_words = driver->bss_words,
        .clock_ns = driver_clock,
        .clock_context = driver,
    };
    driver->runtime = runtime_create(driver->heap, &options);
    observer_watch(driver->observer, driver->runtime);
    (void)model_segment_defined(driver->model, MODEL_SEGMENT_DATA,
                                runtime_data_segment(driver->runtime)->base, DRIVER_DATA_WORDS,
                                NULL);
    (void)model_segment_defined(driver->model, MODEL_SEGMENT_BSS,
                                runtime_bss_segment(driver->runtime)->base, driver->bss_words,
                                NULL);
    memset(driver->caches, 0, sizeof driver->caches);
    driver_acquire(driver, 0);
}

static inline void driver_create_with(struct driver *driver, size_t bss_words) {
    memset(driver, 0, sizeof *driver);
    driver->bss_words = bss_words;
    driver->oracle = oracle_create();
    driver->model = oracle_model(driver->oracle);
    driver->observer = oracle_observer(driver->oracle);
    driver->heap = heap_create(NULL);
    driver_begin(driver);
}

static inline void driver_create(struct driver *driver) {
    driver_create_with(driver, DRIVER_BSS_WORDS);
}

static inline void driver_reset(struct driver *driver) {
    runtime_destroy(driver->runtime);
    (void)heap_reset(driver->heap);
    driver_begin(driver);
}

static inline void driver_destroy(struct driver *driver) {
    runtime_destroy(driver->runtime);
    heap_destroy(driver->heap);
    oracle_destroy(driver->oracle);
}

static inline void driver_next(struct driver *driver) {
    oracle_begin(driver->oracle, driver->operation++, ORACLE_MOVES_ALL);
}

static inline void driver_check_bucket(void *context, const struct mprof_bucket_record *bucket) {
    (void)oracle_check_bucket(context, bucket);
}

static inline bool driver_check(struct driver *driver, enum oracle_level level) {
    heap_read_memstats(driver->heap, &driver->stats);
    (void)oracle_check(driver->oracle, level, driver->heap, &driver->stats);
    heap_visit_buckets(driver->heap, driver_check_bucket, driver->oracle);
    return oracle_finding(driver->oracle) == NULL;
}

static inline bool driver_alloc_with(struct driver *driver, uint32_t handle,
                                     struct model_request request, unsigned slot) {
    struct mcache *cache = driver->caches[slot];
    request.cache_id = heap_cache_id(cache);
    driver_next(driver);
    void *object =
        request.align_bytes == 0
            ? heap_alloc(driver->heap, cache, request.size_bytes, request.layout, request.flags)
            : heap_alloc_aligned(driver->heap, cache, request.size_bytes, request.align_bytes,
                                 request.layout, request.flags);
    size_t usable = request.align_bytes > 0 ? heap_usable_bytes(driver->heap, object) : 0;
    observe_sweeps(driver->observer, (uintptr_t)object);
    return model_allocated(driver->model, handle, &request, (uintptr_t)object, usable) &&
           observe_sample(driver->observer);
}

static inline bool driver_alloc(struct driver *driver, uint32_t handle, size_t size_bytes) {
    return driver_alloc_with(driver, handle, (struct model_request){.size_bytes = size_bytes}, 0);
}

static inline bool driver_free(struct driver *driver, uint32_t handle, unsigned slot) {
    const struct model_handle *shown = model_handle(driver->model, handle);
    driver_next(driver);
    if (shown == NULL || shown->tiny || !model_will_free(driver->model, handle)) {
        return shown == NULL || shown->tiny;
    }
    enum heap_free_status status =
        heap_free(driver->heap, driver->caches[slot], (void *)shown->address);
    observe_sweeps(driver->observer, 0);
    return model_freed(driver->model, handle, heap_cache_id(driver->caches[slot]), status);
}

static inline bool driver_realloc(struct driver *driver, uint32_t handle, size_t size_bytes,
                                  unsigned flags, unsigned slot) {
    const struct model_handle *shown = model_handle(driver->model, handle);
    driver_next(driver);
    if (shown == NULL || !model_will_realloc(driver->model, handle)) {
        return shown == NULL;
    }
    struct model_request request = {.cache_id = heap_cache_id(driver->caches[slot]),
                                    .size_bytes = size_bytes,
                                    .layout = shown->layout,
                                    .flags = flags};
    void *object = runtime_realloc(driver->runtime, driver->caches[slot], (void *)shown->address,
                                   size_bytes, shown->layout, flags);
    observe_sweeps(driver->observer, (uintptr_t)object);
    return model_realloced(driver->model, handle, &request, (uintptr_t)object) &&
           observe_sample(driver->observer);
}

// Stores the address of `target`'s object, 0 when it has none, in the handle's word-th pointer
// word.
static inline bool driver_write(struct driver *driver, uint32_t handle, size_t word,
                                uintptr_t value) {
    size_t count = model_pointer_word_count(driver->model, handle);
    driver_next(driver);
    if (count == 0) {
        return true;
    }
    size_t index = model_pointer_word(driver->model, handle, word % count);
    runtime_write_pointer(driver->runtime, model_handle(driver->model, handle)->address + index * 8,
                          value);
    return model_wrote_pointer(driver->model, handle, index, value);
}

static inline bool driver_write_data(struct driver *driver, size_t word, uintptr_t value) {
    driver_next(driver);
    word %= DRIVER_DATA_WORDS;
    runtime_write_pointer(driver->runtime, runtime_data_segment(driver->runtime)->base + word * 8,
                          value);
    return model_segment_wrote(driver->model, MODEL_SEGMENT_DATA, word, value);
}

static inline bool driver_gc_start(struct driver *driver) {
    driver_next(driver);
    (void)model_gc_will_start(driver->model);
    return !runtime_gc_start(driver->runtime, driver->caches[0], false) ||
           observe_gc_started(driver->observer, false);
}

static inline bool driver_gc_finish(struct driver *driver) {
    driver_next(driver);
    (void)model_gc_will_finish(driver->model);
    return !runtime_gc_finish(driver->runtime, driver->caches[0]) ||
           observe_gc_finished(driver->observer);
}

static inline bool driver_collect(struct driver *driver, bool sweep) {
    driver_next(driver);
    (void)model_gc_will_start(driver->model);
    (void)model_gc_will_finish(driver->model);
    return !runtime_collect(driver->runtime, driver->caches[0], sweep) ||
           (observe_gc_started(driver->observer, true) && observe_gc_finished(driver->observer) &&
            (!sweep || observe_sweep_finished(driver->observer)));
}

static inline bool driver_set_finalizer(struct driver *driver, uint32_t handle) {
    const struct model_handle *shown = model_handle(driver->model, handle);
    driver_next(driver);
    if (shown == NULL) {
        return true;
    }
    struct finalizer finalizer = {.object = shown->address,
                                  .function = 0x400000,
                                  .entry = 0x400010,
                                  .function_type = 1,
                                  .object_type = 2};
    enum special_status status = runtime_set_finalizer(driver->runtime, &finalizer);
    observe_sweeps(driver->observer, 0);
    observe_places(driver->observer);
    return (status != SPECIAL_OK && status != SPECIAL_EXISTS) ||
           model_finalizer_added(driver->model, handle, &finalizer, status == SPECIAL_EXISTS);
}

static inline bool driver_run_finalizer(struct driver *driver) {
    struct finalizer running;
    driver_next(driver);
    bool started = runtime_start_finalizer(driver->runtime, &running);
    observe_sweeps(driver->observer, 0);
    if (!started) {
        return model_finalizer_not_started(driver->model);
    }
    bool clean = model_finalizer_started(driver->model, &running);
    runtime_finish_finalizer(driver->runtime);
    return model_finalizer_finished(driver->model) && clean;
}

#endif
