// test_writer: Params, types, itabs, other roots and objects, byte for byte as Go's dumper lays
// them out.
//
// holds: dump/write/objects.c dump/write/params.c dump/write/records.c
#include "allocator/collect.h"
#include "allocator/memstats.h"
#include "tests/dump/written.h"
#include "tests/test.h"

#include <errno.h>

static int setup(void **state) {
    return written_setup(state,
                         &(struct runtime_options){.go_version = "go1.22.1", .cpu_count = 3});
}

TEST_FIXTURE(setup, written_teardown)

// An arena must be there for demand_head.
static void *alloc_bytes(struct written *written, size_t size_bytes) {
    void *object = heap_alloc(written->heap, written->cache, size_bytes, NULL, HEAP_ALLOC_ZERO);
    assert_non_null(object);
    return object;
}

static void demand_object(struct written *written, const void *object, size_t element_bytes,
                          const uint64_t *offsets, size_t offset_count) {
    demand_number(written, 1);
    demand_number(written, (uintptr_t)object);
    demand_number(written, element_bytes);
    (void)demand_room(written, element_bytes);
    demand_fields(written, offsets, offset_count);
}

// ---- head

TEST(params_come_first_and_name_the_version_and_cpus) {
    struct written *written = *state;
    (void)alloc_bytes(written, 64);
    written_dump(written);
    demand_head(written, "go1.22.1", 3);
}

TEST(params_have_defaults) {
    struct written written;
    written_begin(&written, &(struct runtime_options){0});
    (void)alloc_bytes(&written, 64);
    written_dump(&written);
    demand_head(&written, "countercheck", 1);
    written_end(&written);
}

// ---- types and itabs

static const uint8_t first_word = 1;

static const struct type *define(struct written *written, const char *package, const char *name,
                                 uint32_t hash, bool direct, bool has_pointer) {
    const struct type *type =
        runtime_define_type(written->runtime, &(struct type){
                                                  .layout = {.size_bytes = 24,
                                                             .pointer_bytes = has_pointer ? 8 : 0,
                                                             .pointer_mask = &first_word},
                                                  .hash = hash,
                                                  .direct_interface = direct,
                                                  .package_path = package,
                                                  .name = name,
                                              });
    assert_non_null(type);
    return type;
}

static void demand_type(struct written *written, const struct type *type, const char *name,
                        bool indirect) {
    demand_number(written, 3);
    demand_number(written, (uintptr_t)type);
    demand_number(written, 24);
    demand_text(written, name);
    demand_number(written, indirect ? 1 : 0);
}

static void demand_itab(struct written *written, const struct itab *itab) {
    demand_number(written, 8);
    demand_number(written, (uintptr_t)itab);
    demand_number(written, (uintptr_t)itab->type);
}

TEST(a_type_stands_before_the_first_itab_that_names_it) {
    struct written *written = *state;
    (void)alloc_bytes(written, 64);
    const struct type *node = define(written, "example.com/list", "Node", 1, false, true);
    const struct type *plain = define(written, "", "map[string]int", 2, true, false);
    const struct type *pointer = define(written, "", "*int", 3, true, true);
    (void)define(written, "main", "unused", 4, false, false);
    const struct itab *itabs[] = {
        runtime_define_itab(written->runtime, node, false),
        runtime_define_itab(written->runtime, plain, false),
        runtime_define_itab(written->runtime, node, true),
        runtime_define_itab(written->runtime, pointer, false),
    };
    written_dump(written);
    demand_head(written, "go1.22.1", 3);
    demand_type(written, node, "example.com/list.Node", true);
    demand_itab(written, itabs[0]);
    demand_type(written, plain, "map[string]int", false);
    demand_itab(written, itabs[1]);
    demand_itab(written, itabs[2]); // a negative result is an itab like others
    demand_type(written, pointer, "*int", true);
    demand_itab(written, itabs[3]);
    demand_number(written, 1);
}

TEST(an_itab_without_a_type_needs_none) {
    struct written *written = *state;
    (void)alloc_bytes(written, 64);
    const struct itab *itab = runtime_define_itab(written->runtime, NULL, true);
    written_dump(written);
    demand_head(written, "go1.22.1", 3);
    demand_itab(written, itab);
    demand_number(written, 1);
}

