// test_writer_roots: segments, finalizers, statistics and profile, byte for byte as Go's dumper
// lays them out.
//
// holds: dump/write/profile.c dump/write/roots.c
#include "allocator/memstats.h"
#include "allocator/mprof.h"
#include "tests/dump/written.h"
#include "tests/test.h"

static const uint8_t data_mask = 0x09; // words 0 and 3 of 4

static int setup(void **state) {
    (void)written_setup(
        state, &(struct runtime_options){
                   .go_version = "v", .data_words = 4, .bss_words = 2, .data_mask = &data_mask});
    written_define(*state, 0x1000, "main.leaf", "leaf.go", 10, 16);
    return 0;
}

TEST_FIXTURE(setup, written_teardown)

// Moves the cursor behind BSS: no heap object, goroutine or thread is there.
static void skip_to_finalizers(struct written *written) {
    const struct segment *bss = runtime_bss_segment(written->runtime);
    uint8_t record[64] = {13};
    size_t size_bytes = 1;
    for (uint64_t value = bss->base; value > 0; value >>= 7) {
        record[size_bytes++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    }
    record[size_bytes++] = 16;
    for (written->at = 0; memcmp(written->bytes + written->at, record, size_bytes) != 0;) {
        assert_true(++written->at + size_bytes <= written->size_bytes);
    }
    (void)demand_room(written, size_bytes);
    demand_bytes(written, (const void *)bss->base, 16);
    demand_fields(written, (const uint64_t[]){0, 8}, 2);
}

TEST(segments_hold_their_bytes_and_their_masks_fields) {
    struct written *written = *state;
    const struct segment *data = runtime_data_segment(written->runtime);
    runtime_write_pointer(written->runtime, data->base + 24, 0x123456789a);
    written_dump(written);
    uint8_t contents[32] = {0};
    contents[24] = 0x9a;
    contents[25] = 0x78;
    contents[26] = 0x56;
    contents[27] = 0x34;
    contents[28] = 0x12;
    skip_head(written);
    demand_number(written, 12);
    demand_number(written, data->base);
    demand_memory(written, contents, sizeof contents);
    demand_fields(written, (const uint64_t[]){0, 24}, 2);
    size_t at = written->at;
    skip_to_finalizers(written);
    assert_int_equal(written->at - at, 1 + 7 + 1 + 16 + 5); // BSS came right behind
}

TEST(finalizers_set_come_before_those_queued) {
    struct written *written = *state;
    struct finalizer finalizers[3];
    for (size_t i = 0; i < 3; i++) {
        void *object = heap_alloc(written->heap, written->cache, 64, NULL, HEAP_ALLOC_ZERO);
        finalizers[i] = (struct finalizer){.object = (uintptr_t)object,
                                           .function = 0x7000 + i,
                                           .entry = 0x1000 + i,
                                           .function_type = 0x8000 + i,
                                           .object_type = 0x9000 + i};
    }
    assert_int_equal(runtime_set_finalizer(written->runtime, &finalizers[0]), SPECIAL_OK);
    assert_int_equal(runtime_set_finalizer(written->runtime, &finalizers[1]), SPECIAL_OK);
    assert_true(runtime_collect(written->runtime, written->cache, true)); // both die
    finalizers[2].object =
        (uintptr_t)heap_alloc(written->heap, written->cache, 64, NULL, HEAP_ALLOC_ZERO);
    assert_int_equal(runtime_set_finalizer(written->runtime, &finalizers[2]), SPECIAL_OK);
    struct finalizer running;
    assert_true(runtime_start_finalizer(written->runtime, &running));
    written_dump(written);
    skip_to_finalizers(written);
    const size_t order[] = {2, 0, 1};
    for (size_t i = 0; i < 3; i++) {
        const struct finalizer *finalizer = &finalizers[order[i]];
        demand_number(written, i == 0 ? 7 : 11);
        demand_number(written, finalizer->object);
        demand_number(written, finalizer->function);
        demand_number(written, finalizer->entry);
        demand_number(written, finalizer->function_type);
        demand_number(written, finalizer->object_type);
    }
    demand_number(written, 10);
    runtime_finish_finalizer(written->runtime);
}

TEST(the_statistics_are_those_that_the_heap_gives) {
    struct written *written = *state;
    for (size_t i = 0; i < 3; i++) {
        (void)heap_alloc(written->heap, written->cache, 4096, NULL, HEAP_ALLOC_ZERO);
        assert_true(runtime_collect(written->runtime, written->cache, true));
    }
    written_dump(written);
    struct memstats stats;
    heap_read_memstats(written->heap, &stats);
    assert_int_equal(stats.NumGC, 3);
    skip_to_finalizers(written);
    demand_number(written, 10);
#define MEMSTATS_FIELD(name, unit, meaning, truths) demand_number(written, stats.name);
#include "allocator/memstats_fields.def"
    for (size_t i = 0; i < MEMSTATS_PAUSE_COUNT; i++) {
        demand_number(written, stats.PauseNs[i]);
    }
    demand_number(written, 3);
    demand_number(written, 0);
    assert_int_equal(written->at, written->size_bytes);
}

static void skip_memstats(struct written *written) {
    skip_to_finalizers(written);
    demand_number(written, 10);
    for (size_t i = 0; i < 24 + 256 + 1; i++) {
        (void)take_number(written);
    }
}

// The leaf's line is its own; a caller's is that of the byte before the return address, unless that
// begins the function.
TEST(buckets_name_their_calls_leaf_first) {
    struct written *written = *state;
    heap_set_profile_rate(written->heap, 1);
    const uintptr_t stack[] = {0x1010, 0x1010, 0x1000, 0, 0xabcdef};
    heap_set_call_stack(written->cache, stack, 5);
    void *object = heap_alloc(written->heap, written->cache, 40, NULL, HEAP_ALLOC_ZERO);
    written_dump(written);
    skip_memstats(written);
    demand_number(written, 16);
    uint64_t bucket = take_number(written);
    demand_number(written, 48); // the bucket is of the slot's size
    demand_number(written, 5);
    const char *const functions[] = {"main.leaf", "main.leaf", "main.leaf", "(0x0)", "(0xabcdef)"};
    const char *const files[] = {"leaf.go", "leaf.go", "leaf.go", "?", "?"};
    const uint64_t lines[] = {11, 10, 10, 0, 0};
    for (size_t i = 0; i < 5; i++) {
        demand_text(written, functions[i]);
        demand_text(written, files[i]);
        demand_number(written, lines[i]);
    }
    demand_number(written, 0); // no cycle is complete
    demand_number(written, 0);
    demand_number(written, 17);
    demand_number(written, (uintptr_t)object);
    demand_number(written, bucket);
    demand_number(written, 0);
    assert_int_equal(written->at, written->size_bytes);
}
