// test_relations: each term, operator and function of the relations' language by a fact that makes
// a rule fail.
//
// holds: oracle/relations/evaluate.c oracle/relations/expression.c oracle/relations/quick.c
// holds: oracle/relations/words.c
#include "tests/oracle/relations_scene.h"
#include "tests/test.h"

// ---- values

TEST_FIXTURE(setup, NULL)
TEST_GROUP(NULL, nothing_is_kept)

TEST(numbers_are_decimal_hexadecimal_and_have_units) {
    assert_holds("used == 100 == 0x64");
    assert_holds("used * 1024 == 100 KiB");
    assert_holds("used * 1048576 == 100 MiB");
    assert_holds("used == 107374182400 / 1 GiB");
    assert_fails("used == 0x65");
    assert_fails("used * 1024 == 101 KiB");
}

TEST(each_operator_counts) {
    assert_holds("used + 1 == 101");
    assert_fails("used + 1 == 102");
    assert_holds("used - 1 == 99");
    assert_fails("used - 1 == 100");
    assert_holds("used * 2 == 200");
    assert_fails("used * 2 == 201");
    assert_holds("used / 3 == 33");
    assert_fails("used / 3 == 34");
    assert_holds("used % 7 == 2");
    assert_fails("used % 7 == 3");
    assert_holds("-used == -100");
    assert_fails("-used == 100");
    assert_holds("used - 20 - 30 == 50"); // from the left
    assert_holds("used + 2 * 3 == 106");
    assert_holds("(used + 2) * 3 == 306");
    values[USED] = -100;
    assert_holds("used / 3 == -34"); // downwards
    assert_holds("used % 7 == 5");
    assert_holds("round_up(used, 16) == -96");
}

TEST(each_comparison_has_a_limit) {
    assert_holds("used == 100");
    assert_fails("used == 99");
    assert_holds("used != 99");
    assert_fails("used != 100");
    assert_holds("used < 101");
    assert_fails("used < 100");
    assert_holds("used <= 100");
    assert_fails("used <= 99");
    assert_holds("used > 99");
    assert_fails("used > 100");
    assert_holds("used >= 100");
    assert_fails("used >= 101");
    assert_holds("used <= peak_used <= 120");
    assert_fails("used <= peak_used <= 119");
    assert_fails("101 <= used <= 120");
}

TEST(each_function_counts) {
    assert_holds("min(used, peak_used, 7) == 7");
    assert_fails("min(used, peak_used, 7) == 100");
    assert_holds("max(used, peak_used) == 120");
    assert_fails("max(used, peak_used) == 100");
    assert_holds("round_up(used, 16) == 112");
    assert_fails("round_up(used, 16) == 100");
    assert_holds("round_up(112, 16) == 112 <= peak_used");
}

TEST(rows_are_added_up_and_searched) {
    assert_holds("sum(bin.live * bin.size) == 16 + 2 * 32");
    assert_fails("sum(bin.live * bin.size) == 16 + 64 + 64");
    assert_holds("max(bin.size) == 64");
    assert_fails("max(bin.size) == 63");
    assert_holds("min(bin.live) == 0");
    assert_fails("min(bin.live) == 1");
    assert_holds("bin.size[1] == 32");
    assert_fails("bin.size[1] == 16");
}

TEST(each_row_is_judged_and_named) {
    assert_holds("each bin: bin.live <= bin.size");
    values[LIVE + 2] = 65;
    assert_fails("each bin: bin.live <= bin.size");
    assert_non_null(strstr(failure.text, "row 2: 65 and 64"));
    assert_holds("each bin: bin.size == 16 * (1 + row) + 16 * max(0, row - 1)");
    assert_holds("each bin: bin.size == 16 * (1 + bin) + 16 * max(0, bin - 1)");
    assert_holds("each bin.size: bin.size >= 16");
    assert_holds("each bin: used + 0 * bin.size == 100"); // one number, the same at each row
}

