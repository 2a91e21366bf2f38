// test_reader: whole dumps read from memory and from streams, in one part and in many.
//
// holds: dump/read/part.c dump/read/record.c

#include "tests/dump/build.h"
#include "dump/reader.h"

#include <errno.h>
#include <unistd.h>

#include "tests/test.h"

static struct dump_reader *over(const struct build *build, enum dump_mode mode) {
    struct dump_reader *reader = dump_reader_create_memory(build->bytes, build->size_bytes, mode);
    assert_non_null(reader);
    return reader;
}

// Reads on to the next record with the tag.
static const struct dump_record *find(struct dump_reader *reader, enum dump_tag tag) {
    const struct dump_record *record = dump_reader_next(reader);
    while (record != NULL && record->tag != tag) {
        record = dump_reader_next(reader);
    }
    assert_non_null(record);
    return record;
}

static void assert_string(const struct dump_string *string, const char *text) {
    assert_int_equal(string->size_bytes, strlen(text));
    assert_memory_equal(string->bytes, text, strlen(text));
}

static void assert_ended(struct dump_reader *reader, enum dump_error_kind kind) {
    while (dump_reader_next(reader) != NULL) {
    }
    assert_int_equal(dump_reader_error(reader)->kind, kind);
    assert_null(dump_reader_next(reader));
}

TEST(every_record_kind_is_read_in_both_orders_and_sizes) {
    for (unsigned i = 0; i < 4; i++) {
        struct build build = {.pointer_bytes = i < 2 ? 8 : 4, .big_endian = i % 2 == 1};
        uint64_t counts[DUMP_TAG_COUNT] = {0};
        build_sample(&build);
        struct dump_reader *reader = over(&build, DUMP_STRICT);
        const struct dump_record *record;
        while ((record = dump_reader_next(reader)) != NULL) {
            assert_true(record->is_first && record->is_last);
            counts[record->tag]++;
        }
        assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_NONE);
        assert_int_equal(dump_reader_offset(reader), build.size_bytes);
        assert_int_equal(dump_reader_pointer_bytes(reader), build.pointer_bytes);
        assert_int_equal(dump_reader_is_big_endian(reader), build.big_endian);
        for (size_t tag = 0; tag < DUMP_TAG_COUNT; tag++) {
            assert_true(counts[tag] > 0);
        }
        assert_int_equal(counts[DUMP_TAG_Object], 3);
        dump_reader_destroy(reader);
        build_fini(&build);
    }
}

TEST(members_have_the_values_of_the_stream) {
    struct build build = {.pointer_bytes = 4, .big_endian = true};
    struct build_places places = build_places(&build);
    build_sample(&build);
    struct dump_reader *reader = over(&build, DUMP_STRICT);
    const struct dump_record *record = find(reader, DUMP_TAG_Params);
    assert_int_equal(record->offset_bytes, DUMP_HEADER_BYTES);
    assert_string(&record->as.Params.version, "go1.19.8");
    record = find(reader, DUMP_TAG_Object);
    assert_int_equal(record->as.Object.address, places.objects);
    assert_int_equal(record->as.Object.contents.total_bytes, 8);
    assert_int_equal(record->as.Object.contents.size_bytes, 8);
    assert_int_equal(record->as.Object.fields.count, 1);
    assert_int_equal(record->as.Object.fields.at[0].offset, 4);
    assert_int_equal(dump_pointer_at(record->as.Object.contents.bytes + 4, 4, true),
                     places.objects);
    record = find(reader, DUMP_TAG_Goroutine);
    assert_int_equal(record->as.Goroutine.id, 17);
    assert_int_equal(record->as.Goroutine.panics, places.arena + 0x1c0);
    assert_string(&record->as.Goroutine.wait_reason, "chan receive");
    record = find(reader, DUMP_TAG_StackFrame);
    assert_int_equal(record->as.StackFrame.continuation_pc, places.code + 0x20);
    assert_string(&record->as.StackFrame.function, "main.wait");
    assert_int_equal(record->as.StackFrame.fields.count, 2);
    record = find(reader, DUMP_TAG_MemStats);
    assert_int_equal(record->as.MemStats.Alloc, 24);
    assert_int_equal(record->as.MemStats.PauseNs[1], 2500);
    assert_int_equal(record->as.MemStats.NumGC, 2);
    record = find(reader, DUMP_TAG_MemProf);
    assert_int_equal(record->as.MemProf.stack.total, 2);
    assert_string(&record->as.MemProf.stack.at[0].file, "/src/main.go");
    assert_int_equal(record->as.MemProf.stack.at[0].line, 12);
    assert_int_equal(record->as.MemProf.allocs, 5);
    assert_int_equal(record->as.MemProf.frees, 2);
    assert_ended(reader, DUMP_ERROR_NONE);
    dump_reader_destroy(reader);
    build_fini(&build);
}

