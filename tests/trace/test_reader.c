// test_reader: records come in the order of their times, whatever chunks they lie in; any bytes are
// read or refused with their place.
#define _GNU_SOURCE // mkstemp, pwrite
#include "tests/test.h"

#include "tests/trace/support_write.h"
#include "trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/countercheck-reader-XXXXXX";
static struct built built;

static int make_file(void **state) {
    (void)state;
    int descriptor = mkstemp(path);
    return descriptor >= 0 ? close(descriptor) : -1;
}

static int remove_file(void **state) {
    (void)state;
    return unlink(path);
}

TEST_GROUP(make_file, remove_file)

// Reads the file; the sizes of the first 16 records. Returns how many there are.
static size_t read_file(uint64_t sizes[16], struct trace_error *error) {
    struct trace_record record;
    size_t count = 0;
    struct trace_reader *reader = trace_reader_open(path, error);
    while (reader != NULL && trace_reader_next(reader, &record, error)) {
        if (count < 16) {
            sizes[count] = record.size;
        }
        count++;
    }
    trace_reader_close(reader);
    return count;
}

static size_t read_all(uint64_t sizes[16], struct trace_error *error) {
    build_write(&built, path);
    return read_file(sizes, error);
}

static void assert_refused(const char *what, uint64_t offset) {
    uint64_t sizes[16];
    struct trace_error error;
    (void)read_all(sizes, &error);
    assert_non_null(error.what);
    assert_string_equal(error.what, what);
    assert_int_equal(error.offset, offset);
    assert_int_equal(error.system, 0);
}

TEST(records_of_two_chunks_come_in_the_order_of_their_times) {
    uint64_t sizes[16];
    struct trace_error error;
    build_begin(&built);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 20, 0);
    build_record(&built, TRACE_MALLOC, 10, 2, 1); // 5010
    build_record(&built, TRACE_MALLOC, 30, 2, 4); // 5040
    build_chunk(&built, 4000);                    // begun before, whatever its place
    build_record(&built, TRACE_THREAD, 0, 22, 1);
    build_record(&built, TRACE_MALLOC, 1, 2, 0);    // 4001
    build_record(&built, TRACE_MALLOC, 1019, 2, 2); // 5020
    build_record(&built, TRACE_MALLOC, 10, 2, 3);   // 5030
    assert_int_equal(read_all(sizes, &error), 5);
    assert_null(error.what);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(sizes[i], i);
    }
}

TEST(at_one_time_what_is_given_back_comes_before_what_is_obtained) {
    uint64_t sizes[16];
    struct trace_error error;
    build_begin(&built);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 20, 0);
    build_record(&built, TRACE_MALLOC, 10, 2, 9);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 22, 1);
    build_record(&built, TRACE_FREE, 10, 2, 0);
    assert_int_equal(read_all(sizes, &error), 2);
    assert_int_equal(sizes[0], 0);
    assert_int_equal(sizes[1], 9);
}

TEST(a_record_is_read_as_it_is_written) {
    struct trace_record record;
    struct trace_error error;
    build_begin(&built);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 20, 3);   // at 160, its id
    build_record(&built, TRACE_ALIGNED, 7, 5, 300); // 3 steps back: 112
    built.bytes[built.at++] = 6;
    build_record(&built, TRACE_FREE, 0, 2, 0); // in steps of 1: 113
    built.bytes[built.at - 3] |= 0x80;
    build_write(&built, path);
    struct trace_reader *reader = trace_reader_open(path, &error);
    assert_non_null(reader);
    assert_int_equal(trace_reader_header(reader)->process_id, 7);
    assert_int_equal(trace_reader_header(reader)->parent_id, 6);
    assert_int_equal(trace_reader_header(reader)->start_ns, 1000);
    assert_true(trace_reader_next(reader, &record, &error));
    assert_int_equal(record.kind, TRACE_ALIGNED);
    assert_int_equal(record.align_log, 6);
    assert_int_equal(record.thread, 3);
    assert_int_equal(record.time_ns, 5007);
    assert_int_equal(record.address, 112);
    assert_int_equal(record.size, 300);
    assert_true(trace_reader_next(reader, &record, &error));
    assert_int_equal(record.address, 113);
    assert_int_equal(trace_reader_thread_count(reader), 4);
    assert_int_equal(trace_reader_thread_id(reader, 3), 160);
    assert_int_equal(trace_reader_thread_id(reader, 2), 0);
    assert_false(trace_reader_next(reader, &record, &error));
    assert_null(error.what);
    trace_reader_close(reader);
}

