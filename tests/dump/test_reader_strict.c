// test_reader_strict: what a strict reading refuses, each with its kind, record, field and byte;
// what a lenient one forgives.
//
// holds: dump/read/error.c dump/read/order.c

#include "tests/dump/build.h"
#include "dump/reader.h"

#include "tests/test.h"

static struct dump_error read_all(const struct build *build, enum dump_mode mode,
                                  uint64_t forgiven[DUMP_FORGIVEN_COUNT]) {
    struct dump_reader *reader = dump_reader_create_memory(build->bytes, build->size_bytes, mode);
    assert_non_null(reader);
    while (dump_reader_next(reader) != NULL) {
    }
    struct dump_error error = *dump_reader_error(reader);
    for (size_t i = 0; i < DUMP_FORGIVEN_COUNT && forgiven != NULL; i++) {
        forgiven[i] = dump_reader_forgiven(reader, (enum dump_forgiven)i);
    }
    dump_reader_destroy(reader);
    return error;
}

// Both modes refuse.
static void assert_refused(struct build *build, enum dump_error_kind kind, const char *record,
                           const char *field, uint64_t offset_bytes) {
    for (int mode = DUMP_STRICT; mode <= DUMP_LENIENT; mode++) {
        struct dump_error error = read_all(build, (enum dump_mode)mode, NULL);
        assert_int_equal(error.kind, kind);
        assert_int_equal(error.offset_bytes, offset_bytes);
        assert_true((error.record == NULL) == (record == NULL));
        assert_true((error.field == NULL) == (field == NULL));
        if (record != NULL) {
            assert_string_equal(error.record, record);
        }
        if (field != NULL) {
            assert_string_equal(error.field, field);
        }
    }
    build_fini(build);
}

// Strict refuses; lenient forgives this and nothing else.
static void assert_forgiven(struct build *build, enum dump_error_kind kind, enum dump_forgiven what,
                            uint64_t times) {
    uint64_t forgiven[DUMP_FORGIVEN_COUNT];
    assert_int_equal(read_all(build, DUMP_STRICT, NULL).kind, kind);
    assert_int_equal(read_all(build, DUMP_LENIENT, forgiven).kind, DUMP_ERROR_NONE);
    for (size_t i = 0; i < DUMP_FORGIVEN_COUNT; i++) {
        assert_int_equal(forgiven[i], i == (size_t)what ? times : 0);
    }
    build_fini(build);
}

TEST(another_header_is_refused_at_its_first_wrong_byte) {
    struct build build = {.pointer_bytes = 8};
    build_bytes(&build, "go1.6 heap dump\n", 16);
    assert_refused(&build, DUMP_ERROR_HEADER, NULL, "header", 4);
}

TEST(an_empty_input_is_truncated) {
    struct build build = {.pointer_bytes = 8};
    assert_refused(&build, DUMP_ERROR_TRUNCATED, NULL, "header", 0);
}

TEST(a_tag_over_17_is_refused) {
    struct build build = build_start(8);
    uint64_t at = build.size_bytes;
    build_number(&build, 18);
    assert_refused(&build, DUMP_ERROR_TAG, NULL, "tag", at);
}

TEST(a_varint_over_64_bits_is_refused) {
    struct build build = build_start(8);
    build_number(&build, 1);
    uint64_t at = build.size_bytes;
    build_bytes(&build, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
    assert_refused(&build, DUMP_ERROR_VARINT, "Object", "address", at);
    build = build_start(8);
    at = build.size_bytes;
    build_bytes(&build, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11);
    assert_refused(&build, DUMP_ERROR_VARINT, NULL, "tag", at);
}

TEST(the_largest_number_is_no_error) {
    struct build build = build_start(8);
    BUILD(&build, 1, UINT64_MAX, 0, 1, UINT64_MAX, 0);
    build_finish(&build);
    assert_int_equal(read_all(&build, DUMP_STRICT, NULL).kind, DUMP_ERROR_NONE);
    build_fini(&build);
}

TEST(a_length_past_the_end_is_refused_at_the_length) {
    static const uint64_t lengths[] = {UINT64_C(1) << 62, UINT64_C(1) << 63, UINT64_MAX, 2};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct build build = build_start(8);
        BUILD(&build, 1, 0xc000000000);
        uint64_t at = build.size_bytes;
        build_number(&build, lengths[i]);
        build_byte(&build, 0);
        assert_refused(&build, DUMP_ERROR_LENGTH, "Object", "contents", at);
    }
    struct build build = build_start(8);
    build_number(&build, 2);
    uint64_t at = build.size_bytes;
    build_number(&build, 5);
    assert_refused(&build, DUMP_ERROR_LENGTH, "OtherRoot", "description", at);
}

TEST(a_string_over_the_limit_is_refused) {
    struct build build = build_start(8);
    build_number(&build, 2);
    uint64_t at = build.size_bytes;
    build_number(&build, DUMP_STRING_BYTES_MAX + 1);
    assert_refused(&build, DUMP_ERROR_STRING_LENGTH, "OtherRoot", "description", at);
}