// Else nobody would see that 64 bits are never asked.
TEST(what_fits_is_answered_by_64_bits) {
    static const char *const texts[] = {"used - base.used",
                                        "-used + peak_used * 2",
                                        "sum(bin.size * bin.live) / 3",
                                        "max(bin.size) % 7",
                                        "(used - 1000) / 7",
                                        "(used - 1000) % 7",
                                        "round_up(used - 1001, 16)",
                                        "round_up(used, 16)",
                                        "min(used, live.count, ops.free)",
                                        "bin.size[1] + live.count[2]",
                                        "peak(used) - trough(used)",
                                        "delta(used)",
                                        "walk.free.max + backing.bytes"};
    (void)state;
    facts.has_walk = true;
    facts.rows = (const int64_t(*)[RELATIONS_LEDGER][RELATIONS_MEASURES])rows;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[128];
        int64_t value;
        (void)snprintf(text, sizeof text, "%s == 0", texts[i]);
        struct relations *relations = parse(text);
        relations_begin(relations, &facts);
        uint32_t side = relations->rules[0].sides[0];
        assert_true(relations_quick(relations, side, &facts, 0, &value));
        assert_int_equal(value, (int64_t)relations_wide(relations, side, &facts, 0).low);
        relations_free(relations);
    }
}

TEST(a_let_stands_for_its_expression) {
    assert_holds("let twice = used * 2\nlet more = twice + 1\nmore == 201");
    assert_fails("let twice = used * 2\nlet more = twice + 1\nmore == 200");
    assert_holds("let bytes = bin.live * bin.size\nsum(bytes) == 80");
}

// ---- the ledger

TEST(each_tally_is_its_own) {
    static const char *const tallies[] = {"live", "total", "freed"};
    static const char *const measures[] = {"count", "requested", "usable", "footprint"};
    (void)state;
    for (int i = 0; i < RELATIONS_TALLIES; i++) {
        for (int j = 0; j < RELATIONS_MEASURES; j++) {
            char text[80];
            reset_facts();
            (void)snprintf(text, sizeof text, "used == %s.%s", tallies[i], measures[j]);
            assert_fails(text);
            tally[i][j] = 100;
            assert_holds(text);
            (void)snprintf(text, sizeof text, "each bin: bin.live == %s.%s[bin]", tallies[i],
                           measures[j]);
            facts.rows = (const int64_t(*)[RELATIONS_LEDGER][RELATIONS_MEASURES])rows;
            facts.row_count = 3;
            memset(rows, 0, sizeof rows);
            rows[0][i][j] = 1;
            assert_fails(text);
            rows[1][i][j] = 2;
            assert_holds(text);
        }
    }
}

TEST(each_count_of_operations_is_its_own) {
    static const char *const names[] = {
        "alloc",  "zeroed", "aligned", "realloc.moved", "realloc.in_place",
        "expand", "free",   "drop",    "failed"};
    (void)state;
    for (int i = 0; i < RELATIONS_OPERATIONS; i++) {
        char text[80];
        reset_facts();
        (void)snprintf(text, sizeof text, "used == ops.%s", names[i]);
        assert_fails(text);
        facts.operations[i] = 100;
        assert_holds(text);
    }
}

TEST(walk_and_backing_are_known_when_they_are) {
    static const char *const kinds[] = {"live", "free", "internal"};
    static const char *const measures[] = {"count", "bytes", "min", "max"};
    static const char *const backing[] = {"bytes", "peak", "calls"};
    char text[80];
    (void)state;
    assert_holds("walk.live.count == 1"); // there is no walk: not evaluated
    for (int i = 0; i < RELATIONS_WALKS; i++) {
        for (int j = 0; j < RELATIONS_WALK_MEASURES; j++) {
            reset_facts();
            facts.has_walk = true;
            (void)snprintf(text, sizeof text, "used == walk.%s.%s", kinds[i], measures[j]);
            assert_fails(text);
            facts.walk[i][j] = 100;
            assert_holds(text);
        }
    }
    for (int i = 0; i < RELATIONS_BACKINGS; i++) {
        reset_facts();
        (void)snprintf(text, sizeof text, "used == backing.%s", backing[i]);
        assert_fails(text);
        facts.backing[i] = 100;
        assert_holds(text);
    }
}

