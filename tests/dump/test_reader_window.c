// test_reader_window: a window is refilled where that helps and grows where it must; whatever its
// size, the same is read; and what a reader cannot have, memory or bytes, it asks for once.
//
// holds: dump/read/source.c

// clang-format off
// wrap: malloc calloc realloc
// clang-format on

#include "dump/reader.h"
#include "tests/dump/build.h"

#include <errno.h>

#include "tests/test.h"

// ---- an allocator that counts, and refuses

static bool refuses;
static size_t grown_count;

void *__real_malloc(size_t size_bytes);
void *__wrap_malloc(size_t size_bytes);
void *__wrap_malloc(size_t size_bytes) {
    return refuses ? NULL : __real_malloc(size_bytes);
}

void *__real_calloc(size_t count, size_t item_bytes);
void *__wrap_calloc(size_t count, size_t item_bytes);
void *__wrap_calloc(size_t count, size_t item_bytes) {
    return refuses ? NULL : __real_calloc(count, item_bytes);
}

void *__real_realloc(void *block, size_t size_bytes);
void *__wrap_realloc(void *block, size_t size_bytes);
void *__wrap_realloc(void *block, size_t size_bytes) {
    grown_count++;
    return refuses ? NULL : __real_realloc(block, size_bytes);
}

// ---- a source of so many bytes at a time

struct drip {
    const uint8_t *at;
    size_t left, chunk_bytes, asked_count;
    int64_t error; // at the end; 0: the end
};

static int64_t drip_read(void *context, void *to, size_t size_bytes) {
    struct drip *drip = context;
    drip->asked_count++;
    size_t taken = drip->chunk_bytes < size_bytes ? drip->chunk_bytes : size_bytes;
    taken = taken < drip->left ? taken : drip->left;
    if (taken == 0) {
        return drip->error;
    }
    memcpy(to, drip->at, taken);
    drip->at += taken;
    drip->left -= taken;
    return (int64_t)taken;
}

static struct drip drip_of(const struct build *build, size_t chunk_bytes) {
    return (struct drip){.at = build->bytes, .left = build->size_bytes, .chunk_bytes = chunk_bytes};
}

static struct dump_reader *windowed(struct drip *drip, size_t window_bytes, enum dump_mode mode) {
    const struct dump_source source = {.read = drip_read, .context = drip};
    return dump_reader_create_windowed(&source, mode, window_bytes);
}

// Reads to the end; how often the window grew meanwhile.
static size_t growths_of(struct dump_reader *reader, enum dump_error_kind kind) {
    size_t before = grown_count;
    while (dump_reader_next(reader) != NULL) {
    }
    assert_int_equal(dump_reader_error(reader)->kind, kind);
    return grown_count - before;
}

// ---- the tests

TEST(a_window_does_not_grow_while_refilling_helps) {
    struct build build = {.pointer_bytes = 8};
    build_sample(&build); // its strings are short
    for (size_t window = 32; window < 128; window++) {
        for (size_t chunk = 1; chunk < 40; chunk += 19) {
            struct drip drip = drip_of(&build, chunk);
            struct dump_reader *reader = windowed(&drip, window, DUMP_STRICT);
            // the pauses are taken whole: the window doubles until it holds them
            size_t least = 0;
            for (size_t size = window; size < 260; size *= 2) {
                least++;
            }
            assert_true(growths_of(reader, DUMP_ERROR_NONE) <= least + 1);
            dump_reader_destroy(reader);
        }
    }
    build_fini(&build);
}

// Objects and names that fill many windows; not one of them is larger than a window.
TEST(a_long_dump_goes_through_a_small_window) {
    struct build build = {.pointer_bytes = 8};
    build_header(&build);
    build_params(&build, "go1.19.8");
    for (uint64_t i = 0; i < 300; i++) {
        BUILD(&build, 3, 0x4b0000, 16);
        build_string(&build, "a name that stands where a window may end");
        BUILD(&build, 1, 8, 0x4a0000, 0x4b0000);
    }
    for (uint64_t i = 0; i < 300; i++) {
        build_object(&build, 0xc000000000 + 16 * i, 0);
    }
    build_roots(&build);
    build_memstats(&build, 0, 0);
    build_number(&build, 0);
    struct drip drip = drip_of(&build, 4096);
    struct dump_reader *reader = windowed(&drip, 1024, DUMP_STRICT);
    assert_int_equal(growths_of(reader, DUMP_ERROR_NONE), 0);
    dump_reader_destroy(reader);
    build_fini(&build);
}

