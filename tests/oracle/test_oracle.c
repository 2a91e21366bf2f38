// test_oracle: what a sound heap does is clean for every account, at every level.
//
// holds: allocator/whole/inspect_pages.c allocator/whole/inspect_spans.c oracle/go/state/sampler.c
#include "tests/oracle/driver.h"

#include <stdio.h>

#include "tests/test.h"

static const uint8_t node_mask[] = {0x05};
static const struct gc_layout node = {
    .size_bytes = 24, .pointer_bytes = 24, .pointer_mask = node_mask};

static void assert_clean(struct driver *driver, bool clean) {
    const struct finding *finding = oracle_finding(driver->oracle);
    if (finding != NULL) {
        finding_print(finding, stderr);
    }
    assert_true(clean);
    assert_null(finding);
}

static uint64_t next_random(uint64_t *random_state) {
    *random_state = *random_state * 6364136223846793005u + 1442695040888963407u;
    return *random_state >> 33;
}

#define HANDLES 64

static size_t random_size(uint64_t *random_state) {
    static const size_t sizes[] = {1,    7,     8,     9,     15,    16,    17,   24,
                                   48,   100,   256,   512,   777,   1024,  1025, 4096,
                                   8192, 10000, 32768, 32769, 50000, 300000};
    return sizes[next_random(random_state) % (sizeof sizes / sizeof sizes[0])];
}

static uintptr_t address_of(const struct driver *driver, uint64_t handle) {
    const struct model_handle *shown = model_handle(driver->model, (uint32_t)(handle % HANDLES));
    return shown == NULL ? 0 : shown->address + handle % shown->size_bytes; // interior, too
}

static unsigned random_cache(const struct driver *driver, uint64_t *random_state) {
    unsigned slot = (unsigned)(next_random(random_state) % DRIVER_CACHES);
    return driver->caches[slot] == NULL ? 0 : slot;
}

static bool random_alloc(struct driver *driver, uint64_t *random_state, uint32_t handle) {
    struct model_request request = {.size_bytes = random_size(random_state)};
    request.layout = next_random(random_state) % 3 == 0 ? &node : NULL;
    if (request.layout != NULL) {
        request.size_bytes = 24 * (1 + next_random(random_state) % 200);
    }
    request.flags = (unsigned)(next_random(random_state) % 4);
    if (next_random(random_state) % 8 == 0) {
        request.align_bytes = (size_t)1 << next_random(random_state) % 16;
    }
    return driver_alloc_with(driver, handle, request, random_cache(driver, random_state));
}

static bool random_cache_event(struct driver *driver, uint64_t *random_state) {
    unsigned slot = (unsigned)(next_random(random_state) % DRIVER_CACHES);
    if (driver->caches[slot] == NULL) {
        driver_acquire(driver, slot);
    } else if (slot != 0 && next_random(random_state) % 2 == 0) {
        driver_release(driver, slot);
    } else {
        heap_flush_cache(driver->heap, driver->caches[slot]);
        return model_cache_flushed(driver->model, heap_cache_id(driver->caches[slot]));
    }
    return true;
}

static bool random_operation(struct driver *driver, uint64_t *random_state) {
    uint32_t handle = (uint32_t)(next_random(random_state) % HANDLES);
    uint64_t other = next_random(random_state);
    driver_next(driver);
    switch (next_random(random_state) % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        return random_alloc(driver, random_state, handle);
    case 4:
    case 5:
        return driver_free(driver, handle, random_cache(driver, random_state));
    case 6:
        return model_handle(driver->model, handle) == NULL ||
               driver_realloc(driver, handle,
                              model_handle(driver->model, handle)->layout != NULL
                                  ? 24 * (1 + other % 100)
                                  : random_size(random_state),
                              (unsigned)(other % 4), random_cache(driver, random_state));
    case 7:
    case 8:
        return driver_write(driver, handle, other, address_of(driver, other));
    case 9:
    case 10:
        return driver_write_data(driver, other, address_of(driver, other / 7));
    case 11:
        return driver_gc_start(driver);
    case 12:
        (void)runtime_gc_mark_step(driver->runtime, 3);
        return other % 3 != 0 || driver_gc_finish(driver);
    case 13:
        return other % 4 != 0 || driver_collect(driver, other % 8 == 0);
    case 14:
        if (other % 3 == 0) {
            (void)heap_sweep_one(driver->heap, driver->caches[0]);
            return true;
        }
        return other % 3 == 1 ? driver_set_finalizer(driver, handle) : driver_run_finalizer(driver);
    default:
        if (other % 4 == 0) {
            (void)heap_scavenge(driver->heap, other % 1000000);
            return true;
        }
        return random_cache_event(driver, random_state);
    }
}

TEST(random_programs_are_clean) {
    struct driver driver;
    driver_create(&driver);
    uint64_t random_state = 1;
    for (int program = 0; program < 200; program++) {
        for (int i = 0; i < 300; i++) {
            bool clean = random_operation(&driver, &random_state);
            clean &= driver_check(&driver, i % 8 == 0 ? ORACLE_FULL : ORACLE_CHEAP);
            assert_clean(&driver, clean);
        }
        assert_clean(&driver, driver_check(&driver, ORACLE_PARANOID));
        driver_reset(&driver);
    }
    driver_destroy(&driver);
}

TEST(a_new_heap_is_clean) {
    struct driver driver;
    driver_create(&driver);
    assert_clean(&driver, driver_check(&driver, ORACLE_PARANOID));
    driver_destroy(&driver);
}
