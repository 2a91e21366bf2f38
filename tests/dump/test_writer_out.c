// test_writer_out: the writer's buffer against sinks that take little, fail, or make wait.
//
// holds: dump/write/out.c
#include "dump/write/out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#define TAKEN_MAX (1 << 20)

// A sink that follows a script: answer i of the script at call i, then everything.
struct fake_sink {
    int64_t script[8]; // > 0: takes at most so many bytes; <= 0: returns that
    size_t script_count;
    size_t call_count;
    int wait_status;
    size_t wait_count;
    const void *last_bytes; // where the last write came from
    size_t taken_bytes;
    uint8_t *taken;
};

static int64_t fake_write(void *context, const void *bytes, size_t size_bytes) {
    struct fake_sink *fake = context;
    size_t call = fake->call_count++;
    fake->last_bytes = bytes;
    if (call < fake->script_count) {
        if (fake->script[call] <= 0) {
            return fake->script[call];
        }
        if ((size_t)fake->script[call] < size_bytes) {
            size_bytes = (size_t)fake->script[call];
        }
    }
    assert_true(fake->taken_bytes + size_bytes <= TAKEN_MAX);
    memcpy(fake->taken + fake->taken_bytes, bytes, size_bytes);
    fake->taken_bytes += size_bytes;
    return (int64_t)size_bytes;
}

static int fake_wait(void *context) {
    struct fake_sink *fake = context;
    fake->wait_count++;
    return fake->wait_status;
}

struct fixture {
    struct fake_sink fake;
    struct dump_sink sink;
    struct out out;
};

static int setup(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->fake.taken = malloc(TAKEN_MAX);
    fixture->sink =
        (struct dump_sink){.write = fake_write, .wait = fake_wait, .context = &fixture->fake};
    out_init(&fixture->out, &fixture->sink);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    struct fixture *fixture = *state;
    free(fixture->fake.taken);
    free(fixture);
    return 0;
}

TEST_FIXTURE(setup, teardown)

static void use_script(struct fixture *fixture, const int64_t *script, size_t count) {
    memcpy(fixture->fake.script, script, count * sizeof *script);
    fixture->fake.script_count = count;
}

