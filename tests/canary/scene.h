// scene: a heap with some of everything, clean, for a canary to lie about.
#ifndef TESTS_CANARY_SCENE_H
#define TESTS_CANARY_SCENE_H

#include "tests/oracle/driver.h"

enum scene_handle {
    SMALL = 1,  // 48 bytes, alone in cache 0's span of the class
    TAIL,       // 100 bytes in 112
    NODE,       // pointerful, points to OTHER_NODE; reachable from the data segment
    OTHER_NODE, // reachable from NODE alone
    LARGE,
    LOST,    // pointerful, reachable from nothing
    FLUSHED, // in a span that stands in a list
    FINALIZED,
};

static const uint8_t node_mask[] = {0x05};
static const struct gc_layout node = {
    .size_bytes = 24, .pointer_bytes = 24, .pointer_mask = node_mask};

static struct driver driver;

static uintptr_t address_of(uint32_t handle) {
    return model_handle(driver.model, handle)->address;
}

static void alloc_node(uint32_t handle) {
    (void)driver_alloc_with(&driver, handle,
                            (struct model_request){.size_bytes = 24, .layout = &node}, 0);
}

static void make_scene(void) {
    driver_create(&driver);
    heap_set_profile_rate(driver.heap, 1);
    (void)model_profile_rate_set(driver.model, 1);
    driver_acquire(&driver, 1);
    (void)driver_alloc_with(&driver, FLUSHED, (struct model_request){.size_bytes = 640}, 1);
    heap_flush_cache(driver.heap, driver.caches[1]);
    (void)model_cache_flushed(driver.model, heap_cache_id(driver.caches[1]));
    (void)driver_alloc(&driver, SMALL, 48);
    (void)driver_alloc(&driver, TAIL, 100);
    (void)driver_alloc(&driver, LARGE, 50000);
    (void)driver_alloc(&driver, FINALIZED, 200);
    alloc_node(NODE);
    alloc_node(OTHER_NODE);
    alloc_node(LOST);
    (void)driver_write(&driver, NODE, 0, address_of(OTHER_NODE));
    (void)driver_write_data(&driver, 0, address_of(NODE));
    (void)driver_set_finalizer(&driver, FINALIZED);
    (void)driver_write_data(&driver, 1, address_of(FINALIZED));
    (void)heap_scavenge(driver.heap, 100000);
}

static bool check_fully(void) {
    return driver_check(&driver, ORACLE_PARANOID);
}

#endif
