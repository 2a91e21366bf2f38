// test_untouched: objects whose bytes nobody writes or reads take address space alone, so that
// gauges cross 2^32.
//
// holds: fuzz/go/vast.c
#include "tests/fuzz/one_executor.h"
#include "tests/test.h"

#include "allocator/poison.h"

// What the text's last operation did, and the account behind it.
static bool last_did(const char *text) {
    assert_int_equal(run_text(text), VERDICT_CLEAN);
    return executor_was_effective(executor);
}

TEST_FIXTURE(open_executor, close_executor)

TEST(small_ones_are_as_others_but_for_their_bytes) {
    assert_true(last_did("h0 = alloc c0 size=48 type=node zero untouched\n"
                         "write_data word=0 to=h0+8\ncollect c0 sweep\n"
                         "expect HeapObjects=1 HeapAlloc=48\ndump sink=memory\ncheck paranoid\n"
                         "free c0 h0\n"));
    assert_false(last_did("h0 = alloc c0 size=48 untouched\nrealloc c0 h0 size=96\n"));
    assert_false(last_did("h0 = alloc c0 size=48 type=node untouched\nwrite h0 word=0 to=h0\n"));
}

TEST(more_than_64_mib_have_to_be_untouched) {
    assert_false(last_did("h0 = alloc c0 size=67108865\n"));
    assert_false(last_did("h0 = alloc c0 size=48\nrealloc c0 h0 size=67108865\n"));
}

// Under AddressSanitizer the heap would tell it of each byte.
TEST(gauges_cross_4_gib_where_no_sanitizer_looks) {
    bool did = last_did("h0 = alloc c0 size=5368709120 untouched\n");
    assert_int_equal(did, !HEAP_POISON_ACTIVE);
    if (did) {
        assert_true(go_memstats(executor)->HeapAlloc == UINT64_C(5) << 30);
        assert_true(last_did("h0 = alloc c0 size=5368709120 untouched\nwrite_data word=0 to=h0\n"
                             "h1 = alloc c0 size=4294967297 untouched\ncollect c0 sweep\n"
                             "expect HeapAlloc=5368709120 NextGC=10737418240 Frees=1\n"
                             "scavenge pages=0 all\ncheck paranoid\ndump sink=short:1\n"
                             "free c0 h0\n"));
    }
}

// Only the system may refuse what the window has room for.
TEST(what_the_window_has_no_room_for_is_refused) {
    assert_false(last_did("h0 = alloc c0 size=140737488355327 untouched\n"));
    assert_false(last_did("h0 = alloc c0 size=200000000000 untouched\n"
                          "h1 = alloc c0 size=100000000000 untouched\n"));
}

// Its contents are not kept, the records behind it are read back.
TEST(a_dump_tells_the_size_and_the_statistics_of_a_vast_object) {
    struct oracle *oracle = go_oracle(executor);
    uint64_t sizes = oracle_evaluated(oracle, RULE_DUMP_OBJECT_SIZE);
    uint64_t statistics = oracle_evaluated(oracle, RULE_DUMP_MEMSTATS);
    if (!HEAP_POISON_ACTIVE) {
        assert_true(last_did("h0 = alloc c0 size=4294967297 untouched\nh1 = alloc c0 size=48\n"
                             "h2 = alloc c0 size=100000000 untouched\ndump sink=memory\n"));
        assert_true(oracle_evaluated(oracle, RULE_DUMP_OBJECT_SIZE) >= sizes + 4); // twice
        assert_true(oracle_evaluated(oracle, RULE_DUMP_MEMSTATS) > statistics);
    }
}

TEST(manual_pages_are_never_touched) {
    if (!HEAP_POISON_ACTIVE) {
        assert_true(last_did("m0 = manual_alloc pages=600000 stat=stack\n"
                             "expect StackInuse=4915200000 StackSys=4915200000\n"
                             "m1 = manual_alloc pages=600000 stat=other\ndump sink=memory\n"
                             "manual_free m0\nmanual_free m1\n"));
    }
}
