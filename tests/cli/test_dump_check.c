// test_dump_check: each cross-check of `dump verify` holds on a good dump and fires on the one
// thing that breaks it.
//
// holds: cli/dump/check.c cli/dump/objects.c

#include "tests/dump/build.h"
#include "cli/dump/check.h"

#include "tests/test.h"

static struct build start(const char *version) {
    struct build build = {.pointer_bytes = 8};
    build_header(&build);
    build_params(&build, version);
    return build;
}

// A valid dump to its end: `count` objects of `bytes` in MemStats.
static void finish(struct build *build, uint64_t count, uint64_t bytes) {
    build_roots(build);
    build_memstats(build, count, bytes);
    build_number(build, 0);
}

static uint64_t objects_at(const struct build *build) {
    return build_places(build).objects;
}

// Reads the dump into the check and finishes it. False: it is not a valid dump.
static bool run(struct dump_check *check, const struct build *build) {
    *check = (struct dump_check){.object_count = 0};
    struct dump_reader *reader =
        dump_reader_create_memory(build->bytes, build->size_bytes, DUMP_STRICT);
    const struct dump_record *record;
    assert_non_null(reader);
    while ((record = dump_reader_next(reader)) != NULL) {
        dump_check_add(check, record);
    }
    bool is_valid = dump_reader_error(reader)->kind == DUMP_ERROR_NONE;
    dump_reader_destroy(reader);
    assert_true(dump_check_finish(check));
    return is_valid;
}

// Only this rule fails, so often.
static void assert_fires(struct build *build, enum dump_rule rule, uint64_t times) {
    struct dump_check check;
    assert_true(run(&check, build));
    assert_true(dump_check_has_failed(&check));
    for (size_t i = 0; i < DUMP_RULE_COUNT; i++) {
        assert_int_equal(check.rules[i].failed, i == (size_t)rule ? times : 0);
    }
    assert_true(check.rules[rule].example[0] != '\0');
    dump_check_fini(&check);
    build_fini(build);
}

static void assert_holds(struct build *build) {
    struct dump_check check;
    assert_true(run(&check, build));
    assert_false(dump_check_has_failed(&check));
    dump_check_fini(&check);
    build_fini(build);
}

TEST(every_rule_is_evaluated_and_holds_on_a_good_dump) {
    for (unsigned i = 0; i < 4; i++) {
        struct build build = {.pointer_bytes = i < 2 ? 8 : 4, .big_endian = i % 2 == 1};
        struct dump_check check;
        build_sample(&build);
        assert_true(run(&check, &build));
        assert_false(dump_check_has_failed(&check));
        for (size_t rule = 0; rule < DUMP_RULE_COUNT; rule++) {
            assert_true(check.rules[rule].evaluated > 0);
        }
        dump_check_fini(&check);
        build_fini(&build);
    }
}

TEST(an_object_outside_the_arenas_is_found) {
    struct build build = start("go1.19.8");
    build_object(&build, build_places(&build).arena - 16, 0);
    build_object(&build, build_places(&build).arena + 0x400000 - 16, 0);
    build_object(&build, build_places(&build).arena + 0x400000 - 8, 0);
    finish(&build, 3, 48);
    struct dump_check check;
    assert_true(run(&check, &build));
    assert_int_equal(check.rules[DUMP_RULE_objects_in_arenas].failed, 2);
    dump_check_fini(&check);
    build_fini(&build);
}

TEST(overlapping_objects_are_found) {
    struct build build = start("go1.19.8");
    build_object(&build, objects_at(&build), 0);
    build_object(&build, objects_at(&build) + 8, 0);
    finish(&build, 2, 32);
    assert_fires(&build, DUMP_RULE_objects_apart, 1);
    build = start("go1.19.8");
    build_object(&build, objects_at(&build), 0);
    build_object(&build, objects_at(&build), 0);
    finish(&build, 2, 32);
    assert_fires(&build, DUMP_RULE_objects_apart, 1);
}