TEST(pointers_are_read_in_either_byte_order) {
    const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    assert_int_equal(dump_pointer_at(bytes, 4, true), 0x01020304);
    assert_int_equal(dump_pointer_at(bytes, 4, false), 0x04030201);
    assert_true(dump_pointer_at(bytes, 8, true) == UINT64_C(0x0102030405060708));
    assert_true(dump_pointer_at(bytes, 8, false) == UINT64_C(0x0807060504030201));
}

// A source of chunks, which fails once its bytes are used up when `error` is not 0.
struct chunks {
    const uint8_t *at;
    size_t left, chunk_bytes;
    int64_t error;
    unsigned interrupts; // reads that end in EINTR first
    unsigned reads;
};

static int64_t read_chunk(void *context, void *bytes, size_t size_bytes) {
    struct chunks *chunks = context;
    chunks->reads++;
    if (chunks->interrupts > 0) {
        chunks->interrupts--;
        return -EINTR;
    }
    size_t taken = size_bytes < chunks->chunk_bytes ? size_bytes : chunks->chunk_bytes;
    taken = taken < chunks->left ? taken : chunks->left;
    if (taken == 0) {
        return chunks->error;
    }
    memcpy(bytes, chunks->at, taken);
    chunks->at += taken;
    chunks->left -= taken;
    return (int64_t)taken;
}

static struct chunks chunks_of(const struct build *build, size_t chunk_bytes) {
    return (struct chunks){
        .at = build->bytes, .left = build->size_bytes, .chunk_bytes = chunk_bytes};
}

// One object of 5000 words, every one a pointer, and a bucket of 600 frames.
static void build_large(struct build *build) {
    build_header(build);
    build_params(build, "go1.19.8");
    BUILD(build, 1, build_places(build).objects);
    build_words(build, 5000, 0x1234);
    for (unsigned i = 0; i < 5000; i++) {
        BUILD(build, 1, i * build->pointer_bytes);
    }
    build_number(build, 0);
    build_roots(build);
    build_memstats(build, 1, 40000);
    BUILD(build, 16, 0x4f0000, 40000, 600);
    for (unsigned i = 0; i < 600; i++) {
        build_string(build, "main.deep");
        build_string(build, "/src/deep.go");
        build_number(build, i);
    }
    BUILD(build, 7, 6, 0);
}

// The parts of one large dump, put together again.
struct whole {
    uint64_t bytes, fields, calls, parts, records;
};

static void add_object_part(struct whole *whole, const struct dump_record *record) {
    const struct dump_record_Object *object = &record->as.Object;
    assert_int_equal(object->contents.begin_bytes * (object->contents.size_bytes > 0),
                     whole->bytes * (object->contents.size_bytes > 0));
    whole->bytes += object->contents.size_bytes;
    assert_int_equal(object->contents.total_bytes, 40000);
    for (size_t i = 0; i < object->fields.count; i++) {
        assert_int_equal(object->fields.begin, whole->fields);
        assert_int_equal(object->fields.at[i].offset, 8 * (whole->fields + i));
    }
    whole->fields += object->fields.count;
}

