// test_roundtrip: a dump of everything is clean; no byte of it can change, and no record go, come
// or move, unnoticed.
//
// holds: oracle/go/program/ledger.c oracle/go/program/own.c oracle/go/roundtrip/finalizers.c
// holds: oracle/go/roundtrip/goroutines.c oracle/go/roundtrip/judge.c oracle/go/roundtrip/ledger.c
// holds: oracle/go/roundtrip/lists.c oracle/go/roundtrip/memstats.c oracle/go/roundtrip/objects.c
// holds: oracle/go/roundtrip/profile.c oracle/go/roundtrip/segments.c
#include "oracle/go/roundtrip/roundtrip.h"
#include "oracle/go/rules.h"

#include "allocator/inspect.h"
#include "dump/reader.h"
#include "tests/oracle/world.h"

#include <stdlib.h>

#include "tests/test.h"

// ---- clean dumps

TEST_FIXTURE(setup_world, teardown)

TEST_WITH(the_dump_of_an_empty_heap_is_clean, setup, teardown) {
    dump(*state);
    assert_true(check(*state));
}

TEST(the_dump_of_everything_is_clean_and_asks_every_rule) {
    struct fixture *fixture = *state;
    assert_true(check(fixture));
    for (int rule = RULE_DUMP_DECODE; rule <= RULE_DUMP_REACH; rule++) {
        if (oracle_evaluated(fixture->driver.oracle, (unsigned)rule) == 0) {
            fail_msg("%s was not evaluated", go_rules.rows[rule].name);
        }
    }
}

TEST(a_dump_in_the_middle_of_a_sweep_is_clean) {
    struct fixture *fixture = *state;
    assert_true(driver_collect(&fixture->driver, false));
    dump(fixture);
    assert_true(check(fixture));
}

TEST(a_dump_in_the_middle_of_marking_is_clean) {
    struct fixture *fixture = *state;
    assert_true(driver_gc_start(&fixture->driver));
    dump(fixture);
    assert_true(check(fixture));
    assert_true(driver_gc_finish(&fixture->driver));
    dump(fixture);
    assert_true(check(fixture));
}

// More fields than the reader's lists hold at once, and more bytes than the writer's buffer.
TEST_WITH(objects_of_every_size_are_clean, setup, teardown) {
    struct fixture *fixture = *state;
    const size_t sizes[] = {8, 16, 64, 1024, 8192, 8193, 9472, 32768, 32769, 200000, 1 << 20};
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct model_request request = {.size_bytes = sizes[i]};
        assert_true(driver_alloc_with(&fixture->driver, 100 + i, request, 0));
        request.layout = &dense;
        assert_true(driver_alloc_with(&fixture->driver, 200 + i, request, 0));
        request.layout = &sparse;
        assert_true(driver_alloc_with(&fixture->driver, 300 + i, request, 0));
    }
    dump(fixture);
    assert_true(check(fixture));
}

// What is sampled in cycle c is published with cycle c + 2; what the program frees likewise, what a
// sweep frees one earlier.
TEST_WITH(published_counts_follow_the_three_cycles, setup, teardown) {
    struct fixture *fixture = *state;
    struct driver *driver = &fixture->driver;
    heap_set_profile_rate(driver->heap, 1);
    (void)model_profile_rate_set(driver->model, 1);
    uint64_t allocs = 0;
    uint64_t frees = 0;
    for (uint32_t cycle = 0; cycle < 8; cycle++) {
        for (uint32_t i = 0; i < 6; i++) {
            assert_true(driver_alloc(driver, 6 * cycle + i, 200));
        }
        assert_true(
            driver_write_data(driver, cycle, model_handle(driver->model, 6 * cycle)->address));
        assert_true(driver_free(driver, 6 * cycle + 1, 0));
        assert_true(driver_realloc(driver, 6 * cycle + 2, 900, 0, 0));
        assert_true(driver_collect(driver, cycle % 2 == 0));
        dump(fixture);
        assert_true(check(fixture));
        struct inspect_bucket bucket;
        assert_true(inspect_bucket(inspect_first_bucket(driver->heap), &bucket));
        model_bucket_counts(driver->model, bucket.identity, &allocs, &frees);
        assert_true(cycle < 1 ? allocs == 0 : allocs > 0);
        assert_true(frees <= allocs);
    }
    assert_true(frees > 0);
}