// Five types in one row of four: the one that was used longest ago falls out.
TEST(a_type_that_fell_out_of_the_cache_is_written_again) {
    struct written *written = *state;
    (void)alloc_bytes(written, 64);
    const struct type *types[5];
    for (uint32_t i = 0; i < 5; i++) {
        types[i] = define(written, "", "t", 7 + 256 * i, false, false);
    }
    // 0 1 2 3 come in; 0 is used again; 4 pushes 1 out; 0 is still there, 1 is not
    const size_t order[] = {0, 1, 2, 3, 0, 4, 0, 1};
    const bool is_written[] = {true, true, true, true, false, true, false, true};
    const struct itab *itabs[8];
    for (size_t i = 0; i < 8; i++) {
        itabs[i] = runtime_define_itab(written->runtime, types[order[i]], false);
    }
    for (int dump = 0; dump < 2; dump++) { // the cache does not outlive a dump
        written_dump(written);
        demand_head(written, "go1.22.1", 3);
        for (size_t i = 0; i < 8; i++) {
            if (is_written[i]) {
                demand_type(written, types[order[i]], "t", true);
            }
            demand_itab(written, itabs[i]);
        }
        demand_number(written, 1);
    }
}

TEST(other_roots_stand_between_itabs_and_objects) {
    struct written *written = *state;
    void *object = alloc_bytes(written, 64);
    const struct other_root *root =
        runtime_add_other_root(written->runtime, "embedder's table", (uintptr_t)object);
    assert_non_null(root);
    written_dump(written);
    demand_head(written, "go1.22.1", 3);
    demand_number(written, 2);
    demand_text(written, "embedder's table");
    demand_number(written, (uintptr_t)object);
    demand_number(written, 1);
}

// ---- objects

TEST(objects_come_in_span_order_with_their_slots_bytes) {
    struct written *written = *state;
    uint8_t *first = alloc_bytes(written, 100);
    uint8_t *second = alloc_bytes(written, 100);
    uint8_t *third = alloc_bytes(written, 24);
    memset(first, 0x11, 100);
    memset(second, 0x22, 100);
    memset(third, 0x33, 24);
    uint8_t slot[112] = {0};
    written_dump(written);
    demand_head(written, "go1.22.1", 3);
    memset(slot, 0x11, 100);
    demand_number(written, 1);
    demand_number(written, (uintptr_t)first);
    demand_memory(written, slot, 112);
    demand_number(written, 0);
    memset(slot, 0x22, 100);
    demand_number(written, 1);
    demand_number(written, (uintptr_t)second);
    demand_memory(written, slot, 112);
    demand_number(written, 0);
    memset(slot, 0x33, 24);
    demand_number(written, 1);
    demand_number(written, (uintptr_t)third);
    demand_memory(written, slot, 24);
    demand_number(written, 0);
    demand_empty_segments(written);
}

TEST(freed_objects_are_not_in_the_dump) {
    struct written *written = *state;
    void *objects[130];
    for (size_t i = 0; i < 130; i++) {
        objects[i] = alloc_bytes(written, 48);
    }
    for (size_t i = 0; i < 130; i += 3) {
        assert_int_equal(heap_free(written->heap, written->cache, objects[i]), HEAP_FREED);
    }
    written_dump(written);
    demand_head(written, "go1.22.1", 3);
    for (size_t i = 0; i < 130; i++) {
        if (i % 3 != 0) {
            demand_object(written, objects[i], 48, NULL, 0);
        }
    }
    demand_empty_segments(written);
}

TEST(a_remotely_freed_object_is_not_in_the_dump) {
    struct written *written = *state;
    void *kept = alloc_bytes(written, 48);
    void *freed = alloc_bytes(written, 48);
    struct mcache *other = heap_acquire_cache(written->heap);
    assert_int_equal(heap_free(written->heap, other, freed), HEAP_FREE_REMOTE);
    written_dump(written);
    demand_head(written, "go1.22.1", 3);
    demand_object(written, kept, 48, NULL, 0);
    demand_empty_segments(written);
    heap_release_cache(written->heap, other);
}

