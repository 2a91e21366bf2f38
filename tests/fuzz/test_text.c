// test_text: the text of a program: lossless, canonical, and exact about what is wrong with it.
//
// holds: oracle/core/nearest.c fuzz/program/text_help.c fuzz/program/text_parse.c
// holds: fuzz/program/text_print.c fuzz/program/text_word.c
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

static struct program a, b;
static struct text_error error;

static uint64_t next(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *state >> 29;
}

static bool parse(const char *text) {
    return text_parse_program(&a, text, strlen(text), &error);
}

static void assert_canonical(const char *text, const char *canonical) {
    if (!parse(text)) {
        fail_msg("line %zu: %s", error.line, error.message);
    }
    char *printed = text_print_program(&a);
    assert_string_equal(printed, canonical);
    harness_free(printed);
}

static void assert_refused(const char *text, size_t line, const char *message) {
    assert_false(parse(text));
    assert_int_equal(error.line, line);
    assert_string_equal(error.message, message);
}

TEST(any_program_survives_its_text) {
    uint64_t random = 3;
    for (int round = 0; round < 1000; round++) {
        program_clear(&a);
        a.header.caches = (uint8_t)(1 + next(&random) % 8);
        a.header.check_every = (uint8_t)(1 + next(&random) % 255);
        a.header.seed = (uint32_t)next(&random);
        a.header.groups_off = (uint16_t)next(&random);
        if (round % 3 == 0) {
            a.header.fault_at = 3;
            a.header.fault_call = (uint8_t)(next(&random) % 3);
            a.header.fault_and_on = round % 2 == 0;
        }
        for (int i = 0; round % 4 == 1 && i < START_COUNT; i += 1 + (int)(next(&random) % 5)) {
            a.header.start[i] = next(&random) % program_start_most((enum program_start)i);
        }
        for (size_t count = next(&random) % 60; count > 0; count--) {
            uint64_t bits = (next(&random) << 32 ^ next(&random)) & ~UINT64_C(0xff);
            bits |= next(&random) % OP_COUNT;
            (void)program_append(
                &a, round % 2 == 0
                        ? operation_from_bits(bits)
                        : operation_from_words(bits, next(&random) << 32 ^ next(&random)));
        }
        char *text = text_print_program(&a);
        if (!text_parse_program(&b, text, strlen(text), &error)) {
            fail_msg("line %zu: %s in\n%s", error.line, error.message, text);
        }
        assert_true(program_equal(&a, &b));
        harness_free(text);
    }
}

TEST(the_text_of_the_manual_is_taken) {
    assert_canonical("h17 = alloc c2 size=48 type=node        # 48 B\n"
                     "free c0 h17   # remote\n"
                     "\n"
                     "dump sink=short:7\n"
                     "check full ",
                     "h17 = alloc c2 size=48 type=node\n"
                     "free c0 h17\n"
                     "dump sink=short:7\n"
                     "check full\n");
}

TEST(canonical_text_is_printed_as_it_was) {
    const char *text = "program caches=3 check=4 seed=9 off=free,dump fault=mmap:2:and_on\n"
                       "nop\n"
                       "h17 = alloc c2 size=48 type=node\n"
                       "h1 = alloc c0 size=5 zero tiny\n"
                       "h2 = alloc_aligned c0 size=100 align=64 zero\n"
                       "h3 = alloc_run c1 size=64 count=20 type=pair\n"
                       "free c0 h17\n"
                       "free_run c0 h3 count=20 stride=2\n"
                       "realloc c0 h1 size=4000\n"
                       "write h3 word=1 to=h4+8\n"
                       "write_data word=7 to=nil\n"
                       "write_frame g2 frame=1 word=3 to=h5\n"
                       "r3 = root_add to=h5+16\n"
                       "collect c0 sweep\n"
                       "sweep_finish c0 nobody\n"
                       "c2 = acquire\n"
                       "g2 = go_start system\n"
                       "go_status g2 status=waiting reason=select\n"
                       "frame_push g2 words=16 args=2 argmap=bits map=size locals=8 bits=0x2d\n"
                       "panic_push g2 type=interface to=h4\n"
                       "m3 = manual_alloc pages=5 stat=workbuf\n"
                       "scavenge pages=0 all\n"
                       "gc_percent percent=100 off\n"
                       "check paranoid\n"
                       "dump sink=memory\n"
                       "dump sink=short:7\n"
                       "fault call=madvise at=3 and_on\n"
                       "expect HeapInuse=16384\n"
                       "expect TotalAlloc=35184372088831\n";
    assert_canonical(text, text);
    assert_true(program_is_narrow(&a));
}

TEST(what_version_2_alone_can_say_has_a_text) {
    const char *text = "program caches=1000 check=16 wide\n"
                       "start Small=5 Clock=4611686018427387904\n"
                       "h1023 = alloc c999 size=5368709120\n"
                       "write h1023 word=16777215 to=h700+4294967296\n"
                       "m1000 = manual_alloc pages=2097152 stat=stack\n"
                       "expect TotalAlloc=18446744073709551615\n";
    assert_canonical(text, text);
    assert_false(program_is_narrow(&a));
    assert_canonical("start Tiny=0x10 # alone\nnop",
                     "program caches=1 check=16\nstart Tiny=16\nnop\n");
}

TEST(several_expectations_on_a_line_are_an_operation_each) {
    assert_canonical("expect Mallocs=1 Frees=0x2\n", "expect Mallocs=1\nexpect Frees=2\n");
}