// Rings, interior pointers, one past the end, what only a finalizer keeps.
TEST(what_a_dump_calls_reachable_is_what_roots_lead_to) {
    struct fixture *fixture = *state;
    struct driver *driver = &fixture->driver;
    const struct model_request request = {.size_bytes = 64, .layout = &dense};
    for (uint32_t handle = 40; handle < 48; handle++) {
        assert_true(driver_alloc_with(driver, handle, request, 0));
    }
    // data -> 40 -> 41 -> 40; 42 -> 43, of which nothing is reachable; 44's finalizer needs 45 and
    // 46
    const uint32_t edges[][2] = {{40, 41}, {41, 40}, {42, 43}, {44, 45}, {45, 46}, {46, 45}};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        uintptr_t to = model_handle(driver->model, edges[i][1])->address;
        assert_true(driver_write(driver, edges[i][0], 3, to + 63)); // the last byte is inside
    }
    assert_true(driver_write(driver, 41, 5, model_handle(driver->model, 47)->address + 64));
    assert_true(driver_write_data(driver, 9, model_handle(driver->model, 40)->address));
    assert_true(driver_set_finalizer(driver, 44));
    uint64_t before = oracle_evaluated(driver->oracle, RULE_DUMP_REACH);
    dump(fixture);
    assert_true(check(fixture));
    assert_int_equal(oracle_evaluated(driver->oracle, RULE_DUMP_REACH), before + 1);
}

TEST(without_a_ledger_the_rest_is_checked) {
    struct fixture *fixture = *state;
    struct roundtrip_dump dumped = {
        .bytes = fixture->bytes,
        .size_bytes = fixture->size_bytes,
        .runtime = fixture->driver.runtime,
        .fast = &fixture->driver.stats,
    };
    assert_true(roundtrip_check(fixture->driver.oracle, &dumped));
    assert_int_equal(oracle_evaluated(fixture->driver.oracle, RULE_DUMP_OBJECT_MODEL), 0);
    assert_int_equal(oracle_evaluated(fixture->driver.oracle, RULE_DUMP_REACH), 0);
}

// ---- changed dumps

TEST(no_byte_can_change_unnoticed) {
    struct fixture *fixture = *state;
    const uint8_t changes[] = {0x01, 0x80, 0xff};
    for (size_t i = 0; i < fixture->size_bytes; i++) {
        for (size_t change = 0; change < sizeof changes; change++) {
            fixture->bytes[i] ^= changes[change];
            if (check_bytes(fixture, fixture->bytes, fixture->size_bytes)) {
                fail_msg("byte %zu ^ 0x%02x is not noticed", i, changes[change]);
            }
            fixture->bytes[i] ^= changes[change];
        }
    }
}

TEST(no_dump_can_end_early_or_late_unnoticed) {
    struct fixture *fixture = *state;
    for (size_t i = 0; i < fixture->size_bytes; i++) {
        uint8_t *head = malloc(i + 1); // so that a read past the end is seen
        memcpy(head, fixture->bytes, i);
        assert_false(check_bytes(fixture, head, i));
        free(head);
    }
    (void)take(fixture, "", 1);
    assert_false(check_bytes(fixture, fixture->bytes, fixture->size_bytes));
}

// The offsets of all records, and the end.
static size_t find_records(const struct fixture *fixture, size_t *offsets, size_t limit) {
    struct dump_reader *reader =
        dump_reader_create_memory(fixture->bytes, fixture->size_bytes, DUMP_STRICT);
    const struct dump_record *record;
    size_t count = 0;
    while ((record = dump_reader_next(reader)) != NULL) {
        if (record->is_first) {
            assert_true(count + 1 < limit);
            offsets[count++] = (size_t)record->offset_bytes;
        }
    }
    dump_reader_destroy(reader);
    offsets[count] = fixture->size_bytes;
    return count;
}

struct piece {
    size_t from, to;
};

