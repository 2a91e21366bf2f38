// test_recode: what was read comes out byte for byte the same, from any window, and a failing
// output is told.

#include "tests/dump/build.h"
#include "dump/recode.h"

#include <errno.h>

#include "tests/test.h"

// An output into memory that takes `step_bytes` at a time and fails once `room_bytes` are used up.
struct room {
    struct build taken;
    size_t step_bytes, room_bytes;
    int64_t error;
    unsigned interrupts;
};

static int64_t take(void *context, const void *bytes, size_t size_bytes) {
    struct room *room = context;
    if (room->interrupts > 0) {
        room->interrupts--;
        return -EINTR;
    }
    size_t taken = size_bytes < room->step_bytes ? size_bytes : room->step_bytes;
    if (room->taken.size_bytes + taken > room->room_bytes) {
        return room->error;
    }
    build_bytes(&room->taken, bytes, taken);
    return (int64_t)taken;
}

static int64_t read_build(void *context, void *bytes, size_t size_bytes) {
    struct build *rest = context;
    size_t taken = rest->size_bytes < size_bytes ? rest->size_bytes : size_bytes;
    memcpy(bytes, rest->bytes, taken);
    rest->bytes += taken;
    rest->size_bytes -= taken;
    return (int64_t)taken;
}

static int recode(const struct build *build, size_t window_bytes, enum dump_mode mode,
                  struct room *room) {
    static struct dump_recoder recoder;
    struct build rest = *build;
    const struct dump_source source = {.read = read_build, .context = &rest};
    const struct dump_output output = {.write = take, .context = room};
    struct dump_reader *reader = dump_reader_create_windowed(&source, mode, window_bytes);
    const struct dump_record *record;
    assert_non_null(reader);
    dump_recoder_init(&recoder, &output);
    while ((record = dump_reader_next(reader)) != NULL) {
        if (!dump_recoder_add(&recoder, record)) {
            break;
        }
    }
    dump_recoder_finish(&recoder);
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_NONE);
    dump_reader_destroy(reader);
    return recoder.error;
}

static void assert_same(const struct build *build, struct room *room) {
    assert_int_equal(room->taken.size_bytes, build->size_bytes);
    assert_memory_equal(room->taken.bytes, build->bytes, build->size_bytes);
    build_fini(&room->taken);
}

TEST(samples_come_out_the_same_from_any_window) {
    static const size_t windows[] = {1, 10, 100, 1000, 100000};
    for (unsigned i = 0; i < 4; i++) {
        struct build build = {.pointer_bytes = i < 2 ? 8 : 4, .big_endian = i % 2 == 1};
        build_sample(&build);
        for (size_t window = 0; window < sizeof(windows) / sizeof(windows[0]); window++) {
            struct room room = {.step_bytes = 1 + window, .room_bytes = SIZE_MAX, .interrupts = 2};
            assert_int_equal(recode(&build, windows[window], DUMP_STRICT, &room), 0);
            assert_same(&build, &room);
        }
        build_fini(&build);
    }
}

// An object larger than the recoder's buffer.
static struct build build_large(void) {
    struct build build = {.pointer_bytes = 8};
    build_header(&build);
    build_params(&build, "go1.19.8");
    BUILD(&build, 1, 0xc000002000);
    build_words(&build, 20000, 7);
    for (unsigned i = 0; i < 9000; i++) {
        BUILD(&build, 1, 8 * i);
    }
    build_number(&build, 0);
    build_roots(&build);
    build_memstats(&build, 1, 160000);
    build_number(&build, 0);
    return build;
}

TEST(a_large_object_comes_out_the_same) {
    struct build build = build_large();
    struct room room = {.step_bytes = SIZE_MAX, .room_bytes = SIZE_MAX};
    assert_int_equal(recode(&build, DUMP_WINDOW_BYTES, DUMP_STRICT, &room), 0);
    assert_same(&build, &room);
    assert_int_equal(recode(&build, 300, DUMP_STRICT, &room), 0);
    assert_same(&build, &room);
    build_fini(&build);
}

TEST(a_padded_dump_comes_out_canonical) {
    struct build build = {.pointer_bytes = 8};
    struct build canonical = {.pointer_bytes = 8};
    build_smallest(&canonical);
    build_smallest(&build);
    build.size_bytes--;
    build_bytes(&build, "\x80\x00", 2);
    struct room room = {.step_bytes = 100, .room_bytes = SIZE_MAX};
    assert_int_equal(recode(&build, 100, DUMP_LENIENT, &room), 0);
    assert_same(&canonical, &room);
    build_fini(&build);
    build_fini(&canonical);
}

TEST(a_full_output_is_told_and_nothing_follows) {
    struct build build = build_large();
    struct room room = {.step_bytes = 1000, .room_bytes = 70000, .error = -ENOSPC};
    assert_int_equal(recode(&build, 4096, DUMP_STRICT, &room), ENOSPC);
    assert_in_range(room.taken.size_bytes, 69001, 70000);
    build_fini(&room.taken);
    build_fini(&build);
}

TEST(an_output_that_takes_nothing_is_an_error) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    struct room room = {.step_bytes = 1000, .room_bytes = 0, .error = 0};
    assert_int_equal(recode(&build, 4096, DUMP_STRICT, &room), EIO);
    build_fini(&build);
}