static void add_bucket_part(struct whole *whole, const struct dump_record *record) {
    const struct dump_record_MemProf *bucket = &record->as.MemProf;
    assert_int_equal(bucket->address, record->member_end > 0 ? 0x4f0000 : 0);
    for (size_t i = 0; i < bucket->stack.count; i++) {
        assert_int_equal(bucket->stack.begin, whole->calls);
        assert_int_equal(bucket->stack.total, 600);
        assert_int_equal(bucket->stack.at[i].line, whole->calls + i);
        assert_string(&bucket->stack.at[i].function, "main.deep");
    }
    whole->calls += bucket->stack.count;
    assert_int_equal(bucket->allocs, record->is_last ? 7 : bucket->allocs);
}

static struct whole put_together(struct dump_reader *reader) {
    struct whole whole = {.bytes = 0};
    const struct dump_record *record;
    uint32_t next_member = 0;
    while ((record = dump_reader_next(reader)) != NULL) {
        assert_true(record->is_first == (record->member_begin == 0 && !record->is_continued) ||
                    record->member_end == 0);
        assert_int_equal(record->member_begin, record->is_first ? 0 : next_member);
        next_member = record->member_end - (record->is_open ? 1 : 0);
        if (record->tag == DUMP_TAG_Object) {
            add_object_part(&whole, record);
        } else if (record->tag == DUMP_TAG_MemProf) {
            add_bucket_part(&whole, record);
        }
        whole.parts++;
        whole.records += record->is_last;
    }
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_NONE);
    return whole;
}

TEST(a_large_record_comes_in_parts_that_make_the_whole) {
    static const size_t windows[] = {1, 16, 100, 4096, 1 << 20};
    struct build build = {.pointer_bytes = 8};
    build_large(&build);
    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
        struct chunks chunks = chunks_of(&build, 1 + 37 * i);
        const struct dump_source source = {.read = read_chunk, .context = &chunks};
        struct dump_reader *reader = dump_reader_create_windowed(&source, DUMP_STRICT, windows[i]);
        assert_non_null(reader);
        struct whole whole = put_together(reader);
        assert_int_equal(whole.bytes, 40000);
        assert_int_equal(whole.fields, 5000);
        assert_int_equal(whole.calls, 600);
        assert_int_equal(whole.records, 7);
        assert_true(whole.parts > whole.records);
        dump_reader_destroy(reader);
    }
    build_fini(&build);
}

TEST(memory_is_not_split_when_the_source_is_in_memory) {
    struct build build = {.pointer_bytes = 8};
    build_large(&build);
    struct dump_reader *reader = over(&build, DUMP_STRICT);
    const struct dump_record *record = find(reader, DUMP_TAG_Object);
    assert_int_equal(record->as.Object.contents.size_bytes, 40000);
    assert_int_equal(record->as.Object.fields.count, DUMP_PART_FIELDS_MAX);
    assert_true(record->is_first && !record->is_last && record->is_open);
    record = dump_reader_next(reader);
    assert_int_equal(record->as.Object.contents.size_bytes, 0);
    assert_int_equal(record->as.Object.contents.total_bytes, 40000);
    assert_int_equal(record->as.Object.fields.begin, DUMP_PART_FIELDS_MAX);
    assert_true(!record->is_first && !record->is_last && record->is_continued);
    dump_reader_destroy(reader);
    build_fini(&build);
}

TEST(a_string_over_the_window_makes_it_grow) {
    struct build build = {.pointer_bytes = 8};
    char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    build_header(&build);
    build_params(&build, text);
    build_roots(&build);
    build_memstats(&build, 0, 0);
    build_number(&build, 0);
    struct chunks chunks = chunks_of(&build, 7);
    const struct dump_source source = {.read = read_chunk, .context = &chunks};
    struct dump_reader *reader = dump_reader_create_windowed(&source, DUMP_STRICT, 64);
    bool has_seen = false;
    const struct dump_record *record;
    while ((record = dump_reader_next(reader)) != NULL) {
        if (record->tag == DUMP_TAG_Params && record->as.Params.version.size_bytes > 0) {
            assert_string(&record->as.Params.version, text);
            has_seen = true;
        }
    }
    assert_true(has_seen);
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_NONE);
    dump_reader_destroy(reader);
    build_fini(&build);
}