// Checks the dump made of pieces of the fixture's.
static bool check_pieces(struct fixture *fixture, const struct piece *pieces, size_t count) {
    uint8_t *bytes = malloc(2 * fixture->size_bytes);
    size_t size_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        size_t piece_bytes = pieces[i].to - pieces[i].from;
        memcpy(bytes + size_bytes, fixture->bytes + pieces[i].from, piece_bytes);
        size_bytes += piece_bytes;
    }
    bool clean = check_bytes(fixture, bytes, size_bytes);
    free(bytes);
    return clean;
}

TEST(no_record_can_go_come_twice_or_change_places_unnoticed) {
    struct fixture *fixture = *state;
    size_t offsets[512];
    size_t count = find_records(fixture, offsets, 512);
    size_t end = fixture->size_bytes;
    assert_true(count > 30);
    for (size_t i = 0; i < count; i++) {
        size_t begin = offsets[i];
        size_t next = offsets[i + 1];
        uint8_t tag = fixture->bytes[begin];
        if (check_pieces(fixture, (struct piece[]){{0, begin}, {next, end}}, 2)) {
            fail_msg("record %zu, tag %u, is gone unnoticed", i, tag);
        }
        if (check_pieces(fixture, (struct piece[]){{0, next}, {begin, end}}, 2)) {
            fail_msg("record %zu, tag %u, comes twice unnoticed", i, tag);
        }
        if (i + 1 < count) {
            size_t after = offsets[i + 2];
            const struct piece swapped[] = {{0, begin}, {next, after}, {begin, next}, {after, end}};
            if (check_pieces(fixture, swapped, 4)) {
                fail_msg("record %zu, tag %u, changes places unnoticed", i, tag);
            }
        }
    }
}

// ---- a dump that does not decode

static struct finding finding_of(struct fixture *fixture, size_t size_bytes) {
    oracle_forget_finding(fixture->driver.oracle);
    assert_false(check_bytes(fixture, fixture->bytes, size_bytes));
    return *oracle_finding(fixture->driver.oracle);
}

TEST(where_it_ends_does_not_tell_refusals_apart) {
    struct fixture *fixture = *state;
    struct finding cut = finding_of(fixture, fixture->size_bytes - 1);
    assert_int_equal(cut.rule, RULE_DUMP_DECODE);
    assert_true(driver_alloc(&fixture->driver, 40, 4096));
    dump(fixture);
    struct finding later = finding_of(fixture, fixture->size_bytes - 1);
    assert_string_not_equal(cut.text, later.text);
    assert_true(finding_is_same(&cut, &later));
    fixture->bytes[0] ^= 1;
    struct finding other = finding_of(fixture, fixture->size_bytes);
    assert_int_equal(other.rule, RULE_DUMP_DECODE);
    assert_false(finding_is_same(&cut, &other));
}

// ---- a heap that went on after the dump

TEST(an_object_that_is_not_in_the_dump_is_lost) {
    struct fixture *fixture = *state;
    struct driver *driver = &fixture->driver;
    assert_true(driver_alloc(driver, 40, 4096));
    assert_false(check_bytes(fixture, fixture->bytes, fixture->size_bytes));
    const struct finding *finding = oracle_finding(driver->oracle);
    assert_string_equal(go_rules.rows[finding->rule].name, "dump-object-lost");
    assert_int_equal(finding->object, model_handle(driver->model, 40)->address);
}

TEST(an_object_that_has_died_is_dead) {
    struct fixture *fixture = *state;
    struct driver *driver = &fixture->driver;
    uintptr_t address = model_handle(driver->model, 2)->address;
    assert_true(driver_free(driver, 2, 0));
    assert_false(check_bytes(fixture, fixture->bytes, fixture->size_bytes));
    assert_string_equal(go_rules.rows[oracle_finding(driver->oracle)->rule].name,
                        "dump-object-dead");
    assert_int_equal(oracle_finding(driver->oracle)->object, address);
}

TEST(a_byte_written_after_the_dump_differs) {
    struct fixture *fixture = *state;
    struct driver *driver = &fixture->driver;
    uintptr_t address = model_handle(driver->model, 2)->address;
    ((uint8_t *)address)[9] ^= 1;
    assert_false(check_bytes(fixture, fixture->bytes, fixture->size_bytes));
    assert_string_equal(go_rules.rows[oracle_finding(driver->oracle)->rule].name,
                        "dump-object-contents");
    ((uint8_t *)address)[9] ^= 1;
}
