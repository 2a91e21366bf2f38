// test_writer_pieces: large memory given from where it lies, to sinks that take it anyhow.
#include "dump/write/out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#define MEMORY_BYTES ((size_t)2 * OUT_PIECE_BYTES_MIN + 3)
#define TAKEN_MAX    (64u << 20)

// A sink that takes at most `take_bytes` a call, and answers `answers` first.
struct fake {
    size_t take_bytes;
    int64_t answers[4];
    size_t answer_count;
    size_t call_count, wait_count;
    size_t pieces_max;
    bool saw_memory; // a piece began where the test's memory lies
    size_t taken_bytes;
    uint8_t *taken;
};

struct fixture {
    struct fake fake;
    struct dump_sink sink;
    uint8_t *memory;
    struct out out;
};

static int64_t never_write(void *context, const void *bytes, size_t size_bytes) {
    (void)context;
    (void)bytes;
    (void)size_bytes;
    fail_msg("pieces go together");
    return -EIO;
}

static int64_t take_pieces(void *context, const struct iovec *pieces, size_t piece_count) {
    struct fixture *fixture = context;
    struct fake *fake = &fixture->fake;
    size_t call = fake->call_count++;
    fake->pieces_max = piece_count > fake->pieces_max ? piece_count : fake->pieces_max;
    if (call < fake->answer_count) {
        return fake->answers[call];
    }
    size_t left = fake->take_bytes;
    size_t taken = 0;
    for (size_t i = 0; i < piece_count && left > 0; i++) {
        size_t size_bytes = pieces[i].iov_len < left ? pieces[i].iov_len : left;
        fake->saw_memory = fake->saw_memory || pieces[i].iov_base == fixture->memory;
        assert_true(pieces[i].iov_len > 0);
        assert_true(fake->taken_bytes + size_bytes <= TAKEN_MAX);
        memcpy(fake->taken + fake->taken_bytes, pieces[i].iov_base, size_bytes);
        fake->taken_bytes += size_bytes;
        taken += size_bytes;
        left -= size_bytes;
    }
    return (int64_t)taken;
}

static int note_wait(void *context) {
    struct fixture *fixture = context;
    fixture->fake.wait_count++;
    return 0;
}

static int setup(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->memory = malloc(MEMORY_BYTES);
    for (size_t i = 0; i < MEMORY_BYTES; i++) {
        fixture->memory[i] = (uint8_t)(i * 7 + i / 251);
    }
    fixture->fake.taken = malloc(TAKEN_MAX);
    fixture->fake.take_bytes = SIZE_MAX;
    fixture->sink = (struct dump_sink){
        .write = never_write,
        .wait = note_wait,
        .context = fixture,
        .write_pieces = take_pieces,
    };
    out_init(&fixture->out, &fixture->sink);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    struct fixture *fixture = *state;
    free(fixture->memory);
    free(fixture->fake.taken);
    free(fixture);
    return 0;
}

TEST_FIXTURE(setup, teardown)

static void put(struct fixture *fixture) {
    out_bytes(&fixture->out, "before", 6);
    out_memory(&fixture->out, (uintptr_t)fixture->memory, MEMORY_BYTES);
    out_bytes(&fixture->out, "between", 7);
    out_memory(&fixture->out, (uintptr_t)fixture->memory, OUT_PIECE_BYTES_MIN - 1); // is copied
    out_memory(&fixture->out, (uintptr_t)fixture->memory + 1, OUT_PIECE_BYTES_MIN);
    out_memory(&fixture->out, (uintptr_t)fixture->memory, OUT_PIECE_BYTES_MIN);
    out_bytes(&fixture->out, "behind", 6);
}

#define PUT_BYTES (6 + MEMORY_BYTES + 7 + 3 * (size_t)OUT_PIECE_BYTES_MIN - 1 + 6)

static void assert_came(const struct fixture *fixture) {
    const uint8_t *at = fixture->fake.taken;
    assert_int_equal(fixture->out.error, 0);
    assert_int_equal(fixture->fake.taken_bytes, PUT_BYTES);
    assert_int_equal(fixture->out.taken_bytes, PUT_BYTES);
    assert_memory_equal(at, "before", 6);
    assert_memory_equal(at + 6, fixture->memory, MEMORY_BYTES);
    at += 6 + MEMORY_BYTES;
    assert_memory_equal(at, "between", 7);
    assert_memory_equal(at + 7, fixture->memory, OUT_PIECE_BYTES_MIN - 1);
    at += 7 + OUT_PIECE_BYTES_MIN - 1;
    assert_memory_equal(at, fixture->memory + 1, OUT_PIECE_BYTES_MIN);
    assert_memory_equal(at + OUT_PIECE_BYTES_MIN, fixture->memory, OUT_PIECE_BYTES_MIN);
    assert_memory_equal(at + 2 * OUT_PIECE_BYTES_MIN, "behind", 6);
}