TEST(lanes_are_added_up) {
    lane_values[0][SHARE] = 60;
    lane_values[1][SHARE] = 41;
    facts.lane_values = lanes;
    facts.lane_count = 2;
    assert_fails("used == lanes(share)");
    lane_values[1][SHARE] = 40;
    assert_holds("used == lanes(share)");
}

// ---- the past

TEST(base_is_what_the_program_began_with) {
    struct relations *relations = parse("used == base.used + 5");
    relations_begin(relations, &facts);
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 1);
    values[USED] = 105;
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 0);
    relations_free(relations);
}

TEST(delta_is_the_change_since_the_check_before) {
    struct relations *relations = parse("delta(used) == 3");
    relations_begin(relations, &facts);
    values[USED] = 103;
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 0);
    values[USED] = 105;
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 1);
    relations_free(relations);
}

TEST(peak_and_trough_move_at_each_observation) {
    struct relations *relations =
        parse("peak_used == peak(used)\nused - 40 == trough(used)\nused <= peak(live.count)");
    relations_begin(relations, &facts);
    values[USED] = 120;
    relations_observe(relations, &facts);
    values[USED] = 60;
    relations_observe(relations, &facts);
    values[USED] = 100;
    tally[RELATIONS_LIVE][RELATIONS_COUNT] = 100;
    facts.values = NULL; // in the midst of an operation: what the ledger knows moves
    relations_observe(relations, &facts);
    facts.values = values;
    tally[RELATIONS_LIVE][RELATIONS_COUNT] = 0;
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 0);
    relations_begin(relations, &facts); // another program: all is forgotten
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 3);
    relations_free(relations);
}

// ---- what is known in part

TEST(a_rounded_number_fails_when_no_value_in_it_holds) {
    assert_holds("shown == 2048");
    assert_holds("shown == 3071");
    assert_fails("shown == 2047");
    assert_fails("shown == 3072");
    assert_holds("shown < 2049");
    assert_fails("shown < 2048");
    assert_holds("2 * shown == 6000");
    assert_holds("shown - 3000 <= -952");
    assert_fails("-shown > -2048");
    assert_holds("shown != 2048");
    values[MOST] = values[LEAST];
    assert_fails("shown != 2048");
}

TEST(what_is_remembered_of_a_rounded_number_is_rounded) {
    assert_holds("peak(shown) == 2048");
    assert_holds("peak(shown) == 3071");
    assert_fails("peak(shown) == 2047");
    assert_fails("peak(shown) == 3072");
    assert_holds("trough(shown) == 3071");
    assert_fails("trough(shown) == 3072");
    assert_holds("delta(shown) == -1023");
    assert_holds("delta(shown) == 1023");
    assert_fails("delta(shown) == 1024");
    struct relations *relations = parse("peak(shown) <= 3999\ntrough(shown) >= 1000\n"
                                        "peak(shown) >= 3072\ntrough(shown) <= 2047");
    relations_begin(relations, &facts);
    values[LEAST] = 3000;
    values[MOST] = 4000;
    relations_observe(relations, &facts);
    values[LEAST] = 1000;
    values[MOST] = 2000;
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 1);
    relations_observe(relations, &facts);
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 0);
    relations_free(relations);
}

TEST(a_place_is_one_of_its_row) {
    assert_holds("bin.size[used - 98] == 64");
    assert_fails("bin.size[used - 98] == 63");
    assert_holds("bin.size[used - 97] == 64"); // there is none: not evaluated
    assert_holds("base.bin.size[used - 97] == 64");
}