// Numbers that are padded, kinds and addresses that are too wide, wherever a window ends.
TEST(what_is_forgiven_is_counted_once_in_any_window) {
    struct build build = {.pointer_bytes = 4};
    build_header(&build);
    build_params(&build, "go1.19.8");
    BUILD(&build, 1, UINT64_C(1) << 33);
    build_words(&build, 2, 0);
    for (uint64_t i = 0; i < 40; i++) {
        BUILD(&build, 2 + i % 2);
        build_bytes(&build, "\x84\x00", 2); // 4, a byte too long
    }
    BUILD(&build, 0, 1, UINT64_C(1) << 34);
    build_words(&build, 2, 0);
    build_number(&build, 0);
    build_roots(&build);
    build_memstats(&build, 0, 0);
    build_number(&build, 0);
    for (size_t window = 1; window < 70; window++) {
        struct drip drip = drip_of(&build, 1 + window % 3);
        struct dump_reader *reader = windowed(&drip, window, DUMP_LENIENT);
        (void)growths_of(reader, DUMP_ERROR_NONE);
        assert_int_equal(dump_reader_forgiven(reader, DUMP_FORGIVEN_FIELD_KIND), 40);
        assert_int_equal(dump_reader_forgiven(reader, DUMP_FORGIVEN_PADDED_VARINT), 40);
        assert_int_equal(dump_reader_forgiven(reader, DUMP_FORGIVEN_WIDE_ADDRESS), 2);
        dump_reader_destroy(reader);
    }
    build_fini(&build);
}

TEST(a_header_that_failed_is_not_asked_for_again) {
    struct build build = {.pointer_bytes = 8};
    build_bytes(&build, "go1.7 h", 7);
    struct drip drip = drip_of(&build, 4);
    drip.error = -EIO;
    struct dump_reader *reader = windowed(&drip, 64, DUMP_STRICT);
    assert_null(dump_reader_next(reader));
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_READ);
    size_t asked = drip.asked_count;
    assert_null(dump_reader_next(reader));
    assert_int_equal(drip.asked_count, asked);
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_READ); // it stays what it was
    dump_reader_destroy(reader);
    build_fini(&build);
}

TEST(a_window_that_could_not_grow_for_the_header_is_not_asked_for_again) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    struct drip drip = drip_of(&build, 4);
    struct dump_reader *reader = windowed(&drip, 4, DUMP_STRICT);
    assert_non_null(reader);
    refuses = true;
    assert_null(dump_reader_next(reader));
    refuses = false;
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_MEMORY);
    size_t grown = grown_count;
    size_t asked = drip.asked_count;
    assert_null(dump_reader_next(reader));
    assert_int_equal(grown_count, grown);
    assert_int_equal(drip.asked_count, asked);
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_MEMORY);
    dump_reader_destroy(reader);
    build_fini(&build);
}

TEST(a_window_of_no_bytes_is_an_error) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    struct drip drip = drip_of(&build, 4);
    struct dump_reader *reader = windowed(&drip, 0, DUMP_STRICT);
    assert_non_null(reader);
    assert_null(dump_reader_next(reader));
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_WINDOW);
    assert_null(dump_reader_next(reader));
    assert_int_equal(drip.asked_count, 0);
    dump_reader_destroy(reader);
    build_fini(&build);
}

TEST(without_memory_there_is_no_reader) {
    struct drip drip = {.left = 0};
    const struct dump_source source = {.read = drip_read, .context = &drip};
    refuses = true;
    struct dump_reader *over_memory = dump_reader_create_memory("", 0, DUMP_STRICT);
    struct dump_reader *over_source = dump_reader_create(&source, DUMP_STRICT);
    struct dump_reader *over_descriptor = dump_reader_create_descriptor(0, DUMP_STRICT);
    refuses = false;
    assert_null(over_memory);
    assert_null(over_source);
    assert_null(over_descriptor);
}

TEST(what_has_no_value_tells_none) {
    struct build build = {.pointer_bytes = 8};
    build_header(&build);
    struct dump_reader *reader =
        dump_reader_create_memory(build.bytes, build.size_bytes, DUMP_STRICT);
    assert_null(dump_reader_next(reader));
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_TRUNCATED);
    assert_int_equal(dump_reader_error(reader)->value, 0);
    dump_reader_destroy(reader);
    build_bytes(&build, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10);
    reader = dump_reader_create_memory(build.bytes, build.size_bytes, DUMP_STRICT);
    assert_null(dump_reader_next(reader));
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_VARINT);
    assert_int_equal(dump_reader_error(reader)->value, 0);
    dump_reader_destroy(reader);
    build_fini(&build);
}

TEST(a_line_is_cut_where_its_room_ends) {
    const struct dump_error error = {.kind = DUMP_ERROR_BOOL,
                                     .record = "Type",
                                     .field = "indirect",
                                     .offset_bytes = 77,
                                     .good_bytes = 70,
                                     .value = 5};
    char whole[256];
    (void)dump_error_text(&error, whole, sizeof whole);
    size_t length = strlen(whole);
    for (size_t room = 1; room <= length + 1; room++) {
        char *text = malloc(room); // so that a byte past it is seen
        assert_ptr_equal(dump_error_text(&error, text, room), text);
        assert_int_equal(strlen(text), room - 1);
        assert_memory_equal(text, whole, room - 1);
        free(text);
    }
}