TEST(large_memory_goes_uncopied_with_what_stands_around_it_in_one_call) {
    struct fixture *fixture = *state;
    put(fixture);
    assert_int_equal(fixture->fake.call_count, 0);
    out_flush(&fixture->out);
    assert_came(fixture);
    assert_true(fixture->fake.saw_memory);
    assert_int_equal(fixture->fake.call_count, 1);
    assert_int_equal(fixture->fake.pieces_max, 6);
    assert_int_equal(fixture->out.used_bytes, 0);
}

TEST(a_sink_without_pieces_gets_none) {
    struct fixture *fixture = *state;
    struct dump_sink sink = fixture->sink;
    sink.write_pieces = NULL;
    assert_true(out_takes_pieces(&fixture->out));
    out_init(&fixture->out, &sink);
    assert_false(out_takes_pieces(&fixture->out));
}

// Short counts that end in a piece, at its end, and behind several.
TEST(what_was_taken_in_part_is_continued_where_it_stopped) {
    struct fixture *fixture = *state;
    const size_t takes[] = {
        5, 6, 7, 1000, MEMORY_BYTES, MEMORY_BYTES + 6, MEMORY_BYTES + 13, PUT_BYTES - 1};
    for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++) {
        fixture->fake.take_bytes = takes[i];
        fixture->fake.taken_bytes = 0;
        fixture->fake.call_count = 0;
        out_init(&fixture->out, &fixture->sink);
        put(fixture);
        out_flush(&fixture->out);
        assert_came(fixture);
        assert_int_equal(fixture->fake.call_count, (PUT_BYTES + takes[i] - 1) / takes[i]);
    }
}

TEST(the_second_round_has_nothing_of_the_first) {
    struct fixture *fixture = *state;
    put(fixture);
    out_flush(&fixture->out);
    fixture->fake.taken_bytes = 0;
    fixture->out.taken_bytes = 0;
    put(fixture);
    out_flush(&fixture->out);
    assert_came(fixture);
}

TEST(an_interruption_is_repeated_and_a_full_pipe_waited_for) {
    struct fixture *fixture = *state;
    const int64_t answers[] = {-EINTR, -EAGAIN, -EINTR};
    memcpy(fixture->fake.answers, answers, sizeof answers);
    fixture->fake.answer_count = 3;
    put(fixture);
    out_flush(&fixture->out);
    assert_came(fixture);
    assert_int_equal(fixture->fake.call_count, 4);
    assert_int_equal(fixture->fake.wait_count, 1);
}

static void ends_with(struct fixture *fixture, int64_t answer, int error) {
    fixture->fake.answers[0] = answer;
    fixture->fake.answer_count = 1;
    put(fixture);
    out_flush(&fixture->out);
    put(fixture);
    out_flush(&fixture->out);
    assert_int_equal(fixture->out.error, error);
    assert_int_equal(fixture->out.taken_bytes, 0);
    assert_int_equal(fixture->fake.call_count, 1); // and the sink is left alone
}

TEST(a_full_disk_ends_the_dump) {
    ends_with(*state, -ENOSPC, ENOSPC);
}

TEST(a_sink_that_takes_nothing_is_an_error) {
    ends_with(*state, 0, EIO);
}

TEST(more_pieces_than_a_call_takes_go_in_several) {
    struct fixture *fixture = *state;
    size_t count = 3 * DUMP_PIECES_MAX;
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = (uint8_t)i;
        out_bytes(&fixture->out, &byte, i % 3 == 0 ? 1 : 0);
        out_memory(&fixture->out, (uintptr_t)fixture->memory, OUT_PIECE_BYTES_MIN);
    }
    out_flush(&fixture->out);
    const uint8_t *at = fixture->fake.taken;
    for (size_t i = 0; i < count; i++) {
        assert_true(i % 3 != 0 || *at++ == (uint8_t)i);
        assert_memory_equal(at, fixture->memory, OUT_PIECE_BYTES_MIN);
        at += OUT_PIECE_BYTES_MIN;
    }
    assert_int_equal(fixture->fake.taken_bytes, at - fixture->fake.taken);
    assert_true(fixture->fake.pieces_max <= DUMP_PIECES_MAX);
    assert_true(fixture->fake.pieces_max > DUMP_PIECES_MAX - 4);
    assert_int_equal(fixture->fake.call_count, 5);
}

// Pieces of the buffer stay where they are while it fills.
TEST(a_full_buffer_takes_the_pieces_with_it) {
    struct fixture *fixture = *state;
    out_memory(&fixture->out, (uintptr_t)fixture->memory, OUT_PIECE_BYTES_MIN);
    for (size_t i = 0; i <= OUT_BUFFER_BYTES; i++) {
        out_bytes(&fixture->out, "x", 1);
    }
    assert_int_equal(fixture->fake.call_count, 1);
    assert_int_equal(fixture->fake.taken_bytes, OUT_PIECE_BYTES_MIN + OUT_BUFFER_BYTES);
    assert_memory_equal(fixture->fake.taken, fixture->memory, OUT_PIECE_BYTES_MIN);
    assert_int_equal(fixture->out.used_bytes, 1);
}