TEST(a_bool_of_two_is_refused) {
    struct build build = {.pointer_bytes = 8};
    build_header(&build);
    BUILD(&build, 6, 2);
    assert_refused(&build, DUMP_ERROR_BOOL, "Params", "big_endian", 17);
}

TEST(a_pointer_size_of_sixteen_is_refused) {
    struct build build = {.pointer_bytes = 8};
    build_header(&build);
    BUILD(&build, 6, 0, 16);
    assert_refused(&build, DUMP_ERROR_POINTER_SIZE, "Params", "pointer_size", 18);
}

TEST(field_kind_four_is_refused) {
    struct build build = build_start(8);
    BUILD(&build, 1, 0, 0);
    uint64_t at = build.size_bytes;
    BUILD(&build, 4, 0, 0);
    assert_refused(&build, DUMP_ERROR_FIELD_KIND, "Object", "fields", at);
}

TEST(bytes_after_eof_are_refused) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    uint64_t at = build.size_bytes;
    build_byte(&build, 0);
    assert_refused(&build, DUMP_ERROR_TRAILING, NULL, NULL, at);
}

TEST(a_missing_eof_is_truncation_at_the_end) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    build.size_bytes--;
    assert_refused(&build, DUMP_ERROR_TRUNCATED, NULL, NULL, build.size_bytes);
}

TEST(missing_roots_are_refused_at_eof) {
    struct build build = build_start(8);
    uint64_t at = build.size_bytes;
    build_number(&build, 0);
    assert_refused(&build, DUMP_ERROR_MISSING, "EOF", NULL, at);
}

TEST(a_padded_number_is_forgiven) {
    struct build build = build_start(8);
    build_bytes(&build, "\x82\x80\x00\x80\x00\x81\x00", 7); // OtherRoot "" 1
    build_finish(&build);
    assert_forgiven(&build, DUMP_ERROR_PADDED, DUMP_FORGIVEN_PADDED_VARINT, 3);
}

TEST(interface_fields_are_forgiven) {
    struct build build = build_start(8);
    BUILD(&build, 1, 0, 0, 2, 8, 3, 16, 1, 0, 0);
    build_finish(&build);
    assert_forgiven(&build, DUMP_ERROR_FIELD_KIND, DUMP_FORGIVEN_FIELD_KIND, 2);
}

TEST(a_wide_address_is_forgiven) {
    struct build build = build_start(4);
    BUILD(&build, 1, UINT64_C(0x100000000), 0, 0);
    BUILD(&build, 1, UINT32_MAX, 0, 0);
    build_finish(&build);
    assert_forgiven(&build, DUMP_ERROR_ADDRESS, DUMP_FORGIVEN_WIDE_ADDRESS, 1);
}

TEST(a_record_out_of_order_is_forgiven) {
    struct build build = build_start(8);
    BUILD(&build, 9, 1, 2, 3);
    BUILD(&build, 1, 0, 0, 0);                   // an object after a thread
    BUILD(&build, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0); // a frame without a goroutine
    BUILD(&build, 9, 1, 2, 3);
    build_finish(&build);
    assert_forgiven(&build, DUMP_ERROR_ORDER, DUMP_FORGIVEN_ORDER, 2);
}

TEST(a_record_before_params_is_forgiven) {
    struct build build = {.pointer_bytes = 8};
    build_header(&build);
    BUILD(&build, 2, 0, 0);
    build_params(&build, "go1.19.8");
    build_finish(&build);
    assert_forgiven(&build, DUMP_ERROR_ORDER, DUMP_FORGIVEN_ORDER, 1);
}

TEST(types_without_an_itab_are_out_of_order) {
    struct build build = build_start(8);
    BUILD(&build, 3, 1, 8, 0, 1);
    BUILD(&build, 1, 0, 0, 0);
    build_finish(&build);
    assert_forgiven(&build, DUMP_ERROR_ORDER, DUMP_FORGIVEN_ORDER, 1);
}

TEST(repeats_are_forgiven) {
    struct build build = build_start(8);
    build_params(&build, "go1.19.8");
    build_finish(&build);
    assert_forgiven(&build, DUMP_ERROR_REPEATED, DUMP_FORGIVEN_REPEATED, 1);
    build = build_start(8);
    build_roots(&build);
    build_memstats(&build, 0, 0);
    build_memstats(&build, 0, 0);
    build_number(&build, 0);
    assert_forgiven(&build, DUMP_ERROR_REPEATED, DUMP_FORGIVEN_REPEATED, 1);
}

TEST(a_missing_memstats_is_forgiven) {
    struct build build = build_start(8);
    build_roots(&build);
    build_number(&build, 0);
    assert_forgiven(&build, DUMP_ERROR_MISSING, DUMP_FORGIVEN_MISSING_MEMSTATS, 1);
}

