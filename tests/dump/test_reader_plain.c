// test_reader_plain: objects after objects, which the reader takes by a short cut, are read as the
// long way reads them.

#include "tests/dump/build.h"
#include "dump/reader.h"

#include "tests/test.h"

// What reading the whole dump comes to.
struct outcome {
    struct dump_error error;
    uint64_t hash; // of every record whole: tag, offset, numbers, sizes, fields
    uint64_t forgiven[DUMP_FORGIVEN_COUNT];
};

static uint64_t mix(uint64_t hash, uint64_t value) {
    return (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 31;
}

static uint64_t mix_object(uint64_t hash, const struct dump_record_Object *object) {
    for (uint64_t i = 0; i < object->contents.size_bytes; i++) {
        hash = mix(hash, object->contents.bytes[i]);
    }
    for (size_t i = 0; i < object->fields.count; i++) {
        hash = mix(mix(hash, object->fields.at[i].kind), object->fields.at[i].offset);
    }
    return hash;
}

static struct outcome read_through(struct dump_reader *reader) {
    struct outcome outcome = {.hash = 1};
    const struct dump_record *record;
    bool was_last = true;
    assert_non_null(reader);
    while ((record = dump_reader_next(reader)) != NULL) {
        if (record->tag == DUMP_TAG_Object) {
            outcome.hash = mix_object(outcome.hash, &record->as.Object);
        }
        assert_true(!record->is_last || (!record->is_open && record->member_end > 0) ||
                    record->tag == DUMP_TAG_EOF);
        assert_true(!record->is_last || record->tag != DUMP_TAG_Object || record->member_end == 3);
        assert_true(was_last == record->is_first);
        assert_true(!record->is_first || (record->member_begin == 0 && !record->is_continued));
        was_last = record->is_last;
        if (record->is_last) {
            outcome.hash = mix(mix(outcome.hash, record->tag), record->offset_bytes);
            outcome.hash = mix(outcome.hash, dump_reader_offset(reader));
        }
        if (record->is_last && record->tag == DUMP_TAG_Object) {
            outcome.hash = mix(outcome.hash, record->as.Object.address);
            outcome.hash = mix(outcome.hash, record->as.Object.contents.total_bytes);
        }
    }
    assert_null(dump_reader_next(reader));
    outcome.error = *dump_reader_error(reader);
    for (size_t i = 0; i < DUMP_FORGIVEN_COUNT; i++) {
        outcome.forgiven[i] = dump_reader_forgiven(reader, (enum dump_forgiven)i);
    }
    dump_reader_destroy(reader);
    return outcome;
}

// A byte at a time: nothing is ever whole in the window, so that no record takes a short cut.
static int64_t read_byte(void *context, void *bytes, size_t size_bytes) {
    struct build *left = context;
    if (left->size_bytes == 0 || size_bytes == 0) {
        return 0;
    }
    memcpy(bytes, left->bytes++, 1);
    left->size_bytes--;
    return 1;
}

static bool same_text(const char *left, const char *right) {
    return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

static void assert_same_through_any_window(const struct build *build, enum dump_mode mode) {
    struct build left = *build;
    const struct dump_source source = {.read = read_byte, .context = &left};
    struct outcome at_once =
        read_through(dump_reader_create_memory(build->bytes, build->size_bytes, mode));
    struct outcome slowly = read_through(dump_reader_create_windowed(&source, mode, 1));
    assert_int_equal(at_once.error.kind, slowly.error.kind);
    assert_int_equal(at_once.error.offset_bytes, slowly.error.offset_bytes);
    assert_int_equal(at_once.error.good_bytes, slowly.error.good_bytes);
    assert_true(at_once.error.value == slowly.error.value);
    assert_true(same_text(at_once.error.record, slowly.error.record));
    assert_true(same_text(at_once.error.field, slowly.error.field));
    if (at_once.error.kind == DUMP_ERROR_NONE) { // else a record may have begun through one alone
        assert_true(at_once.hash == slowly.hash);
        assert_memory_equal(at_once.forgiven, slowly.forgiven, sizeof at_once.forgiven);
    }
}

// Objects after objects are read by a short cut, which must see what the long way sees.
TEST(an_object_after_another_is_judged_as_the_first_is) {
    for (unsigned pointer_bytes = 4; pointer_bytes <= 8; pointer_bytes += 4) {
        struct build build = build_start(pointer_bytes);
        size_t begin = build.size_bytes;
        for (unsigned i = 0; i < 3; i++) {
            build_object(&build, 0x8c00000 + 64 * i, 0x8c00000);
        }
        BUILD(&build, 1, 0x8c01000, 1, 0x5a, 1, 300, 1, 1 << 20,
              0); // offsets of two and more groups
        BUILD(&build, 1, 0x8c02000, 0, 0);
        BUILD(&build, 1, 1, 1, 0, 0);        // what stands behind a wrong tag looks like an object
        BUILD(&build, 2, 1, 'r', 0x8c00000); // a root between objects
        BUILD(&build, 1, 0x8c03000, 0, 1, 8, 0);
        size_t end = build.size_bytes;
        build_finish(&build);
        for (int mode = DUMP_STRICT; mode <= DUMP_LENIENT; mode++) {
            assert_same_through_any_window(&build, (enum dump_mode)mode);
            for (size_t at = begin; at < end; at++) {
                uint8_t kept = build.bytes[at];
                for (unsigned value = 0; value < 256; value++) {
                    build.bytes[at] = (uint8_t)value;
                    assert_same_through_any_window(&build, (enum dump_mode)mode);
                }
                build.bytes[at] = kept;
            }
        }
        build_fini(&build);
    }
}

TEST(an_object_cut_at_any_byte_is_judged_as_the_first_is) {
    struct build build = build_start(8);
    size_t begin = build.size_bytes;
    for (unsigned i = 0; i < 3; i++) {
        build_object(&build, 0xc000000000 + 64 * i, 0xc000000000);
    }
    for (; build.size_bytes > begin; build.size_bytes--) {
        assert_same_through_any_window(&build, DUMP_STRICT);
    }
    build_fini(&build);
}

// Added to an address, such lengths come out before it.
TEST(a_length_that_wraps_is_refused_behind_an_object_too) {
    for (uint64_t back = 1; back < 64; back++) {
        struct build build = build_start(8);
        for (unsigned i = 0; i < 4; i++) {
            build_object(&build, 0xc000000000 + 64 * i, 0);
        }
        BUILD(&build, 1, 0xc000001000, UINT64_MAX - back);
        build_finish(&build);
        assert_same_through_any_window(&build, DUMP_STRICT);
        build_fini(&build);
    }
}