TEST(a_narrow_counter_times_a_constant_is_wider_by_its_twos) {
    values[BYTE] = 250;
    facts.operations[RELATIONS_FREE] = 762;
    assert_holds("byte * 16 == ops.free * 16");
    assert_fails("byte * 16 == ops.free * 16 + 256");
    assert_fails("48 * byte == ops.free * 48 + 2048");
    assert_holds("48 * byte == ops.free * 48 + 4096");
    assert_holds("byte * 3 == ops.free * 3 + 256");
    assert_fails("byte * 3 == ops.free * 3 + 128");
    assert_holds("byte * byte * 16 == ops.free * byte * 16 + 4096");
}

TEST(a_narrow_counter_is_compared_modulo_its_width) {
    facts.operations[RELATIONS_FREE] = 250 + 512;
    assert_holds("byte == ops.free");
    facts.operations[RELATIONS_FREE]++;
    assert_fails("byte == ops.free");
    assert_holds("byte + 1 == ops.free");
    assert_fails("byte + 1 != ops.free");
    assert_holds("byte != ops.free");
    assert_holds("small == 3 * 256 + 253"); // rounded as well
    assert_fails("small == 3 * 256 + 254");
    assert_holds("2 * small == 2 * (3 * 256 + 251)");
    assert_holds("small != 3 * 256 + 250");
    values[MUCH] = values[LITTLE];
    assert_fails("small != 3 * 256 + 250");
    values[USED] = INT64_MIN; // at the end of 128 bits
    assert_fails("-2 * used * used == byte");
    assert_holds("-2 * used * used == byte + 6");
    values[BYTE] = -1; // of a variable without a sign that went below 0
    assert_holds("byte == 255");
}

TEST(what_needs_more_than_128_bits_is_a_failure_that_says_so) {
    values[USED] = INT64_MAX;
    assert_holds("used * used > used");
    assert_fails("used * used * used > used");
    assert_non_null(strstr(failure.text, "128 bits"));
    assert_fails("max(used * used * used, 1) > 0");
    assert_fails("used * used * used / 2 > 0");
    assert_fails("round_up(used * used * 2, used) - used * used > 0 - used * used * 3");
    assert_holds("used / (peak_used - 120) == 5"); // by 0: not known
}

TEST(a_collector_makes_two_bounds_of_live) {
    struct relations_error error;
    (void)state;
    schema.capabilities = COUNTERCHECK_COLLECTS;
    tally[RELATIONS_LIVE][RELATIONS_COUNT] = 110;
    tally[RELATIONS_DROPPED][RELATIONS_COUNT] = 20;
    assert_holds("live.count <= used");
    assert_holds("used <= live.count");
    values[USED] = 111;
    assert_fails("used <= live.count");
    values[USED] = 89;
    assert_fails("live.count <= used");
    values[USED] = 100;
    tally[RELATIONS_FREED][RELATIONS_COUNT] = 95; // and what was dropped
    assert_holds("used <= freed.count");
    assert_holds("used >= freed.count");
    assert_holds("freed.count >= 115");
    assert_fails("freed.count >= 116");
    facts.rows = (const int64_t(*)[RELATIONS_LEDGER][RELATIONS_MEASURES])rows;
    facts.row_count = 3;
    rows[1][RELATIONS_LIVE][RELATIONS_COUNT] = 3;
    rows[1][RELATIONS_DROPPED][RELATIONS_COUNT] = 2;
    assert_holds("each bin: bin.live >= live.count[row]");
    rows[1][RELATIONS_DROPPED][RELATIONS_COUNT] = 1;
    assert_fails("freed.count[1] >= 2");
    assert_holds("freed.count[1] >= 1");
    rows[1][RELATIONS_DROPPED][RELATIONS_COUNT] = 0;
    assert_fails("each bin: bin.live >= live.count[row]");
    assert_holds("used <= peak(live.count)");
    assert_fails("peak(live.count) <= 89");
    assert_null(relations_parse("used == live.count", &schema, &error));
    assert_non_null(strstr(error.message, "pair of bounds"));
    schema.capabilities = 0;
}
