// world: a heap and a program with something for every record of a dump, the dump of it, and the
// round trip's verdict.
//
// Included by one test each.
#ifndef TESTS_ORACLE_WORLD_H
#define TESTS_ORACLE_WORLD_H

#include "dump/writer.h"
#include "oracle/go/roundtrip/roundtrip.h"
#include "tests/oracle/driver.h"
#include "tests/oracle/driver_program.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/test.h"

struct fixture {
    struct driver driver;
    uint8_t *bytes;
    size_t size_bytes, capacity;
};

// ---- the world that is dumped

static const uint8_t sparse_mask = 0x05;
static const uint8_t full_mask = 0xff;
static const struct gc_layout sparse = {
    .size_bytes = 32, .pointer_bytes = 24, .pointer_mask = &sparse_mask};
static const struct gc_layout dense = {
    .size_bytes = 64, .pointer_bytes = 64, .pointer_mask = &full_mask};

static void make_objects(struct driver *driver) {
    assert_true(driver_alloc(driver, 1, 100));
    assert_true(driver_alloc(driver, 2, 100));
    assert_true(driver_alloc_with(driver, 3,
                                  (struct model_request){.size_bytes = 96, .layout = &sparse}, 0));
    assert_true(driver_alloc_with(driver, 4,
                                  (struct model_request){.size_bytes = 70, .layout = &sparse}, 0));
    assert_true(driver_alloc_with(
        driver, 5, (struct model_request){.size_bytes = 5, .flags = HEAP_ALLOC_TINY}, 0));
    assert_true(driver_alloc(driver, 6, 100));
    assert_true(driver_alloc(driver, 7, 48));
    assert_true(driver_alloc(driver, 8, 48));
    assert_true(driver_free(driver, 6, 0));
    driver_acquire(driver, 1);
    assert_true(driver_free(driver, 8, 1)); // remotely
    assert_true(driver_write(driver, 3, 0, model_handle(driver->model, 1)->address));
}

// Finalizers set, queued and running; some objects die by it.
static void make_finalizers(struct driver *driver) {
    for (uint32_t handle = 20; handle < 24; handle++) {
        assert_true(driver_alloc(driver, handle, 64));
        assert_true(driver_set_finalizer(driver, handle));
    }
    const uint32_t kept[] = {1, 2, 3, 4, 5, 7, 23};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        assert_true(driver_write_data(driver, i, model_handle(driver->model, kept[i])->address));
    }
    assert_true(driver_collect(driver, true));
    struct finalizer running;
    assert_true(runtime_start_finalizer(driver->runtime, &running));
    assert_true(model_finalizer_started(driver->model, &running));
}

static const struct type node_type = {
    .layout = {.size_bytes = 8}, .package_path = "example.com/list", .name = "Node"};
static const struct type number_type = {
    .layout = {.size_bytes = 8}, .direct_interface = true, .package_path = "", .name = "int"};
static const struct func main_func = {.entry = 0x401000,
                                      .end = 0x402000,
                                      .name = "main.f",
                                      .file = "main.go",
                                      .first_line = 7,
                                      .bytes_per_line = 16};

static void make_tables(struct driver *driver, const struct type *node) {
    const struct type *number = driver_define_type(driver, &number_type);
    (void)driver_define_itab(driver, node, false);
    (void)driver_define_itab(driver, number, true);
    (void)driver_define_itab(driver, node, false);
    (void)driver_add_root(driver, 1, "table", 0x1234);
    (void)driver_start_osthread(driver, 77);
    assert_true(driver_define_func(driver, &main_func));
}

static void make_frames(struct driver *driver, struct goroutine *g, uint64_t id) {
    struct frame_description description = {.entry = 0x401000,
                                            .pc = 0x401030,
                                            .continuation_pc = 0x401030,
                                            .size_bytes = 40,
                                            .argument_bytes = 16,
                                            .arguments_map = FRAME_MAP_BITS,
                                            .argument_bits = &sparse_mask,
                                            .locals_map = FRAME_MAP_NONE};
    assert_true(driver_push_frame(driver, g, id, &description));
    description.locals_map = FRAME_MAP_BITS;
    description.local_words = 3;
    description.local_bits = &full_mask;
    assert_true(driver_push_frame(driver, g, id, &description));
    description.locals_map = FRAME_MAP_SIZE;
    description.arguments_map = FRAME_MAP_NONE;
    description.entry = 0x500000;
    assert_true(driver_push_frame(driver, g, id, &description));
}