TEST(other_roots_may_stand_anywhere_after_params) {
    struct build build = build_start(8);
    BUILD(&build, 2, 0, 0, 3, 1, 8, 0, 1, 2, 0, 0, 8, 1, 1, 2, 0, 0); // between Type and Itab
    build_roots(&build);
    BUILD(&build, 2, 0, 0);
    build_memstats(&build, 0, 0);
    BUILD(&build, 17, 0, 0, 2, 0, 0, 0);
    assert_int_equal(read_all(&build, DUMP_STRICT, NULL).kind, DUMP_ERROR_NONE);
    build_fini(&build);
}

TEST(a_dump_cut_at_any_byte_says_how_far_it_was_good) {
    struct build build = {.pointer_bytes = 8};
    build_sample(&build);
    size_t size_bytes = build.size_bytes;
    uint64_t good_bytes = 0;
    for (build.size_bytes = 0; build.size_bytes < size_bytes; build.size_bytes++) {
        struct dump_error error = read_all(&build, DUMP_STRICT, NULL);
        assert_true(error.kind == DUMP_ERROR_TRUNCATED || error.kind == DUMP_ERROR_LENGTH);
        assert_true(error.offset_bytes <= build.size_bytes);
        assert_true(error.good_bytes >= good_bytes);
        good_bytes = error.good_bytes;
    }
    assert_int_equal(good_bytes, size_bytes - 1);
    build_fini(&build);
}

TEST(every_changed_byte_ends_well_or_with_an_error_inside) {
    struct build build = {.pointer_bytes = 4, .big_endian = true};
    build_sample(&build);
    for (size_t at = 0; at < build.size_bytes; at++) {
        uint8_t kept = build.bytes[at];
        for (unsigned value = 0; value < 256; value++) {
            build.bytes[at] = (uint8_t)value;
            for (int mode = DUMP_STRICT; mode <= DUMP_LENIENT; mode++) {
                struct dump_error error = read_all(&build, (enum dump_mode)mode, NULL);
                assert_true(error.offset_bytes <= build.size_bytes);
                assert_true(error.good_bytes <= error.offset_bytes ||
                            error.kind == DUMP_ERROR_NONE);
            }
        }
        build.bytes[at] = kept;
    }
    build_fini(&build);
}

// What is padded or too wide is forgiven as often as it comes.
TEST(each_object_is_forgiven_for_itself) {
    struct build build = build_start(4);
    for (unsigned i = 0; i < 3; i++) {
        BUILD(&build, 1, UINT64_C(0x1000000000) + i, 0, 0);
    }
    build_finish(&build);
    assert_forgiven(&build, DUMP_ERROR_ADDRESS, DUMP_FORGIVEN_WIDE_ADDRESS, 3);
    build = build_start(8);
    for (unsigned i = 0; i < 3; i++) {
        BUILD(&build, 1, 0x1000);
        build_byte(&build, 0x80); // a length of 0 in two groups
        BUILD(&build, 0, 0);
    }
    build_finish(&build);
    assert_forgiven(&build, DUMP_ERROR_PADDED, DUMP_FORGIVEN_PADDED_VARINT, 3);
}

TEST(an_error_is_told_in_one_line) {
    char text[256];
    struct dump_error error = {.kind = DUMP_ERROR_LENGTH,
                               .record = "Object",
                               .field = "contents",
                               .offset_bytes = 120,
                               .good_bytes = 100,
                               .value = 4096};
    assert_string_equal(
        dump_error_text(&error, text, sizeof(text)),
        "length 4096 runs past the end, record Object, field contents, at byte 120, "
        "good up to byte 100");
    assert_string_equal(dump_error_text(&error, text, 12), "length 4096");
    text[0] = 'x';
    dump_error_text(&error, text, 0);
    assert_int_equal(text[0], 'x');
}

TEST(the_header_of_another_version_is_named) {
    static const struct {
        const char *bytes, *header;
    } cases[] = {
        {"go1.4 heap dump\n0123456789", "go1.4 heap dump"},
        {"go1.25 heap dump\n012345678", "go1.25 heap dump"},
        {"go1.7 heap dumq\n0123456789", ""},
        {"go1.\x1b heap dump\n012345678", ""},
        {"no1.4 heap dump\n0123456789", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dump_reader *reader =
            dump_reader_create_memory(cases[i].bytes, strlen(cases[i].bytes), DUMP_STRICT);
        assert_null(dump_reader_next(reader));
        assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_HEADER);
        assert_string_equal(dump_reader_error(reader)->header, cases[i].header);
        dump_reader_destroy(reader);
    }
}

TEST(every_kind_of_error_has_words) {
    for (int kind = DUMP_ERROR_NONE; kind < DUMP_ERROR_COUNT; kind++) {
        char text[256];
        struct dump_error error = {.kind = (enum dump_error_kind)kind, .value = 1};
        dump_error_text(&error, text, sizeof(text));
        assert_null(strstr(text, "unknown error"));
        assert_null(strchr(text, '\n'));
    }
}

TEST(the_tags_have_their_names) {
    assert_string_equal(dump_tag_names[DUMP_TAG_EOF], "EOF");
    assert_string_equal(dump_tag_names[11], "QueuedFinalizer");
    assert_string_equal(dump_tag_names[17], "AllocSample");
    assert_int_equal(DUMP_TAG_COUNT, 18);
}