TEST(interleaved_objects_do_not_overlap) {
    struct build build = start("go1.19.8");
    for (unsigned i = 0; i < 20; i++) { // even slots upwards, then the odd ones between
        build_object(&build, objects_at(&build) + 32 * i, 0);
    }
    for (unsigned i = 20; i > 0; i--) {
        build_object(&build, objects_at(&build) + 32 * i - 16, 0);
    }
    finish(&build, 40, 640);
    assert_holds(&build);
}

TEST(a_field_past_the_contents_is_found) {
    struct build build = start("go1.19.8");
    BUILD(&build, 1, objects_at(&build));
    build_words(&build, 2, 0);
    BUILD(&build, 1, 8, 1, 9, 1, UINT64_MAX, 0);
    finish(&build, 1, 16);
    assert_fires(&build, DUMP_RULE_fields_in_objects, 2);
}

TEST(a_sum_of_sizes_that_is_not_heap_alloc_is_found) {
    struct build build = start("go1.19.8");
    build_object(&build, objects_at(&build), 0);
    finish(&build, 1, 15);
    assert_fires(&build, DUMP_RULE_heap_alloc, 1);
}

TEST(a_count_that_is_not_heap_objects_is_found) {
    struct build build = start("go1.19.8");
    build_object(&build, objects_at(&build), 0);
    finish(&build, 2, 16);
    assert_fires(&build, DUMP_RULE_heap_objects, 1);
}

TEST(a_dump_of_go_in_the_middle_of_a_sweep_is_named) {
    struct build build = start("go1.19.8");
    struct dump_check check;
    build_object(&build, objects_at(&build), 0);
    finish(&build, 4, 64);
    assert_true(run(&check, &build));
    assert_false(dump_check_has_failed(&check));
    assert_true(check.is_mid_sweep);
    dump_check_fini(&check);
    build_fini(&build);
}

TEST(our_own_writer_gets_no_such_slack) {
    struct build build = start("countercheck");
    struct dump_check check;
    build_object(&build, objects_at(&build), 0);
    finish(&build, 4, 64);
    assert_true(run(&check, &build));
    assert_int_equal(check.rules[DUMP_RULE_heap_alloc].failed, 1);
    assert_int_equal(check.rules[DUMP_RULE_heap_objects].failed, 1);
    dump_check_fini(&check);
    build_fini(&build);
}

// The last slots of a page of 64-byte objects, from index 126 on.
static struct build with_phantoms(const char *version, bool has_pointer) {
    struct build build = start(version);
    for (unsigned i = 120; i < 128; i++) {
        BUILD(&build, 1, objects_at(&build) + 64 * i);
        build_words(&build, 8, 0);
        if (has_pointer && i == 120) {
            BUILD(&build, 1, 0);
        }
        build_number(&build, 0);
    }
    finish(&build, 6, 6 * 64);
    return build;
}

TEST(phantom_objects_of_new_go_are_left_out) {
    static const char *const versions[] = {"go1.22.0", "go1.24", "devel go1.23-0123abc"};
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct build build = with_phantoms(versions[i], true);
        struct dump_check check;
        assert_true(run(&check, &build));
        assert_false(dump_check_has_failed(&check));
        assert_int_equal(check.phantom_count, 2);
        assert_int_equal(check.phantom_bytes, 128);
        dump_check_fini(&check);
        build_fini(&build);
    }
}

TEST(old_go_and_pages_without_pointers_have_no_phantoms) {
    struct dump_check check;
    struct build build = with_phantoms("go1.21.9", true);
    assert_true(run(&check, &build));
    assert_int_equal(check.rules[DUMP_RULE_heap_objects].failed, 1);
    dump_check_fini(&check);
    build_fini(&build);
    build = with_phantoms("go1.22.0", false);
    assert_true(run(&check, &build));
    assert_int_equal(check.phantom_count, 0);
    dump_check_fini(&check);
    build_fini(&build);
}