static void make_program(struct driver *driver) {
    const struct type *node = driver_define_type(driver, &node_type);
    make_tables(driver, node);
    struct goroutine *dead = driver_start_goroutine(driver, 1, 0x401010, false);
    struct goroutine *g = driver_start_goroutine(driver, 2, 0x401020, true);
    driver_exit_goroutine(driver, dead, 1);
    driver_set_status(driver, g, 2, GOROUTINE_WAITING, "select");
    make_frames(driver, g, 2);
    (void)driver_push_defer(driver, g, 2, 0x600000, 0x401040);
    (void)driver_push_defer(driver, g, 2, 0, 0);
    (void)driver_push_panic(driver, g, 2, node, 0x700000);
}

static void make_profile(struct driver *driver) {
    const uintptr_t stack[] = {0x401050, 0x401050, 0x999};
    heap_set_profile_rate(driver->heap, 1);
    (void)model_profile_rate_set(driver->model, 1);
    heap_set_call_stack(driver->caches[0], stack, 3);
    (void)model_call_stack_set(driver->model, heap_cache_id(driver->caches[0]), stack, 3);
    assert_true(driver_alloc(driver, 30, 24));
    assert_true(driver_alloc(driver, 31, 24));
    heap_set_profile_rate(driver->heap, 0);
    (void)model_profile_rate_set(driver->model, 0);
}

// ---- dumping and checking

static int64_t take(void *context, const void *bytes, size_t size_bytes) {
    struct fixture *fixture = context;
    if (fixture->size_bytes + size_bytes > fixture->capacity) {
        fixture->capacity = 2 * (fixture->size_bytes + size_bytes);
        fixture->bytes = realloc(fixture->bytes, fixture->capacity);
    }
    memcpy(fixture->bytes + fixture->size_bytes, bytes, size_bytes);
    fixture->size_bytes += size_bytes;
    return (int64_t)size_bytes;
}

static inline void dump(struct fixture *fixture) {
    struct driver *driver = &fixture->driver;
    struct dump_sink sink = {.write = take, .context = fixture};
    fixture->size_bytes = 0;
    assert_int_equal(dump_write(driver->runtime, driver->caches[0], &sink).error, 0);
    heap_read_memstats(driver->heap, &driver->stats);
}

static inline bool check_bytes(struct fixture *fixture, const uint8_t *bytes, size_t size_bytes) {
    struct roundtrip_dump dumped = {
        .bytes = bytes,
        .size_bytes = size_bytes,
        .runtime = fixture->driver.runtime,
        .fast = &fixture->driver.stats,
        .has_model = true,
        .has_graph = true,
    };
    return roundtrip_check(fixture->driver.oracle, &dumped);
}

static inline bool check(struct fixture *fixture) {
    bool clean = check_bytes(fixture, fixture->bytes, fixture->size_bytes);
    const struct finding *finding = oracle_finding(fixture->driver.oracle);
    if (finding != NULL) {
        finding_print(finding, stderr);
    }
    return clean && finding == NULL;
}

static inline int setup(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    driver_create(&fixture->driver);
    *state = fixture;
    return 0;
}

static inline int setup_world(void **state) {
    (void)setup(state);
    struct fixture *fixture = *state;
    make_objects(&fixture->driver);
    make_finalizers(&fixture->driver);
    make_program(&fixture->driver);
    make_profile(&fixture->driver);
    dump(fixture);
    return 0;
}

static inline int teardown(void **state) {
    struct fixture *fixture = *state;
    driver_destroy(&fixture->driver);
    free(fixture->bytes);
    free(fixture);
    return 0;
}

#endif