// A mask with a hole and a dead word at the end, repeated over the object.
TEST(pointer_fields_follow_the_layout_past_holes) {
    struct written *written = *state;
    const uint8_t mask = 0x05; // words 0 and 2 of 4
    const struct gc_layout layout = {.size_bytes = 32, .pointer_bytes = 24, .pointer_mask = &mask};
    void *object = heap_alloc(written->heap, written->cache, 96, &layout, 0);
    written_dump(written);
    demand_head(written, "go1.22.1", 3);
    demand_object(written, object, 96, (const uint64_t[]){0, 16, 32, 48, 64, 80}, 6);
    demand_empty_segments(written);
}

// The fields that `mask`'s bytes, as many as the object has words, say.
static size_t offsets_of(const uint8_t *mask, size_t size_bytes, uint64_t *offsets) {
    size_t count = 0;
    for (size_t word = 0; word < size_bytes / 8; word++) {
        if ((mask[word / 8] >> (word % 8) & 1) != 0) {
            offsets[count++] = 8 * word;
        }
    }
    return count;
}

// Offsets below 128 are encoded four words at a time.
TEST(every_mask_of_eight_words_is_encoded_wherever_it_stands) {
    static const size_t sizes[] = {24, 48, 64, 112, 128, 144, 208, 640};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct written written;
        void *objects[256];
        uint8_t masks[256][10];
        written_begin(&written, &(struct runtime_options){.go_version = "go1.22.1"});
        for (unsigned m = 0; m < 256; m++) {
            for (unsigned byte = 0; byte < 10; byte++) {
                masks[m][byte] = (uint8_t)(m ^ byte * 0x5d);
            }
            masks[m][0] |= 1; // an object with no pointer would stand among others
            struct gc_layout layout = {
                .size_bytes = sizes[i], .pointer_bytes = sizes[i], .pointer_mask = masks[m]};
            objects[m] = heap_alloc(written.heap, written.cache, sizes[i], &layout, 0);
            assert_non_null(objects[m]);
            assert_true(m == 0 || objects[m] > objects[m - 1]);
        }
        written_dump(&written);
        demand_head(&written, "go1.22.1", 1);
        for (unsigned m = 0; m < 256; m++) {
            uint64_t offsets[80];
            size_t count = offsets_of(masks[m], sizes[i], offsets);
            demand_object(&written, objects[m], sizes[i], offsets, count);
        }
        demand_empty_segments(&written);
        written_end(&written);
    }
}

// Sizes on both sides of what is encoded in place, and of the writer's buffer.
TEST(objects_of_every_size_have_all_their_fields) {
    struct written *written = *state;
    const uint8_t mask = 0x03;
    const struct gc_layout layout = {.size_bytes = 16, .pointer_bytes = 16, .pointer_mask = &mask};
    const size_t sizes[] = {16, 8192, 9472, 32768, 65536, 3 << 20};
    void *objects[6];
    for (size_t i = 0; i < 6; i++) {
        objects[i] = heap_alloc(written->heap, written->cache, sizes[i], &layout, 0);
        assert_non_null(objects[i]);
    }
    written_dump(written);
    demand_head(written, "go1.22.1", 3);
    for (size_t i = 0; i < 6; i++) {
        demand_number(written, 1);
        demand_number(written, (uintptr_t)objects[i]);
        demand_memory(written, objects[i], sizes[i]);
        for (size_t word = 0; word < sizes[i] / 8; word++) {
            demand_number(written, 1);
            demand_number(written, word * 8);
        }
        demand_number(written, 0);
    }
    demand_empty_segments(written);
}