TEST(what_is_no_trace_is_refused_with_the_byte) {
    build_begin(&built);
    built.bytes[0] = 'x';
    assert_refused("is no trace", 0);
    build_begin(&built);
    built.bytes[8] = 3;
    assert_refused("is a trace of another version than 1 or 2", 8);
    build_begin(&built);
    built.bytes[13] = 1;
    assert_refused("has chunks of another size", 12);
    build_begin(&built);
    built.size_bytes = 20;
    assert_refused("ends within its header", 20);
}

TEST(a_broken_record_is_refused_with_its_byte) {
    const size_t first = TRACE_HEADER_BYTES + TRACE_CHUNK_HEAD_BYTES;
    build_begin(&built);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_MALLOC, 0, 2, 8);
    assert_refused("a record is nobody's", first);
    build_begin(&built);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 20, 0);
    size_t second = built.at;
    build_record(&built, TRACE_KIND_COUNT, 0, 2, 8);
    assert_refused("what stands there is no record", second);
    built.bytes[second] = TRACE_MALLOC;
    built.bytes[second + 1] = 0x99; // nine bytes each
    assert_refused("what stands there is no record", second);
    built.bytes[second + 1] = 0;
    built.bytes[first + 2] = 0; // the thread's id, and so the address
    assert_refused("an object is at 0", second);
    build_begin(&built);
    build_chunk(&built, UINT64_MAX);
    build_record(&built, TRACE_THREAD, 1, 20, 0);
    assert_refused("a record's numbers are too large", first);
    build_begin(&built);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 20, UINT32_MAX);
    assert_refused("a thread's number is too large", built.at);
}

// One frame in one module, by which an object is obtained: at the end, in the file and in time.
static void build_stack(uint64_t stack) {
    build_begin(&built);
    built.bytes[8] = TRACE_VERSION_STACKS;
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 20, 0);
    build_record(&built, TRACE_AT, 0, 0, stack);
    build_record(&built, TRACE_MALLOC, 1, 2, 8);
    build_record(&built, TRACE_MALLOC, 1, 2, 9);
    build_chunk(&built, TRACE_DEFINITIONS_NS);
    build_record(&built, TRACE_MODULE, 0, 0, 6);
    memcpy(built.bytes + built.at, "\2\xab\xcdlib", 6);
    built.at += 6;
    build_record(&built, TRACE_FRAME, 0, (uint64_t)2 << (TRACE_MODULE_SHIFT - 4), 0);
}

TEST(a_stack_is_of_the_record_behind_it_and_known_with_the_first) {
    struct trace_record record;
    struct trace_error error;
    build_stack(1);
    build_write(&built, path);
    struct trace_reader *reader = trace_reader_open(path, &error);
    assert_non_null(reader);
    assert_true(trace_reader_next(reader, &record, &error));
    assert_int_equal(record.stack, 1);
    assert_int_equal(trace_stacks_frame_count(trace_reader_stacks(reader)), 1);
    assert_int_equal(trace_stacks_frame(trace_reader_stacks(reader), 1).module, 1);
    assert_string_equal(trace_stacks_module(trace_reader_stacks(reader), 1)->name, "lib");
    assert_true(trace_reader_next(reader, &record, &error));
    assert_int_equal(record.stack, 0);
    assert_false(trace_reader_next(reader, &record, &error));
    assert_null(error.what);
    trace_reader_close(reader);
}

TEST(a_broken_stack_is_refused_with_its_byte) {
    const size_t first = TRACE_HEADER_BYTES + TRACE_CHUNK_HEAD_BYTES;
    const size_t module = first + TRACE_CHUNK_BYTES;
    build_stack(2);
    assert_refused("a stack is none", first + 3);
    build_stack(1);
    built.bytes[8] = TRACE_VERSION; // which has none
    assert_refused("what stands there is no record", module);
    build_stack(1);
    built.bytes[module + 3] = 6; // its build-id is longer than the text
    assert_refused("what stands there is no module", module);
    build_stack(1);
    build_record(&built, TRACE_FRAME, 0, 0, 2);
    assert_refused("a frame's caller or module is none, or it is too deep", built.at - 3);
    build_stack(1);
    build_record(&built, TRACE_FRAME, 0, (uint64_t)2 << (TRACE_MODULE_SHIFT - 4), 1);
    assert_refused("a frame's caller or module is none, or it is too deep", built.at - 9);
    build_stack(1);
    build_record(&built, TRACE_MODULE, 0, 0, TRACE_CHUNK_BYTES);
    assert_refused("a record ends behind its chunk", built.at - 5);
}

