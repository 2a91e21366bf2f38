// test_every_record: a kept dump that holds all 18 kinds of records is what its program leaves; any
// byte of it changed, cut off, put in or left out is noticed.
//
// Sanitizers' builds try 9 changes of each byte, the others all 255.
#include <stdio.h>
#include <string.h>
#include "tests/test.h"

#include "dump/reader.h"
#include "fuzz/go/machine.h"
#include "fuzz/program/text.h"
#include "tests/sanitizer.h"

#define FILE_BYTES_MAX 8192

static struct program program;
static struct executor *executor;
static uint8_t kept[FILE_BYTES_MAX];
static size_t kept_bytes;
static uint8_t changed[FILE_BYTES_MAX + 1];

struct tally {
    uint64_t tried, missed;
};

static size_t read_file(const char *path, void *bytes, size_t room_bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size_bytes = fread(bytes, 1, room_bytes, file);
    assert_true(feof(file));
    assert_int_equal(fclose(file), 0);
    return size_bytes;
}

static int run_program(void **context) {
    (void)context;
    static const struct executor_options options = {.level = ORACLE_FULL, .final_dump = true};
    struct text_error error;
    char text[FILE_BYTES_MAX];
    kept_bytes = read_file("corpus/decode/seed/every-record", kept, sizeof kept);
    size_t text_bytes = read_file("corpus/dump/seed/every-record.ops", text, sizeof text);
    executor = executor_create(&machine_go, NULL, &options);
    assert_non_null(executor);
    assert_true(text_parse_program(&program, text, text_bytes, &error));
    assert_int_equal(executor_run(executor, &program, false), VERDICT_CLEAN);
    return 0;
}

static int close_program(void **context) {
    (void)context;
    executor_destroy(executor);
    return 0;
}

TEST_GROUP(run_program, close_program)

static bool is_noticed(const uint8_t *bytes, size_t size_bytes) {
    bool is_clean = machine_go.compare_dump(executor_state(executor), bytes, size_bytes);
    assert_int_equal(is_clean, executor_finding(executor) == NULL);
    oracle_forget_finding(go_oracle(executor));
    return !is_clean;
}

static void try_one(struct tally *tally, const uint8_t *bytes, size_t size_bytes, size_t at) {
    bool noticed = is_noticed(bytes, size_bytes);
    tally->tried++;
    tally->missed += !noticed;
    if (!noticed) {
        print_message("not noticed: byte %zu is 0x%02x (was 0x%02x)\n", at, bytes[at], kept[at]);
    }
}

// The i-th change of a byte, other than 0.
static uint8_t change_of(unsigned i) {
    return (uint8_t)(SANITIZER_HAS_SHADOW ? (i < 8 ? 1U << i : 0xffU) : i + 1);
}

static void demand_all(const char *what, const struct tally *tally) {
    print_message("%s: %llu tried, %llu not noticed\n", what, (unsigned long long)tally->tried,
                  (unsigned long long)tally->missed);
    assert_true(tally->tried >= kept_bytes);
    assert_int_equal(tally->missed, 0);
}

TEST(the_kept_dump_is_the_programs_dump) {
    size_t size_bytes;
    const uint8_t *bytes = go_dump_bytes(executor, &size_bytes);
    assert_non_null(bytes);
    assert_int_equal(size_bytes, kept_bytes);
    assert_memory_equal(bytes, kept, kept_bytes);
    assert_false(is_noticed(kept, kept_bytes));
}

TEST(it_holds_every_kind_of_record) {
    bool seen[DUMP_TAG_COUNT] = {false};
    struct dump_reader *reader = dump_reader_create_memory(kept, kept_bytes, DUMP_STRICT);
    assert_non_null(reader);
    const struct dump_record *record;
    while ((record = dump_reader_next(reader)) != NULL) {
        seen[record->tag] = true;
    }
    dump_reader_destroy(reader);
    for (unsigned tag = 0; tag < DUMP_TAG_COUNT; tag++) {
        assert_true(seen[tag]);
    }
}

TEST(every_change_of_a_byte_is_noticed) {
    struct tally tally = {0};
    memcpy(changed, kept, kept_bytes);
    for (size_t at = 0; at < kept_bytes; at++) {
        for (unsigned i = 0; i < (SANITIZER_HAS_SHADOW ? 9U : 255U); i++) {
            changed[at] = kept[at] ^ change_of(i);
            try_one(&tally, changed, kept_bytes, at);
        }
        changed[at] = kept[at];
    }
    demand_all("changes", &tally);
}

TEST(every_cut_is_noticed) {
    struct tally tally = {0};
    for (size_t size_bytes = 0; size_bytes < kept_bytes; size_bytes++) {
        try_one(&tally, kept, size_bytes, size_bytes);
    }
    demand_all("cuts", &tally);
}

TEST(every_byte_put_in_is_noticed) {
    struct tally tally = {0};
    memcpy(changed + 1, kept, kept_bytes);
    for (size_t at = 0; at <= kept_bytes; at++) {
        for (unsigned i = 0; i < (SANITIZER_HAS_SHADOW ? 10U : 256U); i++) {
            changed[at] = i == 0 ? 0 : change_of(i - 1);
            try_one(&tally, changed, kept_bytes + 1, at);
        }
        changed[at] = at < kept_bytes ? kept[at] : 0;
    }
    demand_all("insertions", &tally);
}

TEST(every_byte_left_out_is_noticed) {
    struct tally tally = {0};
    memcpy(changed, kept + 1, kept_bytes - 1);
    for (size_t at = 0; at < kept_bytes; at++) {
        try_one(&tally, changed, kept_bytes - 1, at);
        changed[at] = kept[at];
    }
    demand_all("omissions", &tally);
}