// Sets the cursor to the first place that looks like the object's record.
static void find_object(struct written *written, const void *object) {
    uint8_t head[1 + 10] = {1};
    size_t head_bytes = 1;
    for (uint64_t value = (uintptr_t)object; value > 0; value >>= 7) {
        head[head_bytes++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    }
    for (written->at = 0; memcmp(written->bytes + written->at, head, head_bytes) != 0;) {
        assert_true(++written->at + head_bytes <= written->size_bytes);
    }
}

// The bits of an arena lie apart from the next one's.
TEST(an_object_over_two_arenas_keeps_its_fields) {
    struct written *written = *state;
    const size_t size_bytes = HEAP_ARENA_BYTES + (1 << 20);
    uint8_t *mask = calloc(size_bytes / 64, 1);
    mask[0] = 0x01;
    mask[HEAP_ARENA_BYTES / 64 - 1] = 0x80; // last word below 64 MiB
    mask[size_bytes / 64 - 1] = 0x80;
    const struct gc_layout layout = {
        .size_bytes = size_bytes, .pointer_bytes = size_bytes, .pointer_mask = mask};
    (void)alloc_bytes(written, 8192); // so that it does not begin where an arena does
    void *object = heap_alloc(written->heap, written->cache, size_bytes, &layout, 0);
    assert_non_null(object);
    written_dump(written);
    find_object(written, object);
    demand_object(written, object, size_bytes,
                  (const uint64_t[]){0, HEAP_ARENA_BYTES - 8, size_bytes - 8}, 3);
    free(mask);
}

TEST(a_span_of_small_objects_over_two_arenas_keeps_their_fields) {
    struct written *written = *state;
    const uint8_t mask = 0x04;
    const struct gc_layout layout = {
        .size_bytes = 6144, .pointer_bytes = 24, .pointer_mask = &mask}; // spans of 3 pages
    (void)alloc_bytes(written, HEAP_ARENA_BYTES - 2 * HEAP_PAGE_BYTES);
    const uintptr_t arena_end = heap_base(written->heap) + HEAP_ARENA_BYTES;
    uintptr_t objects[4];
    for (size_t i = 0; i < 4; i++) {
        objects[i] = (uintptr_t)heap_alloc(written->heap, written->cache, 6144, &layout, 0);
    }
    assert_true(objects[0] < arena_end && objects[3] + 6144 > arena_end);
    written_dump(written);
    find_object(written, (const void *)objects[0]);
    for (size_t i = 0; i < 4; i++) {
        demand_object(written, (const void *)objects[i], 6144, (const uint64_t[]){16}, 1);
    }
}

// ---- the dump as a whole

TEST(the_sweep_is_finished_before_the_statistics_are_read) {
    struct written *written = *state;
    for (size_t i = 0; i < 1000; i++) {
        (void)alloc_bytes(written, 512);
    }
    assert_true(runtime_collect(written->runtime, written->cache, false));
    assert_false(heap_is_swept(written->heap));
    written_dump(written);
    assert_true(heap_is_swept(written->heap));
    demand_head(written, "go1.22.1", 3);
    demand_empty_segments(written); // no object is left
    struct memstats stats;
    heap_read_memstats(written->heap, &stats);
    demand_number(written, 10);
    demand_number(written, 0); // Alloc
    demand_number(written, stats.TotalAlloc);
    demand_number(written, stats.Sys);
    demand_number(written, 0);
    demand_number(written, 1000);
    demand_number(written, 1000);
}

static int64_t refuse(void *context, const void *bytes, size_t size_bytes) {
    (void)context;
    (void)bytes;
    (void)size_bytes;
    return -ENOSPC;
}

TEST(a_failed_dump_leaves_the_heap_as_it_was) {
    struct written *written = *state;
    for (size_t i = 0; i < 5000; i++) {
        (void)alloc_bytes(written, 64);
    }
    struct memstats before, after;
    heap_read_memstats(written->heap, &before);
    struct dump_sink sink = {.write = refuse};
    struct dump_result result = dump_write(written->runtime, written->cache, &sink);
    assert_int_equal(result.error, ENOSPC);
    assert_int_equal(result.offset_bytes, 0);
    heap_read_memstats(written->heap, &after);
    assert_memory_equal(&before, &after, sizeof before);
    void *object = alloc_bytes(written, 64); // the world runs again
    assert_non_null(object);
}

TEST(two_dumps_of_one_heap_are_the_same_bytes) {
    struct written *written = *state;
    for (size_t i = 0; i < 500; i++) {
        (void)alloc_bytes(written, 16 * (i % 100 + 1));
    }
    written_dump(written);
    size_t size_bytes = written->size_bytes;
    uint8_t *first = malloc(size_bytes);
    memcpy(first, written->bytes, size_bytes);
    written_dump(written);
    assert_int_equal(written->size_bytes, size_bytes);
    assert_memory_equal(written->bytes, first, size_bytes);
    free(first);
}