TEST(varints_are_groups_of_seven_least_first) {
    struct fixture *fixture = *state;
    out_varint(&fixture->out, 0);
    out_varint(&fixture->out, 127);
    out_varint(&fixture->out, 128);
    out_varint(&fixture->out, 300);
    out_varint(&fixture->out, UINT64_MAX);
    out_flush(&fixture->out);
    const uint8_t expected[] = {0,    0x7f, 0x80, 0x01, 0xac, 0x02, 0xff, 0xff,
                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    assert_int_equal(fixture->fake.taken_bytes, sizeof expected);
    assert_memory_equal(fixture->fake.taken, expected, sizeof expected);
}

TEST(nothing_reaches_the_sink_before_the_buffer_is_full) {
    struct fixture *fixture = *state;
    for (size_t i = 0; i < OUT_BUFFER_BYTES; i++) {
        out_bytes(&fixture->out, "x", 1);
    }
    assert_int_equal(fixture->fake.call_count, 0);
    out_bytes(&fixture->out, "y", 1);
    assert_int_equal(fixture->fake.call_count, 1);
    assert_int_equal(fixture->fake.taken_bytes, OUT_BUFFER_BYTES);
}

static uint8_t *make_pattern(size_t size_bytes) {
    uint8_t *bytes = malloc(size_bytes);
    for (size_t i = 0; i < size_bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    return bytes;
}

TEST(bytes_and_memory_of_any_length_arrive_in_order) {
    struct fixture *fixture = *state;
    const size_t lengths[] = {0,
                              1,
                              OUT_BUFFER_BYTES - 1,
                              OUT_BUFFER_BYTES,
                              OUT_BUFFER_BYTES + 1,
                              3 * OUT_BUFFER_BYTES + 5};
    uint8_t *pattern = make_pattern(4 * OUT_BUFFER_BYTES);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        fixture->fake.taken_bytes = 0;
        out_bytes(&fixture->out, "abc", 3);
        out_bytes(&fixture->out, pattern, lengths[i]);
        out_memory(&fixture->out, (uintptr_t)pattern, lengths[i]);
        out_flush(&fixture->out);
        assert_int_equal(fixture->fake.taken_bytes, 3 + 2 * lengths[i]);
        assert_memory_equal(fixture->fake.taken, "abc", 3);
        assert_memory_equal(fixture->fake.taken + 3, pattern, lengths[i]);
        assert_memory_equal(fixture->fake.taken + 3 + lengths[i], pattern, lengths[i]);
    }
    free(pattern);
}

TEST(large_memory_goes_out_in_whole_buffers) {
    struct fixture *fixture = *state;
    uint8_t *pattern = make_pattern(3 * OUT_BUFFER_BYTES);
    out_memory(&fixture->out, (uintptr_t)pattern, 3 * OUT_BUFFER_BYTES);
    assert_int_equal(fixture->fake.call_count, 3);
    assert_int_equal(fixture->fake.taken_bytes, 3 * OUT_BUFFER_BYTES);
    assert_int_equal(fixture->out.used_bytes, 0);
    free(pattern);
}

TEST(short_writes_are_continued_where_they_stopped) {
    struct fixture *fixture = *state;
    use_script(fixture, (const int64_t[]){1, 2, 3}, 3);
    out_bytes(&fixture->out, "hello, world", 12);
    out_flush(&fixture->out);
    assert_int_equal(fixture->out.error, 0);
    assert_int_equal(fixture->fake.call_count, 4);
    assert_int_equal(fixture->fake.taken_bytes, 12);
    assert_memory_equal(fixture->fake.taken, "hello, world", 12);
}

TEST(an_interrupted_write_is_repeated) {
    struct fixture *fixture = *state;
    use_script(fixture, (const int64_t[]){-EINTR, 4, -EINTR, -EINTR}, 4);
    out_bytes(&fixture->out, "interrupted", 11);
    out_flush(&fixture->out);
    assert_int_equal(fixture->out.error, 0);
    assert_memory_equal(fixture->fake.taken, "interrupted", 11);
    assert_int_equal(fixture->out.taken_bytes, 11);
}

TEST(a_full_pipe_is_waited_for) {
    struct fixture *fixture = *state;
    use_script(fixture, (const int64_t[]){-EAGAIN, 2, -EAGAIN}, 3);
    out_bytes(&fixture->out, "wait", 4);
    out_flush(&fixture->out);
    assert_int_equal(fixture->out.error, 0);
    assert_int_equal(fixture->fake.wait_count, 2);
    assert_memory_equal(fixture->fake.taken, "wait", 4);
}

TEST(an_interrupted_wait_tries_again) {
    struct fixture *fixture = *state;
    use_script(fixture, (const int64_t[]){-EAGAIN}, 1);
    fixture->fake.wait_status = -EINTR;
    out_bytes(&fixture->out, "wait", 4);
    out_flush(&fixture->out);
    assert_int_equal(fixture->out.error, 0);
    assert_int_equal(fixture->fake.taken_bytes, 4);
}

TEST(a_wait_that_fails_ends_the_dump) {
    struct fixture *fixture = *state;
    use_script(fixture, (const int64_t[]){-EAGAIN}, 1);
    fixture->fake.wait_status = -EBADF;
    out_bytes(&fixture->out, "wait", 4);
    out_flush(&fixture->out);
    assert_int_equal(fixture->out.error, EBADF);
}

TEST(without_a_wait_a_full_pipe_is_an_error) {
    struct fixture *fixture = *state;
    use_script(fixture, (const int64_t[]){-EAGAIN}, 1);
    fixture->sink.wait = NULL;
    out_bytes(&fixture->out, "wait", 4);
    out_flush(&fixture->out);
    assert_int_equal(fixture->out.error, EAGAIN);
}

TEST(a_full_disk_ends_the_dump_at_the_offset_reached) {
    struct fixture *fixture = *state;
    use_script(fixture, (const int64_t[]){5, -ENOSPC}, 2);
    out_bytes(&fixture->out, "full disk", 9);
    out_flush(&fixture->out);
    assert_int_equal(fixture->out.error, ENOSPC);
    assert_int_equal(fixture->out.taken_bytes, 5);
    assert_false(out_is_open(&fixture->out));
}

TEST(after_an_error_the_sink_is_left_alone) {
    struct fixture *fixture = *state;
    use_script(fixture, (const int64_t[]){-EIO}, 1);
    uint8_t *pattern = make_pattern(3 * OUT_BUFFER_BYTES);
    out_memory(&fixture->out, (uintptr_t)pattern, 3 * OUT_BUFFER_BYTES);
    out_bytes(&fixture->out, pattern, 3 * OUT_BUFFER_BYTES);
    out_memory(&fixture->out, (uintptr_t)pattern, 100);
    out_varint(&fixture->out, 1);
    out_flush(&fixture->out);
    assert_int_equal(fixture->fake.call_count, 1);
    assert_int_equal(fixture->out.error, EIO);
    assert_int_equal(fixture->out.taken_bytes, 0);
    free(pattern);
}

TEST(a_sink_that_takes_nothing_is_an_error_and_no_endless_loop) {
    struct fixture *fixture = *state;
    use_script(fixture, (const int64_t[]){0}, 1);
    out_bytes(&fixture->out, "nothing", 7);
    out_flush(&fixture->out);
    assert_int_equal(fixture->out.error, EIO);
    assert_int_equal(fixture->fake.call_count, 1);
}