TEST(a_frame_that_is_known_too_late_is_refused) {
    build_stack(1);
    build_chunk(&built, 5002);
    build_record(&built, TRACE_FRAME, 0, 1, 0);
    assert_refused("a module or a frame stands among events", built.at - 3);
    build_stack(1);
    build_chunk(&built, 5002);
    build_record(&built, TRACE_MODULE, 0, 0, 1);
    assert_refused("a module or a frame stands among events", built.at - 3);
    build_stack(1);
    build_record(&built, TRACE_THREAD, 0, 20, 0);
    build_record(&built, TRACE_FRAME, 0, 1, 0);
    assert_refused("a module or a frame stands among events", built.at - 3);
}

TEST(a_chunk_is_full_where_no_record_fits_any_more) {
    uint64_t sizes[16];
    struct trace_error error;
    build_begin(&built);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 20, 0);
    while (built.at + 3 <= built.size_bytes) {
        build_record(&built, TRACE_MALLOC, 0, 0, 1);
    }
    size_t count = (built.size_bytes - TRACE_HEADER_BYTES - TRACE_CHUNK_HEAD_BYTES - 3) / 3;
    assert_int_equal(read_all(sizes, &error), count);
    assert_null(error.what);
    built.bytes[built.size_bytes - 2] = TRACE_MALLOC;
    built.bytes[built.size_bytes - 1] = 0x10;
    if (built.at == built.size_bytes - 2) {
        assert_refused("a record ends behind its chunk", built.size_bytes - 2);
    }
}

TEST(a_cut_trace_is_read_up_to_its_end) {
    build_begin(&built);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 20, 0);
    build_record(&built, TRACE_MALLOC, 1, 2, 1);
    build_record(&built, TRACE_MALLOC, 1, 2, 300);
    for (size_t end = TRACE_HEADER_BYTES; end < built.at; end++) {
        struct trace_error error;
        struct trace_record record;
        built.size_bytes = end;
        build_write(&built, path);
        struct trace_reader *reader = trace_reader_open(path, &error);
        assert_non_null(reader);
        assert_int_equal(trace_reader_is_cut(reader), end != TRACE_HEADER_BYTES);
        while (trace_reader_next(reader, &record, &error)) {
            assert_true(record.size == 1);
        }
        assert_null(error.what);
        trace_reader_close(reader);
    }
}

TEST(a_chunk_that_nobody_used_has_no_records) {
    uint64_t sizes[16];
    struct trace_error error;
    build_begin(&built);
    build_chunk(&built, 0);
    assert_int_equal(read_all(sizes, &error), 0);
    assert_null(error.what);
}

TEST(a_file_that_is_not_there_is_the_systems_word) {
    struct trace_error error;
    assert_null(trace_reader_open("/nowhere/at/all", &error));
    assert_int_equal(error.system, ENOENT);
    trace_reader_close(NULL);
}

static void assert_any_byte(void) {
    build_write(&built, path);
    const size_t begins[] = {0, TRACE_HEADER_BYTES, TRACE_HEADER_BYTES + TRACE_CHUNK_BYTES};
    int descriptor = open(path, O_WRONLY);
    assert_true(descriptor >= 0);
    for (size_t i = 0; i < 3 * (size_t)28 * 8; i++) {
        uint64_t sizes[16];
        struct trace_error error;
        size_t at = begins[i / (28 * 8)] + i / 8 % 28;
        uint8_t other = built.bytes[at] ^ (uint8_t)(1U << i % 8);
        assert_int_equal(pwrite(descriptor, &other, 1, (off_t)at), 1);
        size_t count = read_file(sizes, &error);
        assert_true(count <= 8);
        assert_int_equal(pwrite(descriptor, &built.bytes[at], 1, (off_t)at), 1);
    }
    assert_int_equal(close(descriptor), 0);
}

TEST(any_byte_may_be_another) {
    build_begin(&built);
    build_chunk(&built, 5000);
    build_record(&built, TRACE_THREAD, 0, 20, 0);
    build_record(&built, TRACE_REALLOC_FROM, 3, 2, 0);
    build_record(&built, TRACE_REALLOC_TO, 3, 300, 70000);
    build_chunk(&built, 5001);
    build_record(&built, TRACE_THREAD, 0, 20, 1);
    build_record(&built, TRACE_ALIGNED, 1, 2, 1);
    built.bytes[built.at++] = 4;
    assert_any_byte();
    build_stack(1);
    assert_any_byte();
}