TEST(a_finalizer_beside_an_object_is_found) {
    struct build build = start("go1.19.8");
    build_object(&build, objects_at(&build), 0);
    build_roots(&build);
    BUILD(&build, 7, objects_at(&build) + 15, 0, 0, 0, 0);
    BUILD(&build, 7, objects_at(&build) + 16, 0, 0, 0, 0);
    BUILD(&build, 11, objects_at(&build) - 1, 0, 0, 0, 0);
    BUILD(&build, 11, 0, 0, 0, 0, 0); // a cleanup
    build_memstats(&build, 1, 16);
    build_number(&build, 0);
    assert_fires(&build, DUMP_RULE_finalizers_on_objects, 2);
    build = start("go1.24.4");
    build_object(&build, objects_at(&build), 0);
    build_roots(&build);
    BUILD(&build, 7, 0, 0, 0, 0, 0); // waits for no object
    build_memstats(&build, 1, 16);
    build_number(&build, 0);
    assert_fires(&build, DUMP_RULE_finalizers_on_objects, 1);
}

TEST(a_sample_beside_an_object_is_found) {
    struct build build = start("go1.19.8");
    build_object(&build, objects_at(&build), 0);
    build_roots(&build);
    build_memstats(&build, 1, 16);
    BUILD(&build, 16, 0x100, 16, 0, 1, 0);
    BUILD(&build, 17, objects_at(&build) + 16, 0x100, 17, objects_at(&build) + 1, 0x100, 0);
    assert_fires(&build, DUMP_RULE_samples_on_objects, 1);
}

TEST(a_sample_of_no_bucket_is_found) {
    struct build build = start("go1.19.8");
    build_object(&build, objects_at(&build), 0);
    build_roots(&build);
    build_memstats(&build, 1, 16);
    BUILD(&build, 16, 0x100, 16, 0, 1, 0);
    BUILD(&build, 17, objects_at(&build), 0x101, 0);
    assert_fires(&build, DUMP_RULE_samples_in_buckets, 1);
}

TEST(a_bucket_with_more_frees_than_allocs_is_found) {
    struct build build = start("go1.19.8");
    build_roots(&build);
    build_memstats(&build, 0, 0);
    BUILD(&build, 16, 0x100, 16, 0, 1, 2, 0);
    assert_fires(&build, DUMP_RULE_bucket_frees, 1);
}

TEST(each_identity_of_memstats_is_seen_when_broken) {
    struct dump_record_MemStats good = {.Alloc = 10,
                                        .TotalAlloc = 20,
                                        .Sys = 700,
                                        .Mallocs = 5,
                                        .Frees = 2,
                                        .HeapAlloc = 10,
                                        .HeapSys = 100,
                                        .HeapIdle = 40,
                                        .HeapInuse = 60,
                                        .HeapReleased = 30,
                                        .HeapObjects = 3,
                                        .StackInuse = 90,
                                        .StackSys = 100,
                                        .MSpanSys = 100,
                                        .MCacheSys = 100,
                                        .BuckHashSys = 100,
                                        .GCSys = 100,
                                        .OtherSys = 100};
    uint64_t *const broken[] = {&good.Alloc,       &good.Sys,          &good.HeapInuse,
                                &good.HeapObjects, &good.HeapReleased, &good.StackInuse,
                                &good.MSpanInuse,  &good.MCacheInuse,  &good.Frees};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct dump_check check = {.object_count = 0};
        dump_check_memstats(&check, &good);
        assert_int_equal(check.rules[DUMP_RULE_memstats_identities].failed, 0);
        *broken[i] += 1000;
        dump_check_memstats(&check, &good);
        assert_true(check.rules[DUMP_RULE_memstats_identities].failed > 0);
        *broken[i] -= 1000;
    }
}

TEST(any_changed_byte_passes_the_checks_without_harm) {
    struct build build = {.pointer_bytes = 8};
    build_sample(&build);
    for (size_t at = 0; at < build.size_bytes; at++) {
        for (unsigned flip = 1; flip < 256; flip = flip == 255   ? 256
                                                   : flip == 128 ? 255
                                                                 : 2 * flip) {
            struct dump_check check;
            build.bytes[at] ^= (uint8_t)flip;
            run(&check, &build);
            dump_check_fini(&check);
            build.bytes[at] ^= (uint8_t)flip;
        }
    }
    build_fini(&build);
}