TEST(left_out_operands_are_the_least) {
    assert_canonical("h1 = alloc size=8\ngc_step\ncheck\n",
                     "h1 = alloc c0 size=8\ngc_step objects=1\ncheck cheap\n");
}

TEST(an_operation_is_told_by_its_line) {
    static const char text[] = "program caches=2\n\n# x\nnop\nexpect Mallocs=1 Frees=2\nstats\n";
    static const size_t lines[] = {4, 5, 5, 6, 0};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(text_line_of(text, sizeof text - 1, i), lines[i]);
    }
}

#define SINKS                                                                                      \
    "sink=memory|path|short:0..65535|eintr:0..65535|eagain:0..65535|enospc:0..65535|epipe:0.."     \
    "65535"
#define HEADER                                                                                     \
    "caches=1..1024, check=1..255, seed=0..4294967295, off=GROUP,..., "                            \
    "fault=CALL:1..65535[:and_on], wide"
#define SIZE   "size=0..140737488355327"
#define TARGET "to=nil or to=h0..h1023, +0..1099511627775 behind it"

TEST(errors_name_the_line_and_what_is_allowed) {
    assert_refused("nop\nnop\n\n# x\nnop\nnop\nfrobnicate h1\n", 7,
                   "unknown operation 'frobnicate': ops --list shows all");
    assert_refused("h1 = alloc c0", 1, "alloc lacks its 'size': " SIZE);
    assert_refused("alloc c0 size=8", 1, "alloc lacks its result, as in 'h0 = alloc'");
    assert_refused("h1 = free c0 h2", 1, "free has no result");
    assert_refused("c1 = alloc c0 size=8", 1, "'c1' is no result of alloc: h0..h1023");
    assert_refused("h1 = ", 1, "an operation is missing behind '='");
    assert_refused("h1 = alloc c0 size=140737488355328", 1,
                   "'size=140737488355328' is no value for alloc: " SIZE);
    assert_refused("h1 = alloc c0 size=8x", 1, "'size=8x' is no value for alloc: " SIZE);
    assert_refused("h1 = alloc c1024 size=8", 1, "'c1024' is no value for alloc: c0..c1023");
    assert_refused("h1 = alloc c0 c1 size=8", 1, "'c1' comes twice");
    assert_refused("h1 = alloc_aligned c0 size=8 align=48", 1,
                   "'align=48' is no value for alloc_aligned: align=1..67108864, a power of two");
    assert_refused("write h1 word=0", 1, "write lacks its 'to': " TARGET);
    assert_refused("write h1 to=h2+1099511627776", 1,
                   "'to=h2+1099511627776' is no value for write: " TARGET);
    assert_refused("dump sink=short", 1, "'sink=short' is no value for dump: " SINKS);
    assert_refused("dump sink=memory:1", 1, "'sink=memory:1' is no value for dump: " SINKS);
    assert_refused("h1 = alloc c0 sz=8", 1,
                   "alloc takes no 'sz=8': it takes c0..c1023, size, type, zero, tiny, untouched "
                   "(nearest: size)");
    assert_refused("h1 = aloc c0 size=8", 1,
                   "unknown operation 'aloc' (nearest: alloc): ops --list shows all");
    assert_refused("expect Heapinuse=1", 1, "unknown statistic 'Heapinuse' (nearest: HeapInuse)");
    assert_refused("expect Foo=1", 1, "unknown statistic 'Foo'");
    assert_refused("expect Sys=", 1,
                   "'' is no value for expect: STATISTIC=0..18446744073709551615");
    assert_refused("expect", 1, "expect lacks a statistic");
    assert_refused("c0 = expect Sys=1", 1, "expect has no result");
    assert_refused("nop\nprogram", 2, "'program' stands before the first operation, once");
    assert_refused("program caches=1025", 1,
                   "'caches=1025' is nothing that program takes: " HEADER);
    assert_refused("program fault=mmap", 1, "'fault=mmap' is nothing that program takes: " HEADER);
    assert_refused("program off=alloc,none", 1,
                   "'off=alloc,none' is nothing that program takes: " HEADER);
    assert_refused("nop\nstart Clock=1", 2, "'start' stands before the first operation, once");
    assert_refused("start Clock=1\nstart Clock=1", 2,
                   "'start' stands before the first operation, once");
    assert_refused("start clock=1", 1, "'clock=1' is nothing that start takes (nearest: Clock)");
    assert_refused("start NumGC=4293918721", 1,
                   "'NumGC=4293918721' is no value to start from: NumGC=0..4293918720");
}

TEST(a_program_too_long_is_refused_where_it_becomes_so) {
    size_t count = PROGRAM_OPERATIONS_MAX + 2;
    char *text = malloc(count * 4);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * 4, "nop\n", 4);
    }
    assert_false(text_parse_program(&a, text, count * 4, &error));
    assert_int_equal(error.line, PROGRAM_OPERATIONS_MAX + 1);
    assert_string_equal(error.message, "more than 4096 operations");
    free(text);
}

TEST(a_line_too_long_is_refused) {
    char text[200];
    memset(text, 0, sizeof text);
    for (size_t i = 0; i < 90; i++) {
        text[2 * i] = 'x';
        text[2 * i + 1] = ' ';
    }
    assert_refused(text, 1, "more than 40 words");
}