TEST(an_interrupted_read_is_repeated) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    struct chunks chunks = chunks_of(&build, 100);
    chunks.interrupts = 3;
    const struct dump_source source = {.read = read_chunk, .context = &chunks};
    struct dump_reader *reader = dump_reader_create(&source, DUMP_STRICT);
    assert_ended(reader, DUMP_ERROR_NONE);
    dump_reader_destroy(reader);
    build_fini(&build);
}

TEST(a_failing_source_is_told_with_its_errno) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    build.size_bytes -= 10;
    struct chunks chunks = chunks_of(&build, 100);
    chunks.error = -EIO;
    const struct dump_source source = {.read = read_chunk, .context = &chunks};
    struct dump_reader *reader = dump_reader_create(&source, DUMP_STRICT);
    assert_ended(reader, DUMP_ERROR_READ);
    assert_int_equal(dump_reader_error(reader)->system_error, EIO);
    assert_int_equal(dump_reader_error(reader)->offset_bytes, build.size_bytes);
    dump_reader_destroy(reader);
    build_fini(&build);
}

// As good as the same bytes from a file that ends there.
TEST(what_came_before_a_failure_is_read) {
    struct build build = {.pointer_bytes = 8};
    build_sample(&build);
    for (; build.size_bytes > 0; build.size_bytes--) {
        struct dump_reader *cut = over(&build, DUMP_STRICT);
        while (dump_reader_next(cut) != NULL) {
        }
        for (size_t window = 1; window <= 4096; window *= 64) {
            struct chunks chunks = chunks_of(&build, 100);
            chunks.error = -EIO;
            const struct dump_source source = {.read = read_chunk, .context = &chunks};
            struct dump_reader *reader = dump_reader_create_windowed(&source, DUMP_STRICT, window);
            assert_ended(reader, DUMP_ERROR_READ);
            assert_int_equal(dump_reader_offset(reader), dump_reader_offset(cut));
            assert_int_equal(dump_reader_error(reader)->offset_bytes, build.size_bytes);
            dump_reader_destroy(reader);
        }
        dump_reader_destroy(cut);
    }
    build_fini(&build);
}

static int64_t read_too_much(void *context, void *bytes, size_t size_bytes) {
    (void)context;
    (void)bytes;
    return (int64_t)size_bytes + 1;
}

TEST(a_source_that_claims_more_than_was_asked_is_refused) {
    const struct dump_source source = {.read = read_too_much};
    struct dump_reader *reader = dump_reader_create(&source, DUMP_STRICT);
    assert_null(dump_reader_next(reader));
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_READ);
    dump_reader_destroy(reader);
}

TEST(a_pipe_is_read_to_its_end) {
    struct build build = {.pointer_bytes = 8};
    int ends[2];
    build_sample(&build);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], build.bytes, build.size_bytes), build.size_bytes);
    close(ends[1]);
    struct dump_reader *reader = dump_reader_create_descriptor(ends[0], DUMP_STRICT);
    assert_ended(reader, DUMP_ERROR_NONE);
    assert_int_equal(dump_reader_offset(reader), build.size_bytes);
    dump_reader_destroy(reader);
    close(ends[0]);
    build_fini(&build);
}

TEST(a_closed_descriptor_is_an_error_value) {
    struct dump_reader *reader = dump_reader_create_descriptor(-1, DUMP_STRICT);
    assert_null(dump_reader_next(reader));
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_READ);
    assert_int_equal(dump_reader_error(reader)->system_error, EBADF);
    dump_reader_destroy(reader);
}

TEST(a_window_that_cannot_be_had_is_null) {
    const struct dump_source source = {.read = read_too_much};
    assert_null(dump_reader_create_windowed(&source, DUMP_STRICT, PTRDIFF_MAX));
}

TEST(destroying_nothing_is_fine) {
    dump_reader_destroy(NULL);
}
